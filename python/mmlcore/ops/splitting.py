"""Cutting arrays up, and the joins that NumPy has beyond `concatenate` and `stack`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mmlcore.autodiff import implements
from mmlcore.ops.joining import concatenate
from mmlcore.ops.scans import along
from mmlcore.ops.shape import axes_of, expand_dims, ravel, reshape, shape_of

__all__: list[str] = []


def _cut(numpy_function: Callable[..., Any], axis: int | None = None) -> None:
    """Let NumPy cut the positions along the axis; the parts are slices."""

    def cut(x: Any, indices_or_sections: Any, axis_given: int = 0) -> list[Any]:
        shape = shape_of(x)
        own = axis if axis is not None else axis_given
        if numpy_function is np.hsplit and len(shape) == 1:
            own = 0
        (place,) = axes_of(numpy_function.__name__, own, len(shape))
        whole = np.array_split if numpy_function is np.array_split else np.split
        parts = whole(np.arange(shape[place]), indices_or_sections)
        return [along(x, place, slice(p[0], p[-1] + 1) if len(p) else slice(0, 0)) for p in parts]

    if axis is None:
        implements(numpy_function)(lambda x, indices_or_sections, axis=0: cut(x, indices_or_sections, axis))
    else:
        implements(numpy_function)(lambda x, indices_or_sections: cut(x, indices_or_sections))


_cut(np.split)
_cut(np.array_split)
_cut(np.vsplit, 0)
_cut(np.hsplit, 1)
_cut(np.dsplit, 2)


if hasattr(np, "unstack"):  # NumPy 2.1

    @implements(np.unstack)
    def _unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
        (place,) = axes_of("unstack", axis, len(shape_of(x)))
        return tuple(along(x, place, i) for i in range(shape_of(x)[place]))


@implements(np.dstack)
def _dstack(arrays: Sequence[Any]) -> Any:
    return concatenate(list(np.atleast_3d(*arrays, arrays[0]))[:-1], axis=2)


@implements(np.column_stack)
def _column_stack(arrays: Sequence[Any]) -> Any:
    return concatenate([reshape(x, (-1, 1)) if len(shape_of(x)) < 2 else x for x in arrays], axis=1)


@implements(np.append)
def _append(x: Any, values: Any, axis: int | None = None) -> Any:
    return concatenate([ravel(x), ravel(values)] if axis is None else [x, values], axis=axis or 0)


@implements(np.block)
def _block(arrays: Any) -> Any:
    """Blocks in nested lists: the innermost are joined along the last axis, the outermost along the first."""

    def depth(x: Any) -> int:
        return 1 + max(map(depth, x)) if isinstance(x, list) else 0

    def joined(x: Any, level: int) -> Any:
        if isinstance(x, list):
            return concatenate([joined(part, level - 1) for part in x], axis=-level)
        missing = ndim - len(shape_of(x))
        return expand_dims(x, tuple(range(missing))) if missing > 0 else x

    def deepest(x: Any) -> int:
        return max(map(deepest, x)) if isinstance(x, list) else len(shape_of(x))

    levels = depth(arrays)
    ndim = max(levels, deepest(arrays))
    return joined(arrays, levels)
