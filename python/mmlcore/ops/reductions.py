"""Reductions over axes: sums, means and extremes."""

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore.autodiff import defbatch, defjvp, defvjp, implements, method, plain, primitive
from mmlcore.ops.broadcasting import broadcast_to
from mmlcore.ops.elementwise import negative
from mmlcore.ops.shape import axes_of, reshape

__all__ = ["Axis", "kept_shape", "max", "mean", "min", "sum"]

Axis = int | tuple[int, ...] | None


def _reduce(kernel: Callable[..., None], function: str, x: Any, axis: Axis, keepdims: bool) -> Any:
    """Call a kernel that reduces one block of neighbouring axes; other axes are first brought to the end."""
    x = as_float(x, function, "x")
    shape, ndim = x.shape, x.ndim
    if axis is None:
        out = np.empty((1,) * ndim if keepdims else (), x.dtype)
        kernel(out, x, 0, ndim)
        return out if out.ndim else out[()]

    axes = sorted(axes_of(function, axis, ndim))
    out = np.empty([n for i, n in enumerate(shape) if i not in axes], x.dtype)
    if axes and axes[-1] - axes[0] + 1 > len(axes):
        x = np.moveaxis(x, axes, range(-len(axes), 0))
        kernel(out, x, ndim - len(axes), ndim)
    else:
        first = axes[0] if axes else 0
        kernel(out, x, first, first + len(axes))
    if keepdims:
        return out.reshape([1 if i in axes else n for i, n in enumerate(shape)])
    return out if out.ndim else out[()]


def _of_all(name: str) -> Any:
    """The reduction of that name over all elements, what is asked for most: a primitive of one argument."""
    kernel, values = getattr(_kernels, name), getattr(_kernels, f"{name}_of")

    def f(x: Any) -> Any:
        ans = values(x)
        return _reduce(kernel, name, x, None, False) if ans is NotImplemented else ans

    f.__name__ = name
    return primitive(f)


_sum_of_all, _mean_of_all, _max_of_all = map(_of_all, ("sum", "mean", "max"))


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """The shape of a reduction with keepdims."""
    reduced = range(len(shape)) if axis is None else axes_of("sum", axis, len(shape))
    return tuple(1 if i in reduced else n for i, n in enumerate(shape))


