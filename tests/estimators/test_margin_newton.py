"""The gradient vanishes, whatever the shape."""

import numpy as np
import pytest

from mmlcore.estimators.margin_newton import squared_margin_newton

rng = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(40, 5), (6, 20)])
@pytest.mark.parametrize("epsilon", [None, 0.0, 0.2])
def test_the_gradient_vanishes(shape, epsilon):
    X, c = rng.normal(size=shape), rng.random(shape[0])
    y = np.sign(rng.normal(size=shape[0])) if epsilon is None else rng.normal(size=shape[0])
    found = squared_margin_newton(X, y, c, epsilon, 1e-12, 100)
    assert found.converged
    z = X @ found.w
    if epsilon is None:
        slopes = -2 * c * np.maximum(1 - y * z, 0) * y
    else:
        slopes = 2 * c * np.maximum(np.abs(z - y) - epsilon, 0) * np.sign(z - y)
    np.testing.assert_allclose(found.w + slopes @ X, 0, atol=1e-9)


def test_too_few_iterations_say_so():
    X, y = rng.normal(size=(40, 5)), np.sign(rng.normal(size=40))
    assert not squared_margin_newton(X, y, np.ones(40), None, 1e-12, 1).converged
