"""Least squares and the pseudo-inverse."""

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float, as_same_float
from mmlcore._errors import message
from mmlcore.linalg.cholesky import solve_triangular
from mmlcore.linalg.matmul import matmul
from mmlcore.linalg.qr import qr
from mmlcore.linalg.stacks import like, require_matrices, working_precision
from mmlcore.linalg.svd import svd

__all__ = ["lstsq", "pinv"]

_NOT_GIVEN: Any = object()
_REFINE = 10.0  # times √eps: condition numbers beyond its inverse cost half of the digits


def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, np.int32, FloatArray]:
    """The x that makes ‖a x - b‖ smallest, as `numpy.linalg.lstsq`; of several the shortest.

    [a b] = Q R block of rows after block of rows, then the small problem R₁ x = Q₁ᵀb: by substitution where R₁ has
    full rank (which scaling the columns of `a` leaves as exact as it is), otherwise by its singular values. Never by
    the normal equations, which square the condition number. Where R₁ is ill-conditioned, x is refined twice with
    b - a x in twice the precision.

    Parameters
    ----------
    a : array_like, shape (m, n)
    b : array_like, shape (m,) or (m, k)
    rcond : float, optional
        Singular values up to `rcond` times the largest count as zero; -1: eps / 2. Default max(m, n) · eps; then
        columns that only differ in their units do not count as dependent: the rank is full when it is so with
        columns of equal length, where NumPy drops the short ones.

    Returns
    -------
    x : ndarray, shape (n,) or (n, k)
    residuals : ndarray, shape (k,), (1,) or (0,)
        ‖a x - b‖² of every column; empty where the rank is below n or m ≤ n.
    rank : int32
    s : ndarray, shape (min(m, n),)
        The singular values of `a`.

    Raises
    ------
    LinAlgError
        If `a` is not a matrix or holds NaN or infinity, or `b` has another number of rows. NaN in `b` is no error but
        makes its column of x NaN, and infinity all of x, as in NumPy.

    References
    ----------
    Björck, Numerical Methods for Least Squares Problems, 1996. DRP, "Normal equations".

    Examples
    --------
    >>> from mmlcore import linalg
    >>> x, residuals, rank, s = linalg.lstsq([[1, 0], [1, 1], [1, 2]], [1, 3, 5])
    >>> x.round(12), int(rank)
    (array([1., 2.]), 2)
    """
    original = b
    a, b = as_same_float("lstsq", a=a, b=b)
    for name, array in (("a", a), ("b", b[:, None] if b.ndim == 1 else b)):
        if array.ndim != 2:
            raise LinAlgError(message("lstsq", name, "a matrix", f"shape {array.shape}"))
    if b.shape[0] != a.shape[0]:
        raise LinAlgError(message("lstsq", "b", f"of {a.shape[0]} rows", f"shape {b.shape}: Incompatible dimensions"))
    m, n = a.shape
    work = working_precision(a)
    right = (b[:, None] if b.ndim == 1 else b).astype(work.dtype, copy=False)
    broken = ~np.isfinite(right).all(axis=0)
    usable = np.where(broken, 0, right) if broken.any() else right
    x, squares, rank, s = (_tall if m >= n else _wide)(work, usable, rcond)
    if broken.any() and rank:
        # LAPACK divides by the largest number, and infinity so takes all columns with it.
        spoilt = broken | ~np.isnan(right).any()
        x[:, spoilt], squares[spoilt[: len(squares)]] = np.nan, 0
        squares[broken[: len(squares)]] = np.nan
    residuals = squares if rank == n and m > n else np.empty(0, a.dtype)
    x, residuals, s = (result.astype(a.dtype, copy=False) for result in (x, residuals, s))
    return like(original, x[:, 0] if b.ndim == 1 else x), like(original, residuals), np.int32(rank), s


def _tall(a: FloatArray, b: FloatArray, rcond: float | None) -> tuple[FloatArray, FloatArray, int, FloatArray]:
    n = a.shape[1]
    scale, unit = _unit(a), _unit(b)
    a, b = a if scale == 1 else a * scale, b if unit == 1 else b * unit
    factor = _triangular_factor(a, b)
    r, rest = factor[:n, :n], factor[n:, n:]
    x, rank, s = _small(r, factor[:n, n:], rcond, max(a.shape), False)
    if rank == n > 0 and s[-1] < _REFINE * np.sqrt(np.finfo(a.dtype).eps) * s[0]:
        left = np.empty_like(b, order="C")
        for _ in range(2):  # the same problem for b - a x, which needs the digits that cancel
            _kernels.precise_residual(left, a, x, b)
            x = x + solve_triangular(r, _triangular_factor(a, left)[:n, n:])
    with np.errstate(over="ignore"):
        squares = np.square(np.sqrt(np.square(rest).sum(axis=0)) / unit)
    return x * (scale / unit), squares, rank, s / scale


