"""Rearrangements: the same numbers in another shape; each rule is the inverse rearrangement."""

from collections.abc import Callable
from math import prod
from operator import index
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import Tensor, defbatch, defjvp, defvjp, implements, method, primitive

__all__ = [
    "as_rows",
    "axes_of",
    "expand_dims",
    "moveaxis",
    "ravel",
    "reshape",
    "shape_of",
    "squeeze",
    "swapaxes",
    "transpose",
]


@primitive
def _reshape(x: Any, shape: Any) -> Any:
    x = as_float(x, "reshape", "x")
    try:
        return x.reshape(shape)
    except (TypeError, ValueError):
        raise ValueError(message("reshape", "shape", f"one of {x.size} elements", shape)) from None


@primitive
def _reverse(x: Any) -> Any:
    return as_float(x, "transpose", "x").T


@primitive
def _permute(x: Any, axes: Any) -> Any:
    return as_float(x, "transpose", "x").transpose(axes)


def _reshape_back(ans: Any, x: Any, shape: Any) -> Callable[[Any], Any]:
    original = x.shape
    return lambda g: g.reshape(original)


def _permute_back(ans: Any, x: Any, axes: Any) -> Callable[[Any], Any]:
    inverse = tuple(sorted(range(len(axes)), key=axes.__getitem__))
    return lambda g: _permute(g, inverse)


def _reshape_stack(stacked: Any, size: int, x: Any, shape: Any) -> Any:
    one = np.empty(x.shape[1:], bool).reshape(shape).shape  # NumPy deduces a -1
    return _reshape(x, (size, *one))


defvjp(_reshape, _reshape_back, None)
defvjp(_reverse, lambda ans, x: _reverse)
defvjp(_permute, _permute_back, None)
defjvp(_reshape, "linear", None)
defjvp(_reverse, "linear")
defjvp(_permute, "linear", None)
defbatch(_reshape, _reshape_stack)
defbatch(_reverse, lambda stacked, size, x: _permute(x, (0, *range(x.ndim - 1, 0, -1))))
defbatch(_permute, lambda stacked, size, x, axes: _permute(x, (0, *[i + 1 for i in axes])))


@implements(np.reshape)
def reshape(x: Any, shape: Any) -> Any:
    """The numbers of `x`, row by row, in another shape.

    Parameters
    ----------
    x : array, float32 or float64
    shape : int or tuple of int
        At most one length may be -1: it is deduced.

    Returns
    -------
    array of that shape
        A view where possible.

    Raises
    ------
    ValueError
        If the number of elements differs.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.reshape([1, 2, 3, 4], (2, -1))
    array([[1., 2.],
           [3., 4.]])
    """
    return _reshape(x, shape)


@method("reshape")
def _reshape_method(x: Any, *shape: Any) -> Any:
    """The numbers, row by row, in another shape: t.reshape(2, 3) or t.reshape((2, 3))."""
    return _reshape(x, shape[0] if len(shape) == 1 else shape)


@implements(np.ravel)
@method("ravel", "flatten")
def ravel(x: Any) -> Any:
    """The numbers of `x`, row by row, in one dimension.

    Parameters
    ----------
    x : array, float32 or float64

    Returns
    -------
    array of shape (size of x,)
        A view where possible.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.ravel([[1, 2], [3, 4]])
    array([1., 2., 3., 4.])
    """
    return _reshape(x, (-1,))


@implements(np.transpose)
def transpose(x: Any, axes: Any = None) -> Any:
    """The array with its axes permuted, reversed by default: of a matrix, the transpose.

    Parameters
    ----------
    x : array, float32 or float64
    axes : sequence of int, optional
        Axis i of the result is axis axes[i] of `x`.

    Returns
    -------
    array
        A view.

    Raises
    ------
    ValueError
        If `axes` is no permutation of the axes.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.transpose([[1, 2], [3, 4]])
    array([[1., 3.],
           [2., 4.]])
    """
    if axes is None:
        return _reverse(x)
    ndim = len(shape_of(x))
    order = tuple(i + ndim if i < 0 else i for i in axes)
    if sorted(order) != list(range(ndim)):
        raise ValueError(message("transpose", "axes", f"a permutation of the {ndim} axes", axes))
    return _permute(x, order)


