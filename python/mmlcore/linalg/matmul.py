"""The matrix product."""

import math
import sys
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float, as_same_float
from mmlcore._errors import message
from mmlcore.linalg.packed import PackedMatrix

__all__ = ["matmul"]

_matmul: Any = _kernels.matmul
_gemm = _kernels.gemm
_empty = _kernels.empty


def matmul(a: Any, b: Any, /, out: FloatArray | None = None) -> FloatArray:
    """The matrix product of two arrays, as `numpy.matmul`: c_ij = Σ_p a_ip b_pj.

    Parameters
    ----------
    a : array_like, shape (..., m, k) or (k,)
    b : array_like, shape (..., k, n) or (k,)
        Float32 or float64, any strides; a product of integers stays one, in NumPy's arithmetic. A vector is a row on
        the left and a column on the right, and that axis is missing from the result; the axes before the last two
        broadcast. `b` may be a `PackedMatrix`. Where b is the transpose of a, or a of b, only half of the arithmetic
        is done.
    out : ndarray, optional
        Where the result goes: its exact shape and dtype.

    Returns
    -------
    ndarray, shape (..., m, n)
        Each element is a sum of k products with |c - a b| ≤ γ_k |a| |b|, γ_k = k u / (1 - k u), u the unit
        roundoff of the dtype. Large results lie in memory that is kept for the next ones (`release_memory`).

    Raises
    ------
    ValueError
        If the shapes do not fit, or `out` has another shape.
    TypeError
        If the arguments are not real numbers, or `out` has another dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> linalg.matmul([[1, 2], [3, 4]], [[1], [1]])
    array([[3],
           [7]])
    """
    c = _matmul(a, b, out)  # vectors and matrices of one dtype, the common case
    if c is not NotImplemented:
        return c
    if isinstance(b, PackedMatrix):
        return _with_packed(a, b, out)
    if (integers := _integers(a, b)) is not None:
        return np.matmul(*integers, out=out)
    a, b = as_same_float("matmul", a=a, b=b)
    return _any_ndim(a, b) if out is None else _into(out, a, b)


def _integers(a: Any, b: Any) -> tuple[Any, Any] | None:
    """Both as arrays if they hold integers, which NumPy multiplies."""
    a, b = np.asarray(a), np.asarray(b)
    return (a, b) if a.dtype.kind in "biu" and b.dtype.kind in "biu" else None


def _with_packed(a: Any, b: PackedMatrix, out: Any) -> FloatArray:
    """The product with an operand packed before: the axes of `a` before the last are rows of one product."""
    c: FloatArray = _matmul(a, b.panels, out)
    if c is not NotImplemented:
        return c
    a = as_float(a, "matmul", "a")
    if a.dtype != b.dtype:
        raise TypeError(message("matmul", "a", f"of dtype {b.dtype}, as the packed b", a.dtype))
    if a.ndim == 0 or a.shape[-1] != b.shape[0]:
        raise ValueError(message("matmul", "a", f"of {b.shape[0]} columns (the rows of b)", f"shape {a.shape}"))
    shape = a.shape[:-1] + b.shape[1:]
    _check_size(shape, a.itemsize)
    rows = np.ascontiguousarray(a).reshape(math.prod(a.shape[:-1]), a.shape[-1])
    c = _matmul(rows, b.panels).reshape(shape)
    if out is None:
        return c
    _check_out(out, c.shape, c.dtype)
    out[...] = c
    return out


def _into(out: Any, a: FloatArray, b: FloatArray) -> FloatArray:
    """The product written to an `out` that is not C-contiguous, or a clear error."""
    _check_out(out, _result_shape(a, b), a.dtype)
    out[...] = matmul(a, b)
    return out


def _check_out(out: Any, shape: tuple[int, ...], dtype: Any) -> None:
    """Refuses an `out` that cannot take the result."""
    if not isinstance(out, np.ndarray):
        raise TypeError(message("matmul", "out", "an ndarray", type(out).__name__))
    if out.dtype != dtype:
        raise TypeError(message("matmul", "out", f"of dtype {dtype}", out.dtype))
    if out.shape != shape:
        raise ValueError(message("matmul", "out", f"of shape {shape}", out.shape))
    if not out.flags.writeable:
        raise ValueError(message("matmul", "out", "writeable", "a read-only array"))


def _result_shape(a: FloatArray, b: FloatArray) -> tuple[int, ...]:
    """The product's shape, or a ValueError where there is none."""
    if a.ndim == 0 or b.ndim == 0:
        argument = "a" if a.ndim == 0 else "b"
        raise ValueError(message("matmul", argument, "at least one-dimensional", "a scalar"))
    k_axis = -1 if b.ndim == 1 else -2
    if a.shape[-1] != b.shape[k_axis]:
        raise ValueError(message("matmul", "b", f"of {a.shape[-1]} rows (the last axis of a)", f"shape {b.shape}"))
    try:
        stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        got = f"{a.shape} and {b.shape}"
        raise ValueError(message("matmul", "the axes before the last two", "broadcastable", got)) from None
    shape: tuple[int, ...] = stack + a.shape[-2:-1] + (b.shape[-1:] if b.ndim > 1 else ())
    _check_size(shape, a.itemsize)
    return shape


def _check_size(shape: tuple[int, ...], itemsize: int) -> None:
    if math.prod(shape) * itemsize > sys.maxsize:
        raise ValueError(message("matmul", "the result", "small enough to be indexed", f"shape {shape}"))


def _any_ndim(a: FloatArray, b: FloatArray) -> FloatArray:
    """Vectors and stacks, brought to one product or one stack of products."""
    shape = _result_shape(a, b)
    left = a[None, :] if a.ndim == 1 else a
    right = b[:, None] if b.ndim == 1 else b
    m, k = left.shape[-2:]
    n = right.shape[-1]

    if right.ndim == 2:  # one right operand for all: a single tall product
        c = _empty((math.prod(left.shape[:-1]), n), a.dtype)
        _gemm(c, left.reshape(c.shape[0], k), right)
        return c.reshape(shape)

    stack = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    count = math.prod(stack)
    c = _empty((count, m, n), a.dtype)
    _kernels.gemm_stacked(c, _stacked(left, stack, count), _stacked(right, stack, count))
    return c.reshape(shape)


def _stacked(x: FloatArray, stack: tuple[int, ...], count: int) -> FloatArray:
    """`x` broadcast over `stack` as a three-dimensional array; a single matrix is repeated by a stride of 0."""
    if x.ndim == 2 or x.shape[:-2] == stack:
        wide = np.broadcast_to(x, (count, *x.shape)) if x.ndim == 2 else x
    else:
        wide = np.broadcast_to(x, stack + x.shape[-2:])
    return wide.reshape(count, *x.shape[-2:])
