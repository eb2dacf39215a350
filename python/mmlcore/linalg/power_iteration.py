"""The leading singular triplet by power iteration, and the next ones by deflation, as the source document does it."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import ConvergenceWarning, message
from mmlcore._random import Seed, as_generator
from mmlcore.linalg.operator import Operator, as_operator, is_sparse
from mmlcore.linalg.qr import qr

__all__ = ["PowerIterationResult", "deflation", "power_iteration", "require_steps"]


class PowerIterationResult(NamedTuple):
    """The leading singular triplet, and how it was reached."""

    sigma: float
    u: FloatArray
    v: FloatArray
    trace: FloatArray


def require_steps(function: str, n_iter: Any) -> int:
    """`n_iter` as an int of at least 1, or a ValueError."""
    if not isinstance(n_iter, int | np.integer) or isinstance(n_iter, bool) or n_iter < 1:
        raise ValueError(message(function, "n_iter", "an integer of at least 1", repr(n_iter)))
    return int(n_iter)


def power_iteration(
    a: Any, n_iter: int = 10_000, *, tol: float | None = None, v0: Any = None, seed: Seed = 0
) -> PowerIterationResult:
    """The largest singular value and its vectors by power iteration on aᵀa.

    v ← aᵀa v / ‖aᵀa v‖, σ = ‖a v‖, u = a v / σ. The error of σ falls by (σ₂/σ₁)⁴ a step.

    Parameters
    ----------
    a : array_like or SciPy sparse matrix, shape (m, n)
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
    matrix = a if is_sparse(a) else as_float(a, "power_iteration", "a")
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise LinAlgError(message("power_iteration", "a", "a non-empty matrix", f"shape {matrix.shape}"))
    a = as_operator("power_iteration", matrix)
    require_steps("power_iteration", n_iter)
    if v0 is None:
        start = as_generator(seed, "power_iteration").standard_normal(a.shape[1])
    else:
        start = as_float(v0, "power_iteration", "v0")
        if start.shape != a.shape[1:] or not np.isfinite(start).all() or not start.any():
            got = f"shape {start.shape}" if start.shape != a.shape[1:] else repr(start)
            raise ValueError(message("power_iteration", "v0", f"a non-zero vector of length {a.shape[1]}", got))
    limit = float(np.finfo(a.dtype).eps) if tol is None else tol
    if is_sparse(matrix):
        result, steps, converged = _iterate_sparse(a, start, n_iter, limit)
    else:
        result, steps, converged = _iterate(matrix, start, n_iter, limit)
    if not converged and not a.zero:
        sigma, u, v, _ = result
        back = a.transposed_times(u[:, None])[:, 0] * a.scale
        residual = float(np.linalg.norm(back - sigma * v)) / (sigma or 1)
        why = "sigma was still changing" if sigma else "the start lies in the null space"
        text = f"power_iteration: {why}, residual {residual:.3g}, after {steps} iterations"
        warnings.warn(text, ConvergenceWarning, stacklevel=2)
    return result


def _iterate_sparse(a: Operator, start: FloatArray, n_iter: int, tol: float) -> tuple[PowerIterationResult, int, bool]:
    """What the kernel does, on products with a sparse matrix."""
    v = (start / np.linalg.norm(start)).astype(a.dtype)
    u: FloatArray = np.zeros(a.shape[0], a.dtype)
    trace: list[float] = []
    for step in range(n_iter):
        u = a.times(v[:, None])[:, 0]
        trace.append(float(np.linalg.norm(u)))
        if trace[-1] == 0:
            break
        u /= a.dtype.type(trace[-1])
        if len(trace) > 1 and abs(trace[-1] - trace[-2]) <= tol * trace[-1]:
            break
        if step + 1 < n_iter:
            v = a.transposed_times(u[:, None])[:, 0]
            v /= np.linalg.norm(v)
    else:
        return _scaled(a, u, v, trace), n_iter, False
    return _scaled(a, u, v, trace), len(trace), trace[-1] > 0


def _scaled(a: Operator, u: FloatArray, v: FloatArray, trace: list[float]) -> PowerIterationResult:
    sigmas = np.array(trace, a.dtype) * a.dtype.type(a.scale)
    return PowerIterationResult(float(sigmas[-1]), u, v, sigmas)


def _iterate(a: FloatArray, start: FloatArray, n_iter: int, tol: float) -> tuple[PowerIterationResult, int, bool]:
    v = np.array(start, a.dtype)
    u = np.empty(a.shape[0], a.dtype)
    trace = np.empty(n_iter, a.dtype)
    steps, converged = _kernels.power_iteration(u, v, trace, a, tol)
    return PowerIterationResult(float(trace[steps - 1]), u, v, trace[:steps].copy()), steps, converged


def deflation(
    a: FloatArray, k: int, n_iter: int, tol: float, rng: "np.random.Generator"
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The k leading triplets one at a time: a ← a - σ u vᵀ after each; U (m, k), S (k), Vh (k, n)."""
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
        warnings.warn(text, ConvergenceWarning, stacklevel=5)
    return u, s * scale, vh


def _complement(basis: FloatArray, k: int, rng: "np.random.Generator") -> FloatArray:
    """Orthonormal columns that complete `basis` (n × i) to k."""
    n, i = basis.shape
    q, _ = qr(np.hstack([basis, rng.standard_normal((n, k - i)).astype(basis.dtype)]))
    return q[:, i:]
