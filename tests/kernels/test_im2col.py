"""Correlation through patches that are never stored, against the column matrix written out."""

import numpy as np
import pytest

from mmlcore import _kernels


def columns(image, kernel, stride, padding, dilation):
    """The column matrix of im2col: one column per output pixel, rows ordered (channel, row, column)."""
    padded = np.pad(image, ((0, 0), (padding, padding), (padding, padding)))
    kh, kw = kernel
    reach_y, reach_x = (kh - 1) * dilation + 1, (kw - 1) * dilation + 1
    rows = range(0, padded.shape[1] - reach_y + 1, stride)
    cols = range(0, padded.shape[2] - reach_x + 1, stride)
    patches = [padded[:, y : y + reach_y : dilation, x : x + reach_x : dilation].ravel() for y in rows for x in cols]
    return np.array(patches).T, (len(rows), len(cols))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "filters", "stride", "padding", "dilation"),
    [
        ((2, 3, 9, 8), (5, 3, 3), 1, 0, 1),
        ((1, 1, 6, 7), (4, 2, 3), 2, 1, 1),
        ((3, 2, 12, 11), (1, 3, 3), 1, 2, 2),
        ((1, 4, 28, 28), (16, 3, 3), 1, 1, 1),
        ((1, 130, 9, 9), (150, 3, 3), 3, 0, 1),  # more than one block along k and along the rows
        ((1, 3, 5, 5), (2, 5, 5), 1, 0, 1),
        ((1, 1, 64, 60), (3, 2, 2), 1, 1, 1),  # more than one block of output pixels
    ],
)
def test_against_the_column_matrix(shape, filters, stride, padding, dilation, dtype):
    rng = np.random.default_rng(0)
    count, kh, kw = filters
    x = rng.standard_normal(shape).astype(dtype)
    f = rng.standard_normal((count, shape[1], kh, kw)).astype(dtype)
    expected = []
    for image in x:
        matrix, size = columns(image.astype(float), (kh, kw), stride, padding, dilation)
        expected.append((f.reshape(count, -1).astype(float) @ matrix).reshape(count, *size))
    y = np.full(np.shape(expected), np.nan, dtype)
    _kernels.correlate2d(y, x, f, stride, padding, dilation)
    np.testing.assert_allclose(y, expected, rtol=0, atol=100 * np.finfo(dtype).eps * f[0].size ** 0.5)


def test_the_notes_example_has_the_shape_they_state():
    """227×227×3, 96 filters 11×11×3, stride 4: a column matrix [363×3025], an output 55×55×96 (Notes 9.7)."""
    x, f = np.ones((1, 3, 227, 227), np.float32), np.ones((96, 3, 11, 11), np.float32)
    y = np.empty((1, 96, 55, 55), np.float32)
    _kernels.correlate2d(y, x, f, 4)
    assert (y == 363).all()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"stride": 0}, "correlate2d: stride must be from 1 to 1048576, got 0"),
        ({"padding": -1}, "correlate2d: padding must be from 0 to 1048576, got -1"),
        ({"dilation": 0}, "correlate2d: dilation must be from 1 to 1048576, got 0"),
        ({"padding": 2**62}, "correlate2d: padding must be from 0 to 1048576"),
        ({"filters": np.ones((2, 1, 0, 2))}, "correlate2d: filters' height must be from 1"),
        ({"filters": np.ones((2, 3, 2, 2))}, "correlate2d: filters must be of shape"),
        ({"x": np.ones((1, 4, 4))}, "correlate2d: x must be 4-dimensional"),
        ({"y": np.ones((1, 2, 2, 2))}, r"correlate2d: y must be of shape \(1, 2, 3, 3\)"),
    ],
)
def test_bad_arguments(change, text):
    arguments = {"y": np.empty((1, 2, 3, 3)), "x": np.ones((1, 1, 4, 4)), "filters": np.ones((2, 1, 2, 2))} | change
    with pytest.raises(ValueError, match=text):
        _kernels.correlate2d(**arguments)