@implements(np.sum)
@method("sum")
def sum(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The sum over all elements or some axes.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or tuple of int, optional
        The axes to sum over; all by default.
    keepdims : bool, default False
        Leave them in the result with length 1.

    Returns
    -------
    array or NumPy scalar
        An empty sum is 0.

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.sum([[1, 2], [3, 4]], axis=0)
    array([4., 6.])
    """
    if axis is None and not keepdims:
        return _sum_of_all(x)
    return _sum(x, axis, keepdims=keepdims)


@primitive
def _sum(x: Any, axis: Axis, *, keepdims: bool) -> Any:
    return _reduce(_kernels.sum, "sum", x, axis, keepdims)


def _sum_back(ans: Any, x: Any, axis: Axis, *, keepdims: bool) -> Callable[[Any], Any]:
    shape = x.shape
    kept = kept_shape(shape, axis)
    return lambda g: broadcast_to(reshape(g, kept), shape)


def _sum_of_all_back(ans: Any, x: Any) -> Callable[[Any], Any]:
    shape = x.shape
    return lambda g: broadcast_to(g, shape)


@implements(np.mean)
@method("mean")
def mean(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The mean over all elements or some axes.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or tuple of int, optional
        The axes to average over; all by default.
    keepdims : bool, default False
        Leave them in the result with length 1.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        If `x` has no such axis, or there is nothing to average.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.mean([[1, 2], [3, 4]], axis=1)
    array([1.5, 3.5])
    """
    if axis is None and not keepdims:
        return _mean_of_all(x)
    return _mean(x, axis, keepdims=keepdims)


@primitive
def _mean(x: Any, axis: Axis, *, keepdims: bool) -> Any:
    return _reduce(_kernels.mean, "mean", x, axis, keepdims)


def _mean_back(ans: Any, x: Any, axis: Axis, *, keepdims: bool) -> Callable[[Any], Any]:
    pullback = _sum_back(ans, x, axis, keepdims=keepdims)
    share = 1.0 if x.size == 0 else ans.size / x.size
    return lambda g: pullback(g * share)


def _mean_of_all_back(ans: Any, x: Any) -> Callable[[Any], Any]:
    shape, share = x.shape, 1.0 / x.size
    return lambda g: broadcast_to(g * share, shape)


@implements(np.max, np.amax)
@method("max")
def max(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The largest of all elements or along some axes; equal ones share the gradient equally.

    Parameters
    ----------
    x : array, float32 or float64
        A NaN makes the result NaN.
    axis : int or tuple of int, optional
        The axes to search; all by default.
    keepdims : bool, default False
        Leave them in the result with length 1.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        If `x` has no such axis, or there is nothing to search.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.max([[1, 2], [4, 3]], axis=1)
    array([2., 4.])
    """
    if axis is None and not keepdims:
        return _max_of_all(x)
    return _max(x, axis, keepdims=keepdims)


@primitive
def _max(x: Any, axis: Axis, *, keepdims: bool) -> Any:
    return _reduce(_kernels.max, "max", x, axis, keepdims)


def _max_back(ans: Any, x: Any, axis: Axis = None, *, keepdims: bool = False) -> Callable[[Any], Any]:
    def pullback(g: Any) -> Any:
        return reshape(g, kept_shape(x.shape, axis)) * _share_of_largest(ans, x, axis)

    return pullback


def _max_of_all_back(ans: Any, x: Any) -> Callable[[Any], Any]:
    def pullback(g: Any) -> Any:
        largest = np.asarray(x == ans)  # of Tensors too the comparison is plain
        return g / builtins.max(np.count_nonzero(largest), 1) * largest

    return pullback


def _share_of_largest(ans: Any, x: Any, axis: Axis) -> Any:
    """How much of the gradient each element gets: those equal to the largest share it."""
    if axis is None:
        largest = np.asarray(plain(x) == plain(ans))
        among: Any = builtins.max(np.count_nonzero(largest), 1)
    else:
        largest = plain(x) == np.reshape(plain(ans), kept_shape(x.shape, axis))
        among = np.maximum(np.add.reduce(largest, axis=axis, keepdims=True, dtype=x.dtype), 1).astype(x.dtype)
    return np.divide(largest, among, dtype=x.dtype)


def _max_forward(t: Any, ans: Any, x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return sum(t * _share_of_largest(ans, x, axis), axis, keepdims=keepdims)


def _stack_rule(reduction: Callable[..., Any]) -> Callable[..., Any]:
    def rule(stacked: Any, size: int, x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
        ndim = x.ndim - 1
        axes = range(ndim) if axis is None else axes_of("sum", axis, ndim)
        return reduction(x, tuple(i + 1 for i in axes), keepdims=keepdims)

    return rule


defvjp(_sum, _sum_back, None)
defvjp(_mean, _mean_back, None)
defvjp(_max, _max_back, None)
defvjp(_sum_of_all, _sum_of_all_back)
defvjp(_mean_of_all, _mean_of_all_back)
defvjp(_max_of_all, _max_of_all_back)
defjvp(_sum, "linear", None)
defjvp(_mean, "linear", None)
defjvp(_max, _max_forward, None)
defjvp(_sum_of_all, "linear")
defjvp(_mean_of_all, "linear")
defjvp(_max_of_all, _max_forward)
for _reduction, _along, _whole in ((sum, _sum, _sum_of_all), (mean, _mean, _mean_of_all)):
    defbatch(_along, _stack_rule(_reduction))
    defbatch(_whole, _stack_rule(_reduction))


@implements(np.min, np.amin)
@method("min")
def min(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The smallest of all elements or along some axes; equal ones share the gradient equally.

    Parameters
    ----------
    x : array, float32 or float64
        A NaN makes the result NaN.
    axis : int or tuple of int, optional
        The axes to search; all by default.
    keepdims : bool, default False
        Leave them in the result with length 1.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        If `x` has no such axis, or there is nothing to search.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.min([[1, 2], [4, 3]], axis=1)
    array([1., 3.])
    """
    return -max(negative(x), axis=axis, keepdims=keepdims)
