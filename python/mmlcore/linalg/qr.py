"""QR factorisation, and orthonormal bases."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import choose, message
from mmlcore.linalg.stacks import like, require_finite, require_matrices, working_precision

__all__ = ["QRResult", "gram_schmidt", "qr"]

_OLD_MODES = {"f": "reduced", "full": "reduced", "e": "economic", "economic": "economic"}


class QRResult(NamedTuple):
    """Orthonormal columns and the triangular factor."""

    Q: FloatArray
    R: FloatArray


def qr(a: Any, mode: str = "reduced") -> Any:
    """The QR factorisation a = Q R, as `numpy.linalg.qr`: QᵀQ = 1, R upper triangular.

    Householder reflectors in blocks, H₀ H₁ … = 1 - V T Vᵀ (the compact WY form), so that the work is matrix products.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    mode : {"reduced", "complete", "r", "raw"}
        "reduced": Q (..., m, r) and R (..., r, n) with r = min(m, n). "complete": Q (..., m, m) and R (..., m, n).
        "r": R alone. "raw": (h, τ), the reflectors as LAPACK leaves them, h (..., n, m).

    Returns
    -------
    QRResult, or ndarray, or pair of ndarrays
        Signs of R's rows are those of the reflectors: the diagonal may be negative.

    Raises
    ------
    LinAlgError
        If `a` has fewer than two axes.
    ValueError
        If `mode` is unknown.

    References
    ----------
    Schreiber, Van Loan, "A storage-efficient WY representation for products of Householder transformations", 1989.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> q, r = linalg.qr([[3.0, 1.0], [4.0, 2.0]])
    >>> np.abs(r).round(12)
    array([[5. , 2.2],
           [0. , 0.4]])
    """
    ways = {"reduced": _factors, "complete": _factors, "r": _r_alone, "raw": _raw}
    if mode in _OLD_MODES:
        warnings.warn(f"qr: mode {mode!r} is deprecated, as in NumPy", DeprecationWarning, stacklevel=2)
        mode = _OLD_MODES[mode]
    way = choose("qr", "mode", mode, {**ways, "economic": _economic} if mode == "economic" else ways)
    original = a
    a = as_float(a, "qr", "a")
    require_matrices("qr", a)
    return way(original, a, mode)


def _factors(original: Any, a: FloatArray, mode: str) -> QRResult:
    *stack, m, n = a.shape
    columns = m if mode == "complete" else min(m, n)
    work = working_precision(a)
    q, r = _kernels.empty((*stack, m, columns), work.dtype), _kernels.empty((*stack, columns, n), work.dtype)
    _kernels.qr(q, r, work)
    return QRResult(like(original, q.astype(a.dtype, copy=False)), like(original, r.astype(a.dtype, copy=False)))


def _r_alone(original: Any, a: FloatArray, mode: str) -> Any:
    *stack, m, n = a.shape
    work = working_precision(a)
    r = _kernels.empty((*stack, min(m, n), n), work.dtype)
    _kernels.qr(None, r, work)
    return like(original, r.astype(a.dtype, copy=False))


def _raw(original: Any, a: FloatArray, mode: str) -> tuple[Any, FloatArray]:
    *stack, m, n = a.shape
    h, tau = np.empty((*stack, n, m), a.dtype), np.empty((*stack, min(m, n)), a.dtype)
    _kernels.qr_raw(h, tau, a)
    return like(original, h), tau


def _economic(original: Any, a: FloatArray, mode: str) -> Any:
    return np.swapaxes(_raw(original, a, mode)[0], -1, -2)


def gram_schmidt(a: Any, *, tol: float | None = None) -> FloatArray:
    """An orthonormal basis of the columns of `a`, as the Gram-Schmidt process gives it.

    q_j = (a_j - Σ_{i<j} (q_iᵀa_j) q_i) / ‖…‖. Computed by reflectors, which keep the basis orthonormal where the
    formula loses it, with the signs of the formula: q_jᵀa_j > 0.

    Parameters
    ----------
    a : array_like, shape (m, n)
        n ≤ m linearly independent columns.
    tol : float, optional
        A column counts as dependent when what is left of it is at most `tol` times its length; default max(m, n) · eps.

    Returns
    -------
    ndarray, shape (m, n)

    Raises
    ------
    LinAlgError
        If `a` is not a matrix, holds NaN or infinity, or its columns are linearly dependent.

    References
    ----------
    CS582, section 2; Notes, chapter 2.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.gram_schmidt([[3, 1], [4, 2]])
    array([[ 0.6, -0.8],
           [ 0.8,  0.6]])
    """
    a = as_float(a, "gram_schmidt", "a")
    if a.ndim != 2:
        raise LinAlgError(message("gram_schmidt", "a", "a matrix", f"shape {a.shape}"))
    require_finite("gram_schmidt", a)
    m, n = a.shape
    if tol is None:
        tol = max(m, n) * float(np.finfo(a.dtype).eps)
    q, r = qr(a)
    largest = np.abs(r).max(axis=0, initial=0)
    unit = r / np.where(largest > 0, largest, 1)  # whose squares neither over- nor underflow
    left = np.abs(np.diagonal(unit))
    lengths = np.sqrt(np.square(unit).sum(axis=0))
    dependent = np.flatnonzero(left <= tol * lengths[: len(left)])
    if n > m or len(dependent):
        column = dependent[0] if len(dependent) else m
        raise LinAlgError(message("gram_schmidt", "a", "of independent columns", f"column {column} dependent"))
    return q * np.sign(np.diagonal(r))
