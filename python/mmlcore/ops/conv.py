"""Convolution as networks mean it, and its transpose. Its derivatives are such convolutions again."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float, as_same_float
from mmlcore._errors import choose, integer, message
from mmlcore.autodiff import Tensor, defjvp, defvjp, defvjp_joint, primitive
from mmlcore.ops.activation import SLOPES
from mmlcore.ops.dense import FUSED
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import reshape, shape_of
from mmlcore.ops.windows import DATA_FORMATS, Sweep, per_axis, sweep_of

__all__ = ["conv", "conv_transpose", "transpose_sweep"]


def conv(
    x: Any,
    kernel: Any,
    bias: Any = None,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    activation: str = "linear",
    data_format: str = "channels_last",
) -> Any:
    r"""Images correlated with filters: convolution as networks mean it, in one, two or three dimensions.

    .. math:: y_{n,o,f} = a\Big(b_f + \sum_{t,c} x_{n,\,o s - p + t d,\,c}\, w_{t,c,f}\Big)

    with stride s, padding p and dilation d for each axis, over the elements t of the kernel and the channels c of f's
    group; x is 0 outside.

    Parameters
    ----------
    x : array (n, ..., channels), float32 or float64
        Or (n, channels, ...) with ``data_format="channels_first"``.
    kernel : array (..., channels / groups, filters)
        As many axes in front as an image has: one to three.
    bias : array (filters,), optional
    strides, dilation : int, or one for each axis
    padding : 'valid', 'same', int, or one int or pair (before, after) for each axis
        'same' gives ⌈extent / stride⌉ outputs, the odd zero behind.
    groups : int
        Channels and filters in so many groups that do not see each other.
    activation : 'linear', 'relu', 'sigmoid', 'tanh' or 'softplus'
        The function a, applied by the kernel.
    data_format : 'channels_last' or 'channels_first'

    Returns
    -------
    array (n, ..., filters)
        Of extents (W - (K - 1) d - 1 + P) // s + 1, P the zeros added to an extent W; in the layout of `x`.

    Raises
    ------
    ValueError
        If the shapes do not fit, or an argument is out of range.

    Notes
    -----
    The kernels compute it as the matrix product of `im2col` with the filters, whose columns are never stored. Filters
    of 3×3 in steps of one go by Winograd's F(2×2, 3×3) from 32 channels and 16 filters, for images of at least 32 tiles
    of 2×2 in all, up to a megabyte of filters at its 16 spots. Its rounding errors are relative to the largest of 4×4
    points; sums of four numbers must not overflow, an infinity may become NaN, and in the gradient with respect to the
    filters what is not finite reaches all nine elements.

    References
    ----------
    Notes 9.4-9.7; CS582 4.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> edge = np.array([[1.0, 0.0, -1.0]] * 3).reshape(3, 3, 1, 1)
    >>> image = np.array([[9.0, 9.0, 9.0, 0.0, 0.0]] * 3).reshape(1, 3, 5, 1)
    >>> ops.conv(image, edge).ravel()
    array([ 0., 27., 27.])
    """
    choose("conv", "activation", activation, FUSED)
    sweep = _sweep("conv", x, kernel, strides, padding, dilation, groups, data_format)
    return _conv(x, kernel, bias, activation, sweep)


def conv_transpose(
    x: Any,
    kernel: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    data_format: str = "channels_last",
) -> Any:
    """The transpose of `conv`, which takes outputs back to the shape of inputs: ⟨conv(u), x⟩ = ⟨u, conv_transpose(x)⟩.

    Parameters
    ----------
    x : array (n, ..., channels), float32 or float64
    kernel : array (..., filters, channels)
        Of the convolution from `filters` to `channels` that it transposes.
    strides, dilation : int, or one for each axis
    padding : 'valid' or 'same'
        Of that convolution. 'same' gives extents W · stride, 'valid' (W - 1) · stride + (K - 1) · dilation + 1 and, as
        in Keras, not less than W · stride.
    data_format : 'channels_last' or 'channels_first'

    Returns
    -------
    array (n, ..., filters)

    Raises
    ------
    ValueError
        If the shapes do not fit, or an argument is out of range.

    References
    ----------
    V. Dumoulin, F. Visin (2016), A guide to convolution arithmetic for deep learning.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.conv_transpose(np.array([1.0, 2.0]).reshape(1, 2, 1), np.array([1.0, 10.0]).reshape(2, 1, 1), 2).ravel()
    array([ 1., 10.,  2., 20.])
    """
    sweep = transpose_sweep("conv_transpose", shape_of(x), shape_of(kernel), strides, padding, dilation, data_format)
    return _input_gradient(x, kernel, sweep=sweep)


def transpose_sweep(
    function: str,
    shape: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: Any,
    padding: Any,
    dilation: Any,
    data_format: str,
) -> Sweep:
    """The sweep of the convolution that a transposed one of inputs of `shape` undoes."""
    choose(function, "padding", padding, {"valid": 0, "same": 0})
    size = _extents(function, shape, kernel, data_format)
    ndim = len(size)
    steps, gaps = (per_axis(function, "strides", strides, ndim), per_axis(function, "dilation", dilation, ndim))
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, gaps, strict=False)]
    if padding == "same":
        full = tuple(n * s for n, s in zip(size, steps, strict=True))
    else:
        full = tuple(n * s + max(r - s, 0) if n else 0 for n, s, r in zip(size, steps, reach, strict=True))
    if shape[1 if data_format == "channels_first" else -1] != kernel[-1]:
        got = f"shape {shape} for a kernel of shape {kernel}"
        raise ValueError(message(function, "x", f"of {kernel[-1]} channels", got))
    return sweep_of(function, full, kernel[:ndim], steps, padding, gaps, 1, data_format)


def _extents(function: str, shape: tuple[int, ...], kernel: tuple[int, ...], data_format: str) -> tuple[int, ...]:
    """The extents of images of that shape."""
    if not 3 <= len(kernel) <= 5 or 0 in kernel[:-2]:
        expectation = "of shape (..., channels, filters), with one to three extents of at least 1"
        raise ValueError(message(function, "kernel", expectation, f"shape {kernel}"))
    if len(shape) != len(kernel):
        raise ValueError(message(function, "x", f"of {len(kernel)} dimensions", f"shape {shape}"))
    return shape[2:] if choose(function, "data_format", data_format, DATA_FORMATS) else shape[1:-1]


def _sweep(
    function: str, x: Any, w: Any, strides: Any, padding: Any, dilation: Any, groups: Any, data_format: str
) -> Sweep:
    shape, kernel = shape_of(x), shape_of(w)
    size = _extents(function, shape, kernel, data_format)
    groups = integer(function, "groups", groups)
    channels = shape[1 if data_format == "channels_first" else -1]
    if channels != kernel[-2] * groups:
        expectation = f"of {kernel[-2] * groups} channels ({groups} groups of the kernel's {kernel[-2]})"
        raise ValueError(message(function, "x", expectation, f"shape {shape}"))
    if kernel[-1] % groups:
        raise ValueError(message(function, "groups", f"a divisor of the {kernel[-1]} filters", groups))
    return sweep_of(function, size, kernel[:-2], strides, padding, dilation, groups, data_format)


# ---- the three convolutions: each is linear in both arguments, and the derivative of one is the other two ----------


@primitive
def _correlate(x: Any, w: Any, *, sweep: Sweep) -> Any:
    """z(o, f) = Σ x(o s - p + t d, c) w(t, c, f)."""
    x, w = as_same_float("conv", x=x, kernel=w)
    z = _kernels.empty(sweep.outputs(x.shape[0], w.shape[-1]), x.dtype)
    _kernels.conv_forward(sweep.volume(z), sweep.volume(x), sweep.filters(w), None, sweep.window)
    return z


@primitive
def _input_gradient(dz: Any, w: Any, *, sweep: Sweep) -> Any:
    """dx(i, c) = Σ dz(o, f) w(t, c, f) over o s - p + t d = i."""
    dz, w = as_same_float("conv", dz=dz, kernel=w)
    dx = _kernels.empty(sweep.shape(dz.shape[0], w.shape[-2] * sweep.groups, sweep.size), dz.dtype)
    _kernels.conv_input_gradient(sweep.volume(dx), sweep.volume(dz), sweep.filters(w), None, sweep.window)
    return dx


@primitive
def _filter_gradient(x: Any, dz: Any, *, sweep: Sweep) -> Any:
    """dw(t, c, f) = Σ x(o s - p + t d, c) dz(o, f)."""
    x, dz = as_same_float("conv", x=x, dz=dz)
    depth = sweep.channels(x.shape) // sweep.groups
    dw = np.empty((*sweep.kernel[3 - sweep.ndim :], depth, sweep.channels(dz.shape)), x.dtype)
    _kernels.conv_filter_gradient(sweep.filters(dw), None, sweep.volume(x), sweep.volume(dz), None, sweep.window)
    return dw


defvjp(
    _correlate,
    lambda ans, x, w, *, sweep: lambda g: _input_gradient(g, w, sweep=sweep),
    lambda ans, x, w, *, sweep: lambda g: _filter_gradient(x, g, sweep=sweep),
)
defvjp(
    _input_gradient,
    lambda ans, dz, w, *, sweep: lambda g: _correlate(g, w, sweep=sweep),
    lambda ans, dz, w, *, sweep: lambda g: _filter_gradient(g, dz, sweep=sweep),
)
defvjp(
    _filter_gradient,
    lambda ans, x, dz, *, sweep: lambda g: _input_gradient(dz, g, sweep=sweep),
    lambda ans, x, dz, *, sweep: lambda g: _correlate(x, g, sweep=sweep),
)
for _each in (_correlate, _input_gradient, _filter_gradient):
    defjvp(_each, "linear", "linear")


# ---- with bias and activation, in one kernel each way ----------------------------------------------------------------


@primitive
def _conv(x: Any, w: Any, b: Any, activation: str, sweep: Sweep) -> Any:
    if b is None:
        x, w = as_same_float("conv", x=x, kernel=w)
    else:
        x, w, b = as_same_float("conv", x=x, kernel=w, bias=b)
        if b.shape != w.shape[-1:]:
            raise ValueError(message("conv", "bias", f"of shape ({w.shape[-1]},)", f"shape {b.shape}"))
        b = np.ascontiguousarray(b)
    y = _kernels.empty(sweep.outputs(x.shape[0], w.shape[-1]), x.dtype)
    volumes = sweep.volume(y), sweep.volume(x), sweep.filters(w)
    _kernels.conv_forward(*volumes, b, sweep.window, FUSED[activation])
    return y


def _conv_back(needed: tuple[int, ...], y: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
    x, w, _, activation, sweep = args

    def pullback(dy: Any) -> Any:
        if any(type(part) is Tensor for part in (dy, x, w, y)):
            gradients = _composed(dy, y, x, w, activation, sweep, needed)
        else:
            gradients = _fused(dy, y, x, w, activation, sweep, needed)
        return tuple([gradients[i] for i in needed])

    return pullback


defvjp_joint(_conv, _conv_back)


def _fused(
    dy: Any, y: Any, x: Any, w: Any, activation: str, sweep: Sweep, needed: tuple[int, ...]
) -> tuple[Any, Any, Any]:
    """The gradients by one kernel for x and one for w and b."""
    x, w, dy = (as_float(part, "conv", "x").astype(y.dtype, copy=False) for part in (x, w, dy))
    code, window = FUSED[activation], sweep.window
    dy, y, filters = sweep.volume(dy), sweep.volume(y), sweep.filters(w)
    dx = dw = db = None
    if 0 in needed:
        dx = _kernels.empty(x.shape, y.dtype)
        _kernels.conv_input_gradient(sweep.volume(dx), dy, filters, y, window, code)
    if 1 in needed or 2 in needed:
        dw = np.empty(w.shape, y.dtype)
        db = np.empty(w.shape[-1], y.dtype) if 2 in needed else None
        _kernels.conv_filter_gradient(sweep.filters(dw), db, sweep.volume(x), dy, y, window, code)
    return dx, dw, db


def _composed(
    dy: Any, y: Any, x: Any, w: Any, activation: str, sweep: Sweep, needed: tuple[int, ...]
) -> tuple[Any, Any, Any]:
    """The same gradients by primitives, which can be differentiated again."""
    dz = dy if activation == "linear" else dy * SLOPES[activation](y)
    dx = dw = db = None
    if 0 in needed:
        dx = _input_gradient(dz, w, sweep=sweep)
    if 1 in needed:
        dw = _filter_gradient(x, dz, sweep=sweep)
    if 2 in needed:
        shape = shape_of(dz)
        if sweep.channels_first:
            db = sum(reshape(dz, (*shape[:2], -1)), axis=(0, 2))
        else:
            db = sum(dz, axis=tuple(range(len(shape) - 1)))
    return dx, dw, db
