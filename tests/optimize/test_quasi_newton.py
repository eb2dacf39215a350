"""The secant condition H y = s."""

import numpy as np

from mmlcore.optimize import minimize
from mmlcore.optimize.quasi_newton import LimitedMemory


def test_the_secant_condition_and_the_full_form():
    """Two loops give what the recursion of BFGS gives, started from the scaled identity."""
    rng = np.random.default_rng(0)
    A = np.diag([1.0, 2, 3, 4, 5])
    H = LimitedMemory(3)
    for s in rng.standard_normal((4, 5)):
        H.update(s, A @ s)
        np.testing.assert_allclose(H.times(A @ s), s, rtol=1e-10)
    assert len(H.pairs) == 3
    _, y, rho = H.pairs[-1]
    dense = np.eye(5) / (rho * (y @ y))
    for s, y, rho in H.pairs:
        V = np.eye(5) - rho * np.outer(y, s)
        dense = V.T @ dense @ V + rho * np.outer(s, s)
    g = rng.standard_normal(5)
    np.testing.assert_allclose(H.times(g), dense @ g, rtol=1e-10)
    H.update(np.ones(5), -np.ones(5))  # negative curvature is not taken in
    assert H.pairs[-1][0][0] != 1


def test_bfgs_finds_the_inverse_hessian_of_a_quadratic():
    A = np.array([[3.0, 1.0], [1.0, 2.0]])
    r = minimize(lambda x: 0.5 * x @ A @ x, [3.0, -2.0], "bfgs", tol=1e-10)
    np.testing.assert_allclose(r.hess_inv, np.linalg.inv(A), rtol=0.05)
