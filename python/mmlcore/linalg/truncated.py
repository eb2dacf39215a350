"""The leading singular triplets, without computing the others."""

import warnings
from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore._errors import ConvergenceWarning, choose, message
from mmlcore._random import Seed, as_generator
from mmlcore.linalg.eig import eigh
from mmlcore.linalg.full_svd import SVDResult, full_svd
from mmlcore.linalg.matmul import matmul
from mmlcore.linalg.operator import Operator, as_operator
from mmlcore.linalg.power_iteration import deflation, require_steps
from mmlcore.linalg.qr import qr

__all__ = ["leading_triplets", "subspace_iteration"]

_OVERSAMPLING = 10  # columns beyond k that a block carries: the k-th triplet then converges like the (k+10)-th gap

_BLOCK = 32  # columns of a Krylov block: a product costs little more than with fewer


def leading_triplets(a: Operator, k: int, method: str, n_iter: int | None, tol: float | None, seed: Seed) -> SVDResult:
    """What `svd(a, k=...)` does, on an Operator."""
    m, n = a.shape
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or not 1 <= k <= min(m, n):
        raise ValueError(message("svd", "k", f"an integer from 1 to {min(m, n)}", repr(k)))
    ways: dict[str, Any] = {"auto": _krylov, "block_power": _subspace, "power": _deflation, "randomized": _randomized}
    way = choose("svd", "method", method, ways)
    steps = require_steps("svd", (6 if method == "randomized" else 300) if n_iter is None else n_iter)
    if tol is None and method != "randomized":
        tol = 1e-10 if a.dtype == np.float64 else 1e-5
    whole = {"auto": 3 * (k + _OVERSAMPLING), "randomized": _krylov_width(k, steps) * (steps + 1)}
    if a.zero or whole.get(method, 0) >= min(m, n):  # the basis would span the matrix
        u, s, vh = full_svd(a.dense(), False, True)
        return SVDResult(u[:, :k].copy(), s[:k], vh[:k])
    found: SVDResult = way(a, int(k), steps, tol, as_generator(seed, "svd"))
    return found


def subspace_iteration(a: Any, k: int, *, n_iter: int = 300, tol: float | None = None, seed: Seed = 0) -> SVDResult:
    """The k leading singular triplets by subspace iteration: V ← orth(aᵀ orth(a V)) on k + 10 columns.

    `svd(a, k=k, method="block_power")` by its name; σ_k's error falls by (σ_{k+11} / σ_k)⁴ a step.

    Parameters
    ----------
    a : array_like or SciPy sparse matrix, shape (m, n)
    k : int
    n_iter : int
        At most this many steps.
    tol : float, optional
        Stop when max_i ‖aᵀu_i - σ_i v_i‖ ≤ tol · σ_1; default 1e-10 (float64), 1e-5 (float32).
    seed : int, SeedSequence, Generator or None
        Of the random start.

    Returns
    -------
    SVDResult

    Raises
    ------
    LinAlgError, ValueError
        As `svd`.

    Warns
    -----
    ConvergenceWarning
        If the residual was above `tol` after `n_iter` steps.

    References
    ----------
    DRP, "SVD Through Power Iteration".

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.subspace_iteration([[3, 0], [4, 5]], 1).S.round(6)
    array([6.708204])
    """
    return leading_triplets(as_operator("svd", a), k, "block_power", n_iter, tol, seed)


def _start(a: Operator, width: int, rng: "np.random.Generator") -> FloatArray:
    start: FloatArray = qr(rng.standard_normal((a.shape[1], min(width, *a.shape))).astype(a.dtype)).Q
    return start


