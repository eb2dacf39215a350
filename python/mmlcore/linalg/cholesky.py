"""The Cholesky factorisation, and triangular systems."""

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float, as_same_float
from mmlcore._errors import message
from mmlcore.linalg.stacks import like, require_square, stack_position, stacked_right_side

__all__ = ["cholesky", "solve_triangular"]


def cholesky(a: Any, /, *, upper: bool = False) -> FloatArray:
    """The Cholesky factor of a symmetric positive definite matrix: a = L Lᵀ with l_ii > 0.

    Row by row, l_kk = √(a_kk - Σ_j l_kj²) and l_ik = (a_ik - Σ_j l_ij l_kj) / l_kk, in blocks.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Only the lower triangle is read (the upper one with `upper`).
    upper : bool
        Return U = Lᵀ with a = UᵀU instead.

    Returns
    -------
    ndarray, shape (..., n, n)
        The triangular factor; zeros in the other triangle.

    Raises
    ------
    LinAlgError
        If a pivot is zero or negative: the matrix is not positive definite. Also if `a` is not square. A pivot that
        is NaN is no failure, as in NumPy: the rows that depend on it are NaN.

    References
    ----------
    DRP, Example 4.10 (Cholesky Factorization); Deisenroth, Faisal, Ong, Mathematics for Machine Learning, 4.3.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.cholesky([[4, 2], [2, 5]])
    array([[2., 0.],
           [1., 2.]])
    >>> linalg.cholesky([[1, 2], [2, 1]])
    Traceback (most recent call last):
    ...
    numpy.linalg.LinAlgError: cholesky: a must be positive definite, got pivot 1 = -3
    """
    original = a
    a = as_float(a, "cholesky", "a")
    require_square("cholesky", a)
    if upper:
        return like(original, np.swapaxes(cholesky(np.swapaxes(a, -1, -2)), -1, -2))
    factor = _kernels.empty(a.shape, a.dtype)
    failure = _kernels.cholesky(factor, a)
    if failure is not None:
        index, pivot = failure
        value = factor.reshape(-1, *a.shape[-2:])[index, pivot, pivot]
        got = f"pivot {pivot} = {value:.6g}{stack_position(a, index)}"
        raise LinAlgError(message("cholesky", "a", "positive definite", got))
    return like(original, factor)


def solve_triangular(
    a: Any, b: Any, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False
) -> FloatArray:
    """The solution of a x = b for triangular `a`, as `scipy.linalg.solve_triangular`, by substitution.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Only the stated triangle is read.
    b : array_like, shape (n,) or (..., n, m)
    trans : {0, 1, 2, "N", "T", "C"}
        1, 2, "T" or "C": solve aᵀ x = b.
    lower : bool
        `a` is lower triangular.
    unit_diagonal : bool
        Take the diagonal of `a` as ones without reading it.

    Returns
    -------
    ndarray, the shape of `b`

    Raises
    ------
    LinAlgError
        If the diagonal holds a zero.
    ValueError
        If the shapes do not fit or `trans` is unknown.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.solve_triangular([[2, 0], [1, 4]], [2, 9], lower=True)
    array([1., 2.])
    """
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(message("solve_triangular", "trans", "0, 1, 2, 'N', 'T' or 'C'", repr(trans)))
    a, b = as_same_float("solve_triangular", a=a, b=b)
    require_square("solve_triangular", a)
    a, right, shape = stacked_right_side("solve_triangular", a, b)
    x = np.array(right, order="C")
    failure = _kernels.solve_triangular(x, a, bool(lower), trans not in (0, "N"), bool(unit_diagonal))
    if failure is not None:
        index, row = failure
        raise LinAlgError(
            message(
                "solve_triangular",
                "a",
                "non-singular",
                f"a zero on the diagonal in row {row}{stack_position(a, index)}",
            )
        )
    return x.reshape(shape)
