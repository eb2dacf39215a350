"""What positive definite matrices allow: factors used again, updated factors, roots, and tests of definiteness."""

from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float, as_same_float
from mmlcore._errors import message
from mmlcore.linalg.cholesky import cholesky, solve_triangular
from mmlcore.linalg.eig import eigh, eigvalsh
from mmlcore.linalg.matmul import matmul
from mmlcore.linalg.stacks import require_finite, require_square

__all__ = [
    "LDLTResult",
    "QuadraticExtrema",
    "cho_factor",
    "cho_solve",
    "cholesky_update",
    "definiteness",
    "inv_sqrtm",
    "is_positive_definite",
    "ldlt",
    "quadratic_extrema",
    "sqrtm",
]


class LDLTResult(NamedTuple):
    """Unit lower triangular factor, diagonal of blocks, and the order of the rows."""

    L: FloatArray
    D: FloatArray
    order: np.ndarray


class QuadraticExtrema(NamedTuple):
    """Largest and smallest value of xᵀ a x over ‖x‖ = 1, and where they are taken."""

    max: float
    argmax: FloatArray
    min: float
    argmin: FloatArray


def cho_factor(a: Any, lower: bool = False) -> tuple[FloatArray, bool]:
    """The Cholesky factor and which triangle it is, for `cho_solve`, as `scipy.linalg.cho_factor`.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
    lower : bool
        a = L Lᵀ from the lower triangle; otherwise a = UᵀU from the upper one.

    Returns
    -------
    ndarray, shape (..., n, n)
        The factor; zeros in the other triangle.
    bool
        `lower`.

    Raises
    ------
    LinAlgError
        If `a` is not square or not positive definite, or the triangle holds NaN or infinity.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> factor = linalg.cho_factor([[4, 2], [2, 5]])
    >>> linalg.cho_solve(factor, [8, 12])
    array([1., 2.])
    """
    a = as_float(a, "cho_factor", "a")
    factor = cholesky(a, upper=not lower)
    require_finite("cho_factor", np.diagonal(factor, axis1=-2, axis2=-1))  # a row with NaN has a pivot with NaN
    return factor, bool(lower)


def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> FloatArray:
    """The solution of a x = b from the factor of `a`, as `scipy.linalg.cho_solve`: two triangular systems.

    Parameters
    ----------
    c_and_lower : pair
        What `cho_factor` returned.
    b : array_like, shape (n,) or (..., n, m)

    Returns
    -------
    ndarray, the shape of `b`

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.cho_solve(linalg.cho_factor([[4, 0], [0, 9]], lower=True), [8, 9])
    array([2., 1.])
    """
    c, lower = c_and_lower
    first = solve_triangular(c, b, trans=0 if lower else 1, lower=lower)
    return solve_triangular(c, first, trans=1 if lower else 0, lower=lower)


def cholesky_update(factor: Any, x: Any, *, downdate: bool = False) -> FloatArray:
    """The Cholesky factor of L Lᵀ + x xᵀ (or L Lᵀ - x xᵀ) from L in O(n²), by rotations.

    Column j: r = √(l_jj² ± x_j²), c = r / l_jj, s = x_j / l_jj; l_ij ← (l_ij ± s x_i) / c, x_i ← c x_i - s l_ij.

    Parameters
    ----------
    factor : array_like, shape (n, n)
        L, lower triangular with a positive diagonal.
    x : array_like, shape (n,)
    downdate : bool
        Subtract x xᵀ instead.

    Returns
    -------
    ndarray, shape (n, n)

    Raises
    ------
    LinAlgError
        If the result is not positive definite.
    ValueError
        If the shapes do not fit.

    References
    ----------
    Golub, Van Loan, Matrix Computations, 6.5.4.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.cholesky_update([[2.0, 0.0], [1.0, 2.0]], [0.0, 1.5])
    array([[2. , 0. ],
           [1. , 2.5]])
    """
    lower, x = as_same_float("cholesky_update", factor=factor, x=x)
    require_square("cholesky_update", lower, "factor")
    if x.shape != lower.shape[-1:] or lower.ndim != 2:
        raise ValueError(message("cholesky_update", "x", f"of {lower.shape[-1]} elements", f"shape {x.shape}"))
    lower, x, sign = lower.copy(), x.copy(), -1 if downdate else 1
    for j in range(len(x)):
        pivot = lower[j, j]
        ratio = x[j] / pivot
        square = 1 + sign * ratio * ratio
        if not square > 0 or not pivot > 0:
            raise LinAlgError(
                message("cholesky_update", "the result", "positive definite", f"pivot {j} = {square:.3g}")
            )
        c = np.sqrt(square)
        lower[j:, j] = (lower[j:, j] + sign * ratio * x[j:]) / c
        x[j:] = c * x[j:] - ratio * lower[j:, j]
    return lower


