"""Equality constraints by Newton's method on the Lagrangian, inequalities by an augmented Lagrangian."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mmlcore import linalg, ops
from mmlcore._arrays import FloatArray
from mmlcore._errors import message
from mmlcore.autodiff import hessian, jacobian
from mmlcore.optimize.bounds import Box, projected_lbfgs
from mmlcore.optimize.problem import Problem
from mmlcore.optimize.quasi_newton import lbfgs
from mmlcore.optimize.result import Progress

__all__ = ["Constraints", "augmented_lagrangian", "lagrange_newton"]

NOT_FINITE = "the constraints are not finite at x"


def _largest(*parts: Any) -> float:
    """The largest of all the numbers and 0, NaN if one of them is."""
    return float(np.max([np.max(part, initial=0) for part in parts]))


class Constraints:
    """h(x) = 0 and c(x) ≥ 0, each a function of one vector with values joined to one vector.

    Parameters
    ----------
    function : str
    given : dict or sequence of dicts
        {"type": "eq" or "ineq", "fun": callable of x}, as SciPy's; the functions return numbers or arrays.
    problem : Problem
    """

    def __init__(self, function: str, given: Any, problem: Problem) -> None:
        listed: Sequence[Any] = [given] if isinstance(given, Mapping) else list(given)
        for one in listed:
            if not (isinstance(one, Mapping) and one.get("type") in ("eq", "ineq") and callable(one.get("fun"))):
                expectation = "dicts with type 'eq' or 'ineq' and a callable fun"
                raise ValueError(message(function, "constraints", expectation, repr(one)))
        self.equalities = self._joined([one["fun"] for one in listed if one["type"] == "eq"], problem)
        self.inequalities = self._joined([one["fun"] for one in listed if one["type"] == "ineq"], problem)

    @staticmethod
    def _joined(functions: list[Callable[..., Any]], problem: Problem) -> Callable[[Any], Any] | None:
        if not functions:
            return None

        def joined(v: Any) -> Any:
            x = problem.unpack(v)
            return ops.concatenate([ops.reshape(f(x), (-1,)) for f in functions])

        return joined


def lagrange_newton(progress: Progress, constraints: Constraints) -> None:
    """Newton's method on ∇ₓL = 0, h = 0 for L(x, λ) = f(x) + λᵀh(x) (CS582 2).

    [W Aᵀ; A 0] [p; λ] = [-∇f; -h] with W = ∇²ₓL, damped until it is positive definite on the kernel of A = ∂h/∂x; the
    step is halved until the merit function f + ν ‖h‖₁ falls. J. Nocedal, S. J. Wright, Numerical Optimization, 18.
    """
    problem, x, h = progress.problem, progress.x, constraints.equalities
    assert h is not None
    slopes = jacobian(h)
    curvatures = hessian(lambda v, weights: ops.sum(weights * h(v)))
    f, g = problem.value_and_gradient(x)
    values, A = np.asarray(h(x)), slopes(x)
    if len(values) > len(x):
        raise ValueError(message("minimize", "constraints", f"at most {len(x)} equalities", len(values)))
    if not all(np.isfinite(part).all() for part in (values, A, g)):
        reason = "a constraint's gradient is not finite at x" if np.isfinite(values).all() else NOT_FINITE
        if not progress.accept(x, f, g, np.inf):
            progress.stop(reason)
        return
    multipliers, weight = -linalg.lstsq(A.T, g)[0], 1.0
    while True:
        size = _largest(np.abs(g + A.T @ multipliers), np.abs(values))
        progress.extra.update(multipliers=multipliers, constraint_violation=_largest(np.abs(values)))
        if progress.accept(x, f, g, size):
            return
        W = problem.hessian(x) + curvatures(x, multipliers)
        if not (np.isfinite(W).all() and np.isfinite(A).all()):
            progress.stop("a second derivative or a constraint's gradient is not finite at x")
            return
        p, multipliers = _kkt_step(W, A, g, values)
        if not np.abs(multipliers).max(initial=0) < 1e10:
            progress.stop("the constraints' gradients are dependent at x: there are no multipliers")
            return
        weight = max(weight, 1.5 * float(np.abs(multipliers).max(initial=0)))
        found = _merit_search(problem, h, x, p, f, values, weight, float(g @ p))
        if found is None:
            size = float(np.abs(values).max(initial=0))
            return progress.stuck(f"no step makes f + ν‖h‖ smaller; the constraints are violated by {size:.1e}")
        x, f, g, values = found
        A = slopes(x)


def _kkt_step(W: FloatArray, A: FloatArray, g: FloatArray, h: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The step p and the new multipliers, by the null space of A: p = Y y + Z z with A Y y = -h."""
    n = A.shape[1]
    U, s, Vh = linalg.svd(A)
    rank = int(np.sum(s > 1e-12 * max(float(s.max(initial=0)), 1e-300)))
    Y, Z = Vh[:rank].T, Vh[rank:].T
    y = -(U[:, :rank].T @ h) / s[:rank]
    p = Y @ y
    if n > rank:
        reduced = Z.T @ W @ Z
        reduced = 0.5 * (reduced + reduced.T)
        eigenvalues, vectors = linalg.eigh(reduced)
        floor = 1e-8 * max(1.0, float(np.abs(eigenvalues).max()))
        right = vectors.T @ (Z.T @ (g + W @ p))
        p = p - Z @ (vectors @ (right / np.maximum(np.abs(eigenvalues), floor)))
    multipliers = -(U[:, :rank] @ ((Y.T @ (g + W @ p)) / s[:rank]))
    return p, multipliers


