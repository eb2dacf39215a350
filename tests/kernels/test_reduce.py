"""sum, mean and max over a block of axes: values against exact sums, NaN, empty axes, threads, errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from mmlcore import _kernels

DTYPES = [np.float32, np.float64]
NUMPY = {"sum": np.sum, "mean": np.mean, "max": np.max}


def reduce(name, x, first, last):
    out = np.empty(x.shape[:first] + x.shape[last:], x.dtype)
    getattr(_kernels, name)(out, x, first, last)
    return out


def expected(name, x, first, last):
    return NUMPY[name](x.astype(np.longdouble), axis=tuple(range(first, last)))


def assert_close(name, x, first, last):
    got, exact = reduce(name, x, first, last), expected(name, x, first, last)
    if name == "max":
        np.testing.assert_array_equal(got, exact.astype(x.dtype))
        return
    # The error of a sum is measured against the sum of the magnitudes.
    scale = NUMPY[name](np.abs(x.astype(np.longdouble)), axis=tuple(range(first, last)))
    assert np.all(np.abs(got - exact) <= 4 * np.finfo(x.dtype).eps * scale)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NUMPY)
@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 129, 1021, 1024, 1025, 5003, 300_007])
def test_contiguous_rows_of_every_length(name, dtype, n):
    x = np.random.default_rng(n).standard_normal((3, n)).astype(dtype)
    assert_close(name, x, 1, 2)
    assert_close(name, x - 10, 1, 2)  # an identity of 0 would be seen in max


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NUMPY)
@pytest.mark.parametrize("rows", [1, 2, 4, 5, 63, 64, 65, 66, 130, 191, 1000])
@pytest.mark.parametrize("columns", [2, 3, 10, 17, 127, 128, 129, 1023, 1030])
def test_columns_of_every_size(name, dtype, rows, columns):
    x = np.random.default_rng(rows).standard_normal((rows, columns)).astype(dtype) - 3
    assert_close(name, x, 0, 1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NUMPY)
@pytest.mark.parametrize(
    ("shape", "first", "last"),
    [
        ((40_000, 10), 0, 1),
        ((300_000, 3), 0, 1),
        ((3, 70_000, 2), 1, 2),
        ((2, 500, 20_000), 1, 2),
        ((7, 3, 40_000), 1, 2),
    ],
)
def test_large_views_cut_into_pieces(name, dtype, shape, first, last):
    assert_close(name, np.random.default_rng(0).standard_normal(shape).astype(dtype) + 1, first, last)


@given(data=st.data(), shape=array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=7))
def test_any_block_of_axes(data, shape):
    first = data.draw(st.integers(0, len(shape)))
    last = data.draw(st.integers(first, len(shape)))
    x = np.random.default_rng(0).standard_normal(shape)
    for name in NUMPY:
        assert_close(name, x, first, last)


def test_strided_fortran_and_readonly_inputs():
    base = np.random.default_rng(0).standard_normal((12, 10, 9))
    base.flags.writeable = False
    for x in (base[::-2, :, ::3], np.asfortranarray(base), base.T, np.broadcast_to(base[:1], base.shape)):
        for name in NUMPY:
            assert_close(name, x, 1, 2)
            assert_close(name, x, 0, 3)


def test_sum_of_ten_million_tenths_in_float32():
    """Adding one after the other loses digits: 1e7 times 0.1f would come out 9 % too large."""
    x = np.full(10_000_000, 0.1, np.float32)
    exact = float(np.float32(0.1)) * x.size
    assert reduce("sum", x, 0, 1) == pytest.approx(exact, rel=3e-7)
    assert reduce("sum", x.reshape(-1, 10), 0, 1) == pytest.approx([exact / 10] * 10, rel=3e-7)
    assert reduce("mean", x, 0, 1) == pytest.approx(float(np.float32(0.1)), rel=3e-7)
    assert reduce("sum", np.ones(10_000_000, np.float32), 0, 1) == 1e7


def test_cancellation_against_the_exact_sum():
    x = np.random.default_rng(0).standard_normal(100_001) * np.logspace(-10, 10, 100_001)
    bound = 8 * np.finfo(float).eps * math.fsum(np.abs(x))
    assert reduce("sum", x, 0, 1) == pytest.approx(math.fsum(x), abs=bound)


@pytest.mark.parametrize("name", NUMPY)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("position", [0, 1, 15, 16, 17, 500, 1023, 1024, 2499])
def test_nan_reaches_the_result_from_every_position(name, dtype, position):
    x = np.ones((2, 2500), dtype)
    x[1, position] = np.nan
    row = reduce(name, x, 1, 2)
    assert np.isfinite(row[0])
    assert np.isnan(row[1])
    columns = np.ascontiguousarray(x.T)
    column = reduce(name, columns, 0, 1)
    assert np.isfinite(column[0])
    assert np.isnan(column[1])


def test_infinities():
    x = np.array([[np.inf, 1], [-np.inf, -np.inf], [np.inf, -np.inf]])
    np.testing.assert_array_equal(reduce("max", x, 1, 2), [np.inf, -np.inf, np.inf])
    np.testing.assert_array_equal(reduce("sum", x, 1, 2), [np.inf, -np.inf, np.nan])


def test_empty():
    np.testing.assert_array_equal(reduce("sum", np.empty((3, 0)), 1, 2), np.zeros(3))
    np.testing.assert_array_equal(reduce("sum", np.empty((0, 3)), 0, 1), np.zeros(3))
    for name in NUMPY:
        assert reduce(name, np.empty((0, 4)), 1, 2).shape == (0,)
        assert reduce(name, np.empty((0, 0)), 1, 2).shape == (0,)
    for name in ("mean", "max"):
        with pytest.raises(ValueError, match=rf"{name}: x must be non-empty along the reduced axes, got \(3, 0\)"):
            reduce(name, np.empty((3, 0)), 1, 2)


def test_no_axes_is_a_copy():
    x = np.arange(6.0).reshape(2, 3)
    for name in NUMPY:
        np.testing.assert_array_equal(reduce(name, x, 1, 1), x)


@pytest.mark.parametrize("shape", [(1_000_003,), (200_001, 5), (3000, 300)])
def test_threads_do_not_change_a_bit(shape):
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    for first in range(len(shape)):
        _kernels.set_num_threads(1)
        one = reduce("sum", x, first, first + 1)
        _kernels.set_num_threads(2)
        np.testing.assert_array_equal(one, reduce("sum", x, first, first + 1))


def test_errors_name_function_argument_and_value():
    x = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"sum: first, last must be axes with 0 <= first <= last <= 2, got 1, 3"):
        _kernels.sum(np.empty(2), x, 1, 3)
    with pytest.raises(ValueError, match=r"sum: out must be of 2 elements, got \(3,\)"):
        _kernels.sum(np.empty(3), x, 1, 2)
    with pytest.raises(TypeError, match=r"mean: out must be float32 or float64, got int64"):
        _kernels.mean(np.empty(2, np.int64), x, 1, 2)
    with pytest.raises(TypeError, match=r"max: x must be float32 \(as the first array\), got float64"):
        _kernels.max(np.empty(2, np.float32), x, 1, 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NUMPY)
def test_over_all_elements_as_over_all_axes(name, dtype):
    whole = np.random.default_rng(0).standard_normal((5, 6, 7)).astype(dtype)
    for x in (whole, whole.T, whole[::2, 1:], whole[0, 0, 0:1], np.array(dtype(0.3))):
        total = getattr(_kernels, name + "_of")(x)
        assert type(total) is dtype
        assert total == reduce(name, np.ascontiguousarray(x), 0, x.ndim)
    assert getattr(_kernels, name + "_of")(np.float64(0.3)) == 0.3
    for other in ([1.0], np.ones(3, np.int64), np.ma.masked_array([1.0])):
        assert getattr(_kernels, name + "_of")(other) is NotImplemented


def test_nothing_has_a_sum_only():
    assert _kernels.sum_of(np.empty(0)) == 0
    assert _kernels.mean_of(np.empty(0)) is NotImplemented  # the long way says what is wrong
    assert _kernels.max_of(np.empty(0)) is NotImplemented
