"""Sums of squares ½‖r(x)‖²: Gauss and Newton's method, Levenberg and Marquardt's, and `least_squares`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import linalg, ops
from mmlcore._arrays import FloatArray
from mmlcore._errors import choose, integer, message
from mmlcore.autodiff import jacobian, jvp
from mmlcore.optimize.problem import Problem
from mmlcore.optimize.result import OptimizeResult, Progress

__all__ = ["Residuals", "gauss_newton", "least_squares", "levenberg_marquardt"]


class Residuals(Problem):
    """½‖r(x)‖² with the Jacobian of r."""

    def __init__(self, function: str, fun: Callable[..., Any], x0: Any, jac: Any = "auto") -> None:
        if jac is True:
            raise TypeError(message(function, "jac", "'auto' or callable for residuals", "True"))
        self._given = jac
        super().__init__(function, lambda x: 0.5 * ops.sum(self._flat(fun(x)) ** 2), x0)
        self._residuals = lambda v: self._flat(fun(self.unpack(v)))
        self._slopes = jacobian(self._residuals)

    @staticmethod
    def _flat(r: Any) -> Any:
        return ops.reshape(r, (-1,))

    def residuals(self, x: FloatArray) -> FloatArray:
        """r(x), as a vector."""
        self.nfev += 1
        return np.asarray(self._residuals(x))

    def slopes(self, x: FloatArray) -> FloatArray:
        """∂r/∂x, of shape (m, n)."""
        self.njev += 1
        if callable(self._given):
            return np.asarray(self._given(self.unpack(x)), float).reshape(-1, x.size)
        return self._slopes(x)

    def bend(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """The second derivative of r along v."""
        if callable(self._given):
            h = 1e-4
            return (self.residuals(x + h * v) - 2 * self.residuals(x) + self.residuals(x - h * v)) / h**2
        self.nfev += 1
        return np.asarray(jvp(lambda y: jvp(self._residuals, (y,), (v,))[1], (x,), (v,))[1])


def _start(progress: Progress) -> tuple[Residuals, FloatArray, FloatArray, FloatArray]:
    problem: Any = progress.problem
    x = progress.x
    r = problem.residuals(x)
    return problem, x, r, problem.slopes(x)


def gauss_newton(progress: Progress) -> None:
    """d = the least-squares solution of J d = -r, halved until ½‖r‖² falls enough."""
    problem, x, r, J = _start(progress)
    f, first = 0.5 * float(r @ r), float(np.linalg.norm(r))
    while not progress.accept(x, f, J.T @ r, _angle(J, r, first)):
        if not np.isfinite(J).all():
            progress.stop("the Jacobian is not finite at x")
            return
        d = -linalg.lstsq(J, r)[0]
        slope, alpha = float(d @ (J.T @ r)), 1.0
        while True:
            new = x + alpha * d
            there = problem.residuals(new)
            value = 0.5 * float(there @ there)
            if value <= f + 1e-4 * alpha * min(slope, 0.0):
                break
            alpha *= 0.5
            if alpha < 1e-14:
                return _settled(progress, J, r, first)
        if np.array_equal(new, x):
            return _settled(progress, J, r, first)
        x, r, f = new, there, value
        J = problem.slopes(x)
    return None


def _angle(J: FloatArray, r: FloatArray, first: float) -> float:
    """The largest cosine between the residuals and a column of J: zero at a minimum, also where r is but rounding."""
    size = float(np.linalg.norm(r))
    if size <= 1e-14 * first:
        return 0.0
    sizes = np.linalg.norm(J, axis=0) * size
    return float(np.max(np.abs(J.T @ r) / np.where(sizes > 0, sizes, 1.0), initial=0))


def _settled(progress: Progress, J: FloatArray, r: FloatArray, first: float) -> None:
    """No step makes the sum smaller: success if the residuals are orthogonal to every column of J but for rounding."""
    cosine = _angle(J, r, first)
    if cosine <= 1e-5 or np.linalg.norm(r) <= 1e-12 * first:
        progress.stop(
            f"the residuals are orthogonal to the Jacobian to {cosine:.1e}: no step makes the sum smaller", True
        )
    else:
        progress.stop(f"no step makes the sum of squares smaller; its gradient is {np.abs(J.T @ r).max():.1e}")


def _damped(J: FloatArray, r: FloatArray, scale: FloatArray, damping: float) -> FloatArray:
    """The least-squares solution of [J; √λ D] p = [-r; 0]."""
    below = np.diag(np.sqrt(damping) * scale)
    return linalg.lstsq(np.vstack([J, below]), np.concatenate([-r, np.zeros(len(scale))]))[0]


def levenberg_marquardt(progress: Progress, damping: float = 1e-3, geodesic: bool = True) -> None:
    """(JᵀJ + λD²) p = -Jᵀr, D² = the diagonal of JᵀJ, which forgets by halves; λ falls after a success and grows
    after a failure.

    `geodesic`: p + ½a, a the same solution for the second derivative of r along p, where ‖Da‖ ≤ 0.75 ‖Dp‖ / 2.
    D. W. Marquardt (1963); J. J. Moré (1978); M. K. Transtrum, J. P. Sethna (2012).
    """
    problem, x, r, J = _start(progress)
    f, first, scale = 0.5 * float(r @ r), float(np.linalg.norm(r)), np.zeros(x.size)
    while not progress.accept(x, f, J.T @ r, _angle(J, r, first)):
        if not np.isfinite(J).all():
            progress.stop("the Jacobian is not finite at x")
            return
        scale = np.maximum(0.5 * scale, np.linalg.norm(J, axis=0))
        D = np.where(scale > 0, scale, 1.0)
        while True:
            p = _damped(J, r, D, damping)
            # a step of many times the length of x leaves where r is nearly linear
            if np.linalg.norm(D * p) > 10 * max(np.linalg.norm(D * x), 1e-8 * np.linalg.norm(D)):
                damping = max(damping * 4, 1e-15)
                continue
            step = p
            if geodesic:
                a = _damped(J, problem.bend(x, p), D, damping)
                if np.isfinite(a).all() and np.linalg.norm(D * a) <= 0.75 * np.linalg.norm(D * p):
                    step = p + 0.5 * a
            new = x + step
            there = problem.residuals(new)
            value = 0.5 * float(there @ there)
            if value < f:
                break
            if damping > 1e16 or np.linalg.norm(D * step) <= 1e-15 * np.linalg.norm(D * x):
                return _settled(progress, J, r, first)
            damping = max(damping * 4, 1e-15)
        predicted = f - 0.5 * float(np.sum((r + J @ p) ** 2))
        if value >= f - 0.25 * predicted:
            damping *= 2
        elif value <= f - 0.75 * predicted:
            damping = max(damping / 5, 1e-15)
        x, r, f = new, there, value
        J = problem.slopes(x)
    return None


def least_squares(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any = "auto",
    *,
    method: str = "levenberg-marquardt",
    tol: float = 1e-10,
    max_iter: int = 1000,
    callback: Callable[..., Any] | None = None,
    track: bool = False,
    args: tuple[Any, ...] = (),
    **options: Any,
) -> OptimizeResult:
    r"""Fit parameters so that residuals have the smallest sum of squares, with their covariance.

    .. math:: \min_x \tfrac12 \|r(x)\|^2, \qquad \mathrm{Cov}(x) \approx s^2 (J^T J)^{-1}, \quad s^2 = \|r\|^2/(m-n).

    Parameters
    ----------
    fun : callable
        `fun(x, *args)`, the residuals: an array of m numbers.
    x0 : array or containers of arrays, n numbers in all
    jac : "auto" or callable
        Ours, or a function of x that returns ∂r/∂x of shape (m, n).
    method : {"levenberg-marquardt", "gauss-newton"}
    tol : float
        Converged when r is orthogonal to every column of J to this cosine, or as nearly as rounding allows.
    max_iter : int
    callback, track
        As for `minimize`.
    args : tuple
    **options
        Of Levenberg and Marquardt's method: ``damping`` (the first λ), ``geodesic`` (the second-order correction).

    Returns
    -------
    OptimizeResult
        As of `minimize`; also `residuals`, `jacobian`, `cov` (n, n), `stderr` (n) and `residual_std` s, NaN where m ≤ n
        or JᵀJ is singular.

    Raises
    ------
    ValueError
        For another method.

    References
    ----------
    Notes 6.7; D. W. Marquardt (1963), An algorithm for least-squares estimation of nonlinear parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.optimize import least_squares
    >>> t = np.array([0.0, 1.0, 2.0, 3.0])
    >>> r = least_squares(lambda p: p[0] * np.exp(-p[1] * t) - np.array([2.0, 1.0, 0.5, 0.25]), [1.0, 1.0])
    >>> r.x.round(6), r.success
    (array([2.      , 0.693147]), True)
    """
    solvers = {"levenberg-marquardt": levenberg_marquardt, "gauss-newton": gauss_newton}
    solver = choose("least_squares", "method", method, solvers)
    called = (lambda x: fun(x, *args)) if args else fun
    problem = Residuals("least_squares", called, x0, jac)
    progress = Progress(problem, tol, integer("least_squares", "max_iter", max_iter, low=0), callback, track)
    with np.errstate(all="ignore"):
        solver(progress, **options)
        result = progress.result()
        result.update(_statistics(problem, progress.x))
    return result


def _statistics(problem: Residuals, x: FloatArray) -> dict[str, Any]:
    r, J = problem.residuals(x), problem.slopes(x)
    m, n = J.shape
    cov, s = np.full((n, n), np.nan), float("nan")
    if m > n and np.isfinite(J).all() and np.isfinite(r).all():
        s = float(np.sqrt(r @ r / (m - n)))
        sizes = np.linalg.norm(J, axis=0)  # columns of one length: their units say nothing about their independence
        if np.all(sizes > 0):
            _, sigma, Vh = linalg.svd(J / sizes, full_matrices=False)
            if sigma[-1] > 1e-14 * sigma[0]:
                half = (Vh.T / sigma) / sizes[:, None]
                cov = s * s * (half @ half.T)
    return {"residuals": r, "jacobian": J, "cov": cov, "stderr": np.sqrt(np.diag(cov)), "residual_std": s}
