"""The singular value decomposition: complete, and its leading triplets by power iteration."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import ConvergenceWarning, choose, message

__all__ = ["PowerIterationResult", "SVDResult", "power_iteration", "svd"]

_OVERSAMPLING = 10  # columns beyond k that a block carries: the k-th triplet then converges like the (k+10)-th gap


class SVDResult(NamedTuple):
    """Left singular vectors, singular values and right singular vectors (as rows)."""

    U: FloatArray
    S: FloatArray
    Vh: FloatArray


class PowerIterationResult(NamedTuple):
    """The leading singular triplet, and how it was reached."""

    sigma: float
    u: FloatArray
    v: FloatArray
    trace: FloatArray


def _require_finite(function: str, a: FloatArray) -> None:
    if not np.isfinite(a).all():
        raise LinAlgError(message(function, "a", "finite", "NaN or infinity"))


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    *,
    k: int | None = None,
    method: str = "auto",
    n_iter: int = 300,
    tol: float | None = None,
    seed: Any = 0,
) -> Any:
    """The singular value decomposition a = U diag(S) Vh, as `numpy.linalg.svd`; with `k`, its leading triplets.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
        A single matrix if `k` is given.
    full_matrices : bool
        U (..., m, m) and Vh (..., n, n); otherwise (..., m, r) and (..., r, n) with r = min(m, n).
    compute_uv : bool
        Otherwise only S is returned.
    k : int, optional
        Only the k largest singular values and their vectors, without computing the others.
    method : {"auto", "block_power", "power"}
        How, with `k`. "block_power": subspace iteration V ← orth(aᵀ orth(a V)) on k + 10 columns. "power": power
        iteration for one triplet at a time on what the former ones leave (deflation), as the source document
        does. "auto": the complete decomposition where the block would span the matrix, else "block_power".
    n_iter : int
        With `k`, at most this many iterations (for "power": a hundred times that many for each triplet).
    tol : float, optional
        With `k`, stop when max_i ‖aᵀu_i - σ_i v_i‖ ≤ tol · σ_1; default 1e-10 (float64), 1e-5 (float32).
    seed : int, SeedSequence or Generator
        Of the random start, with `k`.

    Returns
    -------
    SVDResult or ndarray
        (U, S, Vh), S falling; or S alone.

    Raises
    ------
    LinAlgError
        If `a` has fewer than two axes or holds NaN or infinity.
    ValueError
        If `k` is not in 1 … min(m, n), or `method` is unknown.

    Warns
    -----
    ConvergenceWarning
        If the iteration stopped at `n_iter`; the message names the residual.

    References
    ----------
    DRP, "SVD Through Power Iteration". Halko, Martinsson, Tropp, "Finding structure with randomness", 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> ratings = np.array([[5, 4, 1], [5, 5, 0], [0, 0, 5], [1, 0, 4]])
    >>> linalg.svd(ratings, compute_uv=False).round(4)
    array([9.6438, 6.3639, 0.7056])
    >>> linalg.svd(ratings, k=1).S.round(4)
    array([9.6438])
    """
    a = as_float(a, "svd", "a")
    if a.ndim < 2:
        raise LinAlgError(message("svd", "a", "at least two-dimensional", f"shape {a.shape}"))
    _require_finite("svd", a)
    if k is None:
        return _complete(a, full_matrices, compute_uv)
    result = _truncated(a, k, method, n_iter, tol, seed)
    return result if compute_uv else result.S


def _complete(a: FloatArray, full_matrices: bool, compute_uv: bool) -> Any:
    *stack, m, n = a.shape
    r = min(m, n)
    s = np.empty((*stack, r), a.dtype)
    u = vt = None
    if compute_uv:
        u = np.empty((*stack, m, m if full_matrices else r), a.dtype)
        vt = np.empty((*stack, n if full_matrices else r, n), a.dtype)
        if r == 0:  # nothing to decompose: any orthonormal basis is right
            u[...] = np.eye(m, u.shape[-1])
            vt[...] = np.eye(vt.shape[-2], n)
    if not _kernels.svd(u, s, vt, a, full_matrices):
        raise LinAlgError("svd: the iteration did not converge")
    return SVDResult(u, s, vt) if u is not None and vt is not None else s


def _truncated(a: FloatArray, k: int, method: str, n_iter: int, tol: float | None, seed: Any) -> SVDResult:
    if a.ndim != 2:
        raise ValueError(message("svd", "a", "a single matrix when k is given", f"shape {a.shape}"))
    smallest = min(a.shape)
    if not isinstance(k, int | np.integer) or not 1 <= k <= smallest:
        raise ValueError(message("svd", "k", f"an integer from 1 to {smallest}", repr(k)))
    if n_iter < 1:
        raise ValueError(message("svd", "n_iter", "at least 1", n_iter))
    if tol is None:
        tol = 1e-10 if a.dtype == np.float64 else 1e-5
    ways = {"auto": _block_power, "block_power": _block_power, "power": _deflation}
    way = choose("svd", "method", method, ways)
    if method == "auto" and k + _OVERSAMPLING >= smallest:
        u, s, vh = _complete(a, False, True)
        return SVDResult(u[:, :k].copy(), s[:k], vh[:k])
    return way(a, int(k), n_iter, tol, np.random.default_rng(seed))


def _block_power(a: FloatArray, k: int, n_iter: int, tol: float, rng: "np.random.Generator") -> SVDResult:
    m, n = a.shape
    start = rng.standard_normal((n, min(k + _OVERSAMPLING, m, n))).astype(a.dtype)
    u, s, vh = np.empty((m, k), a.dtype), np.empty(k, a.dtype), np.empty((k, n), a.dtype)
    steps, converged, residual = _kernels.block_power_iteration(u, s, vh, start, a, n_iter, tol)
    if not converged:
        _warn_unconverged("svd", steps, residual, tol)
    return SVDResult(u, s, vh)


def _deflation(a: FloatArray, k: int, n_iter: int, tol: float, rng: "np.random.Generator") -> SVDResult:
    """A ← A - σ u vᵀ after each triplet."""
    m, n = a.shape
    u, s, vh = np.empty((m, k), a.dtype), np.empty(k, a.dtype), np.empty((k, n), a.dtype)
    rest, starts = np.array(a, order="C"), rng.standard_normal((k, n))
    # σ's error is the square of the vectors', so it must settle to tol² for the vectors to reach tol.
    settled = max(tol * tol, float(np.finfo(a.dtype).eps))
    for i in range(k):
        triplet = _iterate(rest, starts[i], 100 * n_iter, settled)
        if i > 0 and triplet.sigma <= max(m, n) * np.finfo(a.dtype).eps * s[0]:  # nothing is left but rounding
            s[i:], u[:, i:], vh[i:] = 0, _complement(u[:, :i], k, rng), _complement(vh[:i].T, k, rng).T
            break
        s[i], u[:, i], vh[i] = triplet.sigma, triplet.u, triplet.v
        _kernels.gemm(rest, triplet.u[:, None], triplet.v[None, :], -triplet.sigma, 1.0)
    residual = float(np.abs(np.linalg.norm(a.T @ u - s * vh.T, axis=0)).max() / max(s[0], np.finfo(a.dtype).tiny))
    loosest = 1e-6 if a.dtype == np.float64 else 1e-2
    if residual > max(tol, loosest):
        _warn_unconverged("svd", 100 * n_iter, residual, max(tol, loosest))
    return SVDResult(u, s, vh)


def _complement(basis: FloatArray, k: int, rng: "np.random.Generator") -> FloatArray:
    """Orthonormal columns that complete `basis` (n × i) to k."""
    n, i = basis.shape
    q, _ = np.linalg.qr(np.hstack([basis, rng.standard_normal((n, k - i)).astype(basis.dtype)]))
    return q[:, i:]


def power_iteration(
    a: Any, n_iter: int = 10_000, *, tol: float | None = None, v0: Any = None, seed: Any = 0
) -> PowerIterationResult:
    """The largest singular value and its vectors by power iteration on aᵀa.

    v ← aᵀa v / ‖aᵀa v‖, σ = ‖a v‖, u = a v / σ. The error of σ falls by (σ₂/σ₁)⁴ a step.

    Parameters
    ----------
    a : array_like, shape (m, n)
    n_iter : int
        At most this many steps.
    tol : float, optional
        Stop when σ changes by at most tol · σ in a step; default: the rounding unit of the dtype, and then the
        vectors are exact to about its square root.
    v0 : array_like, shape (n,), optional
        Where to start; by default a random direction drawn from `seed`.
    seed : int, SeedSequence or Generator

    Returns
    -------
    PowerIterationResult
        sigma, u (m,), v (n,), and trace: σ after each step.

    Raises
    ------
    LinAlgError
        If `a` is not a matrix, is empty or holds NaN or infinity.
    ValueError
        If `v0` has another shape or is zero, or `n_iter` is below 1.

    Warns
    -----
    ConvergenceWarning
        If σ had not settled after `n_iter` steps; the message names the residual ‖aᵀu - σ v‖ / σ.

    References
    ----------
    DRP, "SVD Through Power Iteration".

    Examples
    --------
    >>> from mmlcore import linalg
    >>> sigma, u, v, trace = linalg.power_iteration([[3, 0], [4, 5]])
    >>> round(sigma**2, 6)
    45.0
    """
    a = as_float(a, "power_iteration", "a")
    if a.ndim != 2 or a.size == 0:
        raise LinAlgError(message("power_iteration", "a", "a non-empty matrix", f"shape {a.shape}"))
    _require_finite("power_iteration", a)
    if n_iter < 1:
        raise ValueError(message("power_iteration", "n_iter", "at least 1", n_iter))
    if v0 is None:
        start = np.random.default_rng(seed).standard_normal(a.shape[1])
    else:
        start = as_float(v0, "power_iteration", "v0")
        if start.shape != a.shape[1:] or not np.isfinite(start).all() or not start.any():
            got = f"shape {start.shape}" if start.shape != a.shape[1:] else repr(start)
            raise ValueError(message("power_iteration", "v0", f"a non-zero vector of length {a.shape[1]}", got))
    return _iterate(a, start, n_iter, float(np.finfo(a.dtype).eps) if tol is None else tol, warn=True)


def _iterate(a: FloatArray, start: FloatArray, n_iter: int, tol: float, warn: bool = False) -> PowerIterationResult:
    v = np.array(start, a.dtype)
    u = np.empty(a.shape[0], a.dtype)
    trace = np.empty(n_iter, a.dtype)
    steps, converged = _kernels.power_iteration(u, v, trace, a, tol)
    sigma = float(trace[steps - 1])
    if warn and not converged:
        residual = float(np.linalg.norm(a.T @ u - sigma * v)) / sigma
        _warn_unconverged("power_iteration", steps, residual, tol)
    return PowerIterationResult(sigma, u, v, trace[:steps].copy())


def _warn_unconverged(function: str, steps: int, residual: float, tol: float) -> None:
    warnings.warn(
        f"{function}: residual {residual:.3g} after {steps} iterations, above the tolerance {tol:.3g}",
        ConvergenceWarning,
        stacklevel=4,
    )
