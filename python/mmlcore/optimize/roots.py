"""Systems of equations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import linalg
from mmlcore._errors import integer
from mmlcore.optimize.residuals import Residuals, levenberg_marquardt
from mmlcore.optimize.result import OptimizeResult, Progress

__all__ = ["root"]


def root(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any = "auto",
    *,
    tol: float = 1e-10,
    max_iter: int = 200,
    callback: Callable[..., Any] | None = None,
    track: bool = False,
    args: tuple[Any, ...] = (),
) -> OptimizeResult:
    """A point where all equations F(x) = 0 hold: Newton's method, shortened where ‖F‖ would grow.

    Where Newton's steps fail (a singular Jacobian, or no progress), ½‖F‖² is minimised by Levenberg and Marquardt's
    method.

    Parameters
    ----------
    fun : callable
        `fun(x, *args)`; an array of as many numbers as x, or of any number.
    x0 : array or number, or containers of these
    jac : "auto" or callable
        ∂F/∂x, of shape (m, n).
    tol : float
        Converged when max |F| ≤ tol.
    max_iter : int
    callback, track
        As for `minimize`.
    args : tuple

    Returns
    -------
    OptimizeResult
        x; `fun`, here F(x); success, message, nit, nfev, njev, path.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.optimize import root
    >>> r = root(lambda p: np.stack([p[0] ** 2 + p[1] ** 2 - 2, p[0] - p[1]]), [2.0, 0.5])
    >>> r.x.round(6)
    array([1., 1.])
    """
    called = (lambda x: fun(x, *args)) if args else fun
    problem = Residuals("root", called, x0, jac)
    progress = Progress(problem, 0.0, integer("root", "max_iter", max_iter, low=0), callback, track)
    with np.errstate(all="ignore"):
        if not _newton(progress, problem, tol) and not progress.message:
            levenberg_marquardt(progress)
        values = problem.residuals(progress.x)
    size = float(np.abs(values).max(initial=0))
    result = progress.result()
    solved = bool(size <= tol)
    words = f"no root found, the largest |F| is {size:.1e}: {result.message}"
    result.message = "all |F| are at most tol" if solved else words
    result.update(fun=values, success=solved)
    return result


def _newton(progress: Progress, problem: Residuals, tol: float) -> bool:
    """Newton's steps as long as they work; True if a root was found."""
    x = progress.x
    F = problem.residuals(x)
    J = problem.slopes(x)
    while True:
        size = float(np.abs(F).max(initial=0))
        if progress.accept(x, 0.5 * float(F @ F), J.T @ F, 0.0 if size <= tol else np.inf):
            return progress.success
        if not np.isfinite(J).all():
            return False
        d = -linalg.lstsq(J, F)[0]
        alpha = 1.0
        while True:
            new = x + alpha * d
            there = problem.residuals(new)
            if np.linalg.norm(there) <= (1 - 1e-4 * alpha) * np.linalg.norm(F):
                break
            alpha *= 0.5
            if alpha < 1e-4:
                return False
        x, F, J = new, there, problem.slopes(new)
