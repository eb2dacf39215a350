"""Sorting and what is read off sorted numbers: the order is a constant, its elements carry the gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import defbatch, defjvp, defvjp, implements, plain, primitive
from mmlcore.ops.indexing import getitem
from mmlcore.ops.kinked import where
from mmlcore.ops.reductions import Axis
from mmlcore.ops.scans import along
from mmlcore.ops.shape import axes_of, moveaxis, ravel, reshape, shape_of

__all__ = ["sort", "take_along_axis"]


@implements(np.take_along_axis)
def take_along_axis(x: Any, indices: Any, axis: int | None = -1) -> Any:
    """The elements at given positions along an axis, other positions for every line.

    Parameters
    ----------
    x : array, float32 or float64
    indices : array of int
        As many dimensions as `x`; the others broadcast.
    axis : int or None, default -1
        None: `x` is flattened.

    Returns
    -------
    array of the shape of `indices`, broadcast

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.take_along_axis(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1], [0]]), axis=1)
    array([[2.],
           [3.]])
    """
    if axis is None:
        x, axis = ravel(x), 0
    shape = shape_of(x)
    (place,) = axes_of("take_along_axis", axis, len(shape))
    mesh = [np.arange(n).reshape((-1, *(1,) * (len(shape) - 1 - i))) for i, n in enumerate(shape)]
    return getitem(x, (*mesh[:place], np.asarray(indices), *mesh[place + 1 :]))


@primitive
def _in_order(x: Any, order: Any) -> Any:
    """A vector's elements in another order: no element is taken twice, which scattering would have to expect."""
    return as_float(x, "sort", "x")[order]


def _in_order_back(ans: Any, x: Any, order: Any) -> Callable[[Any], Any]:
    def pullback(g: Any) -> Any:
        if type(g) is not np.ndarray:
            return _in_order(g, np.argsort(order))
        dx = np.empty(g.shape, g.dtype)
        dx[order] = g
        return dx

    return pullback


defvjp(_in_order, _in_order_back, None)
defjvp(_in_order, "linear", None)
defbatch(_in_order, lambda stacked, size, x, order: getitem(x, (slice(None), order)))


@implements(np.sort)
def sort(x: Any, axis: int | None = -1) -> Any:
    """The elements in ascending order along an axis; equal ones keep their order, and so their gradients.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or None, default -1
        None: `x` is flattened.

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
    >>> from mmlcore import grad, ops
    >>> ops.sort(np.array([3.0, 1.0, 2.0]))
    array([1., 2., 3.])
    >>> grad(lambda x: ops.sort(x)[0])(np.array([3.0, 1.0, 2.0]))
    array([0., 1., 0.])
    """
    if axis is None:
        x, axis = ravel(x), 0
    ndim = len(shape_of(x))
    if ndim == 1 and type(axis) is int and axis in (-1, 0):
        return _in_order(x, np.asarray(plain(x)).argsort(kind="stable"))
    axes_of("sort", axis, ndim)
    return take_along_axis(x, np.argsort(plain(x), axis=axis, kind="stable"), axis)


@implements(np.partition)
def _partition(x: Any, kth: Any, axis: int = -1) -> Any:
    return take_along_axis(x, np.argpartition(plain(x), kth, axis=axis), axis)


@implements(np.quantile)
def _quantile(x: Any, q: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """The q-th quantiles, linear between neighbours; those of several q along a new first axis."""
    shape = shape_of(x)
    axes = tuple(range(len(shape))) if axis is None else axes_of("quantile", axis, len(shape))
    rest = tuple(n for i, n in enumerate(shape) if i not in axes)
    ordered = sort(reshape(moveaxis(x, axes, tuple(range(-len(axes), 0))), (*rest, -1)))
    q = np.asarray(plain(q), np.float64)
    if not np.all((q >= 0) & (q <= 1)):
        raise ValueError(message("quantile", "q", "between 0 and 1", q))
    place = q * (shape_of(ordered)[-1] - 1)
    low = np.floor(place).astype(np.intp)
    high, share = np.ceil(place).astype(np.intp), (place - low).astype(x.dtype)
    values = getitem(ordered, (Ellipsis, low)) * (1 - share) + getitem(ordered, (Ellipsis, high)) * share
    values = moveaxis(values, tuple(range(-q.ndim, 0)), tuple(range(q.ndim)))
    kept = tuple(1 if i in axes else n for i, n in enumerate(shape)) if keepdims else rest
    return reshape(values, q.shape + kept)


@implements(np.percentile)
def _percentile(x: Any, q: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return _quantile(x, np.divide(plain(q), 100), axis, keepdims=keepdims)


@implements(np.median)
def _median(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return _quantile(x, 0.5, axis, keepdims=keepdims)


@implements(np.interp)
def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """Linear interpolation; outside the points it is constant, and so is its derivative zero there."""
    knots, points = plain(xp), plain(x)
    if len(shape_of(xp)) != 1 or shape_of(xp) != shape_of(fp) or not len(knots):
        got = f"shapes {shape_of(xp)} and {shape_of(fp)}"
        raise ValueError(message("interp", "xp and fp", "one-dimensional and of the same length", got))
    if len(knots) == 1:
        inside: Any = getitem(fp, np.zeros(np.shape(points), np.intp))
    else:
        i = np.clip(np.searchsorted(knots, points, side="right") - 1, 0, len(knots) - 2)
        x0, x1, y0, y1 = (getitem(a, j) for a in (xp, fp) for j in (i, i + 1))
        inside = y0 + (y1 - y0) * ((x - x0) / (x1 - x0))
    below = along(fp, 0, 0) if left is None else left
    above = along(fp, 0, -1) if right is None else right
    return where(points < knots[0], below, where(points > knots[-1], above, inside))


@implements(np.extract)
def _extract(condition: Any, x: Any) -> Any:
    return getitem(ravel(x), np.flatnonzero(plain(condition)))


@implements(np.compress)
def _compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    if axis is None:
        x, axis = ravel(x), 0
    return along(x, axis, np.flatnonzero(plain(condition)))


@implements(np.select)
def _select(conditions: Any, choices: Any, default: Any = 0.0) -> Any:
    result = default
    for condition, choice in list(zip(conditions, choices, strict=True))[::-1]:
        result = where(condition, choice, result)
    return result
