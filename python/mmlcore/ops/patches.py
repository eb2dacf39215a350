"""The column matrix of a convolution written out: the specification of what the kernels do without storing it."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import choose, message
from mmlcore.autodiff import defjvp, defvjp, primitive
from mmlcore.ops.shape import shape_of
from mmlcore.ops.windows import DATA_FORMATS, Sweep, per_axis, sweep_of

__all__ = ["col2im", "im2col"]


def im2col(
    x: Any,
    kernel_size: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    data_format: str = "channels_last",
) -> Any:
    """The patches under a moving kernel as the columns of a matrix.

    Parameters
    ----------
    x : array (n, ..., channels), float32 or float64
        One to three axes between, or at the end with ``data_format="channels_first"``.
    kernel_size : int, or one for each axis
    strides, padding, dilation, data_format
        As for `conv`.

    Returns
    -------
    array (n, elements · channels, points)
        Column j is the patch of output point j; its rows are ordered as those of
        ``kernel.reshape(-1, filters)``, element by element of the kernel and then by channel. So
        ``kernel.reshape(-1, filters).T @ im2col(x, ...)`` is the convolution, filter by filter.

    Raises
    ------
    ValueError
        If `x` has other dimensions, or an argument is out of range.

    References
    ----------
    Notes 9.7.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.im2col(np.zeros((1, 227, 227, 3)), 11, strides=4).shape
    (1, 363, 3025)
    >>> ops.im2col(np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1), 2)[0]
    array([[1., 2.],
           [2., 3.]])
    """
    shape = shape_of(x)
    if not 3 <= len(shape) <= 5:
        raise ValueError(message("im2col", "x", "of three to five dimensions", f"shape {shape}"))
    return _columns(x, sweep=_sweep("im2col", shape, kernel_size, strides, padding, dilation, data_format))


def col2im(
    columns: Any,
    shape: tuple[int, ...],
    kernel_size: Any,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    data_format: str = "channels_last",
) -> Any:
    """The transpose of `im2col`: every element of a column is added to the pixel that it came from.

    Parameters
    ----------
    columns : array (n, elements · channels, points), float32 or float64
    shape : tuple of int
        Of the images that `im2col` was given.
    kernel_size, strides, padding, dilation, data_format
        Likewise.

    Returns
    -------
    array of that shape

    Raises
    ------
    ValueError
        If `columns` are not those of such images, or an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.col2im(np.ones((1, 2, 2)), (1, 3, 1), 2).ravel()
    array([1., 2., 1.])
    """
    if not 3 <= len(shape) <= 5:
        raise ValueError(message("col2im", "shape", "of three to five numbers", repr(shape)))
    sweep = _sweep("col2im", shape, kernel_size, strides, padding, dilation, data_format)
    channels = sweep.channels(tuple(shape))
    expected = (shape[0], int(np.prod(sweep.kernel)) * channels, int(np.prod(sweep.out)))
    if shape_of(columns) != expected:
        raise ValueError(message("col2im", "columns", f"of shape {expected}", f"shape {shape_of(columns)}"))
    return _images(columns, sweep=sweep, channels=channels)


def _sweep(
    function: str, shape: Any, kernel_size: Any, strides: Any, padding: Any, dilation: Any, data_format: str
) -> Sweep:
    size = tuple(shape[2:] if choose(function, "data_format", data_format, DATA_FORMATS) else shape[1:-1])
    kernel = per_axis(function, "kernel_size", kernel_size, len(size))
    return sweep_of(function, size, kernel, strides, padding, dilation, 1, data_format)


def _room(sweep: Sweep) -> tuple[int, ...]:
    """Extents of images with zeros around them that every window stays inside of."""
    return tuple(
        max(p + n, (o - 1) * s + (k - 1) * d + 1)
        for p, n, o, s, k, d in zip(
            sweep.before, sweep.size, sweep.out, sweep.stride, sweep.kernel, sweep.dilation, strict=True
        )
    )


def _elements(sweep: Sweep) -> Iterator[tuple[int, tuple[slice, ...]]]:
    """For each element of the kernel its number, and the points that it meets."""
    for number, element in enumerate(product(*map(range, sweep.kernel))):
        yield (
            number,
            tuple(
                slice(t * d, t * d + (o - 1) * s + 1 if o else t * d, s)
                for t, d, o, s in zip(element, sweep.dilation, sweep.out, sweep.stride, strict=True)
            ),
        )


def _inner(sweep: Sweep) -> tuple[slice, ...]:
    """Where the images lie in that room."""
    return tuple(slice(p, p + n) for p, n in zip(sweep.before, sweep.size, strict=True))


@primitive
def _columns(x: Any, *, sweep: Sweep) -> Any:
    x = as_float(x, "im2col", "x")
    volume = sweep.volume(x)
    if sweep.channels_first:
        volume = np.moveaxis(volume, 1, -1)
    n, channels = len(volume), volume.shape[-1]
    padded = np.zeros((n, *_room(sweep), channels), x.dtype)
    padded[:, *_inner(sweep)] = volume
    columns = np.empty((n, int(np.prod(sweep.kernel)), channels, *sweep.out), x.dtype)
    for number, points in _elements(sweep):
        columns[:, number] = np.moveaxis(padded[:, *points], -1, 1)
    return columns.reshape(n, columns.shape[1] * channels, int(np.prod(sweep.out)))


@primitive
def _images(columns: Any, *, sweep: Sweep, channels: int) -> Any:
    columns = as_float(columns, "col2im", "columns")
    n = len(columns)
    parts = columns.reshape(n, int(np.prod(sweep.kernel)), channels, *sweep.out)
    padded = np.zeros((n, *_room(sweep), channels), columns.dtype)
    for number, points in _elements(sweep):
        padded[:, *points] += np.moveaxis(parts[:, number], 1, -1)
    volume = padded[:, *_inner(sweep)]
    if sweep.channels_first:
        volume = np.moveaxis(volume, -1, 1)
    return np.ascontiguousarray(volume).reshape(sweep.shape(n, channels, sweep.size))


defvjp(_columns, lambda ans, x, *, sweep: lambda g: _images(g, sweep=sweep, channels=sweep.channels(shape_of(x))))
defvjp(_images, lambda ans, columns, *, sweep, channels: lambda g: _columns(g, sweep=sweep))
defjvp(_columns, "linear")
defjvp(_images, "linear")
