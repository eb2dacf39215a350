"""The column matrix: what its columns are, and that col2im is its transpose."""

import numpy as np
import pytest

from mmlcore import check_grads, ops

RANDOM = np.random.default_rng(5)


def test_columns_are_the_patches():
    x = RANDOM.random((2, 7, 6, 3))
    columns = ops.im2col(x, (3, 2), strides=(2, 1))
    for j, (row, column) in enumerate(np.ndindex(3, 5)):
        patch = x[:, 2 * row : 2 * row + 3, column : column + 2]
        np.testing.assert_array_equal(columns[:, :, j], patch.reshape(2, -1))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("strides", "padding", "dilation"), [(1, "valid", 1), (2, "same", 1), (1, ((1, 0), 2), 2)])
def test_col2im_is_the_transpose(strides, padding, dilation, data_format):
    x = RANDOM.normal(size=(2, 6, 7, 3))
    options = (2, strides, padding, dilation, data_format)
    columns = ops.im2col(x, *options)
    g = RANDOM.normal(size=columns.shape)
    back = ops.col2im(g, x.shape, *options)
    np.testing.assert_allclose(np.vdot(columns, g), np.vdot(x, back), rtol=1e-12)
    check_grads(lambda x: ops.im2col(x, *options), (x[:1],), order=1)
    check_grads(lambda g: ops.col2im(g, (1, *x.shape[1:]), *options), (g[:1],), order=1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="im2col: x must be of three to five dimensions"):
        ops.im2col(np.zeros((2, 2)), 1)
    with pytest.raises(ValueError, match=r"col2im: columns must be of shape \(1, 2, 2\)"):
        ops.col2im(np.zeros((1, 2, 3)), (1, 3, 1), 2)
    with pytest.raises(ValueError, match="col2im: shape must be of three to five numbers"):
        ops.col2im(np.zeros((1, 2, 3)), (1, 3), 2)