@method("transpose")
def _transpose_method(x: Any, *axes: Any) -> Any:
    """The array with its axes permuted, reversed by default: t.transpose(1, 0) or t.transpose((1, 0))."""
    if len(axes) == 1 and not isinstance(axes[0], int):
        return transpose(x, axes[0])
    return transpose(x, axes or None)


Tensor.T = property(transpose)  # type: ignore[attr-defined]


@implements(np.swapaxes)
@method("swapaxes")
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """The array with two axes exchanged.

    Parameters
    ----------
    x : array, float32 or float64
    axis1, axis2 : int

    Returns
    -------
    array
        A view.

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.swapaxes([[[1, 2], [3, 4]]], 0, 2).shape
    (2, 2, 1)
    """
    ndim = len(shape_of(x))
    i, j = axes_of("swapaxes", (axis1, axis2), ndim, distinct=False)
    order = list(range(ndim))
    order[i], order[j] = j, i
    return _permute(x, tuple(order))


@implements(np.moveaxis)
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """The array with some axes moved to other places, the others in their old order.

    Parameters
    ----------
    x : array, float32 or float64
    source, destination : int or sequence of int
        As many of one as of the other, each without repetition.

    Returns
    -------
    array
        A view.

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.moveaxis(np.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    ndim = len(shape_of(x))
    sources = axes_of("moveaxis", source, ndim)
    destinations = axes_of("moveaxis", destination, ndim)
    if len(sources) != len(destinations):
        raise ValueError(message("moveaxis", "destination", f"as long as source ({len(sources)})", destination))
    order = [i for i in range(ndim) if i not in sources]
    for place, i in sorted(zip(destinations, sources, strict=True)):
        order.insert(place, i)
    return _permute(x, tuple(order))


@implements(np.expand_dims)
def expand_dims(x: Any, axis: Any) -> Any:
    """The array with new axes of length 1.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or sequence of int
        Their places in the result.

    Returns
    -------
    array
        A view.

    Raises
    ------
    ValueError
        If the result would have no such axis.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.expand_dims([1, 2], 1)
    array([[1.],
           [2.]])
    """
    shape = shape_of(x)
    ndim = len(shape) + (1 if isinstance(axis, int) else len(axis))
    new = axes_of("expand_dims", axis, ndim)
    old = iter(shape)
    return _reshape(x, tuple(1 if i in new else next(old) for i in range(ndim)))


@implements(np.squeeze)
@method("squeeze")
def squeeze(x: Any, axis: Any = None) -> Any:
    """The array without axes of length 1.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or sequence of int, optional
        The axes to drop; all those of length 1 by default.

    Returns
    -------
    array
        A view.

    Raises
    ------
    ValueError
        If an axis to drop is longer than 1.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.squeeze([[1, 2]])
    array([1., 2.])
    """
    shape = shape_of(x)
    if axis is None:
        dropped = tuple(i for i, n in enumerate(shape) if n == 1)
    else:
        dropped = axes_of("squeeze", axis, len(shape))
        if any(shape[i] != 1 for i in dropped):
            raise ValueError(message("squeeze", "axis", "one of length 1", f"{axis} of shape {shape}"))
    return _reshape(x, tuple(n for i, n in enumerate(shape) if i not in dropped))


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of whatever can be an array; quicker than `numpy.shape`, for Tensors most of all."""
    shape: Any = getattr(x, "shape", None)
    return np.shape(x) if shape is None else shape


def as_rows(x: Any) -> Any:
    """An array as the matrix of all its rows, the vectors along the last axis."""
    shape = shape_of(x)
    return x if len(shape) == 2 else reshape(x, (prod(shape[:-1]), shape[-1]))


def axes_of(function: str, axis: Any, ndim: int, distinct: bool = True) -> tuple[int, ...]:
    """An axis argument as a tuple of axes from 0, or the error that says what is wrong with it."""
    try:
        several = hasattr(axis, "__iter__") and not isinstance(axis, str)
        axes = tuple(map(index, axis if several else (axis,)))
    except TypeError:
        raise TypeError(message(function, "axis", "an integer or a tuple of such", repr(axis))) from None
    for i in axes:
        if not -ndim <= i < ndim:
            raise ValueError(message(function, "axis", f"between {-ndim} and {ndim - 1}", i))
    found = tuple(i % ndim for i in axes)
    if distinct and len(set(found)) < len(found):
        raise ValueError(message(function, "axis", "without repetition", axis))
    return found
