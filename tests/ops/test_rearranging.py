"""Rearrangements: what repeats adds its gradients up, what is dropped gets none."""

import numpy as np
import pytest

from mmlcore import grad, jacobian

X = np.arange(1.0, 7.0).reshape(2, 3)


def test_a_repeated_element_gets_the_sum():
    assert np.array_equal(grad(lambda x: np.sum(np.tile(x, (2, 3))))(X), np.full((2, 3), 6.0))
    assert np.array_equal(grad(lambda x: np.sum(np.repeat(x, [1, 0, 4], axis=1)))(X), [[1.0, 0.0, 4.0]] * 2)
    assert np.array_equal(grad(lambda x: np.sum(x.repeat(2)))(X), np.full((2, 3), 2.0))
    assert np.array_equal(grad(lambda x: np.sum(np.delete(x, 0, axis=1)))(X), [[0.0, 1.0, 1.0]] * 2)


@pytest.mark.parametrize("f", [np.flip, np.fliplr, np.flipud, np.rot90, lambda x: np.roll(x, 2, axis=1)])
def test_permutations_have_permutation_matrices(f):
    J = jacobian(f)(X).reshape(6, 6)
    assert np.array_equal(J @ J.T, np.eye(6))
    assert np.array_equal((J @ X.ravel()).reshape(np.shape(f(X))), f(X))


def test_pad_modes():
    assert np.array_equal(grad(lambda x: np.sum(np.pad(x, 1)))(X), np.ones((2, 3)))
    assert np.array_equal(grad(lambda x: np.sum(np.pad(x, ((0, 0), (2, 0)), mode="edge")))(X), [[3.0, 1.0, 1.0]] * 2)
    assert np.array_equal(np.pad(np.zeros((0, 2)), ((1, 0), (0, 0))).shape, (1, 2))
    assert grad(lambda x: np.sum(np.pad(x, ((1, 0), (0, 0)))))(np.zeros((0, 2))).shape == (0, 2)
    with pytest.raises(ValueError, match=r"^pad: mode must be one of 'constant', 'edge', .*, got 'mean'$"):
        grad(lambda x: np.sum(np.pad(x, 1, mode="mean")))(X)


def test_a_triangle_hides_what_it_drops():
    x = X.copy()
    x[0, 2] = np.nan
    assert np.array_equal(grad(lambda x: np.sum(np.tril(x)))(x), [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    assert np.array_equal(grad(lambda x: np.sum(np.triu(x, 1)[0, 1:2]))(x), [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])


def test_diagonals():
    v = np.array([1.0, 2.0])
    assert np.array_equal(jacobian(np.diag)(v)[:, :, 0], [[1.0, 0.0], [0.0, 0.0]])
    assert np.array_equal(grad(lambda v: np.sum(np.diag(v, 1) @ np.ones((3, 1))))(v), [1.0, 1.0])
    with pytest.raises(ValueError, match=r"^diag: v must be of one or two dimensions, got shape \(1, 1, 2\)$"):
        grad(lambda x: np.sum(np.diag(x)))(np.ones((1, 1, 2)))


def test_grids_and_dimensions():
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0, 5.0])
    f = lambda x, y: np.sum(np.meshgrid(x, y)[0] * np.meshgrid(x, y)[1])  # noqa: E731
    gx, gy = grad(f, (0, 1))(x, y)
    assert np.array_equal(gx, [12.0, 12.0])
    assert np.array_equal(gy, [3.0, 3.0, 3.0])
    assert grad(lambda x: np.sum(np.atleast_2d(x, x * 2)[1]))(3.0) == 2.0
