"""Joining arrays; each rule cuts the gradient up again."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import defbatch, defjvp_joint, defvjp_joint, implements, primitive
from mmlcore.ops.broadcasting import FLOATS, broadcast_to
from mmlcore.ops.shape import axes_of, ravel, reshape, shape_of

__all__ = ["concatenate", "hstack", "stack", "vstack"]


@primitive
def _concatenate(*arrays: Any, axis: int) -> Any:
    arrays = _floats("concatenate", arrays)
    try:
        return np.concatenate(arrays, axis)
    except ValueError:
        shapes = ", ".join(str(x.shape) for x in arrays)
        expectation = f"of one shape except along axis {axis}"
        raise ValueError(message("concatenate", "arrays", expectation, f"shapes {shapes}")) from None


def _concatenate_back(needed: tuple[int, ...], ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
    axis = kwargs["axis"]
    lengths = [shape_of(x)[axis] for x in args]

    def pullback(g: Any) -> Any:
        before = (slice(None),) * axis
        ends = [0, *accumulate(lengths)]
        return [g[(*before, slice(ends[i], ends[i + 1]))] for i in needed]

    return pullback


def _floats(function: str, arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arrays under the dtype rule: themselves, mostly."""
    for x in arrays:
        if type(x) not in (np.ndarray, np.float64) or x.dtype not in FLOATS:
            return tuple([as_float(x, function, f"arrays[{i}]") for i, x in enumerate(arrays)])
    return arrays


def _concatenate_forward(needed: tuple[int, ...], tangents: Any, ans: Any, args: Any, kwargs: Any) -> Any:
    known = dict(zip(needed, tangents, strict=True))
    return _concatenate(*[known.get(i, np.zeros(shape_of(x), ans.dtype)) for i, x in enumerate(args)], **kwargs)


def _concatenate_stack(stacked: tuple[bool, ...], size: int, *arrays: Any, axis: int) -> Any:
    pairs = zip(arrays, stacked, strict=True)
    return _concatenate(*[x if on else broadcast_to(x, (size, *shape_of(x))) for x, on in pairs], axis=axis + 1)


defvjp_joint(_concatenate, _concatenate_back)
defjvp_joint(_concatenate, _concatenate_forward)
defbatch(_concatenate, _concatenate_stack)


@primitive
def _stack(*arrays: Any, axis: int) -> Any:
    arrays = _floats("stack", arrays)
    return np.stack(arrays, axis) if axis else np.array(arrays)  # three times as quick


def _stack_back(needed: tuple[int, ...], ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
    before = (slice(None),) * kwargs["axis"]
    return lambda g: [g[(*before, i)] for i in needed]


def _stack_forward(needed: tuple[int, ...], tangents: Any, ans: Any, args: Any, kwargs: Any) -> Any:
    known = dict(zip(needed, tangents, strict=True))
    return _stack(*[known.get(i, np.zeros(shape_of(x), ans.dtype)) for i, x in enumerate(args)], **kwargs)


def _stack_stack(stacked: tuple[bool, ...], size: int, *arrays: Any, axis: int) -> Any:
    pairs = zip(arrays, stacked, strict=True)
    return _stack(*[x if on else broadcast_to(x, (size, *shape_of(x))) for x, on in pairs], axis=axis + 1)


defvjp_joint(_stack, _stack_back)
defjvp_joint(_stack, _stack_forward)
defbatch(_stack, _stack_stack)


@implements(np.concatenate)
def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Any:
    """Arrays one after the other along an existing axis.

    Parameters
    ----------
    arrays : sequence of arrays, float32 or float64
        Of the same shape except along the axis.
    axis : int or None, default 0
        None: the arrays are flattened first.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If there are none, the shapes do not fit, or there is no such axis.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.concatenate([[1, 2], [3]])
    array([1., 2., 3.])
    """
    parts = _sequence("concatenate", arrays)
    if type(axis) is int and axis == 0 and shape_of(parts[0]):
        return _concatenate(*parts, axis=0)
    if axis is None:
        return _concatenate(*[ravel(x) for x in parts], axis=0)
    (place,) = axes_of("concatenate", axis, len(shape_of(parts[0])))
    return _concatenate(*parts, axis=place)


@implements(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0) -> Any:
    """Arrays of one shape along a new axis: the differentiable form of `numpy.array([x, y])`.

    Parameters
    ----------
    arrays : sequence of arrays or numbers, float32 or float64
        All of the same shape.
    axis : int, default 0
        The place of the new axis in the result.

    Returns
    -------
    array

    Raises
    ------
    ValueError
        If there are none, or the shapes differ.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> ops.stack([1, 2])
    array([1., 2.])
    >>> float(grad(lambda x: np.sum(np.stack([x, x**2])))(3.0))
    7.0
    """
    parts = _sequence("stack", arrays)
    shapes = {shape_of(x) for x in parts}
    if len(shapes) > 1:
        raise ValueError(message("stack", "arrays", "of one shape", f"shapes {', '.join(map(str, sorted(shapes)))}"))
    if type(axis) is not int or axis:
        (axis,) = axes_of("stack", axis, len(shape_of(parts[0])) + 1)
    return _stack(*parts, axis=axis)


@implements(np.vstack)
def vstack(arrays: Sequence[Any]) -> Any:
    """Arrays one below the other; vectors are rows.

    Parameters
    ----------
    arrays : sequence of arrays or numbers, float32 or float64

    Returns
    -------
    array of two dimensions or more

    Raises
    ------
    ValueError
        If there are none, or the shapes do not fit.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.vstack([[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]])
    """
    parts = _sequence("vstack", arrays)
    return concatenate([reshape(x, (1, -1)) if len(shape_of(x)) < 2 else x for x in parts])


@implements(np.hstack)
def hstack(arrays: Sequence[Any]) -> Any:
    """Arrays side by side: along the second axis, vectors along their only one.

    Parameters
    ----------
    arrays : sequence of arrays or numbers, float32 or float64

    Returns
    -------
    array of one dimension or more

    Raises
    ------
    ValueError
        If there are none, or the shapes do not fit.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.hstack([[1, 2], [3]])
    array([1., 2., 3.])
    """
    parts = [reshape(x, (1,)) if len(shape_of(x)) == 0 else x for x in _sequence("hstack", arrays)]
    return concatenate(parts, axis=0 if len(shape_of(parts[0])) == 1 else 1)


def _sequence(function: str, arrays: Sequence[Any]) -> list[Any]:
    parts = list(arrays)
    if not parts:
        raise ValueError(message(function, "arrays", "at least one array", "none"))
    return parts
