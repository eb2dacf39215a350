"""The complete singular value decomposition."""

from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray
from mmlcore._errors import message
from mmlcore.linalg.eig import eigh, eigvalsh
from mmlcore.linalg.stacks import working_precision

__all__ = ["SVDResult", "full_svd", "symmetric_svd"]


class SVDResult(NamedTuple):
    """Left singular vectors, singular values and right singular vectors (as rows)."""

    U: FloatArray
    S: FloatArray
    Vh: FloatArray


def full_svd(a: FloatArray, full_matrices: bool, compute_uv: bool) -> Any:
    """SVDResult, or S alone, of a floating-point stack of matrices; LinAlgError where it holds NaN.

    Infinity: NaN for the values alone, as NumPy; with vectors a LinAlgError, where NumPy's LAPACK raises, answers NaN
    or never returns, depending on the place.
    """
    *stack, m, n = a.shape
    r = min(m, n)
    dtype, a = a.dtype, working_precision(a)
    s = np.empty((*stack, r), a.dtype)
    u = vt = None
    if compute_uv:
        u = _kernels.empty((*stack, m, m if full_matrices else r), a.dtype)
        vt = _kernels.empty((*stack, n if full_matrices else r, n), a.dtype)
        if r == 0:  # nothing to decompose: any orthonormal basis is right
            u[...] = np.eye(m, u.shape[-1])
            vt[...] = np.eye(vt.shape[-2], n)
    if not _kernels.svd(u, s, vt, a, full_matrices):
        if compute_uv or np.isnan(a).any():
            raise LinAlgError(message("svd", "a", "finite", "NaN or infinity"))
        infinite = np.asarray(np.isinf(a).any(axis=(-2, -1)))
        _kernels.svd(u, s, vt, np.where(infinite[..., None, None], 0, a), full_matrices)
        s[infinite] = np.nan
    s = s.astype(dtype, copy=False)
    if u is None or vt is None:
        return s
    return SVDResult(u.astype(dtype, copy=False), s, vt.astype(dtype, copy=False))


def symmetric_svd(a: FloatArray, compute_uv: bool) -> Any:
    """The same of symmetric matrices, from their eigenvalues: a = V diag(λ) Vᵀ = V diag(|λ|) (V sign λ)ᵀ."""
    if not compute_uv:
        return -np.sort(-np.abs(eigvalsh(a)), axis=-1)
    values, v = eigh(a)
    order = np.argsort(-np.abs(values), axis=-1, kind="stable")
    values = np.take_along_axis(values, order, axis=-1)
    v = np.take_along_axis(v, order[..., None, :], axis=-1)
    signed = v * np.copysign(values.dtype.type(1), values)[..., None, :]
    return SVDResult(v, np.abs(values), np.swapaxes(signed, -1, -2))
