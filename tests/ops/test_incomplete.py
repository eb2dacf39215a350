"""The incomplete gamma and beta functions against SciPy, far into the tails; derivatives; inverses."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, grad, ops
from mmlcore._errors import ConvergenceWarning
from mmlcore.ops import incomplete


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


def test_beta_and_its_inverse():
    x = np.concatenate([np.logspace(-6, -0.01, 10), 1 - np.logspace(-6, -1, 5)])
    a, b, x = np.meshgrid(np.logspace(-2, 4, 9), np.logspace(-2, 4, 9), x)
    close(ops.betainc(a, b, x), special.betainc(a, b, x), 1e-11)
    close(ops.betaincc(a, b, x), special.betaincc(a, b, x), 1e-11)
    p = np.concatenate([10.0 ** -np.arange(1, 30, 7), np.linspace(0.01, 0.99, 7)])
    a, b, p = np.meshgrid(np.logspace(-1, 3, 7), np.logspace(-1, 3, 7), p)
    close(ops.betaincinv(a, b, p), special.betaincinv(a, b, p), 1e-11)
    np.testing.assert_array_equal(ops.betainc(2.0, 3.0, [0.0, 1.0, 1.5]), [0, 1, np.nan])


def test_derivatives_in_every_argument_to_second_order():
    a, x = np.array([2.0, 0.5, 30.0]), np.array([1.0, 0.7, 40.0])
    check_grads(ops.gammainc, (a, x))
    check_grads(ops.gammaincc, (a, x), order=1)
    check_grads(ops.betainc, (np.array([2.0, 0.5]), np.array(1.3), np.array([0.4, 0.7])))
    check_grads(ops.betaincc, (np.array([2.0, 0.5]), np.array(1.3), np.array([0.4, 0.7])), order=1)
    assert grad(ops.gammainc, 1)(2.0, 0.0) == grad(ops.gammainc, 0)(2.0, 0.0) == 0


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
    monkeypatch.setattr(incomplete, "_LARGE", np.inf)  # by the series and the fraction
    close(lower, ops.gammainc(a, x), 1e-10)
    close(upper, ops.gammaincc(a, x), 1e-10)
    monkeypatch.undo()
    np.testing.assert_array_equal(ops.gammainc(1e9, [5e-324, 1e3]), 0)
    assert ops.gammaincc(1e9, 1e3) == 1


def test_a_fraction_that_does_not_end_is_nan(monkeypatch):
    monkeypatch.setattr(incomplete, "_MOST", 50)
    with pytest.warns(ConvergenceWarning, match="50 terms do not reach the tolerance"):
        close(ops.betainc([1e8, 2.0], [1e8, 1.0], [0.5, 0.5]), [np.nan, 0.25], 1e-14)
    with pytest.warns(ConvergenceWarning, match="50 terms do not reach the tolerance"):
        assert np.isnan(ops.gammainc(1e6, 1e6))


def test_roots_beyond_the_range_end_at_once(monkeypatch):
    calls, tail = [], incomplete._log_gamma_tail

    def counted(a, x):
        calls.append(a.size)
        return tail(a, x)

    monkeypatch.setattr(incomplete, "_log_gamma_tail", counted)
    np.testing.assert_allclose(ops.gammaincinv([1e-5, 3.0], [0.5, 0.5]), [0, special.gammaincinv(3.0, 0.5)], rtol=1e-12)
    assert len(calls) < 12
    assert calls[-1] == 1


def test_the_quadrature_waits_until_it_is_needed():
    code = "import mmlcore.stats, mmlcore.ops.incomplete as m; print(m._gauss.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"
    assert incomplete._gauss() is incomplete._gauss()
