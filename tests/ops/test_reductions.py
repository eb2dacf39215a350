"""Sums, means and extremes over any axes."""

import itertools

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore import check_grads, grad, ops
from mmlcore.ops.reductions import kept_shape

RANDOM = np.random.default_rng(11)
S = RANDOM.normal(size=(2, 3, 4, 5))
NAMES = ["sum", "mean", "max", "min"]
AXES = [None, *[axes for n in range(1, 5) for axes in itertools.combinations(range(4), n)], -1, (-2, 0), ()]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("name", NAMES)
def test_every_set_of_axes_against_numpy(name, axis, keepdims):
    ours, theirs = getattr(ops, name), getattr(np, name)
    for x in (S, S.astype(np.float32), np.asfortranarray(S), S[:, ::-1, ::2], S.T):
        result = ours(x, axis=axis, keepdims=keepdims)
        expected = theirs(x, axis=axis, keepdims=keepdims)
        assert result.dtype == x.dtype
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=1e-12 if x.dtype == np.float64 else 1e-5, atol=1e-5)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (1, 2), (0, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("name", NAMES)
def test_derivatives(name, axis, agrees):
    ours, theirs = getattr(ops, name), getattr(np, name)
    agrees(lambda x: ours(x, axis=axis), lambda x: theirs(x, axis=axis), S, rtol=10)
    check_grads(lambda x: theirs(x, axis=axis, keepdims=True) ** 2 * x, (S,), order=2)
    check_grads(lambda x: getattr(x, name)(axis) ** 2, (S,), order=2)


@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4), elements=st.floats(-9, 9)),
    st.data(),
)
def test_any_shape(x, data):
    axis = data.draw(st.none() | hnp.valid_tuple_axes(x.ndim, min_size=1) if x.ndim else st.none())
    for name in NAMES:
        result = getattr(ops, name)(x, axis=axis)
        np.testing.assert_allclose(result, getattr(np, name)(x, axis=axis), rtol=1e-12, atol=1e-12)
    assert grad(lambda x: ops.sum(ops.mean(x, axis=axis) ** 2))(x).shape == x.shape


def test_everything_reduced_gives_a_number():
    assert isinstance(ops.sum(S), np.float64)
    assert isinstance(ops.max(S.astype(np.float32)), np.float32)
    assert ops.sum(3) == 3.0
    assert ops.sum([1, 2, 3]) == 6.0
    assert ops.sum(True) == 1.0


def test_empty_sums_are_zero_and_other_empty_reductions_errors():
    x = np.ones((0, 3))
    assert ops.sum(x) == 0.0
    assert ops.sum(x, axis=0).tolist() == [0.0, 0.0, 0.0]
    assert ops.mean(x, axis=1).shape == (0,)
    assert grad(ops.sum)(x).shape == (0, 3)
    for name in ("mean", "max", "min"):
        with pytest.raises(ValueError, match=r"mean|max"):
            getattr(ops, name)(x)


def test_nan_and_infinity_propagate():
    x = np.array([[1.0, np.nan, 3.0], [np.inf, 2.0, 1.0], [-np.inf, np.inf, 0.0]])
    with np.errstate(all="ignore"):
        for name in NAMES:
            np.testing.assert_array_equal(getattr(ops, name)(x, axis=1), getattr(np, name)(x, axis=1))


def test_equal_extremes_share_the_gradient():
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    np.testing.assert_allclose(grad(lambda x: ops.sum(np.max(x, axis=1)))(x), [[0, 0.5, 0.5], [1 / 3] * 3])
    np.testing.assert_allclose(grad(lambda x: ops.sum(np.min(x, axis=1)))(x), [[1, 0, 0], [1 / 3] * 3])
    np.testing.assert_allclose(grad(np.max)(x), [[0, 0.5, 0.5], [0, 0, 0]])
    assert grad(np.max)(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", NAMES)
def test_axes_that_are_not_there(name):
    f = getattr(ops, name)
    expected = name if name != "min" else "max"
    with pytest.raises(ValueError, match=rf"^{expected}: axis must be between -4 and 3, got 4$"):
        f(S, axis=4)
    with pytest.raises(ValueError, match=rf"^{expected}: axis must be without repetition, got \(0, -4\)$"):
        f(S, axis=(0, -4))
    with pytest.raises(TypeError, match=r"must be real numbers, got dtype complex128"):
        f(1j)


def test_sums_are_accurate():
    x = np.full(1_000_000, 0.1, np.float32)
    assert ops.sum(x) == pytest.approx(100_000, rel=1e-6)


def test_kept_shape():
    assert kept_shape((2, 3, 4), None) == (1, 1, 1)
    assert kept_shape((2, 3, 4), (0, -1)) == (1, 3, 1)
