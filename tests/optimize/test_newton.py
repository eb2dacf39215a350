"""Newton's directions."""

import numpy as np

from mmlcore.optimize.newton import damped_solve, truncated


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
