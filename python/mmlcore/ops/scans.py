"""Running sums and products, differences, and the product of everything."""

from collections.abc import Callable
from math import prod as product_of
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore.autodiff import defbatch, defjvp, defvjp, implements, method, primitive
from mmlcore.ops.arithmetic import multiply, subtract
from mmlcore.ops.indexing import getitem
from mmlcore.ops.joining import concatenate
from mmlcore.ops.reductions import Axis, max, mean, min, sum
from mmlcore.ops.shape import axes_of, moveaxis, ravel, reshape, shape_of
from mmlcore.ops.softmax import logsumexp

__all__ = ["along", "cumprod", "cumsum", "diff", "prod"]


def along(x: Any, axis: int, part: Any) -> Any:
    """x[..., part, ...] with the index at one axis."""
    place = axis % len(shape_of(x))
    return getitem(x, (slice(None),) * place + (part,))


@primitive
def _cumsum(x: Any, axis: int) -> Any:
    return np.cumsum(as_float(x, "cumsum", "x"), axis)


def _cumsum_back(ans: Any, x: Any, axis: int) -> Callable[[Any], Any]:
    backwards = slice(None, None, -1)
    return lambda g: along(_cumsum(along(g, axis, backwards), axis), axis, backwards)


defvjp(_cumsum, _cumsum_back, None)
defjvp(_cumsum, "linear", None)
defbatch(_cumsum, lambda stacked, size, x, axis: _cumsum(x, axis + 1))


@implements(np.cumsum)
@method("cumsum")
def cumsum(x: Any, axis: int | None = None) -> Any:
    """The sums of the first 1, 2, 3, ... elements along an axis.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int, optional
        By default `x` is flattened.

    Returns
    -------
    array of the shape of `x`, or flat

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.cumsum(np.array([1.0, 2.0, 3.0]))
    array([1., 3., 6.])
    """
    if axis is None:
        return _cumsum(ravel(x), 0)
    (place,) = axes_of("cumsum", axis, len(shape_of(x)))
    return _cumsum(x, place)


@implements(np.cumprod)
@method("cumprod")
def cumprod(x: Any, axis: int | None = None) -> Any:
    """The products of the first 1, 2, 3, ... elements along an axis.

    They are built by doubling, with multiplications only, so that the derivatives are right at zeros too.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int, optional
        By default `x` is flattened.

    Returns
    -------
    array of the shape of `x`, or flat

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.cumprod(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 6.])
    """
    if axis is None:
        x, axis = ravel(x), 0
    (place,) = axes_of("cumprod", axis, len(shape_of(x)))
    n, step = shape_of(x)[place], 1
    while step < n:
        grown = multiply(along(x, place, slice(step, None)), along(x, place, slice(None, n - step)))
        x = concatenate([along(x, place, slice(None, step)), grown], axis=place)
        step *= 2
    return x


