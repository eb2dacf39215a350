"""The conditions that a step must meet."""

import numpy as np
import pytest

from mmlcore import value_and_grad
from mmlcore.optimize import line_search


@pytest.mark.parametrize("first", [1e-8, 1e-3, 1.0, 1e3])
def test_wolfes_conditions_hold(first):
    """More and Thuente's functions: from steps far too small and far too large."""
    for f in (
        lambda a: -a[0] / (a[0] ** 2 + 2),
        lambda a: (a[0] + 0.004) ** 5 - 2 * (a[0] + 0.004) ** 4,
        lambda a: np.exp(-a[0]) + 0.01 * a[0],
        lambda a: np.where(a[0] < 5, (a[0] - 1) ** 2, np.nan),
    ):
        start, d = np.array([0.0]), np.array([1.0])
        before, slope = value_and_grad(f)(start)
        with np.errstate(all="ignore"):
            step = line_search(f, start, d, alpha=first, c1=1e-4, c2=0.5)
        assert step.alpha is not None
        assert step.fun <= before + 1e-4 * step.alpha * slope[0]
        assert abs(step.jac[0]) <= 0.5 * abs(slope[0])
        np.testing.assert_array_equal(step.x, step.alpha * d)


def test_armijo_halves_and_bad_directions_are_refused():
    step = line_search(lambda x: np.sum(x**2), np.array([1.0]), np.array([-8.0]), method="armijo")
    assert step.alpha == 0.125
    with pytest.raises(ValueError, match="line_search: direction must be one of descent"):
        line_search(lambda x: np.sum(x**2), np.array([1.0]), np.array([1.0]))
    with pytest.raises(ValueError, match="line_search: method must be one of"):
        line_search(lambda x: np.sum(x**2), np.array([1.0]), np.array([-1.0]), method="exact")
