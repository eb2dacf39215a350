"""The conjugate gradient method, for matrices that are only multiplied with."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import ConvergenceWarning, integer, message
from mmlcore.linalg.norms import norm
from mmlcore.linalg.operator import as_operator, is_sparse
from mmlcore.linalg.stacks import require_finite

__all__ = ["ConjugateGradientResult", "conjugate_gradient"]


class ConjugateGradientResult(NamedTuple):
    """The solution, and the relative residual ‖b - a x‖ / ‖b‖ before each step and at the end."""

    x: FloatArray
    trace: FloatArray


def conjugate_gradient(
    a: Any, b: Any, *, x0: Any = None, n_iter: int | None = None, tol: float = 1e-10, preconditioner: Any = None
) -> ConjugateGradientResult:
    """The solution of a x = b for a symmetric positive definite `a` (dense, sparse, a function) by conjugate gradients.

    α = rᵀz / pᵀ a p,  x ← x + α p,  r ← r - α a p,  z = M r,  p ← z + (r_newᵀz_new / rᵀz) p

    Parameters
    ----------
    a : array_like or SciPy sparse matrix, shape (n, n), or callable
        A callable gives the product a v for v of shape (n,): no matrix is needed.
    b : array_like, shape (n,)
    x0 : array_like, shape (n,), optional
        Where to start; default zero.
    n_iter : int, optional
        At most this many steps; default 10 n.
    tol : float
        Stop when ‖r‖ ≤ tol · ‖b‖.
    preconditioner : array_like or SciPy sparse matrix, shape (n, n), or callable, optional
        M, symmetric positive definite and like the inverse of `a`, or the product with it: the steps are as many as
        the eigenvalues of M a, rather than of `a`, are apart. Default the identity.

    Returns
    -------
    ConjugateGradientResult

    Raises
    ------
    LinAlgError
        If `a` is not square, `a`, `b` or `x0` is not finite, or pᵀ a p ≤ 0 shows that it is not positive definite, or
        rᵀ M r ≤ 0 that the preconditioner is not.
    ValueError
        If the shapes do not fit.

    Warns
    -----
    ConvergenceWarning
        If the residual was above `tol` after `n_iter` steps; the message names it.

    References
    ----------
    Hestenes, Stiefel, "Methods of conjugate gradients for solving linear systems", 1952. Notes, 6.7.

    Examples
    --------
    >>> from mmlcore import linalg
    >>> linalg.conjugate_gradient([[4, 1], [1, 3]], [1, 2]).x.round(6)
    array([0.090909, 0.636364])
    >>> d = np.array([1.0, 10.0, 100.0])
    >>> linalg.conjugate_gradient(lambda v: d * v, np.ones(3), preconditioner=lambda r: r / d).trace.round(6) + 0.0
    array([1., 0.])
    """
    name = "conjugate_gradient"
    times, scale, b = _system(name, a, b)
    improved = _product(name, "preconditioner", preconditioner, b)
    x = np.zeros_like(b) if x0 is None else np.array(as_float(x0, name, "x0"), b.dtype)
    if x.shape != b.shape:
        raise ValueError(message(name, "x0", f"of {len(b)} elements", f"shape {x.shape}"))
    require_finite(name, np.stack([b, x]), "b and x0")
    steps = 10 * len(b) if n_iter is None else integer(name, "n_iter", n_iter)
    size = float(norm(b))
    if size == 0:
        return ConjugateGradientResult(np.zeros_like(b), np.zeros(1, b.dtype))

    # in units of ‖b‖ / scale nothing over- or underflows
    start = x / (size / scale)
    y, trace = _iterate(times, improved, start, b / size - times(start), steps, tol)
    if not trace[-1] <= tol:
        text = f"{name}: residual {trace[-1]:.3g} after {len(trace) - 1} iterations, above the tolerance {tol:.3g}"
        warnings.warn(text, ConvergenceWarning, stacklevel=2)
    return ConjugateGradientResult(y * (size / scale), np.array(trace, b.dtype))


Product = Callable[[FloatArray], FloatArray]


def _iterate(
    times: Product, improved: Product | None, y: FloatArray, r: FloatArray, steps: int, tol: float
) -> tuple[FloatArray, list[float]]:
    """y and the lengths of its residuals."""
    name = "conjugate_gradient"
    p, square, trace = np.zeros_like(r), r.dtype.type(1), [float(np.sqrt(r @ r))]
    unit = r.dtype.type(0)  # the preconditioner's: its scale does not count
    for _ in range(steps):
        if trace[-1] <= tol:
            break
        z = r if improved is None else improved(r)
        if improved is not None:
            unit = unit or np.abs(z).max() or r.dtype.type(1)
            z = z / unit
        square, before = r @ z, square
        if improved is not None and not square > 0:
            raise LinAlgError(message(name, "preconditioner", "positive definite", f"rᵀ M r = {square:.3g}"))
        p = z + (square / before) * p
        ap = times(p)
        curvature = p @ ap
        if not curvature > 0:
            raise LinAlgError(message(name, "a", "positive definite", f"pᵀ a p = {curvature:.3g}"))
        y = y + (square / curvature) * p
        r = r - (square / curvature) * ap
        trace.append(float(np.sqrt(r @ r)))
    return y, trace


def _system(name: str, a: Any, b: Any) -> tuple[Product, Any, FloatArray]:
    """The product with a / scale, scale, and b in the dtype of the two."""
    b = as_float(b, name, "b")
    if _is_product(a):
        if b.ndim != 1:
            raise ValueError(message(name, "b", "of one dimension", f"shape {b.shape}"))
        return _checked(name, "a", a, b), b.dtype.type(1), b
    operator = as_operator(name, a)
    if operator.shape[0] != operator.shape[1]:
        raise LinAlgError(message(name, "a", "a square matrix", f"shape {operator.shape}"))
    if b.shape != operator.shape[1:]:
        raise ValueError(message(name, "b", f"of {operator.shape[0]} elements", f"shape {b.shape}"))
    return (
        lambda v: operator.times(v[:, None])[:, 0],
        operator.dtype.type(operator.scale),
        b.astype(operator.dtype, copy=False),
    )


def _is_product(a: Any) -> bool:
    """Whether `a` is a function, or an object of SciPy's kind that only multiplies."""
    return callable(a) and not hasattr(a, "__array__")


def _product(name: str, argument: str, M: Any, like: FloatArray) -> Product | None:
    """The product with a matrix or function; None for None."""
    if M is None:
        return None
    if _is_product(M):
        return _checked(name, argument, M, like)
    if not is_sparse(M):
        M = as_float(M, name, argument)
    if M.shape != (len(like), len(like)):
        raise ValueError(message(name, argument, f"of shape {(len(like), len(like))}", f"shape {M.shape}"))
    return _checked(name, argument, lambda v: M @ v, like)


def _checked(name: str, argument: str, product: Any, like: FloatArray) -> Product:
    def times(v: FloatArray) -> FloatArray:
        v = v.view()
        v.flags.writeable = False  # it is still needed
        out = np.asarray(product(v))
        if out.shape != like.shape:
            raise ValueError(message(name, argument, f"a product of shape {like.shape}", f"shape {out.shape}"))
        return out.astype(like.dtype, copy=False)

    return times
