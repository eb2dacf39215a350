"""What every function here does with its arguments: shapes of stacks, place of a failure, the caller's array type."""

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore._arrays import FloatArray
from mmlcore._errors import message

__all__ = [
    "like",
    "require_finite",
    "require_matrices",
    "require_real",
    "require_square",
    "stack_position",
    "stacked_right_side",
    "working_precision",
]


def require_square(function: str, a: FloatArray, argument: str = "a") -> None:
    """LinAlgError unless the last two axes of `a` are equal."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise LinAlgError(message(function, argument, "a square matrix or a stack of them", f"shape {a.shape}"))


def require_matrices(function: str, a: FloatArray, argument: str = "a") -> None:
    """LinAlgError unless `a` has two axes or more."""
    if a.ndim < 2:
        raise LinAlgError(message(function, argument, "at least two-dimensional", f"shape {a.shape}"))


def require_finite(function: str, a: FloatArray, argument: str = "a") -> None:
    """LinAlgError unless every element of `a` is finite."""
    if not np.isfinite(a).all():
        raise LinAlgError(message(function, argument, "finite", "NaN or infinity"))


def require_real(function: str, argument: str, x: Any) -> np.ndarray:
    """`x` as an array of whatever numbers are real, their dtype kept: for exact arithmetic on integers."""
    array = np.asanyarray(x)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(message(function, argument, "real numbers", f"dtype {array.dtype}"))
    return array


def working_precision(a: FloatArray) -> FloatArray:
    """Small float32 matrices in float64, as NumPy computes all of float32: it costs nothing and rounds once."""
    small = a.dtype == np.float32 and a.shape[-1] <= 32 and a.shape[-2] <= 32
    return a.astype(np.float64) if small else a


def stack_position(a: FloatArray, index: int) -> str:
    """Which matrix of a stack failed, for the end of a message; empty for a single matrix."""
    if a.ndim == 2:
        return ""
    position = tuple(int(i) for i in np.unravel_index(index, a.shape[:-2]))
    return f" (matrix {position[0] if len(position) == 1 else position} of the stack)"


def stacked_right_side(function: str, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray, tuple[int, ...]]:
    """`a` and `b` broadcast against each other, b as matrices, and the shape of the solution."""
    if b.ndim == 0:
        raise ValueError(message(function, "b", "at least one-dimensional", "a scalar"))
    right = b[:, None] if b.ndim == 1 else b
    if right.shape[-2] != a.shape[-1]:
        raise ValueError(message(function, "b", f"of {a.shape[-1]} rows", f"shape {b.shape}"))
    if a.ndim == 2 and right.ndim == 2:
        return a, right, b.shape
    try:
        stack = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    except ValueError:
        got = f"shapes {a.shape} and {b.shape}"
        raise ValueError(message(function, "the axes before the last two", "broadcastable", got)) from None
    a = np.broadcast_to(a, stack + a.shape[-2:])
    right = np.broadcast_to(right, stack + right.shape[-2:])
    return a, right, right.shape[:-1] if b.ndim == 1 else right.shape


def like(original: Any, result: FloatArray) -> Any:
    """`result` as the subclass of ndarray that `original` is, as NumPy's functions return it (np.matrix, for one)."""
    if isinstance(original, np.ndarray) and type(original) is not np.ndarray:
        return original.__array_wrap__(result)
    return result
