"""Rearrangements that repeat, turn, pad or mask.

Most are one table: NumPy's own function, applied to the positions 0, 1, 2, ... instead of the numbers, says which
element goes where.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore._errors import choose, message
from mmlcore.autodiff import implements, method, plain
from mmlcore.ops.broadcasting import broadcast_to
from mmlcore.ops.indexing import diagonal, getitem, scatter
from mmlcore.ops.joining import concatenate
from mmlcore.ops.kinked import where
from mmlcore.ops.shape import axes_of, expand_dims, ravel, reshape, shape_of

__all__: list[str] = []

BY_POSITION = (np.roll, np.rot90, np.tile, np.repeat, np.rollaxis, np.delete, np.resize)


def _by_position(numpy_function: Callable[..., Any]) -> Callable[..., Any]:
    def rearranged(x: Any, *args: Any, **kwargs: Any) -> Any:
        shape = shape_of(x)
        positions = numpy_function(np.arange(int(np.prod(shape))).reshape(shape), *args, **kwargs)
        return getitem(ravel(x), positions)

    implements(numpy_function)(rearranged)
    return rearranged


for _function in BY_POSITION:
    _by_position(_function)


@method("repeat")
def _repeat_method(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Every element as many times as `repeats` says."""
    return np.repeat(x, repeats, axis=axis)


@implements(np.flip)
def _flip(x: Any, axis: Any = None) -> Any:
    ndim = len(shape_of(x))
    axes = range(ndim) if axis is None else axes_of("flip", axis, ndim)
    return getitem(x, tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(ndim)))


@implements(np.fliplr)
def _fliplr(x: Any) -> Any:
    return _flip(x, 1)


@implements(np.flipud)
def _flipud(x: Any) -> Any:
    return _flip(x, 0)


PADDING = dict.fromkeys(("constant", "edge", "reflect", "symmetric", "wrap"))


@implements(np.pad)
def _pad(x: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """The array with a margin: constants, or copies of its own elements."""
    choose("pad", "mode", mode, PADDING)
    shape = shape_of(x)
    if mode != "constant":
        positions = np.pad(np.arange(int(np.prod(shape))).reshape(shape), pad_width, mode, **kwargs)
        return getitem(ravel(x), positions)
    margin = np.pad(np.zeros(shape, x.dtype), pad_width, mode, **kwargs)
    first = np.argwhere(np.pad(np.ones(shape, bool), pad_width))
    corner = first[0] if len(first) else np.zeros(len(shape), int)
    inner = tuple(slice(int(i), int(i) + n) for i, n in zip(corner, shape, strict=True))
    return scatter(x, inner, margin.shape) + margin


@implements(np.diag)
def _diag(x: Any, k: int = 0) -> Any:
    """A matrix with x on a diagonal, or the diagonal of a matrix x."""
    shape = shape_of(x)
    if len(shape) == 2:
        return diagonal(x, k)
    if len(shape) != 1:
        raise ValueError(message("diag", "v", "of one or two dimensions", f"shape {shape}"))
    i, n = np.arange(shape[0]), shape[0] + abs(k)
    return scatter(x, (i + max(-k, 0), i + max(k, 0)), (n, n))


@implements(np.diagflat)
def _diagflat(x: Any, k: int = 0) -> Any:
    return _diag(ravel(x), k)


def _triangle(x: Any, k: int) -> Any:
    """Where the elements of a matrix, or of stacked ones, lie on or below the k-th diagonal."""
    rows, columns = shape_of(x)[-2:]
    return np.tri(rows, columns, k, dtype=bool)


@implements(np.tril)
def _tril(x: Any, k: int = 0) -> Any:
    return where(_triangle(x, k), x, 0.0)


@implements(np.triu)
def _triu(x: Any, k: int = 0) -> Any:
    return where(_triangle(x, k - 1), 0.0, x)


@implements(np.atleast_1d)
def _atleast_1d(*arrays: Any) -> Any:
    return _each(arrays, lambda x, n: reshape(x, (1,)) if n == 0 else x)


@implements(np.atleast_2d)
def _atleast_2d(*arrays: Any) -> Any:
    return _each(arrays, lambda x, n: reshape(x, (1, -1)) if n < 2 else x)


@implements(np.atleast_3d)
def _atleast_3d(*arrays: Any) -> Any:
    def three(x: Any, n: int) -> Any:
        return reshape(x, (1, -1, 1)) if n < 2 else expand_dims(x, 2) if n == 2 else x

    return _each(arrays, three)


def _each(arrays: tuple[Any, ...], f: Callable[[Any, int], Any]) -> Any:
    results = tuple(f(x, len(shape_of(x))) for x in arrays)
    return results[0] if len(results) == 1 else results


@implements(np.broadcast_arrays)
def _broadcast_arrays(*arrays: Any) -> Any:
    shape = np.broadcast_shapes(*[shape_of(x) for x in arrays])
    return tuple(broadcast_to(x, shape) for x in arrays)


@implements(np.meshgrid)
def _meshgrid(*xi: Any, indexing: str = "xy") -> Any:
    """Coordinate matrices from coordinate vectors."""
    n = len(xi)
    grids = [reshape(x, (1,) * i + (-1,) + (1,) * (n - 1 - i)) for i, x in enumerate(xi)]
    if indexing == "xy" and n > 1:
        grids[0], grids[1] = reshape(xi[0], (1, -1) + (1,) * (n - 2)), reshape(xi[1], (-1,) + (1,) * (n - 1))
    return _broadcast_arrays(*grids)


@implements(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """NumPy says where the positions go of all numbers, those of `values` behind those of `arr`."""
    shape, filled = shape_of(arr), shape_of(values)
    size = int(np.prod(shape))
    own, new = np.arange(size).reshape(shape), size + np.arange(int(np.prod(filled))).reshape(filled)
    return getitem(concatenate([ravel(arr), ravel(values)]), np.insert(own, obj, new, axis))


@implements(np.unwrap)
def _unwrap(p: Any, *args: Any, **kwargs: Any) -> Any:
    """Multiples of the period are added: steps."""
    values = plain(p)
    return p + (np.unwrap(values, *args, **kwargs) - values)
