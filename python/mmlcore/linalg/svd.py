"""The singular value decomposition: complete, and its leading triplets by power iteration."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import ConvergenceWarning, choose, message
from mmlcore._random import Seed, as_generator

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
    hermitian: bool = False,
    *,
    k: int | None = None,
    method: str = "auto",
    n_iter: int = 300,
    tol: float | None = None,
    seed: Seed = 0,
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
    hermitian : bool
        `a` is symmetric. Accepted as NumPy does; the decomposition is the same.
    k : int, optional
        Only the k largest singular values and their vectors, without computing the others.
    method : {"auto", "block_power", "power"}
        How, with `k`. "block_power": subspace iteration V ← orth(aᵀ orth(a V)) on k + 10 columns. "power": power
        iteration for one triplet at a time on what the former ones leave (deflation), as the source document
        does; that reaches 1e-6 (float64) or 1e-2 (float32) at best. "auto": the complete decomposition where
        the block would span the matrix, else "block_power".
    n_iter : int
        With `k`, at most this many iterations (for "power": a hundred times that many for each triplet).
    tol : float, optional
        With `k`, stop when max_i ‖aᵀu_i - σ_i v_i‖ ≤ tol · σ_1; default 1e-10 (float64), 1e-5 (float32).
    seed : int, SeedSequence, Generator or None
        Of the random start, with `k`; None draws from NumPy's global state.

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


def _is_count(n: Any) -> bool:
    return isinstance(n, int | np.integer) and not isinstance(n, bool) and int(n) >= 1


def _require_steps(function: str, n_iter: Any) -> None:
    if not _is_count(n_iter):
        raise ValueError(message(function, "n_iter", "an integer of at least 1", repr(n_iter)))


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
    if not _is_count(k) or k > smallest:
        raise ValueError(message("svd", "k", f"an integer from 1 to {smallest}", repr(k)))
    _require_steps("svd", n_iter)
    if tol is None:
        tol = 1e-10 if a.dtype == np.float64 else 1e-5
    ways = {"auto": _block_power, "block_power": _block_power, "power": _deflation}
    way = choose("svd", "method", method, ways)
    if method == "auto" and k + _OVERSAMPLING >= smallest:
        u, s, vh = _complete(a, False, True)
        return SVDResult(u[:, :k].copy(), s[:k], vh[:k])
    return way(a, int(k), n_iter, tol, as_generator(seed, "svd"))


def _block_power(a: FloatArray, k: int, n_iter: int, tol: float, rng: "np.random.Generator") -> SVDResult:
    m, n = a.shape
    start = rng.standard_normal((n, min(k + _OVERSAMPLING, m, n))).astype(a.dtype)
    u, s, vh = np.empty((m, k), a.dtype), np.empty(k, a.dtype), np.empty((k, n), a.dtype)
    steps, converged, residual = _kernels.block_power_iteration(u, s, vh, start, a, n_iter, tol)
    if not converged:
        text = f"svd: residual {residual:.3g} after {steps} iterations, above the tolerance {tol:.3g}"
        warnings.warn(text, ConvergenceWarning, stacklevel=4)
    return SVDResult(u, s, vh)


def _deflation(a: FloatArray, k: int, n_iter: int, tol: float, rng: "np.random.Generator") -> SVDResult:
    """A ← A - σ u vᵀ after each triplet."""
    m, n = a.shape
    eps = float(np.finfo(a.dtype).eps)
    u, s, vh = np.empty((m, k), a.dtype), np.zeros(k, a.dtype), np.empty((k, n), a.dtype)
    scale = np.abs(a).max() or 1
    a = a / scale
    rest, starts, steps = a.copy(), rng.standard_normal((k, n)), 0
    for i in range(k):
        # σ's error is the square of the vectors', so it must settle to tol² for the vectors to reach tol.
        triplet, done, _ = _iterate(rest, starts[i], 100 * n_iter, max(tol * tol, eps))
        steps += done
        if triplet.sigma <= max(m, n) * eps * s[0]:  # nothing is left but rounding
            u[:, i:], vh[i:] = _complement(u[:, :i], k, rng), _complement(vh[:i].T, k, rng).T
            break
        s[i], u[:, i], vh[i] = triplet.sigma, triplet.u, triplet.v
        _kernels.gemm(rest, triplet.u[:, None], triplet.v[None, :], -triplet.sigma, 1.0)
    residual = float(np.linalg.norm(a.T @ u - s * vh.T, axis=0).max() / (s[0] or 1))
    reachable = max(tol, 1e-6 if a.dtype == np.float64 else 1e-2)
    if residual > reachable:
        text = f"svd: residual {residual:.3g} after {steps} iterations, above the tolerance {reachable:.3g}"
        warnings.warn(text, ConvergenceWarning, stacklevel=4)
    return SVDResult(u, s * scale, vh)


def _complement(basis: FloatArray, k: int, rng: "np.random.Generator") -> FloatArray:
    """Orthonormal columns that complete `basis` (n × i) to k."""
    n, i = basis.shape
    q, _ = np.linalg.qr(np.hstack([basis, rng.standard_normal((n, k - i)).astype(basis.dtype)]))
    return q[:, i:]


def power_iteration(
    a: Any, n_iter: int = 10_000, *, tol: float | None = None, v0: Any = None, seed: Seed = 0
) -> PowerIterationResult:
    """The largest singular value and its vectors by power iteration on aᵀa.

    v ← aᵀa v / ‖aᵀa v‖, σ = ‖a v‖, u = a v / σ. The error of σ falls by (σ₂/σ₁)⁴ a step.

    Parameters
    ----------
    a : array_like, shape (m, n)
    n_iter : int
        At most this many steps.
    tol : float, optional
        Stop when σ changes by at most tol · σ in a step; default: the rounding unit of the dtype. Where σ₂ is well
        below σ₁ the vectors are then exact to about its square root; where σ₂ ≈ σ₁ they may be any of that plane.
    v0 : array_like, shape (n,), optional
        Where to start; by default a random direction drawn from `seed`.
    seed : int, SeedSequence, Generator or None
        Of the random start; None draws from NumPy's global state.

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
        If σ had not settled after `n_iter` steps, or the start lay in the null space of `a` ≠ 0; the message names
        the residual ‖aᵀu - σ v‖ / σ.

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
    _require_steps("power_iteration", n_iter)
    if v0 is None:
        start = as_generator(seed, "power_iteration").standard_normal(a.shape[1])
    else:
        start = as_float(v0, "power_iteration", "v0")
        if start.shape != a.shape[1:] or not np.isfinite(start).all() or not start.any():
            got = f"shape {start.shape}" if start.shape != a.shape[1:] else repr(start)
            raise ValueError(message("power_iteration", "v0", f"a non-zero vector of length {a.shape[1]}", got))
    result, steps, converged = _iterate(a, start, n_iter, float(np.finfo(a.dtype).eps) if tol is None else tol)
    if not converged and a.any():
        sigma, u, v, _ = result
        residual = float(np.linalg.norm(a.T @ u - sigma * v)) / (sigma or 1)
        why = "sigma was still changing" if sigma else "the start lies in the null space"
        text = f"power_iteration: {why}, residual {residual:.3g}, after {steps} iterations"
        warnings.warn(text, ConvergenceWarning, stacklevel=2)
    return result


def _iterate(a: FloatArray, start: FloatArray, n_iter: int, tol: float) -> tuple[PowerIterationResult, int, bool]:
    v = np.array(start, a.dtype)
    u = np.empty(a.shape[0], a.dtype)
    trace = np.empty(n_iter, a.dtype)
    steps, converged = _kernels.power_iteration(u, v, trace, a, tol)
    return PowerIterationResult(float(trace[steps - 1]), u, v, trace[:steps].copy()), steps, converged
