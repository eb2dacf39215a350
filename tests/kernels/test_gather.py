"""gather_rows against NumPy's indexing: every kind of row, any dtype, bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore import _kernels


def gather(x, index):
    out = np.empty((len(index), *x.shape[1:]), x.dtype)
    _kernels.gather_rows(out, x, index)
    return out


@pytest.mark.parametrize(
    "dtype",
    [
        bool,
        np.int8,
        np.uint8,
        np.int16,
        np.float16,
        np.int32,
        np.float32,
        np.int64,
        np.float64,
        np.complex128,
        "S5",
        "U3",
        "M8[s]",
        ">f8",
        [("a", "i4"), ("b", "f8")],
    ],
)
@pytest.mark.parametrize("row", [(), (1,), (2,), (3,), (4,), (5, 3), (8, 8), (28, 28)])
def test_rows_are_those_of_numpy(dtype, row):
    rng = np.random.default_rng(0)
    dtype = np.dtype(dtype)
    size = 11 * int(np.prod(row))
    x = np.frombuffer(bytes(rng.integers(0, 2, size * dtype.itemsize, dtype=np.uint8)), dtype).reshape(11, *row)
    index = rng.integers(0, 11, 37)
    assert gather(x, index).tobytes() == x[index].tobytes()


@given(rows=st.integers(1, 20), columns=st.integers(0, 20), count=st.integers(0, 50), seed=st.integers(0, 99))
def test_any_strides(rows, columns, count, seed):
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((3 * rows, 2 * columns)).astype(np.float32)
    base.flags.writeable = False
    index = rng.integers(0, rows, 2 * count)[::-2]
    for x in (base[::3], base[::-3, :columns], base[:rows, ::2], np.asfortranarray(base[:rows])):
        np.testing.assert_array_equal(gather(x, index), x[index])


def test_many_rows_in_parallel():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (5000, 784)).astype(np.uint8)
    index = rng.permutation(5000)
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        np.testing.assert_array_equal(gather(x, index), x[index])


def test_wrong_rows_are_refused_and_nothing_is_written():
    x, out = np.ones((3, 2)), np.zeros((2, 2))
    for index, got in (
        ([0, 3], "3 at position 1"),
        ([-1, 0], "-1 at position 0"),
        ([2**62, 0], f"{2**62} at position 0"),
    ):
        with pytest.raises(ValueError, match=rf"gather_rows: index must be in 0 <= index < 3, got {got}"):
            _kernels.gather_rows(out, x, np.array(index))
    assert not out.any()
    with pytest.raises(ValueError, match=r"gather_rows: index must be in 0 <= index < 0, got 0 at position 0"):
        _kernels.gather_rows(np.empty((1, 2)), np.empty((0, 2)), np.zeros(1, np.int64))
    assert gather(np.empty((0, 2)), np.empty(0, np.int64)).shape == (0, 2)


def test_errors_name_function_argument_and_value():
    x, index = np.ones((3, 2)), np.zeros(2, np.int64)
    with pytest.raises(TypeError, match=r"gather_rows: index must be int64, got int32"):
        gather(x, index.astype(np.int32))
    with pytest.raises(ValueError, match=r"gather_rows: index must be 1-dimensional, got 2 dimensions"):
        gather(x, index.reshape(2, 1))
    with pytest.raises(TypeError, match=r"gather_rows: out must be float64 \(as x\), got float32"):
        _kernels.gather_rows(np.empty((2, 2), np.float32), x, index)
    with pytest.raises(ValueError, match=r"out must be of 2 rows shaped as those of x \(3, 2\), got \(2, 3\)"):
        _kernels.gather_rows(np.empty((2, 3)), x, index)
    with pytest.raises(ValueError, match=r"gather_rows: out must be C-contiguous"):
        _kernels.gather_rows(np.empty((2, 4))[:, ::2], x, index)
    with pytest.raises(TypeError, match=r"gather_rows: x must be of plain numbers, got object"):
        gather(np.array([None, None]), index)
    with pytest.raises(ValueError, match=r"gather_rows: x must be at least 1-dimensional, got 0 dimensions"):
        _kernels.gather_rows(np.empty(2), np.array(1.0), index)
