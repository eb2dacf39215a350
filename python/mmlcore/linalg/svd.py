"""The singular value decomposition, complete or in part."""

from typing import Any

from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message
from mmlcore._random import Seed
from mmlcore.linalg.full_svd import full_svd, symmetric_svd
from mmlcore.linalg.operator import as_operator, is_sparse
from mmlcore.linalg.stacks import like, require_matrices, require_square
from mmlcore.linalg.truncated import leading_triplets

__all__ = ["svd", "svdvals"]


def svd(
    a: Any,
    full_matrices: bool = True,
    compute_uv: bool = True,
    hermitian: bool = False,
    *,
    k: int | None = None,
    method: str = "auto",
    n_iter: int | None = None,
    tol: float | None = None,
    seed: Seed = 0,
) -> Any:
    """The singular value decomposition a = U diag(S) Vh, as `numpy.linalg.svd`; with `k`, its leading triplets.

    Complete: reflectors to bidiagonal form (after a QR factorisation where `a` is not square), then divide and conquer.

    Parameters
    ----------
    a : array_like, shape (..., m, n)
        A single matrix if `k` is given; then also a SciPy sparse matrix.
    full_matrices : bool
        U (..., m, m) and Vh (..., n, n); otherwise (..., m, r) and (..., r, n) with r = min(m, n).
    compute_uv : bool
        Otherwise only S is returned.
    hermitian : bool
        `a` is symmetric: by its eigenvalues, from the lower triangle.
    k : int, optional
        Only the k largest singular values and their vectors, without computing the others.
    method : {"auto", "block_power", "power", "randomized"}
        How, with `k`. "auto": block Krylov iteration with restarts (Golub-Kahan-Lanczos) until the residual is at
        most `tol`; the complete decomposition where its basis would span the matrix. "block_power": subspace iteration
        V ← orth(aᵀ orth(a V)) on k + 10 columns. "power": power iteration for one triplet at a time on what the former
        ones leave (deflation), as the source document does; that reaches 1e-6 (float64) or 1e-2 (float32) at best.
        "randomized": a Krylov space of `n_iter` steps from a random block of 32 columns and no more, whatever the
        residual, which is measured only where `tol` is given.
    n_iter : int, optional
        With `k`, at most this many iterations: 300 (for "power", a hundred times that many for each triplet); for
        "randomized" exactly as many, 6.
    tol : float, optional
        With `k`, stop when max_i ‖aᵀu_i - σ_i v_i‖ ≤ tol · σ_1; default 1e-10 (float64), 1e-5 (float32), for
        "randomized" none.
    seed : int, SeedSequence, Generator or None
        Of the random start, with `k`; None draws from NumPy's global state.

    Returns
    -------
    SVDResult or ndarray
        (U, S, Vh), S falling; or S alone.

    Raises
    ------
    LinAlgError
        If `a` has fewer than two axes or holds NaN or, with vectors, infinity; S alone is NaN there, as NumPy's.
    TypeError
        If `a` is not real, or sparse and `k` is not given.
    ValueError
        If `k` is not in 1 … min(m, n), or `method` is unknown.

    Warns
    -----
    ConvergenceWarning
        If the iteration stopped at `n_iter` above `tol`; the message names the residual.

    References
    ----------
    DRP, "SVD Through Power Iteration". Gu, Eisenstat, "A divide-and-conquer algorithm for the bidiagonal SVD", 1995.
    Halko, Martinsson, Tropp, "Finding structure with randomness", 2011. Musco, Musco, "Randomized block Krylov methods
    for stronger and faster approximate singular value decomposition", 2015.

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
    if k is not None:
        result = leading_triplets(as_operator("svd", a), k, method, n_iter, tol, seed)
        return result if compute_uv else result.S
    if is_sparse(a):
        raise TypeError(message("svd", "a", "dense where k is not given", f"a sparse matrix of shape {a.shape}"))
    original = a
    a = as_float(a, "svd", "a")
    require_matrices("svd", a)
    if hermitian:
        require_square("svd", a)
    result = symmetric_svd(a, compute_uv) if hermitian else full_svd(a, full_matrices, compute_uv)
    return result._replace(U=like(original, result.U), Vh=like(original, result.Vh)) if compute_uv else result


def svdvals(x: Any, /) -> FloatArray:
    """The singular values, falling, as `numpy.linalg.svdvals`.

    Parameters
    ----------
    x : array_like, shape (..., m, n)

    Returns
    -------
    ndarray, shape (..., min(m, n))
        NaN for a matrix that holds an infinity.

    Raises
    ------
    LinAlgError
        If `x` has fewer than two axes or holds NaN.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.svdvals([[3, 0], [4, 5]]).round(6)
    array([6.708204, 2.236068])
    """
    values: FloatArray = svd(x, compute_uv=False)
    return values
