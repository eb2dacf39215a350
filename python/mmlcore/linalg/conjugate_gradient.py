"""The conjugate gradient method, for matrices that are only multiplied with."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import ConvergenceWarning, integer, message
from mmlcore.linalg.norms import norm
from mmlcore.linalg.operator import as_operator
from mmlcore.linalg.stacks import require_finite

__all__ = ["ConjugateGradientResult", "conjugate_gradient"]


class ConjugateGradientResult(NamedTuple):
    """The solution, and the relative residual ‖b - a x‖ / ‖b‖ before each step and at the end."""

    x: FloatArray
    trace: FloatArray


def conjugate_gradient(
    a: Any, b: Any, *, x0: Any = None, n_iter: int | None = None, tol: float = 1e-10
) -> ConjugateGradientResult:
    """The solution of a x = b for a symmetric positive definite `a`, dense or sparse, by conjugate gradients.

    α = rᵀr / pᵀ a p,  x ← x + α p,  r ← r - α a p,  p ← r + (r_newᵀr_new / rᵀr) p

    Parameters
    ----------
    a : array_like or SciPy sparse matrix, shape (n, n)
    b : array_like, shape (n,)
    x0 : array_like, shape (n,), optional
        Where to start; default zero.
    n_iter : int, optional
        At most this many steps; default 10 n.
    tol : float
        Stop when ‖r‖ ≤ tol · ‖b‖.

    Returns
    -------
    ConjugateGradientResult

    Raises
    ------
    LinAlgError
        If `a` is not square, `a`, `b` or `x0` is not finite, or pᵀ a p ≤ 0 shows that it is not positive definite.
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
    """
    name = "conjugate_gradient"
    operator = as_operator(name, a)
    if operator.shape[0] != operator.shape[1]:
        raise LinAlgError(message(name, "a", "a square matrix", f"shape {operator.shape}"))
    b = as_float(b, name, "b").astype(operator.dtype, copy=False)
    if b.shape != operator.shape[1:]:
        raise ValueError(message(name, "b", f"of {operator.shape[0]} elements", f"shape {b.shape}"))
    x = np.zeros_like(b) if x0 is None else np.array(as_float(x0, name, "x0"), operator.dtype)
    if x.shape != b.shape:
        raise ValueError(message(name, "x0", f"of {len(b)} elements", f"shape {x.shape}"))
    require_finite(name, np.stack([b, x]), "b and x0")
    steps = 10 * len(b) if n_iter is None else integer(name, "n_iter", n_iter)
    size = float(norm(b))
    if size == 0:
        return ConjugateGradientResult(np.zeros_like(b), np.zeros(1, b.dtype))

    def times(p: FloatArray) -> FloatArray:
        return operator.times(p[:, None])[:, 0]

    scale = operator.dtype.type(operator.scale)  # in units of ‖b‖ / scale nothing over- or underflows
    r = b / size - times(x / (size / scale))
    y, p, square = x / (size / scale), r.copy(), r @ r
    trace = [float(np.sqrt(square))]
    for _ in range(steps):
        if trace[-1] <= tol:
            break
        ap = times(p)
        curvature = p @ ap
        if not curvature > 0:
            raise LinAlgError(message(name, "a", "positive definite", f"pᵀ a p = {curvature:.3g}"))
        alpha = square / curvature
        y += alpha * p
        r -= alpha * ap
        square, before = r @ r, square
        p = r + (square / before) * p
        trace.append(float(np.sqrt(square)))
    if not trace[-1] <= tol:
        text = f"{name}: residual {trace[-1]:.3g} after {len(trace) - 1} iterations, above the tolerance {tol:.3g}"
        warnings.warn(text, ConvergenceWarning, stacklevel=2)
    return ConjugateGradientResult(y * (size / scale), np.array(trace, operator.dtype))
