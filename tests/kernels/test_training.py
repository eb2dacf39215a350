"""What a step does beside layers, loss and optimiser: counting, penalties, rows kept, tables."""

import numpy as np
import pytest

from mmlcore import _kernels

RNG = np.random.default_rng(0)
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SIZES = pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 5000])


@DTYPES
@SIZES
def test_arithmetic(n, dtype):
    a, b = RNG.standard_normal((2, n)).astype(dtype)
    out = np.empty(n, dtype)
    _kernels.multiply(out, a, b)
    np.testing.assert_array_equal(out, a * b)
    _kernels.add(out, a, b)
    np.testing.assert_array_equal(out, a + b)
    _kernels.affine(out, a, 2.0, 1.0)
    np.testing.assert_allclose(out, 2 * a + 1, rtol=1e-6)


@DTYPES
@SIZES
def test_penalties(n, dtype):
    w, g = RNG.standard_normal((2, n)).astype(dtype)
    value, expected = np.ones(1, dtype), g + 0.1 * np.sign(w) + 0.6 * w
    _kernels.penalize(value, g, w, 0.1, 0.3)
    np.testing.assert_allclose(g, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(value, 1 + 0.1 * np.abs(w).sum() + 0.3 * (w.astype(float) ** 2).sum(), rtol=1e-5)
    before = value.copy()
    _kernels.penalize(value, None, w, 0.0, 0.0)
    np.testing.assert_array_equal(value, before)


def test_counting():
    total, row, rates, constants = np.zeros(1), np.zeros(1, np.int64), np.array([0.5, 0.25]), np.zeros(3)
    _kernels.accumulate(total, np.array([2.0], np.float32), 4)
    assert total[0] == 8
    _kernels.advance(row, 1)
    _kernels.next_rate(constants, rates, row)
    np.testing.assert_array_equal(constants, [0.25, 0, 0])
    assert row[0] == 2
    with pytest.raises(ValueError, match=r"^next_rate: position must be in 0 <= position < 2, got 2$"):
        _kernels.next_rate(constants, rates, row)


def test_batches_in_order():
    x, order, row = np.arange(10.0), np.array([3, 1, 4, 1, 5, 9]), np.zeros(1, np.int64)
    batch, kept, where = np.empty(2), np.empty(6), np.zeros(1, np.int64)
    for _ in range(3):
        _kernels.gather_batch(batch, x, order, row)
        _kernels.append_rows(kept, batch, where)
        _kernels.advance(row, 2)
    np.testing.assert_array_equal(kept, x[order])
    with pytest.raises(ValueError, match=r"^gather_batch: first must be between 0 and 4, got 6$"):
        _kernels.gather_batch(batch, x, order, row)
    with pytest.raises(ValueError, match=r"^append_rows: position must be between 0 and 4, got 6$"):
        _kernels.append_rows(kept, batch, where)
    row[0] = 2
    with pytest.raises(ValueError, match=r"^gather_batch: order must be in 0 <= index < 3, got 4 at position 2$"):
        _kernels.gather_batch(batch, x[:3], order, row)


@DTYPES
def test_tables(dtype):
    table, rows = RNG.standard_normal((5, 3)).astype(dtype), np.array([4, 0, 4, 7], dtype)
    y, slope = np.empty((4, 3), dtype), np.empty((5, 3), dtype)
    _kernels.look_up(y, table, rows)
    np.testing.assert_array_equal(y[:3], table[[4, 0, 4]])
    assert np.isnan(y[3]).all()
    _kernels.look_up_grad(slope, np.ones((4, 3), dtype), rows)
    np.testing.assert_array_equal(slope[:, 0], [1, 0, 0, 0, 2])


@DTYPES
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n", [1, 16, 17, 1000])
def test_finite(n, value, dtype):
    x = RNG.standard_normal(n).astype(dtype)
    _kernels.require_finite(x, "x")
    x[n // 2] = value
    with pytest.raises(FloatingPointError, match=r"^x must be finite, got NaN or inf$"):
        _kernels.require_finite(x, "x")


def test_errors():
    with pytest.raises(ValueError, match=r"^add: b must be of 2 elements, got \(3,\)$"):
        _kernels.add(np.empty(2), np.ones(2), np.ones(3))
    with pytest.raises(
        ValueError, match=r"^append_rows: kept must be of the dtype and dimensions of rows, got \(3,\)$"
    ):
        _kernels.append_rows(np.empty(3), np.ones(2, np.float32), np.zeros(1, np.int64))
    with pytest.raises(ValueError, match=r"^accumulate: value must be of 1 elements, got \(2,\)$"):
        _kernels.accumulate(np.zeros(1), np.zeros(2), 1.0)
