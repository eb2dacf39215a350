"""Inverses, determinants and linear systems: mmlcore.linalg's functions with their derivatives."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import linalg
from mmlcore.autodiff import defvjp, implements, primitive
from mmlcore.ops.arithmetic import multiply
from mmlcore.ops.broadcasting import unbroadcast
from mmlcore.ops.matmul import matmul
from mmlcore.ops.shape import expand_dims, reshape, shape_of, swapaxes

__all__ = ["cholesky", "det", "inv", "lstsq", "pinv", "slogdet", "solve", "solve_triangular"]


def _t(x: Any) -> Any:
    return swapaxes(x, -1, -2)


def _scaled(g: Any, matrix: Any) -> Any:
    """One number for each matrix of a stack, times the matrix."""
    return multiply(reshape(g, (*shape_of(g), 1, 1)), matrix)


@implements(np.linalg.inv)
@primitive
def inv(a: Any) -> Any:
    """The inverse of a square matrix, or of a stack of them.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64

    Returns
    -------
    array (..., n, n)

    Raises
    ------
    LinAlgError
        If a matrix is singular or not square.

    Notes
    -----
    With g = ∂E/∂(a⁻¹):  ∂E/∂a = -a⁻ᵀ g a⁻ᵀ.

    References
    ----------
    CS582, section 4 (derivatives of matrices); Petersen, Pedersen, The Matrix Cookbook, (124).

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return linalg.inv(a)


defvjp(inv, lambda ans, a: lambda g: -matmul(matmul(_t(ans), g), _t(ans)))


@implements(np.linalg.det)
@primitive
def det(a: Any) -> Any:
    """The determinant of a square matrix, or of a stack of them.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64

    Returns
    -------
    array (...) or NumPy scalar

    Raises
    ------
    LinAlgError
        If `a` is not square.

    Notes
    -----
    With g = ∂E/∂det a:  ∂E/∂a = g · det a · a⁻ᵀ (Jacobi's formula). Of a singular matrix a = U Σ Vᵀ the cofactors in
    its place are det U det V · U diag(∏ⱼ≠ᵢ σⱼ) Vᵀ; higher derivatives then exist here where the rank is n - 1.

    References
    ----------
    Petersen, Pedersen, The Matrix Cookbook, (49).

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.det([[2.0, 1.0], [4.0, 7.0]]))
    10.0
    """
    return linalg.det(a)


def _cofactors(ans: Any, a: Any) -> Any:
    """The derivative of the determinant by each element."""
    try:
        return _scaled(ans, _t(inv(a)))
    except np.linalg.LinAlgError:
        u, s, vt = np.linalg.svd(a)
        others = np.prod(np.where(np.eye(shape_of(s)[-1], dtype=bool), 1.0, expand_dims(s, -2)), axis=-1)
        return _scaled(det(u) * det(vt), matmul(multiply(u, expand_dims(others, -2)), vt))


defvjp(det, lambda ans, a: lambda g: _scaled(g, _cofactors(ans, a)))


@primitive
def _logabsdet(a: Any) -> Any:
    return linalg.slogdet(a).logabsdet


defvjp(_logabsdet, lambda ans, a: lambda g: _scaled(g, _t(inv(a))))


@primitive
def _sign_of_det(a: Any) -> Any:
    return linalg.slogdet(a).sign


defvjp(_sign_of_det, None)


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """Sign and natural logarithm of |det a|.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64

    Returns
    -------
    SlogdetResult
        `sign` and `logabsdet`, arrays (...) or NumPy scalars.

    Raises
    ------
    LinAlgError
        If `a` is not square; its derivative also if a matrix is singular.

    Notes
    -----
    With g = ∂E/∂log|det a|:  ∂E/∂a = g · a⁻ᵀ; that of the sign is zero.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.slogdet([[0.0, 1.0], [1.0, 0.0]]).sign)
    -1.0
    """
    return linalg.SlogdetResult(_sign_of_det(a), _logabsdet(a))


