"""BFGS and its limited-memory form."""

from collections import deque

import numpy as np

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
        found = wolfe(problem, x, f, g, d, min(1.0, 1 / float(np.linalg.norm(g))) if fresh else 1.0)
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


class LimitedMemory:
    """The product of the inverse Hessian's approximation with a vector, from the last `memory` pairs (s, y)."""

    def __init__(self, memory: int) -> None:
        self.pairs: deque[tuple[FloatArray, FloatArray, float]] = deque(maxlen=memory)

    def update(self, s: FloatArray, y: FloatArray) -> None:
        """Take in a pair of changes of x and g, if it shows positive curvature."""
        curvature = float(y @ s)
        if curvature > 1e-12 * float(np.sqrt((s @ s) * (y @ y))):
            self.pairs.append((s, y, 1 / curvature))

    def times(self, g: FloatArray) -> FloatArray:
        """H g by the two loops of J. Nocedal (1980)."""
        q, alphas = g.copy(), []
        for s, y, rho in reversed(self.pairs):
            alpha = rho * (s @ q)
            q -= alpha * y
            alphas.append(alpha)
        if self.pairs:
            _, y, rho = self.pairs[-1]
            q *= 1 / (rho * (y @ y))
        for (s, y, rho), alpha in zip(self.pairs, reversed(alphas), strict=True):
            q += (alpha - rho * (y @ q)) * s
        return q


def lbfgs(progress: Progress, memory: int = 10) -> None:
    """BFGS from the last pairs of changes alone: D. C. Liu, J. Nocedal (1989)."""
    problem, x = progress.problem, progress.x
    approximation = LimitedMemory(integer("lbfgs", "memory", memory))
    f, g = problem.value_and_gradient(x)
    while not progress.accept(x, f, g):
        fresh = not approximation.pairs
        d = -approximation.times(g)
        found = wolfe(problem, x, f, g, d, min(1.0, 1 / float(np.sqrt(g @ g))) if fresh else 1.0)
        if found.alpha is None:
            if fresh:
                return progress.stuck("no step along the gradient makes f smaller")
            approximation.pairs.clear()
            progress.nit -= 1
            continue
        approximation.update(found.x - x, found.jac - g)
        _, x, f, g = found
    return None
