"""Sorted numbers carry their gradients with them."""

import numpy as np
import pytest

from mmlcore import elementwise_grad, grad, jacobian, ops

X = np.array([3.0, 1.0, 2.0, 5.0])


def test_the_jacobian_of_a_sort_is_the_permutation():
    J = jacobian(np.sort)(X)
    assert np.array_equal(J, np.eye(4)[np.argsort(X)])
    assert np.array_equal(J @ X, np.sort(X))


def test_equal_elements_keep_their_order():
    x = np.array([2.0, 1.0, 1.0])
    assert np.array_equal(grad(lambda x: np.sort(x)[0])(x), [0.0, 1.0, 0.0])
    assert np.array_equal(grad(lambda x: np.sort(x)[1])(x), [0.0, 0.0, 1.0])


def test_the_order_itself_has_no_gradient():
    assert type(ops.sort(X)) is np.ndarray
    assert np.array_equal(grad(lambda x: np.sum(np.argsort(x) * x))(X), np.argsort(X))


def test_quantiles_weigh_their_neighbours():
    assert np.array_equal(grad(np.median)(X), [0.5, 0.0, 0.5, 0.0])
    np.testing.assert_allclose(grad(lambda x: np.quantile(x, 0.9))(X), [0.3, 0.0, 0.0, 0.7], rtol=1e-14)
    assert np.array_equal(grad(lambda x: np.percentile(x, 0))(X), [0.0, 1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match=r"^quantile: q must be between 0 and 1, got 1\.5$"):
        grad(lambda x: np.quantile(x, 1.5))(X)


def test_interpolation_has_the_slope_of_its_piece():
    f = lambda x: np.interp(x, [0.0, 1.0, 3.0], [0.0, 2.0, 8.0])  # noqa: E731
    assert np.array_equal(elementwise_grad(f)(np.array([0.5, 2.0, -1.0, 4.0])), [2.0, 3.0, 0.0, 0.0])
    one_sided = grad(lambda f: np.interp(4.0, [0.0, 1.0, 3.0], f))(np.array([0.0, 2.0, 8.0]))
    assert np.array_equal(one_sided, [0.0, 0.0, 1.0])
    outside = grad(lambda f: np.interp(4.0, [0.0, 1.0, 3.0], f, right=7.0))(np.array([0.0, 2.0, 8.0]))
    assert np.array_equal(outside, np.zeros(3))
    with pytest.raises(ValueError, match=r"^interp: xp and fp must be one-dimensional and of the same length"):
        grad(lambda x: np.interp(x, [0.0, 1.0], [1.0]))(0.5)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_take_along_axis_against_numpy(axis):
    x = np.random.default_rng(0).normal(size=(3, 4))
    indices = np.argsort(x, axis=axis)
    expected = np.take_along_axis(x, indices, axis)
    assert np.array_equal(ops.take_along_axis(x, indices, axis), expected)
    g = grad(lambda x: np.sum(np.take_along_axis(x, indices, axis) ** 2))(x)
    np.testing.assert_allclose(g, 2 * x, rtol=1e-15)


def test_selections():
    assert np.array_equal(grad(lambda x: np.sum(np.extract(x > 2, x) ** 2))(X), [6.0, 0.0, 0.0, 10.0])
    assert np.array_equal(grad(lambda x: np.sum(np.compress(x < 3, x) ** 2))(X), [0.0, 2.0, 4.0, 0.0])
    f = lambda x: np.sum(np.select([x > 4, x > 2], [x**2, 3 * x], 0.0))  # noqa: E731
    assert np.array_equal(grad(f)(X), [3.0, 0.0, 0.0, 10.0])