def _triangular_factor(a: FloatArray, b: FloatArray) -> FloatArray:
    n = a.shape[1] + b.shape[1]
    factor = np.empty((n, n), a.dtype)
    _kernels.triangular_factor(factor, a, b)
    return factor


def _wide(a: FloatArray, b: FloatArray, rcond: float | None) -> tuple[FloatArray, FloatArray, int, FloatArray]:
    scale, unit = _unit(a), _unit(b)
    q, r = qr(a.T * scale)  # a = rᵀqᵀ
    x, rank, s = _small(r.T, b * unit, rcond, max(a.shape), True)
    return matmul(q, x) * (scale / unit), np.empty(0, a.dtype), rank, s / scale


def _unit(x: FloatArray) -> Any:
    """The power of two that brings x near one where its squares would over- or underflow; otherwise 1."""
    largest = np.maximum(x.max(initial=0), -x.min(initial=0))  # no copy of |x|
    if not np.isfinite(largest):
        raise LinAlgError(message("lstsq", "a and b", "finite", "NaN or infinity"))
    low, high = np.sqrt(np.finfo(x.dtype).tiny) * 2**20, np.sqrt(np.finfo(x.dtype).max) / 2**20
    return x.dtype.type(1) if largest == 0 or low < largest < high else x.dtype.type(2.0) ** -np.frexp(largest)[1]


def _small(
    r: FloatArray, b: FloatArray, rcond: float | None, size: int, lower: bool
) -> tuple[FloatArray, int, FloatArray]:
    """r x = b for triangular r of any rank: the shortest x, the rank and the singular values."""
    if len(r) == 0:
        return np.zeros((0, b.shape[1]), r.dtype), 0, np.empty(0, r.dtype)
    eps = float(np.finfo(r.dtype).eps)
    threshold = size * eps if rcond is None else eps / 2 if rcond < 0 else rcond
    u, s, vh = svd(r)
    rank = int(np.count_nonzero(s > threshold * s[0]))
    if rank < len(s) and rcond is None and not lower and _full_rank_when_scaled(r, threshold):
        rank = len(s)
    if rank == len(s):
        return solve_triangular(r, b, lower=lower), rank, s
    weighted = matmul(u[:, :rank].T, b) / s[:rank, None]
    return matmul(vh[:rank].T, weighted), rank, s


def _full_rank_when_scaled(r: FloatArray, threshold: float) -> bool:
    """Whether only the units of the columns make r look singular."""
    lengths = np.sqrt(np.square(r).sum(axis=0))
    if not lengths.all():
        return False
    s = svd(r / lengths, compute_uv=False)
    return bool(s[-1] > 10 * threshold * s[0])


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _NOT_GIVEN) -> Any:
    """The Moore-Penrose pseudo-inverse, as `numpy.linalg.pinv`: a⁺ = V diag(1 / σ_i) Uᵀ over σ_i not small.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
    rcond, rtol : float or array_like, shape (...), optional
        σ_i ≤ rtol · σ_1 count as zero. `rcond` is the older name with the default 1e-15; `rtol=None` is
        max(m, n) · eps. At most one of them.
    hermitian : bool
        `a` is symmetric: by eigenvalues, which is faster.

    Returns
    -------
    ndarray, shape (..., n, m)

    Raises
    ------
    LinAlgError
        If `a` has fewer than two axes or holds NaN or infinity.
    ValueError
        If both thresholds are given.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.pinv([[2, 0], [0, 0], [0, 4]])
    array([[0.5 , 0.  , 0.  ],
           [0.  , 0.  , 0.25]])
    """
    original = a
    a = as_float(a, "pinv", "a")
    require_matrices("pinv", a)
    if rcond is not None and rtol is not _NOT_GIVEN:
        raise ValueError("pinv: `rtol` and `rcond` can't be both set.")
    if rcond is None and rtol is _NOT_GIVEN:
        rcond = 1e-15
    elif rcond is None:
        rcond = max(a.shape[-2:]) * float(np.finfo(a.dtype).eps) if rtol is None else rtol
    if a.size == 0:
        return like(original, np.empty((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype))
    u, s, vh = svd(a, full_matrices=False, hermitian=hermitian)
    large = s > np.asarray(rcond)[..., None] * s.max(axis=-1, keepdims=True)
    inverse = np.divide(1, s, where=large, out=np.zeros_like(s))
    return like(original, matmul(np.swapaxes(vh, -1, -2), inverse[..., None] * np.swapaxes(u, -1, -2)))
