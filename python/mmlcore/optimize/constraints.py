"""Equality constraints by Newton's method on the Lagrangian, inequalities by an augmented Lagrangian."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mmlcore import linalg, ops
from mmlcore._arrays import FloatArray
from mmlcore._errors import message
from mmlcore.autodiff import hessian, jacobian
from mmlcore.optimize.bounds import Box, projected_lbfgs
from mmlcore.optimize.newton import stretched
from mmlcore.optimize.problem import Problem
from mmlcore.optimize.quasi_newton import lbfgs
from mmlcore.optimize.result import Progress

__all__ = ["Constraints", "augmented_lagrangian", "lagrange_newton"]

NOT_FINITE = "the constraints are not finite at x"
LARGEST_WEIGHT = 1e8  # of a penalty
MOST_IDLE = 20  # steps in a row that make f + ν‖h‖ smaller by rounding at most
DEPENDENT = "the constraints' gradients are dependent at x: there are no multipliers"


def _largest(*parts: Any) -> float:
    """The largest of all the numbers and 0, NaN if one of them is."""
    return float(np.max([np.max(part, initial=0) for part in parts]))


class Constraints:
    """h(x) = 0 and c(x) ≥ 0, each a function of one vector with values joined to one vector.

    Parameters
    ----------
    function : str
    given : dict or sequence of dicts
        {"type": "eq" or "ineq", "fun": callable of x and then of the tuple "args"}, as SciPy's; the functions return
        numbers or arrays.
    problem : Problem
    """

    def __init__(self, function: str, given: Any, problem: Problem) -> None:
        listed: Sequence[Any] = [given] if isinstance(given, Mapping) else list(given)
        for one in listed:
            if not (isinstance(one, Mapping) and one.get("type") in ("eq", "ineq") and callable(one.get("fun"))):
                expectation = "dicts with type 'eq' or 'ineq' and a callable fun"
                raise ValueError(message(function, "constraints", expectation, repr(one)))
            unknown = [key for key in one if key not in ("type", "fun", "args")]
            if unknown:
                expectation = "dicts of type, fun and args (derivatives are our own)"
                raise ValueError(message(function, "constraints", expectation, repr(unknown[0])))
        self.equalities = self._joined([self._called(one) for one in listed if one["type"] == "eq"], problem)
        self.inequalities = self._joined([self._called(one) for one in listed if one["type"] == "ineq"], problem)

    @staticmethod
    def _called(one: Mapping[str, Any]) -> Callable[[Any], Any]:
        fun, args = one["fun"], one.get("args", ())
        args = args if isinstance(args, tuple) else (args,)
        return lambda x: fun(x, *args)

    @staticmethod
    def _joined(functions: list[Callable[[Any], Any]], problem: Problem) -> Callable[[Any], Any] | None:
        if not functions:
            return None

        def joined(v: Any) -> Any:
            x = problem.unpack(v)
            return ops.concatenate([ops.reshape(f(x), (-1,)) for f in functions])

        return joined


def lagrange_newton(progress: Progress, constraints: Constraints) -> None:
    """Newton's method on ∇ₓL = 0, h = 0 for L(x, λ) = f(x) + λᵀh(x) (CS582 2).

    [W Aᵀ; A 0] [p; λ] = [-∇f; -h] with W = ∇²ₓL, damped until it is positive definite on the kernel of A = ∂h/∂x; the
    step is halved until the merit function f + ν ‖h‖₁ falls. λ is that of least squares at every x.
    J. Nocedal, S. J. Wright, Numerical Optimization, 18.
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
    weight, run, idle = 1.0, 0, 0
    while True:
        factors = _Factors(A) if np.isfinite(A).all() else None
        multipliers = np.zeros_like(values) if factors is None else factors.multipliers(g)
        size = _size(A, multipliers, g, values)
        amplified = factors is not None and size <= progress.tol and factors.amplify(multipliers, g)
        progress.extra.update(multipliers=multipliers, constraint_violation=_largest(np.abs(values)))
        if progress.accept(x, f, g, np.inf if amplified else size):
            return
        W = problem.hessian(x) + curvatures(x, multipliers)
        if factors is None or not np.isfinite(W).all():
            progress.stop("a second derivative or a constraint's gradient is not finite at x")
            return
        reason = factors.obstacle(multipliers, values, progress.tol, amplified)
        if reason:
            progress.stop(reason)
            return
        p, flat = factors.step(W, g, values)
        weight = _weight(weight, multipliers, A, g, W, p, values)
        found = _merit_search(problem, h, factors, x, p, f, g, values, weight, stretched(run))
        idle = 0 if found is not None and found.gained else idle + 1
        if found is None or idle > MOST_IDLE:
            return _stuck(progress, g + A.T @ multipliers, values, W)
        run = run + 1 if flat and found.whole else 0
        x, f, g, values = found[:4]
        A = slopes(x)


