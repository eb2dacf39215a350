"""Systems of equations."""

import numpy as np

from mmlcore.optimize import root


def test_roots_and_what_has_none():
    r = root(lambda p: np.stack([p[0] ** 2 + p[1] ** 2 - 2, p[0] - p[1]]), [2.0, 0.5])
    assert r.success
    np.testing.assert_allclose(r.x, [1, 1], rtol=1e-10)
    rosenbrock = root(lambda p: np.stack([10 * (p[1] - p[0] ** 2), 1 - p[0]]), [-1.2, 1.0])
    np.testing.assert_allclose(rosenbrock.x, [1, 1], rtol=1e-9)
    assert root(lambda x: np.cos(x) - x, 1.0).x.round(6) == 0.739085
    powell = root(lambda p: np.stack([p[0], 10 * p[0] / (p[0] + 0.1) + 2 * p[1] ** 2]), [3.0, 1.0])  # singular root
    assert np.abs(powell.fun).max() < 1e-6
    none = root(lambda x: x**2 + 1, 0.5)
    assert not none.success
    assert "no root found" in none.message
    assert not root(lambda x: np.log(x), -1.0).success