@implements(np.linalg.solve)
@primitive
def solve(a: Any, b: Any) -> Any:
    """The solution x of a x = b.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64
    b : array (n,) or (..., n, m)
        Leading dimensions broadcast.

    Returns
    -------
    array (..., n) or (..., n, m)

    Raises
    ------
    LinAlgError
        If a matrix is singular or not square.

    Notes
    -----
    With g = ∂E/∂x:  ∂E/∂b = a⁻ᵀ g,  ∂E/∂a = -(a⁻ᵀ g) xᵀ.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.solve([[3.0, 1.0], [1.0, 2.0]], [9.0, 8.0])
    array([2., 3.])
    """
    return linalg.solve(a, b)


def _as_matrices(x: Any, vector: bool) -> Any:
    return expand_dims(x, -1) if vector else x


def _back_through(solve_transposed: Callable[[Any], Any], vector: bool, shape: tuple[int, ...]) -> Callable[[Any], Any]:
    """∂E/∂b = a⁻ᵀ g, summed over what b was broadcast along."""

    def pullback(g: Any) -> Any:
        back = solve_transposed(_as_matrices(g, vector))
        return unbroadcast(reshape(back, shape_of(back)[:-1]) if vector else back, shape)

    return pullback


def _solve_a(ans: Any, a: Any, b: Any) -> Callable[[Any], Any]:
    vector = len(shape_of(b)) == 1

    def pullback(g: Any) -> Any:
        back = solve(_t(a), _as_matrices(g, vector))
        return unbroadcast(-matmul(back, _t(_as_matrices(ans, vector))), shape_of(a))

    return pullback


def _solve_b(ans: Any, a: Any, b: Any) -> Callable[[Any], Any]:
    shape = shape_of(b)
    return _back_through(lambda g: solve(_t(a), g), len(shape) == 1, shape)


defvjp(solve, _solve_a, _solve_b)


@primitive
def solve_triangular(a: Any, b: Any, *, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False) -> Any:
    """The solution of a x = b for triangular `a`, as `mmlcore.linalg.solve_triangular`.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64
        Only the stated triangle is read, and has a derivative.
    b : array (n,) or (..., n, m)
    trans : {0, 1, 2, "N", "T", "C"}
        1, 2, "T" or "C": solve aᵀ x = b.
    lower, unit_diagonal : bool

    Returns
    -------
    array, the shape of `b`

    Raises
    ------
    LinAlgError
        If the diagonal holds a zero.

    Notes
    -----
    With g = ∂E/∂x:  ∂E/∂b = a⁻ᵀ g,  ∂E/∂a = -(a⁻ᵀ g) xᵀ inside the triangle.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.solve_triangular([[2.0, 0.0], [1.0, 4.0]], [2.0, 9.0], lower=True)
    array([1., 2.])
    """
    return linalg.solve_triangular(a, b, trans, lower, unit_diagonal)


def _triangular_back(a: Any, g: Any, trans: int | str, options: dict[str, Any]) -> Any:
    return solve_triangular(a, g, trans=1 if trans in (0, "N") else 0, **options)


def _triangular_a(ans: Any, a: Any, b: Any, *, trans: int | str = 0, **options: Any) -> Callable[[Any], Any]:
    vector = len(shape_of(b)) == 1
    n = shape_of(a)[-1]
    edge = 1 if options.get("unit_diagonal") else 0
    inside = np.tri(n, k=-edge) if options.get("lower") else np.tri(n, k=-edge).T

    def pullback(g: Any) -> Any:
        back, x = _triangular_back(a, _as_matrices(g, vector), trans, options), _as_matrices(ans, vector)
        outer = matmul(back, _t(x)) if trans in (0, "N") else matmul(x, _t(back))
        return unbroadcast(outer * (-inside).astype(outer.dtype), shape_of(a))

    return pullback


def _triangular_b(ans: Any, a: Any, b: Any, *, trans: int | str = 0, **options: Any) -> Callable[[Any], Any]:
    shape = shape_of(b)
    return _back_through(lambda g: _triangular_back(a, g, trans, options), len(shape) == 1, shape)


defvjp(solve_triangular, _triangular_a, _triangular_b)


@primitive
def _lower_factor(a: Any) -> Any:
    return linalg.cholesky(a)


