"""Cutting up and joining again is the identity."""

import numpy as np
import pytest

from mmlcore import grad, jacobian

X = np.random.default_rng(12).normal(size=(4, 6, 2))


@pytest.mark.parametrize(
    ("cut", "join"),
    [
        (lambda x: np.split(x, 2), lambda p: np.concatenate(p)),
        (lambda x: np.split(x, [1, 1, 5], axis=1), lambda p: np.concatenate(p, axis=1)),
        (lambda x: np.array_split(x, 4, axis=1), lambda p: np.concatenate(p, axis=1)),
        (lambda x: np.vsplit(x, 2), np.vstack),
        (lambda x: np.hsplit(x, 3), np.hstack),
        (lambda x: np.dsplit(x, 2), np.dstack),
    ],
)
def test_there_and_back(cut, join):
    kept = []

    def f(x):
        parts = cut(x)
        kept.append([part.shape for part in parts])
        return np.sum(join(parts) ** 2)

    np.testing.assert_allclose(grad(f)(X), 2 * X, rtol=1e-15)
    assert kept[0] == [part.shape for part in cut(X)]


def test_a_vector_is_cut_sideways_along_its_only_axis():
    assert np.array_equal(grad(lambda x: np.sum(np.hsplit(x, 2)[1]))(np.ones(4)), [0.0, 0.0, 1.0, 1.0])


def test_blocks_in_nested_lists():
    A = np.arange(4.0).reshape(2, 2)
    f = lambda A: np.block([[A, 2 * A], [np.zeros((1, 2)), 3 * A[:1]]])  # noqa: E731
    expected = f(A)
    J = jacobian(f)(A)
    assert J.shape == (*expected.shape, 2, 2)
    np.testing.assert_allclose(np.einsum("ijkl,kl->ij", J, A), expected)
    assert np.array_equal(grad(lambda x: np.sum(np.block([x, 1.0, x])))(np.ones(2)), [2.0, 2.0])


def test_columns_and_appended():
    v = np.array([1.0, 2.0])
    assert np.array_equal(grad(lambda v: np.sum(np.column_stack([v, v * 3])))(v), [4.0, 4.0])
    assert np.array_equal(grad(lambda v: np.sum(np.append(v, [1.0, 2.0]) ** 2))(v), [2.0, 4.0])
    assert grad(lambda x: np.sum(np.append(x, x, axis=1)))(np.ones((2, 2))).tolist() == [[2.0, 2.0], [2.0, 2.0]]


def test_uneven_sections_are_refused_by_numpy():
    with pytest.raises(ValueError, match=r"array split does not result in an equal division"):
        grad(lambda x: np.sum(np.split(x, 3)[0]))(np.ones(4))
