"""The incomplete gamma functions against SciPy, far into the tails; derivatives; inverses."""

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, grad, ops
from mmlcore._errors import ConvergenceWarning
from mmlcore.ops import incomplete, incomplete_gamma


def close(a, b, rtol):
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-290)


def test_gamma_and_its_inverse():
    a, ratio = np.meshgrid(np.logspace(-3, 4, 24), np.logspace(-4, 1.5, 31))
    close(ops.gammainc(a, a * ratio), special.gammainc(a, a * ratio), 1e-11)
    close(ops.gammaincc(a, a * ratio), special.gammaincc(a, a * ratio), 1e-11)
    a, p = np.meshgrid(np.logspace(-2, 4, 13), np.concatenate([10.0 ** -np.arange(1, 200, 22), [0.3, 0.5, 0.9, 0.999]]))
    close(ops.gammaincinv(a, p), special.gammaincinv(a, p), 1e-12)
    close(ops.gammainccinv(a, p), special.gammainccinv(a, p), 1e-12)
    np.testing.assert_array_equal(ops.gammainc([1.0, 1.0, -1.0, 1.0], [0.0, np.inf, 1.0, -1.0]), [0, 1, np.nan, np.nan])
    np.testing.assert_array_equal(ops.gammaincinv(2.0, [0.0, 1.0, 1.5]), [0, np.inf, np.nan])


def test_derivatives_in_every_argument_to_second_order():
    a, x = np.array([2.0, 0.5, 30.0]), np.array([1.0, 0.7, 40.0])
    check_grads(ops.gammainc, (a, x))
    check_grads(ops.gammaincc, (a, x), order=1)
    assert grad(ops.gammainc, 1)(2.0, 0.0) == grad(ops.gammainc, 0)(2.0, 0.0) == 0


def test_logarithms_where_the_tails_underflow():
    a, ratio = np.meshgrid(np.logspace(-2, 4, 24), np.logspace(-3, 1, 31))
    with np.errstate(divide="ignore"):
        lower, upper = np.log(special.gammainc(a, a * ratio)), np.log(special.gammaincc(a, a * ratio))
    near = lower > -600
    np.testing.assert_allclose(ops.log_gammainc(a, a * ratio)[near], lower[near], rtol=1e-11, atol=1e-14)
    near = upper > -600
    np.testing.assert_allclose(ops.log_gammaincc(a, a * ratio)[near], upper[near], rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(ops.log_gammaincc(1.0, [1e-9, 1e3, 1e6]), [-1e-9, -1e3, -1e6], rtol=1e-13)
    x = 10.0 ** -np.arange(3, 300, 50)
    leading = 7 * np.log(x) - special.gammaln(8.0) + np.log1p(-7 / 8 * x)  # P = x^a / Γ(a + 1) (1 - ...)
    np.testing.assert_allclose(ops.log_gammainc(7.0, x), leading, rtol=1e-8)
    np.testing.assert_array_equal(ops.log_gammainc(2.0, [0.0, np.inf, -1.0]), [-np.inf, 0, np.nan])
    np.testing.assert_array_equal(ops.log_gammaincc(2.0, [0.0, np.inf, -1.0]), [0, -np.inf, np.nan])


def test_derivatives_of_the_logarithms_in_the_tails():
    a, x = np.array([2.0, 0.5, 30.0, 200.0]), np.array([1.0, 0.7, 40.0, 0.1])
    check_grads(ops.log_gammainc, (a, x))
    check_grads(ops.log_gammaincc, (np.array([2.0, 0.5, 3.0]), np.array([1.0, 0.7, 900.0])))
    assert grad(ops.log_gammaincc, 1)(1.0, 5000.0) == pytest.approx(-1, rel=1e-12)
    assert grad(ops.log_gammainc, 0)(500.0, 1e-3) == pytest.approx(np.log(1e-3) - special.digamma(501.0), rel=1e-5)


def test_gamma_of_large_parameters(monkeypatch):
    steps = np.array([-4, -1, -1e-3, 0, 1e-3, 1, 4])  # further out SciPy's series ends too soon
    for a in (1.1e7, 1e9, 1e12):
        x = a + np.sqrt(a) * steps
        close(ops.gammainc(a, x), special.gammainc(a, x), 1e-10)
        close(ops.gammaincc(a, x), special.gammaincc(a, x), 1e-10)
        close(ops.gammainc(a, ops.gammaincinv(a, 0.3)), 0.3, 1e-8)  # log x is rounded
    a = 2e7
    x = a + np.sqrt(a) * np.array([-300, -30, -6, -4.4, -0.1, 0, 4.5, 30, 300])
    lower, upper = ops.gammainc(a, x), ops.gammaincc(a, x)
    monkeypatch.setattr(incomplete_gamma, "_LARGE", np.inf)  # by the series and the fraction
    close(lower, ops.gammainc(a, x), 1e-10)
    close(upper, ops.gammaincc(a, x), 1e-10)
    monkeypatch.undo()
    np.testing.assert_array_equal(ops.gammainc(1e9, [5e-324, 1e3]), 0)
    assert ops.gammaincc(1e9, 1e3) == 1


def test_a_fraction_that_does_not_end_is_nan(monkeypatch):
    monkeypatch.setattr(incomplete, "MOST_TERMS", 50)
    with pytest.warns(ConvergenceWarning, match="50 terms do not reach the tolerance"):
        assert np.isnan(ops.gammainc(1e6, 1e6))


def test_roots_beyond_the_range_end_at_once(monkeypatch):
    calls, tail = [], incomplete_gamma._log_gamma_tail

    def counted(a, x):
        calls.append(a.size)
        return tail(a, x)

    monkeypatch.setattr(incomplete_gamma, "_log_gamma_tail", counted)
    np.testing.assert_allclose(ops.gammaincinv([1e-5, 3.0], [0.5, 0.5]), [0, special.gammaincinv(3.0, 0.5)], rtol=1e-12)
    assert len(calls) < 12
    assert calls[-1] == 1
