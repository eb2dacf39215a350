"""Newton's directions."""

import numpy as np
import pytest

from mmlcore.optimize import bounds, constraints, minimize
from mmlcore.optimize.newton import damped_solve, stretched, truncated


def test_a_definite_system_is_solved_and_an_indefinite_one_damped():
    A, g = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
    d, damping = damped_solve(A, g)
    assert damping == 0
    np.testing.assert_allclose(A @ d, -g, rtol=1e-12)
    for H in (np.diag([1.0, -2.0]), np.diag([1.0, 0.0]), np.zeros((2, 2))):
        d, damping = damped_solve(H, g)
        assert damping > 0
        assert d @ g < 0


def test_truncated_conjugate_gradients():
    A, g = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
    np.testing.assert_allclose(truncated(lambda v: A @ v, g, 1e-12), -np.linalg.solve(A, g), rtol=1e-10)
    np.testing.assert_array_equal(truncated(lambda v: -v, g, 1e-12), -g)  # negative curvature at once


EQUAL = {"type": "eq", "fun": lambda x: 0 * x[1]}


def kinks(x):
    return np.maximum(np.abs(x[0] + 0.1 * x[1]), np.abs(x[1] - 3 * x[0]))


@pytest.mark.parametrize(
    ("module", "options"), [(bounds, {"bounds": (-1e9, 1e9)}), (constraints, {"constraints": EQUAL})]
)
def test_steps_are_stretched_only_while_they_are_taken_whole(monkeypatch, module, options):
    """Of a function without curvature every step is flat: the run of them must not outgrow the floats."""
    runs = []
    monkeypatch.setattr(module, "stretched", lambda run: runs.append(run) or stretched(run))
    result = minimize(kinks, [30.0, 4.0], "newton", max_iter=40, **options)
    assert result.fun < kinks(np.array([30.0, 4.0]))
    assert max(runs) < 10
    assert np.isfinite(stretched(10**6))
