"""The dtype rule: float32 and float64 in, the same out; float16 becomes float32, integers and booleans float64.

Anything else is a TypeError.

Nothing is copied that already obeys the rule, whatever its strides; inputs are never written to. And the rule for
the shapes of targets, which losses and metrics share.
"""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message

__all__ = ["as_float", "as_same_float", "as_shape", "expected_shape"]

FloatArray = NDArray[Any]

_F32 = np.dtype(np.float32)
_F64 = np.dtype(np.float64)


def as_float(x: Any, function: str, argument: str) -> FloatArray:
    """`x` as a native float32 or float64 array.

    >>> as_float([1, 2], "f", "x")
    array([1., 2.])
    >>> as_float([1j], "f", "x")
    Traceback (most recent call last):
    ...
    TypeError: f: x must be real numbers, got dtype complex128
    """
    if type(x) is np.ndarray and (x.dtype is _F64 or x.dtype is _F32):
        return x
    if isinstance(x, np.ndarray) and hasattr(x, "mask"):  # numpy.ma is not imported for a test
        raise TypeError(message(function, argument, "an array without a mask", "a masked array (write x.filled(...))"))
    array = np.asarray(x)
    if type(array) is np.ndarray and (array.dtype is _F64 or array.dtype is _F32):
        return array
    kind, itemsize = array.dtype.kind, array.dtype.itemsize
    if kind == "f" and itemsize in (2, 4, 8):  # the other byte order too, and dtypes that are equal but not the same
        return array.astype(_F64 if itemsize == 8 else _F32, copy=False)
    if kind in "iub":
        return array.astype(_F64)
    raise TypeError(message(function, argument, "real numbers", f"dtype {array.dtype}"))


def as_same_float(function: str, **arrays: Any) -> list[FloatArray]:
    """Several arguments as arrays of one dtype: float32 if all are, otherwise float64.

    >>> [a.dtype.name for a in as_same_float("f", a=np.float32([1]), b=[2])]
    ['float64', 'float64']
    """
    dtype = None
    for value in arrays.values():  # nothing to do for most callers: find out quickly
        if type(value) is not np.ndarray or (value.dtype is not _F64 and value.dtype is not _F32):
            break
        if dtype is not None and value.dtype is not dtype:
            break
        dtype = value.dtype
    else:
        return list(arrays.values())

    converted = [as_float(value, function, name) for name, value in arrays.items()]
    common = _F32 if all(a.dtype == _F32 for a in converted) else _F64
    return [a.astype(common, copy=False) for a in converted]


def expected_shape(targets: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape of y_true for predictions of `shape`: theirs, without the classes for "labels", None for "any"."""
    return {"any": None, "labels": shape[:-1]}.get(targets, shape)


def as_shape(function: str, argument: str, array: Any, shape: tuple[int, ...] | None, name: str = "") -> Any:
    """`array` (or a tensor) in `shape`, from which it may differ by a last axis of length one; None is any shape.

    NumPy would broadcast (n,) against (n, 1) to (n, n) without a word.

    >>> as_shape("mse", "y_true", np.arange(3), (3, 1)).shape
    (3, 1)
    >>> as_shape("mse", "y_true", np.arange(3), (3, 2))
    Traceback (most recent call last):
    ...
    ValueError: mse: y_true must be shape (3, 2), got shape (3,)
    """
    if shape is None or array.shape == shape:
        return array
    if shape in ((*array.shape, 1), array.shape[:-1]) and array.size == prod(shape):
        return array.reshape(shape)
    purpose = f"shape {shape}{name and ' for '}{name}"
    raise ValueError(message(function, argument, purpose, f"shape {array.shape}"))
