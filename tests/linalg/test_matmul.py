"""matmul against numpy.matmul: every combination of axes, dtypes, `out`, and what is refused."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mmlcore import linalg


@given(
    shapes=npst.mutually_broadcastable_shapes(signature="(m,k),(k,n)->(m,n)", max_dims=2, min_side=0, max_side=4),
    dtypes=st.tuples(*[st.sampled_from(["f4", "f8", "i8", "?"])] * 2),
)
def test_stacks_broadcast_as_numpy(shapes, dtypes):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(-5, 6, size=s).astype(d) for s, d in zip(shapes.input_shapes, dtypes, strict=True))
    result = linalg.matmul(a, b)
    whole = not {"f4", "f8"} & set(dtypes)  # products of integers are exact and stay what NumPy makes of them
    expected = np.matmul(a, b) if whole else np.matmul(a.astype(float), b.astype(float))
    assert result.shape == expected.shape
    assert result.dtype == (expected.dtype if whole else np.float32 if dtypes == ("f4", "f4") else np.float64)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((4, 2, 3), (3,)), ((3,), (4, 3, 2))])
def test_vectors(shapes):
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal(s) for s in shapes)
    result = linalg.matmul(a, b)
    assert result.shape == np.matmul(a, b).shape
    np.testing.assert_allclose(result, np.matmul(a, b), rtol=1e-13)


@pytest.mark.parametrize("view", ["plain", "transposed", "overlapping"])
def test_out(view):
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((5, 5)), rng.standard_normal((5, 5))
    expected = a @ b
    out = {"plain": np.empty((5, 5)), "transposed": np.empty((5, 5)).T, "overlapping": a}[view]
    assert linalg.matmul(a, b, out=out) is out
    np.testing.assert_allclose(out, expected, rtol=1e-12)


def test_inputs_are_not_written_to_and_may_be_read_only():
    a = np.arange(6.0).reshape(2, 3)
    a.flags.writeable = False
    np.testing.assert_array_equal(linalg.matmul(a, a.T), a @ a.T)


@pytest.mark.parametrize(
    ("a", "b", "error", "text"),
    [
        (np.ones((2, 3)), np.ones((2, 3)), ValueError, "must be .*3 rows"),
        (np.ones((2, 2, 3)), np.ones((3, 3, 3)), ValueError, "broadcastable"),
        (1.0, np.ones(3), ValueError, "matmul: a must be at least one-dimensional, got a scalar"),
        (np.ones((2, 2)) * 1j, np.ones((2, 2)), TypeError, "matmul: a must be real numbers, got dtype complex128"),
        (np.array([[None]]), np.ones((1, 1)), TypeError, "matmul: a must be real numbers, got dtype object"),
    ],
)
def test_bad_arguments(a, b, error, text):
    with pytest.raises(error, match=text):
        linalg.matmul(a, b)


@pytest.mark.parametrize(
    ("out", "error", "text"),
    [
        (np.ones((2, 3)), ValueError, r"matmul: out must be of shape \(2, 2\), got \(2, 3\)"),
        (np.ones((2, 2), np.float32), TypeError, "matmul: out must be of dtype float64"),
        ([[0.0]], TypeError, "matmul: out must be an ndarray, got list"),
        (np.broadcast_to(0.0, (2, 2)), ValueError, "matmul: out must be writeable"),
    ],
)
def test_bad_out(out, error, text):
    with pytest.raises(error, match=text):
        linalg.matmul(np.ones((2, 2)), np.ones((2, 2)), out=out)


def test_a_result_too_large_to_index_is_a_clear_error():
    tall = np.broadcast_to(np.ones(1), (2**33, 1))
    with pytest.raises(ValueError, match="matmul: the result must be small enough to be indexed"):
        linalg.matmul(tall, tall.T)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(2, 3), (40, 17), (150, 260), (1, 5), (5, 1)])
def test_a_matrix_times_its_transpose_is_exactly_symmetric(shape, dtype):
    a = np.random.default_rng(3).standard_normal(shape).astype(dtype)
    for x in (a, a.T, a[::-1], a[:, ::2]):
        c = linalg.matmul(x, x.T)
        np.testing.assert_array_equal(c, c.T)
        tolerance = 1e3 * np.finfo(dtype).eps
        np.testing.assert_allclose(c, x.astype(float) @ x.T.astype(float), rtol=tolerance, atol=tolerance)


@given(
    shapes=st.tuples(*[st.integers(0, 40)] * 3),
    layouts=st.tuples(*[st.sampled_from(["C", "F", "reversed", "skipped"])] * 2),
    vectors=st.tuples(st.booleans(), st.booleans()),
    with_out=st.booleans(),
)
def test_any_strides_vectors_and_out(shapes, layouts, vectors, with_out):
    m, n, k = shapes
    rng = np.random.default_rng(m + n + k)

    def laid_out(shape, layout):
        x = rng.standard_normal(shape)
        if layout == "F":
            return np.asfortranarray(x)
        if layout == "reversed":
            return x[::-1]
        return np.repeat(x, 2, axis=-1)[..., ::2] if layout == "skipped" else x

    a = laid_out((k,) if vectors[0] else (m, k), layouts[0])
    b = laid_out((k,) if vectors[1] else (k, n), layouts[1])
    expected = a @ b
    out = np.empty_like(expected) if with_out and expected.ndim else None
    result = linalg.matmul(a, b, out=out)
    assert out is None or result is out
    assert np.shape(result) == expected.shape
    np.testing.assert_allclose(result, expected, rtol=0, atol=1e-12)


def test_arrays_that_were_pickled():
    """Their dtype equals float64 and is another object."""
    v = pickle.loads(pickle.dumps(np.arange(3.0)))
    stack = pickle.loads(pickle.dumps(np.ones((2, 3, 3))))
    assert linalg.matmul(v, v) == 5
    np.testing.assert_array_equal(linalg.matmul(stack, v), np.matmul(stack, v))
    np.testing.assert_array_equal(linalg.matmul(stack, [1, 2, 3]), np.matmul(stack, [1, 2, 3]))


def test_a_dot_product_is_a_numpy_scalar_as_numpys():
    v = np.arange(4.0, dtype=np.float32)
    assert type(linalg.matmul(v, v)) is type(np.matmul(v, v)) is np.float32


def test_out_by_position():
    out = np.empty((2, 2))
    assert linalg.matmul(np.eye(2), np.ones((2, 2)), out) is out


def test_integers_with_out():
    out = np.empty((2, 2), int)
    assert linalg.matmul([[1, 2], [3, 4]], np.eye(2, dtype=int), out=out) is out
    np.testing.assert_array_equal(out, [[1, 2], [3, 4]])
