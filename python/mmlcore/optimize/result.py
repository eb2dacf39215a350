"""What every solver returns, and the bookkeeping that all of them share."""

from collections.abc import Callable
from math import isfinite, sqrt
from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore.optimize.problem import Problem

__all__ = ["OptimizeResult", "Progress"]


class OptimizeResult(dict[str, Any]):
    """A dictionary whose entries are also attributes, as SciPy's.

    Attributes
    ----------
    x : of the structure and shapes of x0
        The best point found, also where the solver failed.
    fun : float
        The value there.
    jac : as x
        The gradient there.
    success : bool
    message : str
        Why the solver stopped, in words.
    nit, nfev, njev, nhev : int
        Iterations; evaluations of the function, of its gradient and of its Hessian (products counted one each).
    path, path_fun : list of x, list of float
        The iterates with their values, if asked for with ``track=True``; otherwise None.
    hess, multipliers, cov, ... : where the solver knows them
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"OptimizeResult has no attribute {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        shown = {k: v for k, v in self.items() if k not in ("path", "path_fun")}
        width = max(map(len, shown), default=0)
        return "\n".join(f"{k:>{width}}: {v!r}" for k, v in shown.items())


CONVERGED = "the gradient is at most tol"


class Progress:
    """Where a solver stands: it hands every iterate to `accept`, which says whether to go on.

    Stops at a small gradient, after `max_iter` iterations, where f is -∞ or beyond -1e300 or still falls 1e20 times as
    far out as x0 (unbounded below), where the gradient is not finite, and when the callback returns True or raises
    StopIteration.
    """

    def __init__(
        self, problem: Problem, tol: float, max_iter: int, callback: Callable[..., Any] | None, track: bool
    ) -> None:
        self.problem, self.tol, self.max_iter, self.callback = problem, tol, max_iter, callback
        self.nit, self.success, self.message, self.unbounded = -1, False, "", False
        self._far, self._first = 1e20 * (1 + float(np.abs(problem.x0).max())), float("nan")
        self.path: list[Any] | None = [] if track else None
        self.path_fun: list[float] = []
        self.x: FloatArray = problem.x0
        self.f, self.g = float("nan"), np.full_like(problem.x0, np.nan)
        self.extra: dict[str, Any] = {}

    def accept(self, x: FloatArray, f: float, g: FloatArray, size: float | None = None) -> bool:
        """Record an iterate; True if the solver is to stop. `size` replaces max |g| as what `tol` is compared with."""
        self.nit += 1
        if not isfinite(f) and self.nit > 0 and f != -np.inf:
            return self.stop(f"the function is not finite ({f}) after a step; x is the last point where it was")
        self.x, self.f, self.g = x, f, g
        if self.nit == 0:
            self._first = f
        if self.path is not None:
            self.path.append(self.problem.unpack(x.copy()))
            self.path_fun.append(f)
        return self._finished(f, g, size)

    def _finished(self, f: float, g: FloatArray, size: float | None) -> bool:
        if f < -1e300:
            self.unbounded = True
            return self.stop("the function is unbounded below: it fell under -1e300")
        if not isfinite(f):
            return self.stop(f"the function is not finite ({f}) at x0")
        steepest = float(np.abs(g).max())
        if not isfinite(steepest):
            return self.stop("the gradient is not finite at x")
        if (steepest if size is None else size) <= self.tol:
            return self.stop(CONVERGED, success=True)
        if f < self._first and self._is_far(self.x):
            self.unbounded = True
            return self.stop(
                f"the function is unbounded below, as far as can be seen: it still falls at {f:.1e}, far out"
            )
        if self._interrupted():
            return self.stop("the callback asked to stop")
        if self.nit >= self.max_iter:
            return self.stop(f"max_iter = {self.max_iter} iterations are done, the gradient is still above tol")
        return False

    def _is_far(self, x: FloatArray) -> bool:
        """Whether max |x| is beyond what is far; the length, which is quicker, says mostly that it is not."""
        return not sqrt(x @ x) <= self._far and float(np.abs(x).max()) > self._far

    def _interrupted(self) -> bool:
        if self.callback is None:
            return False
        try:
            return bool(self.callback(self.result()))
        except StopIteration:
            return True

    def stop(self, message: str, success: bool = False) -> bool:
        """End here, for the reason given."""
        self.message, self.success = message, success
        return True

    def stuck(self, reason: str) -> None:
        """End because no step makes f smaller: success if the gradient is as small as rounding lets it be."""
        size = float(np.abs(self.g).max(initial=0.0))
        noise = float(np.sqrt(np.finfo(self.x.dtype).eps)) * max(1.0, abs(self.f))
        if size <= max(noise, self.tol):
            self.stop(f"the gradient ({size:.1e}) is as small as rounding allows: no step makes f smaller", True)
        else:
            self.stop(f"{reason}; the gradient is {size:.1e}")

    def result(self) -> OptimizeResult:
        """What the caller gets."""
        problem = self.problem
        return OptimizeResult(
            x=problem.unpack(self.x.copy()),
            fun=float(self.f),
            jac=problem.unpack(np.array(self.g)),
            success=self.success,
            message=self.message,
            nit=max(self.nit, 0),
            nfev=problem.nfev,
            njev=problem.njev,
            nhev=problem.nhev,
            path=self.path,
            path_fun=self.path_fun if self.path is not None else None,
            **self.extra,
        )
