"""Linear systems, inverses and determinants by LU factorisation with partial pivoting."""

from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float, as_same_float
from mmlcore._errors import message

__all__ = [
    "SlogdetResult",
    "det",
    "inv",
    "require_square",
    "slogdet",
    "solve",
    "stack_position",
    "stacked_right_side",
]


class SlogdetResult(NamedTuple):
    """Sign and logarithm of a determinant's absolute value."""

    sign: FloatArray
    logabsdet: FloatArray


def require_square(function: str, a: FloatArray) -> None:
    """LinAlgError unless the last two axes of `a` are equal."""
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise LinAlgError(message(function, "a", "a square matrix or a stack of them", f"shape {a.shape}"))


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


def _singular(function: str, a: FloatArray, failure: tuple[int, int]) -> LinAlgError:
    index, pivot = failure
    return LinAlgError(message(function, "a", "non-singular", f"pivot {pivot} = 0{stack_position(a, index)}"))


def solve(a: Any, b: Any) -> FloatArray:
    """The solution x of a x = b, as `numpy.linalg.solve`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    b : array_like, shape (n,) or (..., n, m)

    Returns
    -------
    ndarray, shape (..., n) if `b` is a vector, otherwise (..., n, m)

    Raises
    ------
    LinAlgError
        If `a` is singular (the message names the pivot that is zero) or not square.
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.solve([[3, 1], [1, 2]], [9, 8])
    array([2., 3.])
    """
    a, b = as_same_float("solve", a=a, b=b)
    require_square("solve", a)
    a, right, shape = stacked_right_side("solve", a, b)
    x = np.empty(right.shape, a.dtype)
    failure = _kernels.solve(x, a, right)
    if failure is not None:
        raise _singular("solve", a, failure)
    return x.reshape(shape)


def inv(a: Any) -> FloatArray:
    """The inverse a⁻¹ with a a⁻¹ = 1, as `numpy.linalg.inv`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    ndarray, shape (..., n, n)

    Raises
    ------
    LinAlgError
        If `a` is singular or not square.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.inv([[2, 0], [0, 4]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    a = as_float(a, "inv", "a")
    require_square("inv", a)
    x = np.empty(a.shape, a.dtype)
    failure = _kernels.inverse(x, a)
    if failure is not None:
        raise _singular("inv", a, failure)
    return x


def slogdet(a: Any) -> SlogdetResult:
    """Sign and natural logarithm of |det a|, as `numpy.linalg.slogdet`: det a = sign · exp(logabsdet).

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    SlogdetResult
        `sign` and `logabsdet`, each of shape (...); 0 and -inf for a singular matrix.

    Raises
    ------
    LinAlgError
        If `a` is not square.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> sign, logarithm = linalg.slogdet([[0, 1], [1, 0]])
    >>> float(sign), float(logarithm)
    (-1.0, 0.0)
    """
    a = as_float(a, "slogdet", "a")
    require_square("slogdet", a)
    sign, logarithm = np.empty(a.shape[:-2], a.dtype), np.empty(a.shape[:-2], a.dtype)
    _kernels.slogdet(sign, logarithm, a)
    return SlogdetResult(sign[()], logarithm[()])


def det(a: Any) -> FloatArray:
    """The determinant, as `numpy.linalg.det`: the product of the pivots, with the sign of their exchanges.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    ndarray, shape (...)
        A scalar for a single matrix; 0 for a singular one.

    Raises
    ------
    LinAlgError
        If `a` is not square.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> float(linalg.det([[2, 1], [4, 7]]))
    10.0
    """
    a = as_float(a, "det", "a")
    require_square("det", a)
    determinant = np.empty(a.shape[:-2], a.dtype)
    _kernels.det(determinant, a)
    return determinant[()]