def _small_problem(product: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A V = Q R, R = U_r Σ V_rᵀ: the best approximations in span(V) are Q U_r, Σ, V V_r (vectors in columns)."""
    q, r = qr(product)
    u, s, vh = full_svd(r, False, True)
    return matmul(q, u), s, matmul(v, vh.T)


def _residuals(back: FloatArray, s: FloatArray, v: FloatArray) -> FloatArray:
    """‖aᵀu_i - σ_i v_i‖ / σ_1 with back = aᵀU."""
    lengths: FloatArray = np.sqrt(np.square(back - s * v).sum(axis=0)) / s[0]
    return lengths


def _warn(residual: float, steps: int, tol: float) -> None:
    text = f"svd: residual {residual:.3g} after {steps} iterations, above the tolerance {tol:.3g}"
    warnings.warn(text, ConvergenceWarning, stacklevel=5)


def _result(a: Operator, k: int, u: FloatArray, s: FloatArray, v: FloatArray) -> SVDResult:
    return SVDResult(u[:, :k].copy(), s[:k] * a.dtype.type(a.scale), v[:, :k].T.copy())


def _subspace(a: Operator, k: int, n_iter: int, tol: float, rng: "np.random.Generator") -> SVDResult:
    v = _start(a, k + _OVERSAMPLING, rng)
    for step in range(1, n_iter + 1):
        u, s, v = _small_problem(a.times(v), v)
        back = a.transposed_times(u)
        residual = float(_residuals(back, s, v)[:k].max())
        if residual <= tol:
            break
        if step < n_iter:
            v = qr(back).Q
    else:
        _warn(residual, n_iter, tol)
    return _result(a, k, u, s, v)


def _deflation(a: Operator, k: int, n_iter: int, tol: float, rng: "np.random.Generator") -> SVDResult:
    return SVDResult(*deflation(a.dense(), k, n_iter, tol, rng))


def _orthogonalised(block: FloatArray, basis: FloatArray) -> FloatArray:
    """An orthonormal basis of `block` without its components in `basis`; twice is enough."""
    for _ in range(2):
        block = qr(block - matmul(basis, matmul(basis.T, block))).Q
    return block


def _krylov(a: Operator, k: int, n_iter: int, tol: float, rng: "np.random.Generator") -> SVDResult:
    """Block Krylov iteration on aᵀa with restarts.

    The basis grows by the block aᵀ(a V_last); when it is full, the small problem keeps its k + 10 best vectors, and
    the block goes on from what their residuals span.
    """
    keep = min(k + _OVERSAMPLING, *a.shape)
    block = max(8, min(keep, _BLOCK))
    room = min(3 * keep + 3 * block, *a.shape)
    v = _start(a, keep, rng)
    product = a.times(v)
    last = product[:, :block]
    for step in range(1, n_iter + 1):
        while v.shape[1] + block <= room:
            new = _orthogonalised(a.transposed_times(np.ascontiguousarray(last)), v)
            last = a.times(new)
            v, product = np.hstack([v, new]), np.hstack([product, last])
        u, s, v = (x[..., :keep] for x in _small_problem(product, v))
        back = a.transposed_times(np.ascontiguousarray(u))
        residuals = _residuals(back, s, v)
        if residuals[:k].max() <= tol:
            break
        if step < n_iter:
            worst = np.argsort(residuals <= tol, kind="stable")[:block]  # the first that are not there yet
            new = _orthogonalised((back - s * v)[:, worst], v)
            last = a.times(new)
            v, product = np.hstack([v, new]), np.hstack([u * s, last])
    else:
        _warn(float(residuals[:k].max()), n_iter, tol)
    return _result(a, k, u, s, v)


def _krylov_width(k: int, n_iter: int) -> int:
    """Of a block, so that n_iter + 1 of them hold k vectors and some more."""
    return max(_BLOCK, -(-(k + _OVERSAMPLING) // (n_iter + 1)))


def _randomized(a: Operator, k: int, n_iter: int, tol: float | None, rng: "np.random.Generator") -> SVDResult:
    """span(Ω, (aᵀa)Ω, …) in single precision, which is enough for a subspace that is approximate anyway.

    The residual costs a product with a, and is asked for only by who names a tolerance.
    """
    rough = a.single()
    new = _start(rough, _krylov_width(k, n_iter), rng)
    bases, products = [new], [rough.times(new)]
    for _ in range(n_iter):
        new = _orthogonalised(rough.transposed_times(products[-1]), np.hstack(bases))
        bases.append(new)
        products.append(rough.times(new))
    # The best of the span: the leading eigenvectors of (a V)ᵀ(a V), which double precision keeps apart well enough.
    product = np.hstack(products).astype(np.float64)
    best = eigh(matmul(product.T, product)).eigenvectors[:, : -k - _OVERSAMPLING - 1 : -1]
    v = qr(matmul(np.hstack(bases).astype(a.dtype), best.astype(a.dtype))).Q
    u, s, v = _small_problem(a.times(v), v)
    if tol is not None:
        residual = float(_residuals(a.transposed_times(np.ascontiguousarray(u[:, :k])), s[:k], v[:, :k]).max())
        if not residual <= tol:
            _warn(residual, n_iter, tol)
    return _result(a, k, u, s, v)