def ldlt(a: Any) -> LDLTResult:
    """a[order][:, order] = L D Lᵀ for a symmetric matrix that need not be definite (rook pivoting).

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Only the lower triangle is read.

    Returns
    -------
    LDLTResult
        L (..., n, n) unit lower triangular; D (..., n, n) diagonal but for 2 × 2 blocks; order (..., n). The number
        of positive, zero and negative eigenvalues of `a` is that of D.

    Raises
    ------
    LinAlgError
        If `a` is not square or not finite.

    References
    ----------
    Ashcraft, Grimes, Lewis, "Accurate symmetric indefinite linear equation solvers", 1998.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> L, D, order = linalg.ldlt([[0, 1], [1, 0]])
    >>> D
    array([[0., 1.],
           [1., 0.]])
    """
    a = as_float(a, "ldlt", "a")
    require_square("ldlt", a)
    require_finite("ldlt", a)
    lower, d, order = np.empty(a.shape, a.dtype), np.empty(a.shape, a.dtype), np.empty(a.shape[:-1], np.intp)
    _kernels.ldlt(lower, d, order, a)
    return LDLTResult(lower, d, order)


def sqrtm(a: Any) -> FloatArray:
    """The symmetric positive semi-definite square root, S S = a: S = V diag(√λ) Vᵀ.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Symmetric positive semi-definite; the lower triangle is read.

    Returns
    -------
    ndarray, shape (..., n, n)

    Raises
    ------
    LinAlgError
        If an eigenvalue is negative beyond rounding (4 n · eps · ‖a‖).

    References
    ----------
    CS582, section 2; SIT744 (square roots of semi-definite matrices).

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.sqrtm([[5, 4], [4, 5]]).round(12)
    array([[2., 1.],
           [1., 2.]])
    """
    values, v = _semi_definite("sqrtm", a)
    root: FloatArray = matmul(v * np.sqrt(values)[..., None, :], np.swapaxes(v, -1, -2))
    return root