@implements(np.prod)
@method("prod")
def prod(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The product over all elements or some axes.

    The elements are multiplied in pairs, so that the derivatives are right at zeros too.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or tuple of int, optional
        The axes to multiply over; all by default.
    keepdims : bool, default False
        Leave them in the result with length 1.

    Returns
    -------
    array or NumPy scalar
        An empty product is 1.

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> grad(ops.prod)(np.array([2.0, 0.0, 5.0]))
    array([ 0., 10.,  0.])
    """
    shape = shape_of(x)
    axes = tuple(range(len(shape))) if axis is None else axes_of("prod", axis, len(shape))
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    n = product_of(shape[i] for i in axes)
    y = reshape(moveaxis(x, axes, tuple(range(-len(axes), 0))), (*rest, n))
    if n == 0:
        y = np.ones((*rest, 1), y.dtype)
    while n > 1:
        half = n // 2
        pairs = multiply(y[..., :half], y[..., half : 2 * half])
        y = concatenate([pairs, y[..., 2 * half :]], axis=-1) if n % 2 else pairs
        n -= half
    return reshape(y, tuple(1 if i in axes else m for i, m in enumerate(shape)) if keepdims else rest)


@implements(np.diff)
def diff(x: Any, n: int = 1, axis: int = -1, *, prepend: Any = None, append: Any = None) -> Any:
    """The differences of neighbours along an axis, n times.

    Parameters
    ----------
    x : array, float32 or float64
    n : int, default 1
    axis : int, default -1
    prepend, append : arrays or numbers, optional
        Put before and behind x along the axis first.

    Returns
    -------
    array, shorter by n along the axis

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.diff(np.array([1.0, 4.0, 9.0]))
    array([3., 5.])
    """
    (place,) = axes_of("diff", axis, len(shape_of(x)))
    shape = tuple(1 if i == place else extent for i, extent in enumerate(shape_of(x)))
    ends = [e if e is None or shape_of(e) else np.broadcast_to(e, shape) for e in (prepend, append)]
    parts = [part for part in (ends[0], x, ends[1]) if part is not None]
    x = concatenate(parts, axis=place) if len(parts) > 1 else x
    for _ in range(n):
        x = subtract(along(x, place, slice(1, None)), along(x, place, slice(None, -1)))
    return x


@implements(np.ediff1d)
def _ediff1d(x: Any) -> Any:
    return diff(ravel(x))


@implements(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral by the trapezium rule along an axis."""
    (place,) = axes_of("trapezoid", axis, len(shape_of(y)))
    width: Any = dx
    if x is not None:
        width = diff(x) if len(shape_of(x)) == 1 else diff(x, axis=place)
        if len(shape_of(x)) == 1:
            width = reshape(width, (-1, *(1,) * (len(shape_of(y)) - 1 - place)))
    middle = (along(y, place, slice(1, None)) + along(y, place, slice(None, -1))) / 2
    return sum(middle * width, axis=place)


@implements(np.gradient)
def _gradient(f: Any, *spacing: Any, axis: Axis = None) -> Any:
    """Central differences along the axes, one-sided at the ends; the spacing of the points is a number per axis."""
    ndim = len(shape_of(f))
    axes = tuple(range(ndim)) if axis is None else axes_of("gradient", axis, ndim)
    steps = spacing * len(axes) if len(spacing) == 1 else spacing or (1.0,) * len(axes)
    results = []
    for place, h in zip(axes, steps, strict=True):
        d = diff(f, axis=place)
        middle = (along(d, place, slice(1, None)) + along(d, place, slice(None, -1))) / 2
        ends = along(d, place, slice(None, 1)), along(d, place, slice(-1, None))
        results.append(concatenate([ends[0], middle, ends[1]], axis=place) / h)
    return results[0] if len(results) == 1 else tuple(results)


@implements(np.average)
def _average(x: Any, axis: Axis = None, weights: Any = None, *, keepdims: bool = False) -> Any:
    """The weighted mean."""
    if weights is None:
        return mean(x, axis, keepdims=keepdims)
    if shape_of(weights) != shape_of(x):  # NumPy: one-dimensional weights along one axis
        (place,) = axes_of("average", axis, len(shape_of(x)))
        weights = reshape(weights, (-1, *(1,) * (len(shape_of(x)) - 1 - place)))
        weights = weights + np.zeros(shape_of(x), x.dtype)
    total = sum(multiply(x, weights), axis, keepdims=keepdims)
    return total / sum(weights, axis, keepdims=keepdims)


@implements(np.ptp)
def _ptp(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return max(x, axis, keepdims=keepdims) - min(x, axis, keepdims=keepdims)


if hasattr(np, "cumulative_sum"):  # NumPy 2.1

    @implements(np.cumulative_sum)
    def _cumulative_sum(x: Any, /, *, axis: int | None = None) -> Any:
        return cumsum(x, 0 if axis is None and len(shape_of(x)) == 1 else axis)

    @implements(np.cumulative_prod)
    def _cumulative_prod(x: Any, /, *, axis: int | None = None) -> Any:
        return cumprod(x, 0 if axis is None and len(shape_of(x)) == 1 else axis)


def _by_method(ufunc_method: Callable[..., Any], reduction: Callable[..., Any]) -> None:
    """What a ufunc's `reduce` or `accumulate` is called elsewhere; its axis is 0 by default."""

    def reduce(x: Any, axis: Axis = 0, *, keepdims: bool = False) -> Any:
        return reduction(x, axis, **({"keepdims": True} if keepdims else {}))

    implements(ufunc_method)(reduce)


_by_method(np.add.reduce, sum)
_by_method(np.multiply.reduce, prod)
_by_method(np.maximum.reduce, max)
_by_method(np.minimum.reduce, min)
_by_method(np.logaddexp.reduce, logsumexp)
_by_method(np.add.accumulate, cumsum)
_by_method(np.multiply.accumulate, cumprod)