def _size(A: FloatArray, multipliers: FloatArray, g: FloatArray, h: FloatArray) -> float:
    """How far from a solution: the largest of |∇L|, and of |h| times what a violation is worth in f."""
    worth = min(max(1.0, _largest(np.abs(multipliers))), 1e3)
    return _largest(np.abs(g + A.T @ multipliers), worth * np.abs(h))


def _stuck(progress: Progress, slope: FloatArray, h: FloatArray, W: FloatArray) -> None:
    """End because no step makes f + ν‖h‖ smaller: success if h is met and ∇L is as small as rounding lets it be.

    Rounding hides differences of f below ε|f|, and so slopes below √(ε |f| |W|) for the curvature W.
    """
    missed, size = _largest(np.abs(h)), _largest(np.abs(slope))
    worth = max(1.0, abs(progress.f)) * max(1.0, _largest(np.abs(W)))
    noise = float(np.sqrt(np.finfo(progress.x.dtype).eps * worth))
    if missed <= progress.tol and size <= max(noise, progress.tol):
        progress.stop(f"∇L ({size:.1e}) is as small as rounding allows: no step makes f + ν‖h‖ smaller", True)
    else:
        missing = f"the constraints are violated by {missed:.1e}, ∇L is {size:.1e}"
        progress.stop(f"no step makes f + ν‖h‖ smaller; {missing}")


class _Factors:
    """A = U Σ [Y, Z]ᵀ, the constraints' gradients; dependent ones leave a smaller rank and a larger kernel Z."""

    def __init__(self, A: FloatArray) -> None:
        U, s, Vh = linalg.svd(A)
        rank = int(np.sum(s > 1e-10 * max(float(s.max(initial=0)), 1e-290)))
        self.A, self.U, self.s, self.Y, self.Z = A, U[:, :rank], s[:rank], Vh[:rank].T, Vh[rank:].T

    def multipliers(self, g: FloatArray) -> FloatArray:
        """λ of least length that minimises ‖g + Aᵀλ‖."""
        return -(self.U @ ((self.Y.T @ g) / self.s))

    def restoring(self, h: FloatArray) -> FloatArray:
        """p of least length that minimises ‖h + A p‖."""
        return -(self.Y @ ((self.U.T @ h) / self.s))

    def amplify(self, multipliers: FloatArray, g: FloatArray) -> bool:
        """Whether nearly parallel gradients make the multipliers so large that x is a degenerate point, no solution."""
        lengths = np.sqrt(np.sum(self.A * self.A, axis=1))
        return bool(np.abs(multipliers * lengths).max(initial=0) > 1e4 * float(np.abs(g).max(initial=0)))

    def obstacle(self, multipliers: FloatArray, h: FloatArray, tol: float, amplified: bool) -> str:
        """Why Newton's method cannot go on here; "" if it can."""
        if amplified or not np.abs(multipliers).max(initial=0) < 1e10:
            return DEPENDENT
        violation = float(np.abs(h).max(initial=0))
        least = float(np.abs(self.A.T @ h).max(initial=0))
        if violation > tol and least <= 1e-10 * violation * float(np.abs(self.A).max(initial=0)):
            return f"the constraints cannot be met near x: no direction lessens their violation of {violation:.1e}"
        return ""

    def step(self, W: FloatArray, g: FloatArray, h: FloatArray) -> tuple[FloatArray, bool]:
        """p = Y y + Z z with A Y y = -h, and whether W has no curvature in some direction of the kernel."""
        p, Z = self.restoring(h), self.Z
        if not Z.shape[1]:
            return p, False
        reduced = Z.T @ W @ Z
        eigenvalues, vectors = linalg.eigh(0.5 * (reduced + reduced.T))
        floor = 1e-8 * max(1.0, float(np.abs(eigenvalues).max()))
        right = vectors.T @ (Z.T @ (g + W @ p))
        size = np.abs(eigenvalues)
        return p - Z @ (vectors @ (right / np.maximum(size, floor))), bool(np.any(size < floor))


