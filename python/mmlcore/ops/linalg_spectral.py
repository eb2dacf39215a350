"""Eigenvalues, singular values and QR with their derivatives.

A primitive returns one array: the factors side by side, taken apart by indexing. Eigenvectors and singular vectors have
derivatives where the values are distinct, and only what does not depend on the vectors' signs has a meaning.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import linalg
from mmlcore._errors import message
from mmlcore.autodiff import defvjp, implements, primitive
from mmlcore.ops.joining import concatenate
from mmlcore.ops.kinked import where
from mmlcore.ops.linalg_systems import solve_triangular
from mmlcore.ops.matmul import matmul
from mmlcore.ops.shape import expand_dims, shape_of, swapaxes

__all__ = ["eigh", "eigvalsh", "qr", "svd", "svdvals"]


def _t(x: Any) -> Any:
    return swapaxes(x, -1, -2)


def _row(x: Any) -> Any:
    return expand_dims(x, -2)


def _reciprocal_gaps(values: Any) -> Any:
    """1 / (p_j - p_i) off the diagonal, 0 on it."""
    n = shape_of(values)[-1]
    one = np.eye(n, dtype=values.dtype)
    return (1 - one) / (_row(values) - expand_dims(values, -1) + one)


@primitive
def _packed_eigh(a: Any, *, UPLO: str = "L") -> Any:
    values, v = linalg.eigh(a, UPLO)
    return np.concatenate([values[..., None, :], v], axis=-2)


def _eigh_back(ans: Any, a: Any, *, UPLO: str = "L") -> Callable[[Any], Any]:
    # dλ = diag(Vᵀ da V), dV = V (F ∘ Vᵀ da V), F_ij = 1 / (λ_j - λ_i).
    def pullback(g: Any) -> Any:
        values, v = ans[..., 0, :], ans[..., 1:, :]
        of_values, of_v = g[..., 0, :], g[..., 1:, :]
        n = shape_of(values)[-1]
        inner = _reciprocal_gaps(values) * matmul(_t(v), of_v) + _row(of_values) * np.eye(n, dtype=values.dtype)
        whole = matmul(matmul(v, inner), _t(v))
        return 0.5 * (whole + _t(whole))

    return pullback


defvjp(_packed_eigh, _eigh_back)


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix: a = V diag(λ) Vᵀ.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64
        The derivative is that of a function of symmetric matrices, and symmetric.
    UPLO : {"L", "U"}
        Which triangle is read.

    Returns
    -------
    EighResult
        eigenvalues (..., n), rising; eigenvectors (..., n, n), in columns.

    Raises
    ------
    LinAlgError
        If `a` is not square or not finite.

    References
    ----------
    Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008, 3.1.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.eigh([[2.0, 1.0], [1.0, 2.0]]).eigenvalues.round(12)
    array([1., 3.])
    """
    packed = _packed_eigh(a, UPLO=UPLO)
    return linalg.EighResult(packed[..., 0, :], packed[..., 1:, :])


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Rising eigenvalues of a symmetric matrix; their derivative is v_i v_iᵀ.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64
    UPLO : {"L", "U"}

    Returns
    -------
    array (..., n)

    Raises
    ------
    LinAlgError
        If `a` is not square or not finite.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.eigvalsh([[0.0, 2.0], [2.0, 0.0]]).round(12)
    array([-2.,  2.])
    """
    return eigh(a, UPLO).eigenvalues


@primitive
def _packed_svd(a: Any) -> Any:
    u, s, vh = linalg.svd(a, full_matrices=False)
    return np.concatenate([u, s[..., None, :], np.swapaxes(vh, -1, -2)], axis=-2)


def _svd_back(ans: Any, a: Any) -> Callable[[Any], Any]:
    m = shape_of(a)[-2]

    def pullback(g: Any) -> Any:
        u, s, v = ans[..., :m, :], ans[..., m, :], ans[..., m + 1 :, :]
        of_u, of_s, of_v = g[..., :m, :], g[..., m, :], g[..., m + 1 :, :]
        one = np.eye(shape_of(s)[-1], dtype=s.dtype)
        gaps = _reciprocal_gaps(s * s)
        with_u, with_v = matmul(_t(u), of_u), matmul(_t(v), of_v)
        inner = (gaps * (with_u - _t(with_u))) * _row(s) + expand_dims(s, -1) * (gaps * (with_v - _t(with_v)))
        inner = inner + _row(of_s) * one
        inverse = 1 / where(s == 0, 1.0, s)
        beyond_u = (of_u - matmul(u, with_u)) * _row(inverse)  # where U does not span the space
        beyond_v = (of_v - matmul(v, with_v)) * _row(inverse)
        return matmul(matmul(u, inner) + beyond_u, _t(v)) + matmul(u, _t(beyond_v))

    return pullback


defvjp(_packed_svd, _svd_back)


def svd(a: Any, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """The thin singular value decomposition a = U diag(S) Vh, differentiable where the singular values are distinct.

    Parameters
    ----------
    a : array (..., m, n), float32 or float64
    full_matrices : bool, default False
        True is refused where U or Vh would have more than min(m, n) vectors: those have no derivative.
    compute_uv : bool, default True
        Otherwise only S is returned.

    Returns
    -------
    SVDResult or array
        U (..., m, r), S (..., r), falling, and Vh (..., r, n).

    Raises
    ------
    LinAlgError
        If `a` is not finite.
    ValueError
        If `full_matrices` asks for vectors without a derivative.

    References
    ----------
    Giles, "Collected matrix derivative results", 2008, 3.2; Townsend, "Differentiating the SVD", 2016.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.svd([[3.0, 0.0], [4.0, 5.0]]).S.round(6)
    array([6.708204, 2.236068])
    """
    m, n = shape_of(a)[-2:]
    if full_matrices and compute_uv and m != n:
        raise ValueError(message("svd", "full_matrices", "False when an argument is a Tensor", "True"))
    packed = _packed_svd(a)
    if not compute_uv:
        return packed[..., m, :]
    return linalg.SVDResult(packed[..., :m, :], packed[..., m, :], _t(packed[..., m + 1 :, :]))


@implements(np.linalg.svd)
def _numpys_svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """NumPy's default is the whole of U and V, whose columns beyond the rank have no derivative."""
    rows, columns = shape_of(a)[-2:]
    return svd(a, full_matrices and compute_uv and rows != columns, compute_uv)


