"""Taylor polynomials against the series in the books, and the order of their error."""

from math import factorial

import numpy as np
import pytest

from mmlcore import hessian
from mmlcore.autodiff import taylor

SERIES = {
    "exp": (np.exp, 0.0, lambda k: 1 / factorial(k)),
    "sin": (np.sin, 0.0, lambda k: (0, 1, 0, -1)[k % 4] / factorial(k)),
    "cos": (np.cos, 0.0, lambda k: (1, 0, -1, 0)[k % 4] / factorial(k)),
    "log": (np.log, 1.0, lambda k: (-1) ** (k + 1) / k if k else 0.0),
    "geometric": (lambda x: 1 / (1 - x), 0.0, lambda k: 1.0),
    "arctan": (np.arctan, 0.0, lambda k: (0, 1, 0, -1)[k % 4] / max(k, 1)),
    "square root": (np.sqrt, 1.0, lambda k: np.prod([0.5 - i for i in range(k)]) / factorial(k)),
}


@pytest.mark.parametrize("name", SERIES)
def test_the_series_of_the_books_to_order_10(name):
    f, center, coefficient = SERIES[name]
    expected = [coefficient(k) for k in range(11)]
    np.testing.assert_allclose(taylor(f, center, 10).coefficients, expected, rtol=1e-12, atol=1e-15)


def test_a_polynomial_is_its_own_series():
    p = np.array([2.0, -1.0, 3.0, 0.5])
    series = taylor(lambda x: np.polyval(p, x), 0.7, 5)
    np.testing.assert_allclose(series.coefficients[4:], 0.0, atol=1e-13)
    x = np.linspace(-2, 2, 7)
    np.testing.assert_allclose(series(x), np.polyval(p, x), rtol=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2, 3, 4])
def test_the_error_falls_at_the_right_order(order):
    f = lambda x: np.exp(np.sin(x))  # noqa: E731
    p = taylor(f, 0.4, order)
    errors = [abs(p(0.4 + h) - f(0.4 + h)) for h in (0.1, 0.05)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order + 1, abs=0.35)


def several(x):
    return np.exp(x[0] * x[1]) + x[0] ** 2 * np.cos(x[1])


@pytest.mark.parametrize("order", [0, 1, 2])
def test_of_several_variables(order):
    center, direction = np.array([0.3, -0.8]), np.array([0.6, 0.8])
    p = taylor(several, center, order)
    assert len(p.coefficients) == order + 1
    if order == 2:
        np.testing.assert_allclose(p.coefficients[2], hessian(several)(center))
    errors = [abs(p(center + h * direction) - several(center + h * direction)) for h in (1e-2, 5e-3)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order + 1, abs=0.2)


def test_matrices_are_points_too():
    X = np.array([[1.0, 2.0], [3.0, 4.0]])
    f = lambda X: np.sum(X @ X)  # noqa: E731
    p = taylor(f, X, 2)  # a quadratic is its own expansion
    assert p(2 * X) == pytest.approx(f(2 * X), rel=1e-13)
    assert repr(p).startswith("TaylorPolynomial(center=")


def test_refusals():
    with pytest.raises(ValueError, match=r"^taylor: order must be at most 2 when x0 is an array, got 3$"):
        taylor(several, np.ones(2), 3)
    with pytest.raises(ValueError, match=r"^taylor: order must be a non-negative integer, got -1$"):
        taylor(np.exp, 0.0, -1)


def test_the_value_must_be_a_scalar():
    with pytest.raises(TypeError, match=r"^taylor: the value of f must be a real scalar, got shape \(2,\)$"):
        taylor(lambda x: np.stack([x, x]), 1.0, 2)
