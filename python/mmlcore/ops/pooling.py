"""Pooling: the largest or the mean of each window, and what goes back through it."""

from collections.abc import Callable
from typing import Any

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore._errors import choose, message
from mmlcore.autodiff import defjvp, defvjp, plain, primitive
from mmlcore.ops.shape import shape_of
from mmlcore.ops.windows import DATA_FORMATS, Sweep, per_axis, sweep_of

__all__ = ["average_pool", "max_pool", "mean_windows", "pool_sweep", "spread_windows"]


def _sweep(function: str, x: Any, pool_size: Any, strides: Any, padding: str, data_format: str) -> Sweep:
    shape = shape_of(x)
    if not 3 <= len(shape) <= 5:
        raise ValueError(message(function, "x", "of three to five dimensions", f"shape {shape}"))
    size = shape[2:] if choose(function, "data_format", data_format, DATA_FORMATS) else shape[1:-1]
    return pool_sweep(function, size, pool_size, strides, padding, data_format)


def pool_sweep(
    function: str, size: tuple[int, ...], pool_size: Any, strides: Any, padding: str, data_format: str
) -> Sweep:
    """The sweep of pooling windows over images of extents `size`; None as strides is the window's size."""
    choose(function, "padding", padding, {"valid": 0, "same": 0})
    window = per_axis(function, "pool_size", pool_size, len(size))
    return sweep_of(function, size, window, window if strides is None else strides, padding, 1, 1, data_format)


def max_pool(
    x: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str = "channels_last"
) -> Any:
    """The largest number of each window, channel by channel.

    Parameters
    ----------
    x : array (n, ..., channels), float32 or float64
        One to three axes between, or at the end with ``data_format="channels_first"``.
    pool_size : int, or one for each axis
        Extents of the window.
    strides : int, or one for each axis, optional
        Default: those of the window, which then do not overlap.
    padding : 'valid' or 'same'
        'same': ⌈extent / stride⌉ windows, of which only what lies inside counts.
    data_format : 'channels_last' or 'channels_first'

    Returns
    -------
    array (n, ..., channels)
        In the layout of `x`. NaN where a window holds one.

    Raises
    ------
    ValueError
        If `x` has other dimensions, or an argument is out of range.

    Notes
    -----
    The derivative goes to the largest element, to the first of equal ones.

    References
    ----------
    Notes 9.8.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.max_pool(np.array([1.0, 5.0, 2.0, 3.0]).reshape(1, 4, 1), 2).ravel()
    array([5., 3.])
    """
    return _max_pool(x, sweep=_sweep("max_pool", x, pool_size, strides, padding, data_format))


def average_pool(
    x: Any, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str = "channels_last"
) -> Any:
    """The mean of each window, channel by channel.

    Parameters
    ----------
    x : array (n, ..., channels), float32 or float64
    pool_size, strides, padding, data_format
        As for `max_pool`.

    Returns
    -------
    array (n, ..., channels)

    Raises
    ------
    ValueError
        As for `max_pool`.

    References
    ----------
    Notes 9.8.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.average_pool(np.array([1.0, 5.0, 2.0, 3.0]).reshape(1, 4, 1), 2).ravel()
    array([3. , 2.5])
    """
    return mean_windows(x, sweep=_sweep("average_pool", x, pool_size, strides, padding, data_format))


# ---- the largest -----------------------------------------------------------------------------------------------------


def _largest(x: Any, sweep: Sweep) -> tuple[Any, Any]:
    """The largest elements, and which they are."""
    x = as_float(x, "max_pool", "x")
    channels = sweep.channels(x.shape)
    y = _kernels.empty(sweep.outputs(x.shape[0], channels), x.dtype)
    numbers = sweep.numbers(x.shape[0], channels)
    _kernels.max_pool(sweep.volume(y), numbers, sweep.volume(x), sweep.kernel, sweep.window)
    return y, numbers


@primitive
def _max_pool(x: Any, *, sweep: Sweep) -> Any:
    return _largest(x, sweep)[0]


@primitive
def _scatter(g: Any, *, numbers: Any, sweep: Sweep) -> Any:
    """Each g(o) at its window's element `numbers`, added up."""
    g = as_float(g, "max_pool", "g")
    dx = _kernels.empty(sweep.shape(g.shape[0], sweep.channels(g.shape), sweep.size), g.dtype)
    _kernels.max_pool_gradient(sweep.volume(dx), sweep.volume(g), numbers, sweep.kernel, sweep.window)
    return dx


@primitive
def _select(x: Any, *, numbers: Any, sweep: Sweep) -> Any:
    """The elements of the windows at `numbers`."""
    x = as_float(x, "max_pool", "x")
    y = _kernels.empty(sweep.outputs(x.shape[0], sweep.channels(x.shape)), x.dtype)
    _kernels.max_pool_select(sweep.volume(y), sweep.volume(x), numbers, sweep.kernel, sweep.window)
    return y


def _max_pool_back(ans: Any, x: Any, *, sweep: Sweep) -> Callable[[Any], Any]:
    numbers = _largest(plain(x), sweep)[1]
    return lambda g: _scatter(g, numbers=numbers, sweep=sweep)


defvjp(_max_pool, _max_pool_back)
defvjp(_scatter, lambda ans, g, *, numbers, sweep: lambda h: _select(h, numbers=numbers, sweep=sweep))
defvjp(_select, lambda ans, x, *, numbers, sweep: lambda h: _scatter(h, numbers=numbers, sweep=sweep))
defjvp(_scatter, "linear")
defjvp(_select, "linear")


# ---- the mean --------------------------------------------------------------------------------------------------------


@primitive
def mean_windows(x: Any, *, sweep: Sweep, mean: bool = True) -> Any:
    """The mean, or the sum, of what each window holds of x."""
    x = as_float(x, "average_pool", "x")
    y = _kernels.empty(sweep.outputs(x.shape[0], sweep.channels(x.shape)), x.dtype)
    _kernels.average_pool(sweep.volume(y), sweep.volume(x), sweep.kernel, sweep.window, mean)
    return y


@primitive
def spread_windows(g: Any, *, sweep: Sweep, mean: bool = True) -> Any:
    """The transpose: each g(o), or its share, to all that its window holds, added up."""
    g = as_float(g, "average_pool", "g")
    dx = _kernels.empty(sweep.shape(g.shape[0], sweep.channels(g.shape), sweep.size), g.dtype)
    _kernels.average_pool_gradient(sweep.volume(dx), sweep.volume(g), sweep.kernel, sweep.window, mean)
    return dx


defvjp(mean_windows, lambda ans, x, *, sweep, mean=True: lambda g: spread_windows(g, sweep=sweep, mean=mean))
defvjp(spread_windows, lambda ans, g, *, sweep, mean=True: lambda h: mean_windows(h, sweep=sweep, mean=mean))
defjvp(mean_windows, "linear")
defjvp(spread_windows, "linear")