def _weight(
    weight: float, multipliers: FloatArray, A: FloatArray, g: FloatArray, W: FloatArray, p: FloatArray, h: FloatArray
) -> float:
    """ν large enough for p to descend: Nocedal and Wright's (18.36), with what p gains in ‖h‖₁."""
    weight = max(weight, 1.5 * float(np.abs(multipliers).max(initial=0)))
    gain = float(np.abs(h).sum() - np.abs(h + A @ p).sum())
    if gain > 1e-8 * float(np.abs(h).sum()):
        weight = max(weight, min((float(g @ p) + 0.5 * max(float(p @ W @ p), 0.0)) / (0.5 * gain), 1e8))
    return weight


class _Found(NamedTuple):
    """Where a search ended: x with f, ∇f and h there.

    Whether the whole step was taken, and whether f + ν‖h‖ fell by more than rounding.
    """

    x: FloatArray
    f: float
    g: FloatArray
    h: FloatArray
    whole: bool
    gained: bool


def _merit_search(
    problem: Problem,
    h: Callable[[Any], Any],
    factors: _Factors,
    x: FloatArray,
    p: FloatArray,
    f: float,
    g: FloatArray,
    values: FloatArray,
    weight: float,
    alpha: float,
) -> _Found | None:
    """Halve the step until f + ν ‖h‖₁ falls; before, try the whole one corrected for the constraints' curvature."""
    violation = float(np.abs(values).sum())
    decrease = float(g @ p) - weight * (violation - float(np.abs(values + factors.A @ p).sum()))
    noise = 8 * float(np.finfo(x.dtype).eps) * (abs(f) + weight * violation + weight * float(np.abs(x).max()))

    first, before = alpha, f + weight * violation

    def attempt(new: FloatArray, alpha: float) -> tuple[bool, _Found]:
        value, gradient = problem.value_and_gradient(new)
        there = np.asarray(h(new))
        merit = value + weight * float(np.abs(there).sum())
        better = merit <= before + 1e-4 * alpha * min(decrease, 0.0) + noise
        return better, _Found(new, value, gradient, there, alpha == first, merit < before - noise)

    while alpha > 1e-12:
        better, found = attempt(x + alpha * p, alpha)
        if not better and alpha == 1.0 and np.isfinite(found.h).all():
            better, found = attempt(found.x + factors.restoring(found.h), alpha)
        if better:
            return found
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


def _missed(inner: _Augmented, x: FloatArray) -> float:
    """How far x is from feasible."""
    h, c = inner.values(x)
    return _largest(np.abs(h), -c)


def _inner_run(inner: _Augmented, x: FloatArray, box: Box | None, tol: float) -> tuple[FloatArray, str]:
    """A minimum of the augmented Lagrangian from x on, and why there is none; "" if there is one.

    Where f falls faster than the penalty rises outside the constraints, ρ grows and the run starts again from x.
    """
    start = _missed(inner, x)
    while True:
        part = Progress(inner, tol, 300, None, False)
        part.x = x
        lbfgs(part) if box is None else projected_lbfgs(part, box)
        missed = _missed(inner, part.x)
        if not part.unbounded and (part.success or not missed > 10 * (1 + start)):
            return part.x, "" if np.isfinite(part.f) else "the function is not finite within the constraints"
        if missed <= 1e-6 * (1 + float(np.abs(part.x).max())):  # it is rounding, so far out
            return x, "the function is unbounded below within the constraints"
        if inner.weight >= LARGEST_WEIGHT:
            return (
                x,
                f"outside the constraints the function falls faster than a penalty of ρ = {inner.weight:.0e} rises",
            )
        inner.weight *= 10


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
        x, reason = _inner_run(inner, x, box, 0.1 * progress.tol)
        if reason:
            progress.stop(reason)
            return
        h, c = inner.values(x)
        violation = inner.violation(h, c)
        inner.lam, inner.mu = inner.lam + inner.weight * h, np.maximum(inner.mu - inner.weight * c, 0)
        if violation > 0.25 * before:
            inner.weight *= 10
        before = violation
        if inner.weight > LARGEST_WEIGHT:
            progress.accept(x, *problem.value_and_gradient(x), size=np.inf)
            progress.stop(f"the constraints cannot be met: they stay violated by {violation:.1e}")
            return
