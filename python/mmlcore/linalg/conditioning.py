"""How near to singular a matrix is: condition numbers and rank."""

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message
from mmlcore.linalg.norms import norm
from mmlcore.linalg.stacks import require_matrices, require_square
from mmlcore.linalg.svd import svd

__all__ = ["cond", "matrix_rank"]


def cond(x: Any, p: Any = None) -> FloatArray:
    """The condition number ‖x‖ ‖x⁻¹‖, as `numpy.linalg.cond`; σ_1 / σ_n for the 2-norm.

    Parameters
    ----------
    x : array_like, shape (..., m, n)
        Square unless `p` is None, 2 or -2.
    p : {None, 'fro', 'nuc', inf, -inf, 1, -1, 2, -2}
        Which norm; None is 2. -2: σ_n / σ_1.

    Returns
    -------
    ndarray, shape (...)
        inf for a singular matrix and where `x` holds an infinity; NaN where `x` is and an inverse is used.

    Raises
    ------
    LinAlgError
        If `x` has fewer than two axes, is empty, holds NaN (2-norm) or, where an inverse is needed, is not square.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> float(linalg.cond([[1, 0], [0, 4]]))
    4.0
    """
    x = as_float(x, "cond", "x")
    require_matrices("cond", x, "x")
    if x.size == 0 and x.shape[-2:].count(0):
        raise LinAlgError(message("cond", "x", "non-empty", f"shape {x.shape}"))
    with np.errstate(all="ignore"):
        if p is None or (np.ndim(p) == 0 and p in (2, -2)):
            s = svd(x, compute_uv=False)
            value = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        else:
            require_square("cond", x, "x")
            value = norm(x, p, axis=(-2, -1)) * norm(_inverse(x), p, axis=(-2, -1))
    undefined = np.isnan(value) & ~np.isnan(x).any(axis=(-2, -1))
    return np.where(undefined, value.dtype.type(np.inf), value)[()]


def _inverse(x: FloatArray) -> FloatArray:
    """The inverses of a stack, NaN for the singular ones."""
    inverse = np.full(x.shape, np.nan, x.dtype)
    if _kernels.inverse(inverse, x) is not None:  # some are singular: which?
        inverse[...] = np.nan
        for index in np.ndindex(x.shape[:-2]):
            one = np.empty(x.shape[-2:], x.dtype)
            if _kernels.inverse(one, x[index]) is None:
                inverse[index] = one
    return inverse


def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """The number of singular values above a threshold, as `numpy.linalg.matrix_rank`.

    Parameters
    ----------
    A : array_like, shape (..., m, n)
        A vector or scalar has rank 1 unless it is zero.
    tol : float or array_like, shape (...), optional
        The threshold; by default σ_1 · rtol.
    hermitian : bool
        `A` is symmetric: by eigenvalues, which is faster.
    rtol : float or array_like, shape (...), optional
        Default max(m, n) · eps. At most one of the two thresholds.

    Returns
    -------
    int or ndarray of int, shape (...)

    Raises
    ------
    ValueError
        If both thresholds are given.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> int(linalg.matrix_rank([[1, 2], [2, 4]]))
    1
    """
    if tol is not None and rtol is not None:
        raise ValueError("matrix_rank: `tol` and `rtol` can't be both set.")
    a = as_float(A, "matrix_rank", "A")
    if a.ndim < 2:
        return int(a.any())
    require_matrices("matrix_rank", a, "A")
    s = svd(a, compute_uv=False, hermitian=hermitian)
    if tol is None:
        relative = max(a.shape[-2:]) * float(np.finfo(a.dtype).eps) if rtol is None else np.asarray(rtol)[..., None]
        threshold = s.max(axis=-1, keepdims=True, initial=0) * relative
    else:
        threshold = np.asarray(tol)[..., None]
    return np.count_nonzero(s > threshold, axis=-1)
