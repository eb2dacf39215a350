"""Convolution and its transpose: the column matrix, NumPy's layouts, torch, and derivatives to second order."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops
from mmlcore.ops.dense import FUSED

RANDOM = np.random.default_rng(9)


def by_columns(x, w, b=0.0, *, strides=1, padding="valid", dilation=1):
    """The convolution as the matrix product of Notes 9.7, in NumPy."""
    columns = ops.im2col(x, w.shape[:-2], strides, padding, dilation)
    y = np.moveaxis(w.reshape(-1, w.shape[-1]).T @ columns, 1, 2)
    size = ops.conv(x, w, None, strides, padding, dilation).shape
    return y.reshape(size) + b


@pytest.mark.parametrize(
    ("shape", "kernel", "options"),
    [
        ((2, 9, 3), (3, 3, 5), {"strides": 2, "padding": "same"}),
        ((2, 6, 7, 2), (3, 2, 2, 4), {"padding": ((1, 2), 0), "dilation": (2, 1)}),
        ((1, 4, 5, 4, 2), (2, 3, 2, 2, 3), {"strides": (1, 2, 1), "padding": 1}),
        ((0, 6, 7, 2), (3, 2, 2, 4), {}),
    ],
)
def test_it_is_the_product_with_the_column_matrix(shape, kernel, options, agrees):
    x, w, b = RANDOM.normal(size=shape), RANDOM.normal(size=kernel), RANDOM.normal(size=kernel[-1])
    agrees(lambda x, w, b: ops.conv(x, w, b, **options), lambda x, w, b: by_columns(x, w, b, **options), x, w, b,
           order=1, rtol=100)  # fmt: skip


def test_the_layer_of_the_notes():
    x, w = RANDOM.random((1, 227, 227, 3), np.float32), RANDOM.random((11, 11, 3, 96), np.float32)
    columns = ops.im2col(x, 11, strides=4)
    assert columns.shape == (1, 363, 3025)
    y = ops.conv(x, w, strides=4)
    assert y.shape == (1, 55, 55, 96)
    np.testing.assert_allclose(y.reshape(3025, 96).T, w.reshape(363, 96).T @ columns[0], rtol=2e-5)


@pytest.mark.parametrize("name", sorted(FUSED))
@pytest.mark.parametrize("needed", [(0,), (1,), (2,), (0, 1, 2)])
def test_fused_gradients_equal_the_step_by_step_form(name, needed):
    args = RANDOM.normal(size=(2, 5, 6, 4)), RANDOM.normal(size=(3, 3, 2, 6)), RANDOM.normal(size=6)
    function = {"linear": lambda z: z}.get(name) or getattr(ops, name)
    weights = RANDOM.normal(size=(2, 5, 6, 6))
    fused = lambda x, w, b: ops.sum(weights * ops.conv(x, w, b, padding="same", groups=2, activation=name))  # noqa: E731
    steps = lambda x, w, b: ops.sum(weights * function(ops.conv(x, w, None, 1, "same", 1, 2) + b))  # noqa: E731
    for a, b in zip(grad(fused, needed)(*args), grad(steps, needed)(*args), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_second_order(data_format):
    shape = (1, 4, 5, 2) if data_format == "channels_last" else (1, 2, 4, 5)
    args = RANDOM.normal(size=shape), RANDOM.normal(size=(3, 2, 1, 4)), RANDOM.normal(size=4)
    check_grads(lambda x, w, b: ops.conv(x, w, b, (2, 1), 1, (1, 2), 2, "tanh", data_format), args, order=2)
    kernel = RANDOM.normal(size=(3, 2, 3, 2))
    check_grads(lambda x, w: ops.conv_transpose(x, w, 2, "same", 1, data_format), (args[0], kernel), order=2)


def test_layouts_agree():
    x, w = RANDOM.normal(size=(2, 5, 6, 3)), RANDOM.normal(size=(3, 3, 3, 4))
    turned = ops.conv(np.moveaxis(x, -1, 1), w, padding="same", data_format="channels_first")
    np.testing.assert_allclose(np.moveaxis(turned, 1, -1), ops.conv(x, w, padding="same"), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2, 3])
def test_the_transpose_is_the_adjoint(padding, strides):
    w, g = RANDOM.normal(size=(3, 2, 4, 5)), RANDOM.normal(size=(2, 4, 3, 5))
    u = ops.conv_transpose(g, w, strides, padding)
    x = RANDOM.normal(size=u.shape)
    np.testing.assert_allclose(np.vdot(ops.conv(x, w, None, strides, padding), g), np.vdot(x, u), rtol=1e-11)


def test_the_transpose_is_that_of_torch():
    torch = pytest.importorskip("torch")
    x, w = RANDOM.normal(size=(2, 4, 3, 5)), RANDOM.normal(size=(3, 3, 4, 5))
    theirs = torch.nn.functional.conv_transpose2d(
        torch.tensor(x.transpose(0, 3, 1, 2)), torch.tensor(w.transpose(3, 2, 0, 1).copy()), stride=2
    )
    np.testing.assert_allclose(ops.conv_transpose(x, w, 2), theirs.numpy().transpose(0, 2, 3, 1), atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (((1, 5, 5, 3), (3, 3, 2, 4)), r"conv: x must be of 2 channels \(1 groups of the kernel's 2\)"),
        (((1, 5, 5), (3, 3, 2, 4)), "conv: x must be of 4 dimensions, got shape"),
        (((1, 5), (2, 4)), "conv: kernel must be of shape"),
        (((1, 5, 5, 3), (0, 3, 3, 4)), "conv: kernel must be of shape"),
        (((1, 5, 5, 4), (3, 3, 2, 3), None, 1, "valid", 1, 2), "conv: groups must be a divisor of the 3 filters"),
        (((1, 5, 5, 2), (3, 3, 2, 4), np.zeros(3)), r"conv: bias must be of shape \(4,\)"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, 0), "conv: strides must be a positive integer"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, (1, 2, 3)), "conv: strides must be a number or 2 numbers"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, 1, "full"), "conv: padding must be one of 'valid', 'same'"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, 1, -1), "conv: padding must be a non-negative integer"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, 1, [1, 2, 3]), "conv: padding must be 'valid', 'same', a number or 2"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, 1, 0, 0), "conv: dilation must be a positive integer"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, 1, 0, 1, 1, "gelu"), "conv: activation must be one of"),
        (((1, 5, 5, 2), (3, 3, 2, 4), None, 1, 0, 1, 1, "relu", "nchw"), "conv: data_format must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, text):
    arrays = [np.zeros(value) for value in arguments[:2]]
    with pytest.raises(ValueError, match=text):
        ops.conv(*arrays, *arguments[2:])


def test_a_kernel_that_does_not_fit_gives_nothing():
    assert ops.conv(np.zeros((2, 2, 2, 1)), np.zeros((3, 3, 1, 4))).shape == (2, 0, 0, 4)
