"""Bounds on single variables, by projection."""

from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import integer, message
from mmlcore.optimize.newton import damped_solve, stretched
from mmlcore.optimize.problem import Problem
from mmlcore.optimize.quasi_newton import LimitedMemory
from mmlcore.optimize.result import Progress

__all__ = ["Box", "projected_descent", "projected_lbfgs", "projected_newton"]


class Box:
    """low ≤ x ≤ high, element by element.

    Parameters
    ----------
    function : str
        Whose argument this is.
    bounds : pair (low, high) of arrays or numbers, or sequence of n pairs
        None stands for no bound. For n = 2 a pair of ndarrays is (low, high), a pair of other sequences is two pairs.
    n : int
    """

    def __init__(self, function: str, bounds: Any, n: int) -> None:
        pairs = list(bounds)
        arrays = not isinstance(bounds, np.ndarray) and any(isinstance(pair, np.ndarray) for pair in pairs)
        if len(pairs) == 2 and (n != 2 or arrays or any(p is None or np.ndim(p) == 0 for p in pairs)):
            low, high = pairs
        elif len(pairs) == n and all(np.shape(pair) == (2,) for pair in pairs):
            low = [-np.inf if pair[0] is None else pair[0] for pair in pairs]
            high = [np.inf if pair[1] is None else pair[1] for pair in pairs]
        else:
            raise ValueError(message(function, "bounds", f"(low, high) or {n} such pairs", repr(bounds)))
        self.low = self._ends(function, low, -np.inf, n)
        self.high = self._ends(function, high, np.inf, n)
        if not np.all(self.low <= self.high):
            raise ValueError(message(function, "bounds", "low <= high", repr(bounds)))

    @staticmethod
    def _ends(function: str, ends: Any, missing: float, n: int) -> FloatArray:
        array = as_float(missing if ends is None else ends, function, "bounds")
        try:
            return np.broadcast_to(array.ravel() if array.ndim else array, (n,)).astype(np.float64)
        except ValueError:
            raise ValueError(message(function, "bounds", f"of {n} numbers", f"shape {array.shape}")) from None

    def project(self, x: FloatArray) -> FloatArray:
        """The nearest point within the bounds."""
        return np.minimum(np.maximum(x, self.low), self.high).astype(x.dtype)

    def measure(self, x: FloatArray, g: FloatArray) -> float:
        """max |x - P(x - g)|: zero exactly where no feasible direction descends; g does not vanish beside a large x."""
        return float(np.abs(np.minimum(np.maximum(g, x - self.high), x - self.low)).max(initial=0))

    def fixed(self, x: FloatArray, g: FloatArray) -> FloatArray:
        """Which variables lie at a bound against which the gradient pushes them."""
        return ((x <= self.low) & (g > 0)) | ((x >= self.high) & (g < 0))


def _search(
    problem: Problem, box: Box, x: FloatArray, f: float, g: FloatArray, d: FloatArray, alpha: float = 1.0
) -> tuple[FloatArray, float, FloatArray, bool] | None:
    """x, f, ∇f by Armijo's condition along the projected arc P(x + α d), and whether the first α met it.

    D. P. Bertsekas (1982).
    """
    noise = 4 * float(np.finfo(x.dtype).eps) * abs(f)
    for halved in range(60):
        new = box.project(x + alpha * d)
        move = new - x
        if not np.any(move):
            return None
        value, gradient = problem.value_and_gradient(new)
        decrease = float(g @ move)
        if decrease < 0 and value <= f + 1e-4 * decrease + (noise if -decrease <= noise else 0.0):
            return new, value, gradient, not halved
        alpha *= 0.5
    return None


def projected_descent(progress: Progress, box: Box, learning_rate: float = 0.01) -> None:
    """x ← P(x - η ∇f(x))."""
    problem, x = progress.problem, box.project(progress.x)
    f, g = problem.value_and_gradient(x)
    while not progress.accept(x, f, g, box.measure(x, g)):
        new = box.project(x - learning_rate * g)
        if np.array_equal(new, x):
            return progress.stuck("the step is zero")
        x = new
        f, g = problem.value_and_gradient(x)
    return None


def projected_lbfgs(progress: Progress, box: Box, memory: int = 10) -> None:
    """Limited-memory BFGS in the variables that are free, along projected arcs."""
    problem, x = progress.problem, box.project(progress.x)
    approximation = LimitedMemory(min(integer("lbfgs", "memory", memory), max(progress.max_iter, 1)), x)
    f, g = problem.value_and_gradient(x)
    run = 0  # of steps that show no curvature
    while not progress.accept(x, f, g, box.measure(x, g)):
        free = ~box.fixed(x, g)
        reduced = np.where(free, g, 0.0)
        d = np.where(free, approximation.direction(reduced), 0.0)
        if not float(d @ g) < 0:
            d = -reduced
        first = not approximation.count
        alpha = stretched(run) / max(1.0, float(np.linalg.norm(reduced))) if first else 1.0
        found = _search(problem, box, x, f, g, d, alpha)
        if found is None:
            if first and not run:
                return _stuck(progress, box)
            run = 0
            approximation.forget()
            progress.nit -= 1
            continue
        new, value, gradient, whole = found
        approximation.update(new, x, gradient, g)
        run = run + 1 if whole and not approximation.count else 0
        x, f, g = new, value, gradient
    return None


def projected_newton(progress: Progress, box: Box) -> None:
    """Newton's step in the variables that are free, along projected arcs."""
    problem, x = progress.problem, box.project(progress.x)
    f, g = problem.value_and_gradient(x)
    run = 0
    while not progress.accept(x, f, g, box.measure(x, g)):
        free = ~box.fixed(x, g)
        d = np.zeros_like(x)
        d[free], damping = damped_solve(problem.hessian(x)[np.ix_(free, free)], g[free])
        found = _search(problem, box, x, f, g, d, stretched(run))
        flat = damping > 0 and found is not None and found[3]
        found = found or _search(problem, box, x, f, g, np.where(free, -g, 0.0))
        if found is None:
            return _stuck(progress, box)
        run = run + 1 if flat else 0
        x, f, g, _ = found
    return None


def _stuck(progress: Progress, box: Box) -> None:
    size = box.measure(progress.x, progress.g)
    noise = float(np.sqrt(np.finfo(progress.x.dtype).eps)) * max(1.0, abs(progress.f))
    if size <= noise:
        progress.stop(f"the projected gradient ({size:.1e}) is as small as rounding allows", True)
    else:
        progress.stop(f"no feasible step makes f smaller; the projected gradient is {size:.1e}")
