"""Eigenvalues and eigenvectors, of symmetric and of general matrices."""

from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message
from mmlcore.linalg.stacks import like, require_finite, require_square, working_precision

__all__ = ["EigResult", "EighResult", "eig", "eigh", "eigvals", "eigvalsh"]


class EigResult(NamedTuple):
    """Eigenvalues, and eigenvectors in columns."""

    eigenvalues: FloatArray
    eigenvectors: FloatArray


class EighResult(NamedTuple):
    """Rising eigenvalues of a symmetric matrix, and orthonormal eigenvectors in columns."""

    eigenvalues: FloatArray
    eigenvectors: FloatArray


def _symmetric(function: str, a: Any, uplo: Any, vectors: bool) -> tuple[FloatArray, Any]:
    triangle = uplo.upper() if isinstance(uplo, str) else uplo
    if triangle not in ("L", "U"):
        raise ValueError(message(function, "UPLO", "'L' or 'U'", repr(uplo)))
    a = as_float(a, function, "a")
    require_square(function, a)
    if a.shape[-1] == 1:  # NaN and infinity are their own eigenvalues, as in NumPy
        return a[..., 0].copy(), np.ones_like(a) if vectors else None
    work = working_precision(a)
    values = np.empty(a.shape[:-1], work.dtype)
    v = _kernels.empty(a.shape, work.dtype) if vectors else None
    if not _kernels.eigh(values, v, work, triangle == "L"):
        raise LinAlgError(message(function, "a", "finite", "NaN or infinity"))
    return values.astype(a.dtype, copy=False), None if v is None else v.astype(a.dtype, copy=False)


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues and eigenvectors of a symmetric matrix, as `numpy.linalg.eigh`: a = V diag(λ) Vᵀ, VᵀV = 1.

    Reduction to tridiagonal form by reflectors in blocks, then divide and conquer.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    UPLO : {"L", "U"}
        Which triangle of `a` is read.

    Returns
    -------
    EighResult
        eigenvalues (..., n), rising; eigenvectors (..., n, n), in columns, up to sign.

    Raises
    ------
    LinAlgError
        If `a` is not square, or the triangle of a matrix of two rows or more holds NaN or infinity.
    ValueError
        If `UPLO` is neither.

    References
    ----------
    Gu, Eisenstat, "A divide-and-conquer algorithm for the symmetric tridiagonal eigenproblem", 1995. CS582, section 2.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.eigh([[2, 1], [1, 2]]).eigenvalues.round(12)
    array([1., 3.])
    """
    values, v = _symmetric("eigh", a, UPLO, True)
    return EighResult(values, like(a, v))


def eigvalsh(a: Any, UPLO: str = "L") -> FloatArray:
    """Rising eigenvalues of a symmetric matrix, as `numpy.linalg.eigvalsh`; arguments and errors as in `eigh`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    UPLO : {"L", "U"}

    Returns
    -------
    ndarray, shape (..., n)

    Raises
    ------
    LinAlgError, ValueError
        As `eigh`.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.eigvalsh([[0, 2], [2, 0]]).round(12)
    array([-2.,  2.])
    """
    return _symmetric("eigvalsh", a, UPLO, False)[0]


def _general(function: str, a: Any, vectors: bool) -> tuple[FloatArray, Any]:
    a = as_float(a, function, "a")
    require_square(function, a)
    require_finite(function, a)
    dtype = np.complex64 if a.dtype == np.float32 else np.complex128
    work = working_precision(a)
    values = np.empty(a.shape[:-1], np.result_type(work.dtype, dtype))
    v = np.empty(a.shape, values.dtype) if vectors else None
    if not _kernels.eig(values, v, work):
        raise LinAlgError(f"{function}: the iteration did not converge")
    values, v = values.astype(dtype, copy=False), None if v is None else v.astype(dtype, copy=False)
    if (values.imag == 0).all():
        return values.real.copy(), None if v is None else v.real.copy()
    return values, v


def eig(a: Any) -> EigResult:
    """Eigenvalues and eigenvectors of a square matrix, as `numpy.linalg.eig`: a v_i = λ_i v_i.

    Balanced, reduced to Hessenberg form, then the QR algorithm.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    EigResult
        eigenvalues (..., n), in no order, conjugate pairs together; eigenvectors (..., n, n), of length one, in
        columns. Real where no eigenvalue of the stack has an imaginary part, otherwise complex.

    Raises
    ------
    LinAlgError
        If `a` is not square, holds NaN or infinity, or the iteration does not converge.

    References
    ----------
    CS582, section 2 (eigendecomposition); SIT744.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.eig([[0, -1], [1, 0]]).eigenvalues.round(12)
    array([0.+1.j, 0.-1.j])
    """
    values, v = _general("eig", a, True)
    return EigResult(values, like(a, v))


def eigvals(a: Any) -> FloatArray:
    """Eigenvalues of a square matrix, as `numpy.linalg.eigvals`; dtype and errors as in `eig`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)

    Returns
    -------
    ndarray, shape (..., n)

    Raises
    ------
    LinAlgError
        As `eig`.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> np.sort(linalg.eigvals([[2, 1], [0, 3]]))
    array([2., 3.])
    """
    return _general("eigvals", a, False)[0]
