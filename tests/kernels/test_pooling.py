"""Pools against the loops of their definition; what goes back is their transpose."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from mmlcore import _kernels
from oracles import average_pooled, max_pooled


def turned(x, channels_first):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if channels_first else x


@hypothesis.given(
    size=st.tuples(st.integers(1, 2), st.integers(1, 7), st.integers(1, 7)),
    kernel=st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)),
    n=st.integers(0, 2),
    channels=st.sampled_from([1, 3, 8, 19]),
    channels_first=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
)
@hypothesis.settings(max_examples=60, deadline=None)
def test_against_the_definition(size, kernel, stride, n, channels, channels_first, dtype):
    out = tuple(-(-length // step) for length, step in zip(size, stride, strict=True))
    before = tuple(
        max((o - 1) * s + k - length, 0) // 2 for o, s, k, length in zip(out, stride, kernel, size, strict=True)
    )
    rng = np.random.default_rng(0)
    x = rng.permutation(n * int(np.prod(size)) * channels).reshape(n, *size, channels).astype(dtype)
    window = _kernels.Window(stride, (1, 1, 1), before, 1, channels_first)
    xs = turned(x, channels_first)
    y = turned(np.full((n, *out, channels), np.nan, dtype), channels_first)
    numbers = np.full((n, *out, channels), 255, np.uint8)

    _kernels.max_pool(y, numbers, xs, kernel, window)
    np.testing.assert_array_equal(y, turned(max_pooled(x, kernel, stride, before, out), channels_first))
    again = np.full_like(y, np.nan)
    _kernels.max_pool_select(again, xs, numbers, kernel, window)
    np.testing.assert_array_equal(again, y)

    with_nan = np.where(rng.uniform(size=xs.shape) < 0.1, np.nan, xs - xs.size // 2).astype(dtype)
    for rectify in (False, True):
        _kernels.max_pool(again, numbers.copy(), with_nan, kernel, window, rectify)
        without_numbers = np.full_like(y, 7)
        _kernels.max_pool(without_numbers, None, with_nan, kernel, window, rectify)
        np.testing.assert_array_equal(without_numbers, again)

    signed = xs - xs.size // 2
    rectified = np.full_like(y, np.nan)
    _kernels.max_pool(rectified, numbers, signed, kernel, window, True)
    _kernels.max_pool(again, numbers.copy(), np.maximum(signed, 0), kernel, window)
    np.testing.assert_array_equal(rectified, again)
    _kernels.max_pool_select(again, signed, numbers, kernel, window)  # 0 where no element is positive
    np.testing.assert_array_equal(rectified, again)

    _kernels.max_pool(y, numbers, xs, kernel, window)
    g = rng.standard_normal(y.shape).astype(dtype)
    dx = np.full_like(xs, np.nan)
    _kernels.max_pool_gradient(dx, g, numbers, kernel, window)
    other = rng.standard_normal(xs.shape).astype(dtype)
    _kernels.max_pool_select(again, other, numbers, kernel, window)
    assert float(np.vdot(dx, other)) == pytest.approx(float(np.vdot(g, again)), rel=1e-4, abs=1e-4)

    _kernels.average_pool(y, xs, kernel, window)
    expected = turned(average_pooled(x, kernel, stride, before, out), channels_first)
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    _kernels.average_pool_gradient(dx, g, kernel, window)
    assert float(np.vdot(dx, xs)) == pytest.approx(float(np.vdot(g, y)), rel=1e-3, abs=1e-2)


def test_extremes():
    window = _kernels.Window((1, 1, 2), (1, 1, 1), (0, 0, 0))
    x = np.array([np.nan, 1, 1, np.nan, -np.inf, -np.inf, 2, 2, -0.0, np.inf]).reshape(1, 1, 1, 10, 1)
    y, numbers = np.empty((1, 1, 1, 5, 1)), np.empty((1, 1, 1, 5, 1), np.uint8)
    _kernels.max_pool(y, numbers, x, (1, 1, 2), window)
    np.testing.assert_array_equal(y.ravel(), [np.nan, np.nan, -np.inf, 2, np.inf])
    np.testing.assert_array_equal(numbers.ravel(), [0, 1, 0, 0, 1])

    _kernels.max_pool(y, numbers, x, (1, 1, 2), window, True)
    np.testing.assert_array_equal(y.ravel(), [np.nan, np.nan, 0, 2, np.inf])
    np.testing.assert_array_equal(numbers.ravel(), [0, 1, 2, 0, 1])


@pytest.mark.parametrize(("width", "dtype"), [(255, np.uint8), (256, np.int32)])
def test_the_number_of_no_element_fits_its_type(width, dtype):
    x, y = -np.ones((1, 1, 1, width, 2)), np.empty((1, 1, 1, 1, 2))
    window, numbers = _kernels.Window((1, 1, 1), (1, 1, 1), (0, 0, 0)), np.empty(y.shape, dtype)
    _kernels.max_pool(y, numbers, x, (1, 1, width), window, True)
    assert y.tolist() == [[[[[0, 0]]]]]
    assert numbers.ravel().tolist() == [width, width]
    dx = np.ones_like(x)
    _kernels.max_pool_gradient(dx, y + 1, numbers, (1, 1, width), window)
    assert not dx.any()


def test_windows_of_more_than_255_elements():
    rng = np.random.default_rng(0)
    x = rng.random((1, 1, 20, 20, 3))
    y, window = np.empty((1, 1, 1, 1, 3)), _kernels.Window((1, 1, 1), (1, 1, 1), (0, 0, 0))
    with pytest.raises(TypeError, match="max_pool: numbers must be int32"):
        _kernels.max_pool(y, np.empty(y.shape, np.uint8), x, (1, 20, 20), window)
    numbers = np.empty(y.shape, np.int32)
    _kernels.max_pool(y, numbers, x, (1, 20, 20), window)
    np.testing.assert_array_equal(numbers.ravel(), x.reshape(400, 3).argmax(axis=0))


def test_numbers_that_name_no_element_read_and_write_nothing():
    x, y = np.ones((1, 1, 2, 2, 1)), np.empty((1, 1, 1, 1, 1))
    window, numbers = _kernels.Window((1, 2, 2), (1, 1, 1), (0, 0, 0)), np.full((1, 1, 1, 1, 1), 200, np.uint8)
    _kernels.max_pool_select(y, x, numbers, (1, 2, 2), window)
    assert y.ravel() == [0]
    dx = np.ones_like(x)
    _kernels.max_pool_gradient(dx, y + 1, numbers, (1, 2, 2), window)
    np.testing.assert_array_equal(dx, 0)


@pytest.mark.parametrize(
    ("kernel", "window", "text"),
    [
        ((1, 0, 2), {}, "average_pool: kernel must be from 1"),
        ((1, 2, 2), {"dilation": (1, 1, 2)}, "average_pool: dilation must be 1"),
        ((1, 2, 2), {"stride": (0, 1, 1)}, "average_pool: stride must be from 1"),
    ],
)
def test_what_does_not_fit_is_refused(kernel, window, text):
    options = {"stride": (1, 2, 2), "dilation": (1, 1, 1), "before": (0, 0, 0)} | window
    with pytest.raises(ValueError, match=text):
        _kernels.average_pool(np.empty((1, 1, 2, 2, 3)), np.empty((1, 1, 4, 4, 3)), kernel, _kernels.Window(**options))


def test_channels_must_be_as_many():
    window = _kernels.Window((1, 2, 2), (1, 1, 1), (0, 0, 0))
    with pytest.raises(ValueError, match="average_pool: y must be of shape"):
        _kernels.average_pool(np.empty((1, 1, 2, 2, 4)), np.empty((1, 1, 4, 4, 3)), (1, 2, 2), window)