def _lower_factor_back(ans: Any, a: Any) -> Callable[[Any], Any]:
    # I. Murray, "Differentiation of the Cholesky decomposition", 2016, (9): with Φ the lower triangle of which the
    # diagonal is halved, ∂E/∂a = ½ (S + Sᵀ), S = L⁻ᵀ Φ(Lᵀ g) L⁻¹.
    n = ans.shape[-1]
    half = (np.tri(n) - 0.5 * np.eye(n)).astype(ans.dtype)

    def pullback(g: Any) -> Any:
        inner = matmul(_t(ans), g) * half
        left = solve_triangular(ans, inner, trans=1, lower=True)
        s = _t(solve_triangular(ans, _t(left), trans=1, lower=True))
        return 0.5 * (s + _t(s))

    return pullback


defvjp(_lower_factor, _lower_factor_back)


@implements(np.linalg.cholesky)
def cholesky(a: Any, *, upper: bool = False) -> Any:
    """The Cholesky factor of a symmetric positive definite matrix: a = L Lᵀ.

    Parameters
    ----------
    a : array (..., n, n), float32 or float64
        The derivative is that of a function of symmetric matrices, and symmetric.
    upper : bool, default False
        Return Lᵀ.

    Returns
    -------
    array (..., n, n)

    Raises
    ------
    LinAlgError
        If a pivot is not positive.

    References
    ----------
    Murray, "Differentiation of the Cholesky decomposition", 2016.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.cholesky([[4.0, 2.0], [2.0, 5.0]])
    array([[2., 0.],
           [1., 2.]])
    """
    return _t(_lower_factor(_t(a))) if upper else _lower_factor(a)


@primitive
def _pseudo_inverse(a: Any, *, rtol: Any = None) -> Any:
    return linalg.pinv(a, rtol=rtol)


def _pseudo_inverse_back(p: Any, a: Any, *, rtol: Any = None) -> Callable[[Any], Any]:
    def pullback(g: Any) -> Any:
        gt, pt = _t(g), _t(p)
        beyond = gt - matmul(a, matmul(p, gt))  # (1 - a p) gᵀ
        before = gt - matmul(matmul(gt, p), a)  # gᵀ (1 - p a)
        return matmul(beyond, matmul(p, pt)) + matmul(matmul(pt, p), before) - matmul(pt, matmul(g, pt))

    return pullback


defvjp(_pseudo_inverse, _pseudo_inverse_back)


@implements(np.linalg.pinv)
def pinv(a: Any, *, rtol: Any = None) -> Any:
    """The Moore-Penrose pseudo-inverse a⁺, differentiable where the rank does not change.

    Parameters
    ----------
    a : array (..., m, n), float32 or float64
    rtol : float or array (...), optional
        Singular values up to `rtol` times the largest count as zero; default max(m, n) · eps.

    Returns
    -------
    array (..., n, m)

    Notes
    -----
    d(a⁺) = -a⁺ da a⁺ + a⁺a⁺ᵀ daᵀ (1 - a a⁺) + (1 - a⁺a) daᵀ a⁺ᵀa⁺.

    References
    ----------
    Golub, Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems", 1973.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.pinv([[2.0, 0.0], [0.0, 0.0]])
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    return _pseudo_inverse(a, rtol=rtol)


@primitive
def lstsq(a: Any, b: Any) -> Any:
    """The x that makes ‖a x - b‖ smallest; of several the shortest.

    Parameters
    ----------
    a : array (m, n), float32 or float64
    b : array (m,) or (m, k)

    Returns
    -------
    array (n,) or (n, k)
        Only the solution; NumPy's function returns residuals, rank and singular values too.

    Raises
    ------
    LinAlgError
        If `a` is not a matrix or `b` has another number of rows.

    Notes
    -----
    x = a⁺ b, so that with g = ∂E/∂x:  ∂E/∂b = a⁺ᵀ g, and ∂E/∂a from ∂E/∂a⁺ = g bᵀ.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0]).round(12)
    array([1., 2.])
    """
    return linalg.lstsq(a, b)[0]


def _lstsq_a(ans: Any, a: Any, b: Any) -> Callable[[Any], Any]:
    vector = len(shape_of(b)) == 1

    def pullback(g: Any) -> Any:
        p = _pseudo_inverse(a, rtol=None)
        of_p = matmul(_as_matrices(g, vector), _t(_as_matrices(b, vector)))
        return _pseudo_inverse_back(p, a)(of_p)

    return pullback


defvjp(lstsq, _lstsq_a, lambda ans, a, b: lambda g: matmul(_t(_pseudo_inverse(a, rtol=None)), g))