def inv_sqrtm(a: Any) -> FloatArray:
    """The inverse square root of a positive definite matrix, S a S = 1: S = V diag(1/√λ) Vᵀ.

    Parameters
    ----------
    a : array_like, shape (..., n, n)
        Symmetric positive definite; the lower triangle is read.

    Returns
    -------
    ndarray, shape (..., n, n)

    Raises
    ------
    LinAlgError
        If an eigenvalue is not positive beyond rounding (4 n · eps · ‖a‖).

    References
    ----------
    CS582, section 2; SIT744.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.inv_sqrtm([[4, 0], [0, 16]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    values, v = _semi_definite("inv_sqrtm", a)
    if values.size and not (values > _rounding(values)[..., None]).all():
        raise LinAlgError(message("inv_sqrtm", "a", "positive definite", f"eigenvalue {values.min():.3g}"))
    root: FloatArray = matmul(v / np.sqrt(values)[..., None, :], np.swapaxes(v, -1, -2))
    return root


def _rounding(values: FloatArray) -> FloatArray:
    """4 n · eps · ‖a‖ from the eigenvalues."""
    size: FloatArray = np.abs(values).max(axis=-1, initial=0)
    return size * values.dtype.type(4 * values.shape[-1] * np.finfo(values.dtype).eps)


def _semi_definite(function: str, a: Any) -> tuple[FloatArray, FloatArray]:
    values, v = eigh(as_float(a, function, "a"))
    if (values < -_rounding(values)[..., None]).any():
        raise LinAlgError(message(function, "a", "positive semi-definite", f"eigenvalue {values.min():.6g}"))
    return np.maximum(values, 0), v


def is_positive_definite(a: Any) -> bool:
    """Whether a symmetric matrix is positive definite: whether it has a Cholesky factor.

    Parameters
    ----------
    a : array_like, shape (n, n)

    Returns
    -------
    bool
        False also where `a` is not symmetric to rounding.

    Raises
    ------
    LinAlgError
        If `a` is not a square matrix.

    References
    ----------
    CS582, section 2; DRP, Example 4.10.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.is_positive_definite([[2, 1], [1, 2]]), linalg.is_positive_definite([[1, 2], [2, 1]])
    (True, False)
    """
    a = as_float(a, "is_positive_definite", "a")
    require_square("is_positive_definite", a)
    if a.ndim != 2:
        raise LinAlgError(message("is_positive_definite", "a", "a single matrix", f"shape {a.shape}"))
    if not np.isfinite(a).all() or not _symmetric(a):
        return False
    try:
        cholesky(a)
    except LinAlgError:
        return False
    return True


def _symmetric(a: FloatArray) -> bool:
    return bool(np.abs(a - a.T).max(initial=0) <= 8 * np.finfo(a.dtype).eps * np.abs(a).max(initial=0))


def definiteness(a: Any) -> str:
    """Which of the five kinds a symmetric matrix is, by the signs of its eigenvalues.

    Parameters
    ----------
    a : array_like, shape (n, n)
        Eigenvalues up to 4 n · eps · ‖a‖ count as zero.

    Returns
    -------
    {"positive definite", "positive semi-definite", "negative definite", "negative semi-definite", "indefinite"}
        The zero matrix is "positive semi-definite".

    Raises
    ------
    LinAlgError
        If `a` is not a symmetric matrix.

    References
    ----------
    CS582, section 2; SIT744.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.definiteness([[1, 1], [1, 1]])
    'positive semi-definite'
    """
    a = as_float(a, "definiteness", "a")
    require_square("definiteness", a)
    if a.ndim != 2 or not _symmetric(a):
        raise LinAlgError(message("definiteness", "a", "a symmetric matrix", f"shape {a.shape}, not symmetric"))
    values = eigvalsh(a)
    zero = _rounding(values)
    positive, negative = bool((values > zero).any()), bool((values < -zero).any())
    if positive and negative:
        return "indefinite"
    whole = bool((np.abs(values) > zero).all())
    return ("negative " if negative else "positive ") + ("definite" if whole else "semi-definite")


def quadratic_extrema(a: Any) -> QuadraticExtrema:
    """Maximum and minimum of xᵀ a x over ‖x‖ = 1: the outermost eigenvalues of (a + aᵀ) / 2, at their eigenvectors.

    Parameters
    ----------
    a : array_like, shape (n, n)

    Returns
    -------
    QuadraticExtrema
        max, argmax (n,), min, argmin (n,).

    Raises
    ------
    LinAlgError
        If `a` is not a non-empty square matrix, or not finite.

    References
    ----------
    CS582, section 2 (quadratic forms on the unit sphere); SIT744.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> extrema = linalg.quadratic_extrema([[2, 1], [1, 2]])
    >>> round(extrema.max, 12), round(extrema.min, 12)
    (3.0, 1.0)
    """
    a = as_float(a, "quadratic_extrema", "a")
    require_square("quadratic_extrema", a)
    if a.ndim != 2 or a.size == 0:
        raise LinAlgError(message("quadratic_extrema", "a", "a non-empty matrix", f"shape {a.shape}"))
    values, v = eigh(a / 2 + a.T / 2)
    return QuadraticExtrema(float(values[-1]), v[:, -1].copy(), float(values[0]), v[:, 0].copy())