def _merit_search(
    problem: Problem,
    h: Callable[[Any], Any],
    x: FloatArray,
    p: FloatArray,
    f: float,
    values: FloatArray,
    weight: float,
    slope: float,
) -> tuple[FloatArray, float, FloatArray, FloatArray] | None:
    violation = float(np.abs(values).sum())
    decrease = slope - weight * violation
    noise = 8 * float(np.finfo(x.dtype).eps) * (abs(f) + weight * violation + weight * float(np.abs(x).max()))
    alpha = 1.0
    while alpha > 1e-12:
        new = x + alpha * p
        value, gradient = problem.value_and_gradient(new)
        there = np.asarray(h(new))
        merit = value + weight * float(np.abs(there).sum())
        if merit <= f + weight * violation + 1e-4 * alpha * min(decrease, 0.0) + noise:
            return new, value, gradient, there
        alpha *= 0.5
    return None


class _Augmented(Problem):
    """f + λᵀh + ½ρ‖h‖² + Σ (max(0, μ - ρ c)² - μ²) / 2ρ, of which f's counts are those of the problem."""

    def __init__(self, problem: Problem, constraints: Constraints) -> None:
        self.problem, self.constraints, self.weight = problem, constraints, 10.0
        h, c = constraints.equalities, constraints.inequalities
        x = problem.x0
        self.lam = np.zeros(0 if h is None else np.size(h(x)))
        self.mu = np.zeros(0 if c is None else np.size(c(x)))
        super().__init__("minimize", self._penalty, x)

    def _penalty(self, v: Any) -> Any:
        total: Any = 0.0
        if self.constraints.equalities is not None:
            h = self.constraints.equalities(v)
            total = total + ops.sum(self.lam * h) + 0.5 * self.weight * ops.sum(h * h)
        if self.constraints.inequalities is not None:
            active = ops.maximum(self.mu - self.weight * self.constraints.inequalities(v), 0.0)
            total = total + ops.sum(active * active - self.mu**2) / (2 * self.weight)
        return total

    def value_and_gradient(self, x: FloatArray) -> tuple[float, FloatArray]:
        f, g = self.problem.value_and_gradient(x)
        penalty, slope = self._both(x)
        return f + float(penalty), g + slope

    def values(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """h(x) and c(x)."""
        h, c = self.constraints.equalities, self.constraints.inequalities
        empty = np.zeros(0)
        return (empty if h is None else np.asarray(h(x))), (empty if c is None else np.asarray(c(x)))

    def violation(self, h: FloatArray, c: FloatArray) -> float:
        """How far from feasible and complementary: max(|h|, |min(c, μ/ρ)|)."""
        return _largest(np.abs(h), np.abs(np.minimum(c, self.mu / self.weight)))


def augmented_lagrangian(progress: Progress, constraints: Constraints, box: Box | None) -> None:
    """Minimise the augmented Lagrangian, then λ ← λ + ρ h, μ ← max(0, μ - ρ c), and again; ρ grows where h and c lag.

    The multipliers are those of L = f + λᵀh - μᵀc, μ ≥ 0, equalities first. J. Nocedal, S. J. Wright, Numerical
    Optimization (2006), 17.4; R. T. Rockafellar (1973).
    """
    problem = progress.problem
    inner = _Augmented(problem, constraints)
    x = problem.x0 if box is None else box.project(problem.x0)
    before = np.inf
    while True:
        h, c = inner.values(x)
        f, g = problem.value_and_gradient(x)
        gradient = inner.value_and_gradient(x)[1]
        violation = inner.violation(h, c)
        stationary = _largest(np.abs(gradient)) if box is None else box.measure(x, gradient)
        multipliers = np.concatenate([inner.lam, inner.mu])
        missed = _largest(np.abs(h), -c)
        progress.extra.update(multipliers=multipliers, constraint_violation=missed)
        if progress.accept(x, f, g, _largest(violation, stationary) if progress.nit >= 0 else np.inf):
            return
        if not (np.isfinite(h).all() and np.all(c > -np.inf)):
            progress.stop(NOT_FINITE)
            return
        part = Progress(inner, 0.1 * progress.tol, 300, None, False)
        part.x = x
        lbfgs(part) if box is None else projected_lbfgs(part, box)
        if not np.isfinite(part.f) or part.f < -1e300:
            progress.stop("the function is unbounded below or not finite within the constraints")
            return
        x = part.x
        h, c = inner.values(x)
        violation = inner.violation(h, c)
        inner.lam, inner.mu = inner.lam + inner.weight * h, np.maximum(inner.mu - inner.weight * c, 0)
        if violation > 0.25 * before:
            inner.weight *= 10
        before = violation
        if inner.weight > 1e8:
            progress.accept(x, *problem.value_and_gradient(x), size=np.inf)
            progress.stop(f"the constraints cannot be met: they stay violated by {violation:.1e}")
            return
