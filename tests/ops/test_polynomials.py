"""Polynomials by their coefficients."""

import numpy as np
import pytest

from mmlcore import elementwise_grad, grad, jacobian


def test_a_polynomial_by_its_coefficients():
    p = np.array([2.0, -1.0, 3.0])
    assert np.array_equal(grad(lambda p: np.polyval(p, 3.0))(p), [9.0, 3.0, 1.0])
    assert grad(lambda x: np.polyval(p, x))(3.0) == 11.0


def test_derivative_and_integral_of_the_coefficients():
    p, x = np.array([2.0, -1.0, 3.0, 0.5]), np.linspace(-1, 1, 5)
    slope = elementwise_grad(lambda x: np.polyval(p, x))(x)
    np.testing.assert_allclose(slope, np.polyval(np.polyder(p), x), rtol=1e-14)
    J = jacobian(lambda p: np.polyder(np.polyint(p)))(p)
    np.testing.assert_allclose(J, np.eye(4), atol=1e-15)


def test_a_grid_moves_with_its_ends():
    assert np.array_equal(jacobian(lambda a: np.linspace(a, 1.0, 5))(0.0), [1.0, 0.75, 0.5, 0.25, 0.0])
    assert grad(lambda b: np.linspace(0.0, b, 4, endpoint=False)[3])(2.0) == 0.75


def test_weights_are_counted_where_they_fall():
    J = jacobian(lambda w: np.bincount([1, 1, 3], w))(np.ones(3))
    assert np.array_equal(J, [[0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]])
    with pytest.raises(TypeError):
        grad(lambda x: np.sum(np.bincount(x)))(np.ones(3))
