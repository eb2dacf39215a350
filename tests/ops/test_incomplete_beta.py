"""The incomplete beta functions against SciPy, far into the tails; derivatives; inverses."""

import numpy as np
import pytest
from scipy import special

from mmlcore import check_grads, grad, ops
from mmlcore._errors import ConvergenceWarning
from mmlcore.ops import incomplete


def close(a, b, rtol):
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-290)


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
    check_grads(ops.betainc, (np.array([2.0, 0.5]), np.array(1.3), np.array([0.4, 0.7])))
    check_grads(ops.betaincc, (np.array([2.0, 0.5]), np.array(1.3), np.array([0.4, 0.7])), order=1)


def test_logarithms_where_the_tails_underflow():
    a, b, x = np.meshgrid(np.logspace(-2, 4, 9), np.logspace(-2, 4, 9), [1e-6, 1e-3, 0.1, 0.4, 0.7, 0.99])
    with np.errstate(divide="ignore"):
        lower, upper = np.log(special.betainc(a, b, x)), np.log(special.betaincc(a, b, x))
    near = lower > -600
    np.testing.assert_allclose(ops.log_betainc(a, b, x)[near], lower[near], rtol=1e-11, atol=1e-14)
    near = upper > -600
    np.testing.assert_allclose(ops.log_betaincc(a, b, x)[near], upper[near], rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(ops.log_betainc(5000.0, 1.0, [0.01, 0.5]), 5000 * np.log([0.01, 0.5]), rtol=1e-13)
    np.testing.assert_allclose(ops.log_betaincc(1.0, 5000.0, [0.5, 0.99]), 5000 * np.log([0.5, 0.01]), rtol=1e-13)
    np.testing.assert_array_equal(ops.log_betainc(2.0, 3.0, [0.0, 1.0, 1.5]), [-np.inf, 0, np.nan])
    np.testing.assert_array_equal(ops.log_betaincc(2.0, 3.0, [0.0, 1.0, 1.5]), [0, -np.inf, np.nan])


def test_derivatives_of_the_logarithms_in_the_tails():
    a, b, x = np.array([2.0, 0.5, 300.0]), np.array(1.3), np.array([0.4, 0.7, 0.01])
    check_grads(ops.log_betainc, (a, b, x))
    check_grads(ops.log_betaincc, (np.array([2.0, 0.5, 3.0]), np.array([1.3, 1.3, 300.0]), np.array([0.4, 0.7, 0.95])))
    assert grad(ops.log_betainc, 2)(5000.0, 1.0, 0.1) == pytest.approx(50_000, rel=1e-10)
    assert grad(ops.log_betainc, 0)(5000.0, 1.0, 0.1) == pytest.approx(np.log(0.1), rel=1e-9)


def test_a_fraction_that_does_not_end_is_nan(monkeypatch):
    monkeypatch.setattr(incomplete, "MOST_TERMS", 50)
    with pytest.warns(ConvergenceWarning, match="50 terms do not reach the tolerance"):
        close(ops.betainc([1e8, 2.0], [1e8, 1.0], [0.5, 0.5]), [np.nan, 0.25], 1e-14)


@pytest.mark.parametrize("x", [1e-12, 1e-15, 1e-17, 1e-100])
def test_the_derivative_in_b_at_small_x_keeps_x(x):
    """I_x(2, 3) ≈ x² / 2B(2, 3): the logarithm's slope in b is ψ(5) - ψ(3) = 7/12, and I = 6 x²."""
    assert grad(ops.log_betainc, 1)(2.0, 3.0, x) == pytest.approx(7 / 12, rel=1e-11)
    assert grad(ops.betainc, 1)(2.0, 3.0, x) == pytest.approx(3.5 * x * x, rel=1e-11)
    assert grad(ops.betaincc, 1)(2.0, 3.0, x) == pytest.approx(-3.5 * x * x, rel=1e-11)
    assert grad(ops.log_betaincc, 1)(2.0, 3.0, x) == pytest.approx(-3.5 * x * x, rel=1e-11)
    mixed = grad(lambda x: grad(ops.betainc, 1)(2.0, 3.0, x))(x)
    assert mixed == pytest.approx(7 * x, rel=1e-9)
