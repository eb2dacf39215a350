"""Bounds by projection: the conditions of a minimum, SciPy's answer."""

import numpy as np
import pytest
from scipy import optimize as sp

from mmlcore.optimize import minimize


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("method", ["lbfgs", "newton"])
def test_against_scipy(method):
    low, high = np.array([-1.0, -0.2, 0.3, -1, 0]), np.array([0.5, 2, 0.9, 1.0, 0.0])
    r = minimize(rosenbrock, np.zeros(5), method, bounds=(low, high))
    theirs = sp.minimize(sp.rosen, np.zeros(5), bounds=list(zip(low, high, strict=True)), tol=1e-12)
    assert r.success, r.message
    assert np.all((r.x >= low) & (r.x <= high))
    assert r.fun == pytest.approx(theirs.fun, rel=1e-8)
    free = (r.x > low) & (r.x < high)
    np.testing.assert_allclose(r.jac[free], 0, atol=1e-6)
    assert np.all(r.jac[(r.x == low) & (low < high)] >= 0)
    assert np.all(r.jac[(r.x == high) & (low < high)] <= 0)


def test_descent_and_forms_of_bounds():
    for bounds in ((None, 0.5), [(None, 0.5), (-1, 0.25)]):
        r = minimize(lambda x: np.sum((x - 1) ** 2), [0.0, 0.0], "gradient_descent", learning_rate=0.2, bounds=bounds)
        assert r.success
        np.testing.assert_allclose(r.x, [0.5, 0.5 if bounds[1] == 0.5 else 0.25])


def test_errors():
    for bounds in ((1, 0), [(0, 1)] * 3, (np.zeros(3), 1)):
        with pytest.raises(ValueError, match="minimize: bounds must be"):
            minimize(rosenbrock, np.zeros(5), bounds=bounds)


def test_two_arrays_are_low_and_high_also_of_two_variables():
    r = minimize(lambda x: np.sum((x - 3) ** 2), np.full(2, 0.5), bounds=(np.zeros(2), np.ones(2)))
    np.testing.assert_allclose(r.x, 1)
    r = minimize(lambda x: np.sum((x - 3) ** 2), np.full(2, 0.5), bounds=[(0, 1), (0, 2)])
    np.testing.assert_allclose(r.x, [1, 2])


@pytest.mark.parametrize("method", ["lbfgs", "newton"])
def test_unbounded_within_bounds(method):
    for fun in (lambda x: -x[0] - 2 * x[1], lambda x: -np.sum(x**2)):
        result = minimize(fun, [1.0, 1.0], method, bounds=(0.0, None))
        assert not result.success  # at 1e16 the gradient would vanish beside x
        assert "unbounded" in result.message
        assert result.nfev < 300
