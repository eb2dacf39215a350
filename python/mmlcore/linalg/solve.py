"""Linear systems, inverses and determinants by LU factorisation with partial pivoting."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float, as_same_float
from mmlcore._errors import IllConditionedWarning, message
from mmlcore.linalg.stacks import like, require_square, stack_position, stacked_right_side, working_precision

__all__ = ["SlogdetResult", "det", "inv", "slogdet", "solve"]


class SlogdetResult(NamedTuple):
    """Sign and logarithm of a determinant's absolute value."""

    sign: FloatArray
    logabsdet: FloatArray


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

    Warns
    -----
    IllConditionedWarning
        If Skeel's condition number ‖|a⁻¹| |a|‖_∞, which the scale of rows does not change, is above 1 / eps.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.solve([[3, 1], [1, 2]], [9, 8])
    array([2., 3.])
    """
    original = b
    a, b = as_same_float("solve", a=a, b=b)
    require_square("solve", a)
    a, right, shape = stacked_right_side("solve", a, b)
    x, conditions = _kernels.empty(right.shape, a.dtype), np.empty(a.shape[:-2], a.dtype)
    failure = _kernels.solve(x, a, right, conditions)
    if failure is not None:
        raise _singular("solve", a, failure)
    worst = conditions.max(initial=1)
    if worst * np.finfo(a.dtype).eps >= 1:
        position = stack_position(a, int(np.argmax(conditions)))
        text = f"solve: a is ill-conditioned, condition number {worst:.3g}{position}: x may have no correct digit"
        warnings.warn(text, IllConditionedWarning, stacklevel=2)
    return like(original, x.reshape(shape))


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
    original = a
    a = as_float(a, "inv", "a")
    require_square("inv", a)
    x = _kernels.empty(a.shape, a.dtype)
    failure = _kernels.inverse(x, a)
    if failure is not None:
        raise _singular("inv", a, failure)
    return like(original, x)


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
    work = working_precision(a)
    sign, logarithm = np.empty(a.shape[:-2], work.dtype), np.empty(a.shape[:-2], work.dtype)
    _kernels.slogdet(sign, logarithm, work)
    return SlogdetResult(sign.astype(a.dtype, copy=False)[()], logarithm.astype(a.dtype, copy=False)[()])


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
    work = working_precision(a)
    determinant = np.empty(a.shape[:-2], work.dtype)
    _kernels.det(determinant, work)
    with np.errstate(over="ignore"):
        return determinant.astype(a.dtype, copy=False)[()]
