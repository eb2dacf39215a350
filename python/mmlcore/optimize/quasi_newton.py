"""BFGS and its limited-memory form."""

from math import inf, sqrt

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray
from mmlcore._errors import integer
from mmlcore.optimize.line_searches import wolfe
from mmlcore.optimize.result import Progress

__all__ = ["LimitedMemory", "bfgs", "lbfgs"]


def bfgs(progress: Progress) -> None:
    """d = -H g; with s and y the changes of x and g and ρ = 1/yᵀs, H ← (1 - ρ s yᵀ) H (1 - ρ y sᵀ) + ρ s sᵀ.

    J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithm 6.1; the first H is scaled by yᵀs / yᵀy.
    """
    problem, x = progress.problem, progress.x
    f, g = problem.value_and_gradient(x)
    H, fresh = np.eye(x.size, dtype=x.dtype), True
    while not progress.accept(x, f, g):
        d = -(H @ g)
        if not float(g @ d) < 0:
            H, fresh, d = np.eye(x.size, dtype=x.dtype), True, -g
        found = wolfe(problem, x, f, g, d, _first_step(g) if fresh else 1.0)
        if found.alpha is None:
            if fresh:
                return progress.stuck("no step along the gradient makes f smaller")
            H, fresh = np.eye(x.size, dtype=x.dtype), True
            progress.nit -= 1
            continue
        s, y = found.x - x, found.jac - g
        curvature = float(y @ s)
        _, x, f, g = found
        if curvature > 1e-12 * float(np.linalg.norm(s) * np.linalg.norm(y)):
            if fresh:
                H *= curvature / float(y @ y)
            Hy = H @ y
            H += (1 + float(y @ Hy) / curvature) / curvature * np.outer(s, s) - (
                np.outer(Hy, s) + np.outer(s, Hy)
            ) / curvature
            fresh = False
    progress.extra["hess_inv"] = H
    return None


def _first_step(g: FloatArray) -> float:
    """1 / ‖g‖, and at most 1: how far to go where nothing is known of the curvature."""
    squares = float(g @ g)
    length = sqrt(squares) if squares < inf else float(np.abs(g).max())
    return 1 / length if length > 1 else 1.0


class LimitedMemory:
    """The inverse Hessian H as the last `memory` pairs of changes show it: s of x, y of ∇f, in n variables.

    Attributes
    ----------
    s, y : ndarray, shape (memory + 1, n)
        A ring of pairs: one row is free, where a pair is written before it is known to be of use.
    count : int
        Pairs so far, at most `memory`.
    """

    def __init__(self, memory: int, x: FloatArray) -> None:
        self.s, self.y = np.empty((memory + 1, x.size), x.dtype), np.empty((memory + 1, x.size), x.dtype)
        self.curvature = np.ones(memory + 1)  # yᵀs
        self.count, self._newest, self._scale = 0, memory, 1.0

    def update(self, x: FloatArray, x_before: FloatArray, g: FloatArray, g_before: FloatArray) -> None:
        """Take in a step, if it shows positive curvature."""
        row = (self._newest + 1) % len(self.s)
        sy, ss, yy = _kernels.limited_memory_pair(self.s, self.y, row, x, x_before, g, g_before)
        if yy > 0 and sy > 1e-12 * sqrt(ss * yy) and sy / yy < inf:
            self.curvature[row], self._newest, self._scale = sy, row, sy / yy
            self.count = min(self.count + 1, len(self.s) - 1)

    def direction(self, g: FloatArray) -> FloatArray:
        """-H g by the two loops of J. Nocedal (1980), from H = yᵀs / yᵀy of the newest pair."""
        d = np.empty_like(g)
        _kernels.limited_memory_direction(d, g, self.s, self.y, self.curvature, self.count, self._newest, self._scale)
        return d

    def forget(self) -> None:
        """Drop all pairs: H = 1."""
        self.count, self._scale = 0, 1.0


def lbfgs(progress: Progress, memory: int = 10) -> None:
    """BFGS from the last pairs of changes alone: D. C. Liu, J. Nocedal (1989)."""
    problem, x = progress.problem, progress.x
    approximation = LimitedMemory(min(integer("lbfgs", "memory", memory), max(progress.max_iter, 1)), x)
    f, g = problem.value_and_gradient(x)
    while not progress.accept(x, f, g):
        fresh = not approximation.count
        d = approximation.direction(g)
        found = wolfe(problem, x, f, g, d, _first_step(g) if fresh else 1.0)
        if found.alpha is None:
            if fresh:
                return progress.stuck("no step along the gradient makes f smaller")
            approximation.forget()
            progress.nit -= 1
            continue
        approximation.update(found.x, x, found.jac, g)
        _, x, f, g = found
    return None