@implements(np.linalg.svdvals)
def svdvals(x: Any) -> Any:
    """The singular values, falling; their derivative is u_i v_iᵀ.

    Parameters
    ----------
    x : array (..., m, n), float32 or float64

    Returns
    -------
    array (..., min(m, n))

    Raises
    ------
    LinAlgError
        If `x` is not finite.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.svdvals([[3.0, 0.0], [4.0, 5.0]]).round(6)
    array([6.708204, 2.236068])
    """
    return svd(x, compute_uv=False)


@primitive
def _packed_qr(a: Any) -> Any:
    q, r = linalg.qr(a)
    return np.concatenate([q, r], axis=-2)


def _qr_back(ans: Any, a: Any) -> Callable[[Any], Any]:
    # ∂E/∂a = (g_Q + Q C(M)) R⁻ᵀ, M = R g_Rᵀ - g_Qᵀ Q, C(M) the lower triangle mirrored.
    m, n = shape_of(a)[-2:]

    def pullback(g: Any) -> Any:
        q, r = ans[..., :m, :], ans[..., m:, :]
        of_q, of_r = g[..., :m, :], g[..., m:, :]
        inner = matmul(r, _t(of_r)) - matmul(_t(of_q), q)
        lower = inner * np.tri(n, dtype=inner.dtype)
        strict = inner * np.tri(n, k=-1, dtype=inner.dtype)
        right = of_q + matmul(q, lower + _t(strict))
        return _t(solve_triangular(r, _t(right)))

    return pullback


defvjp(_packed_qr, _qr_back)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """The QR factorisation a = Q R, differentiable where the leading columns are independent.

    Parameters
    ----------
    a : array (..., m, n), float32 or float64
    mode : {"reduced", "r"}

    Returns
    -------
    QRResult or array
        Q (..., m, r) and R (..., r, n) with r = min(m, n); or R alone.

    Raises
    ------
    ValueError
        If `mode` is another.

    References
    ----------
    Walter, Lehmann, "Algorithmic differentiation of linear algebra functions", 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> np.abs(ops.qr([[3.0, 1.0], [4.0, 2.0]]).R).round(12)
    array([[5. , 2.2],
           [0. , 0.4]])
    """
    if mode not in ("reduced", "r"):
        raise ValueError(message("qr", "mode", "'reduced' or 'r' when an argument is a Tensor", repr(mode)))
    m, n = shape_of(a)[-2:]
    k = min(m, n)
    packed = _packed_qr(a if k == n else a[..., :k])
    q, r = packed[..., :m, :], packed[..., m:, :]
    if n > k:  # the columns behind are Q times the rest of R
        r = concatenate([r, matmul(_t(q), a[..., k:])], axis=-1)
    return r if mode == "r" else linalg.QRResult(q, r)
