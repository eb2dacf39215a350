"""How far to go along a direction: Armijo's condition, Wolfe's conditions."""

from collections.abc import Callable
from math import copysign, inf, isfinite, sqrt
from typing import Any, NamedTuple

import numpy as np

from mmlcore._arrays import FloatArray
from mmlcore._errors import choose, message
from mmlcore.optimize.problem import Problem

__all__ = ["Step", "armijo", "line_search", "wolfe"]


class Step(NamedTuple):
    """A point along the direction: `alpha` is None if none was found."""

    alpha: float | None
    x: FloatArray
    fun: float
    jac: FloatArray


_EPS = {np.dtype(kind): float(np.finfo(kind).eps) for kind in (np.float32, np.float64)}

Evaluate = Callable[[float], tuple[FloatArray, float, FloatArray]]


def _along(problem: Problem, x: FloatArray, d: FloatArray) -> Evaluate:
    def evaluate(alpha: float) -> tuple[FloatArray, float, FloatArray]:
        point = x + d if alpha == 1 else x + alpha * d
        f, g = problem.value_and_gradient(point)
        return point, f, g

    return evaluate


def armijo(
    problem: Problem,
    x: FloatArray,
    f: float,
    g: FloatArray,
    d: FloatArray,
    alpha: float = 1.0,
    c1: float = 1e-4,
    shrink: float = 0.5,
) -> Step:
    """The first α, α/2, α/4, … with f(x + α d) ≤ f + c₁ α gᵀd."""
    slope, evaluate = float(g @ d), _along(problem, x, d)
    noise = 4 * float(np.finfo(x.dtype).eps) * abs(f)  # a decrease of less cannot be seen
    while alpha * float(np.abs(d).max(initial=0)) > 1e-18 * (1 + float(np.abs(x).max(initial=0))):
        point, value, gradient = evaluate(alpha)
        if (
            value <= f + c1 * alpha * slope + (noise if -alpha * slope <= noise else 0.0)
            and np.isfinite(gradient).all()
        ):
            return Step(alpha, point, value, gradient)
        alpha *= shrink
    return Step(None, x, f, g)


def _cubic(a: float, fa: float, ga: float, b: float, fb: float, gb: float) -> float:
    """The minimum of the cubic through two values and slopes, kept off the ends; the middle if there is none."""
    d1 = ga + gb - 3 * (fa - fb) / (a - b)
    square = d1 * d1 - ga * gb
    middle, reach = 0.5 * (a + b), 0.1 * abs(b - a)
    if not isfinite(square) or square < 0:
        return middle
    d2 = copysign(sqrt(square), b - a)
    denominator = gb - ga + 2 * d2
    found = b - (b - a) * (gb + d2 - d1) / denominator if denominator else middle
    low, high = min(a, b) + reach, max(a, b) - reach
    return min(max(found, low), high) if isfinite(found) else middle


def wolfe(
    problem: Problem,
    x: FloatArray,
    f: float,
    g: FloatArray,
    d: FloatArray,
    alpha: float = 1.0,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> Step:
    """An α with f(x + α d) ≤ f + c₁ α gᵀd and |∇f(x + α d)ᵀd| ≤ c₂ |gᵀd|: Wolfe's strong conditions.

    Steps outward until they enclose such an α, then by cubic interpolation inward. What is not finite counts as too
    far.

    References
    ----------
    J. Nocedal, S. J. Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6.
    """
    slope, evaluate = float(g @ d), _along(problem, x, d)
    noise = 4 * _EPS[x.dtype] * abs(f)
    low, best = (0.0, f, slope), Step(None, x, f, g)
    high: tuple[float, float, float] | None = None
    for _ in range(60):
        point, value, gradient = evaluate(alpha)
        rate = float(gradient @ d)
        finite = isfinite(value) and isfinite(rate)
        if value == -inf or (value < -1e300 and finite):
            return Step(alpha, point, value, gradient)
        # where f cannot be told from rounding, its slope still can (Hager and Zhang's approximate condition)
        flat = finite and abs(value - f) <= noise and rate <= (2 * c1 - 1) * slope
        lower = finite and (flat or (value <= f + c1 * alpha * slope and value < max(low[1], best.fun + noise)))
        if not lower:
            high = (alpha, value if finite else inf, rate if finite else inf)
        else:
            best = Step(alpha, point, value, gradient)
            if abs(rate) <= -c2 * slope:
                return best
            if rate * ((high[0] if high else inf) - low[0]) >= 0:
                high = low
            low = (alpha, value, rate)
        alpha = _next(low, high, alpha)
        if high is not None and abs(high[0] - low[0]) <= 1e-15 * max(abs(high[0]), abs(low[0])):
            break
    return best


def _next(low: tuple[float, float, float], high: tuple[float, float, float] | None, alpha: float) -> float:
    if high is None:
        return 4 * alpha
    if not isfinite(high[1]):
        return low[0] + 0.1 * (high[0] - low[0])
    return _cubic(*low, *high)


SEARCHES: dict[str, Callable[..., Step]] = {"armijo": armijo, "wolfe": wolfe}


def line_search(
    fun: Callable[..., Any],
    x: Any,
    direction: Any,
    *,
    jac: Any = "auto",
    method: str = "wolfe",
    alpha: float = 1.0,
    c1: float = 1e-4,
    c2: float = 0.9,
) -> Step:
    """A step length along a direction of descent.

    Parameters
    ----------
    fun : callable
        Of x; a real scalar.
    x : array
    direction : array of the shape of `x`
        d, with ∇f(x)ᵀd < 0.
    jac : "auto", True or callable
        As for `minimize`.
    method : {"wolfe", "armijo"}
        The strong Wolfe conditions, or only f(x + α d) ≤ f + c₁ α ∇fᵀd by halving.
    alpha : float
        The first step to try.
    c1, c2 : float
        0 < c₁ < c₂ < 1.

    Returns
    -------
    Step
        (alpha, x, fun, jac) at the new point; `alpha` is None if the direction leads nowhere.

    Raises
    ------
    ValueError
        For another method, or if `direction` is not one of descent.

    References
    ----------
    Notes 6.8; J. Nocedal, S. J. Wright, Numerical Optimization (2006), chapter 3.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import optimize
    >>> step = optimize.line_search(lambda x: np.sum(x**2), np.array([4.0]), np.array([-8.0]))
    >>> float(step.alpha), step.x
    (0.5, array([0.]))
    """
    search = choose("line_search", "method", method, SEARCHES)
    problem = Problem("line_search", fun, x, jac)
    d = problem._vector(np.asarray(direction, problem.x0.dtype))
    f, g = problem.value_and_gradient(problem.x0)
    if not float(g @ d) < 0:
        raise ValueError(message("line_search", "direction", "one of descent", f"a slope of {float(g @ d):.3g}"))
    options = {"alpha": alpha, "c1": c1} | ({"c2": c2} if method == "wolfe" else {})
    step = search(problem, problem.x0, f, g, d, **options)
    return step._replace(x=problem.unpack(step.x), jac=problem.unpack(step.jac))
