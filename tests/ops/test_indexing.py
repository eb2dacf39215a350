"""Indexing in all of NumPy's ways, and the diagonal."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(13)
S = RANDOM.normal(size=(3, 4, 5))

INDICES = {
    "int": 1,
    "negative int": -1,
    "numpy int": np.int64(2),
    "ints": (1, 2),
    "element": (1, 2, 3),
    "slice": slice(None, None, 2),
    "slices": (slice(1, None), slice(None, None, -1)),
    "None": (None, 1),
    "Ellipsis": (Ellipsis, 0),
    "Ellipsis alone": Ellipsis,
    "mask": S > 0,
    "mask of the first axis": np.array([True, False, True]),
    "mask and slice": (np.array([True, False, True]), slice(1, 3)),
    "nothing": np.zeros(3, bool),
    "list": [0, 2],
    "list with repetition": [0, 0, 2],
    "integers": np.array([[0, 1], [1, 1]]),
    "unsigned": np.array([0, 1, 1], np.uint8),
    "integer arrays": (np.array([0, 0, 2]), np.array([1, 1, 3])),
    "arrays that broadcast": (np.array([[0], [2]]), np.array([1, 1, 3])),
    "mixed": (np.array([0, 0]), slice(None), np.array([1, 1])),
    "empty list": ([],),
    "empty slice": slice(0, 0),
}


@pytest.mark.parametrize("name", INDICES)
def test_against_numpy(name, agrees):
    index = INDICES[name]
    if name == "empty list":
        index = (np.array([], int),)
    agrees(lambda x: ops.getitem(x, index), lambda x: x[index], S)
    check_grads(lambda x: x[index] ** 2, (S,), order=2)


@given(
    hnp.array_shapes(max_dims=3, max_side=4).flatmap(
        lambda s: st.tuples(st.just(s), hnp.basic_indices(s, allow_newaxis=True))
    )
)
def test_basic_indices(case):
    shape, index = case
    x = RANDOM.normal(size=shape)
    expected = np.zeros(shape)
    expected[index] = 1.0
    np.testing.assert_array_equal(grad(lambda x: ops.sum(x[index]))(x), expected)


@given(hnp.array_shapes(max_dims=3, max_side=4).flatmap(lambda s: st.tuples(st.just(s), hnp.integer_array_indices(s))))
def test_integer_arrays_count_repetitions(case):
    shape, index = case
    x = RANDOM.normal(size=shape)
    expected = np.zeros(shape)
    np.add.at(expected, index, 1.0)
    np.testing.assert_array_equal(grad(lambda x: ops.sum(x[index]))(x), expected)


def test_a_number_taken_out_is_a_number():
    assert isinstance(ops.getitem([1, 2, 3], 1), np.float64)
    assert grad(lambda x: x[1] * x[1])(np.array([1.0, 3.0])).tolist() == [0.0, 6.0]


def test_float32_stays_float32():
    x = S.astype(np.float32)
    assert grad(lambda x: ops.sum(x[[0, 0, 1]] ** 2))(x).dtype == np.float32


@pytest.mark.parametrize("index", [3, (0, 9), np.array([0, 5]), (0, 0, 0, 0)])
def test_elements_that_are_not_there(index):
    with pytest.raises(IndexError):
        grad(lambda x: ops.sum(x[index]))(S)


@pytest.mark.parametrize(("indices", "axis"), [([0, 2, 0], None), (1, 0), ([1, 1], 1), ([[0, 1], [2, 2]], -1)])
def test_take(indices, axis, agrees):
    agrees(lambda x: ops.take(x, indices, axis), lambda x: np.take(x, indices, axis), S)
    check_grads(lambda x: np.take(x, indices, axis=axis) ** 2, (S,), order=2)
    check_grads(lambda x: x.take(indices, axis) ** 2, (S,), order=2)


@pytest.mark.parametrize("offset", [0, 1, -1, 2, -3, 9, -9])
@pytest.mark.parametrize("axes", [(0, 1), (1, 2), (2, 0), (-1, 0)])
def test_diagonal_and_trace(offset, axes, agrees):
    agrees(lambda x: ops.diagonal(x, offset, *axes), lambda x: np.diagonal(x, offset, *axes), S)
    agrees(lambda x: ops.trace(x, offset, *axes), lambda x: np.trace(x, offset, *axes), S)
    check_grads(lambda x: np.trace(x, offset, *axes) ** 2 + np.diagonal(x, offset, *axes).sum(-1), (S,), order=2)


def test_the_gradient_of_the_trace_is_the_identity():
    np.testing.assert_array_equal(grad(np.trace)(RANDOM.normal(size=(3, 3))), np.eye(3))
    gradient = grad(lambda x: ops.sum(np.linalg.trace(x)))(RANDOM.normal(size=(2, 3, 3)))
    np.testing.assert_array_equal(gradient, np.stack([np.eye(3)] * 2))


def test_diagonal_needs_its_axes():
    with pytest.raises(ValueError, match=r"^diagonal: axis must be between -1 and 0, got 1$"):
        ops.trace(np.ones(3))
    with pytest.raises(ValueError, match=r"^diagonal: axis must be without repetition, got \(1, 1\)$"):
        ops.diagonal(S, 0, 1, 1)
