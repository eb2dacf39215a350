"""Convexity, checked on a sample of points: by its definition and by its first-order condition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff.inputs import differentiable
from mmlcore.autodiff.transforms import value_and_grad

__all__ = ["Convexity", "is_convex_on"]


@dataclass(frozen=True)
class Convexity:
    """The answer of `is_convex_on`; true or false as a condition.

    Attributes
    ----------
    convex : bool
        Whether no violation was found.
    condition : str
        What the witness violates: "definition" or "first order"; empty if nothing.
    witness : tuple or None
        (x, y, λ) with f(λx + (1-λ)y) > λ f(x) + (1-λ) f(y), or (x, y) with f(y) < f(x) + ∇f(x)·(y - x).
    gap : float
        By how much.
    """

    convex: bool
    condition: str = ""
    witness: tuple[Any, ...] | None = None
    gap: float = 0.0

    def __bool__(self) -> bool:
        return self.convex


def is_convex_on(
    f: Callable[[Any], Any],
    points: Sequence[Any],
    weights: Sequence[float] = (0.25, 0.5, 0.75),
    rtol: float = 1e-9,
) -> Convexity:
    r"""Look for a violation of convexity among pairs of points.

    A convex function satisfies, for all x and y and 0 ≤ λ ≤ 1,

    .. math:: f(\lambda x + (1-\lambda) y) \le \lambda f(x) + (1-\lambda) f(y), \qquad
        f(y) \ge f(x) + \nabla f(x)^T (y - x).

    Finding no violation proves nothing; a violation is a proof that f is not convex.

    Parameters
    ----------
    f : callable
        Of one argument, a number or an array; returns a real scalar.
    points : sequence of numbers or arrays
        At least two; all pairs are tried.
    weights : sequence of float, default (0.25, 0.5, 0.75)
        The λ between 0 and 1.
    rtol : float, default 1e-9
        What is forgiven for rounding, relative to the largest value that takes part.

    Returns
    -------
    Convexity
        True as a condition if no violation was found; else with the worst one as `witness`.

    Raises
    ------
    ValueError
        If there are fewer than two points, a weight is outside [0, 1], or f is NaN at a point or between two.

    References
    ----------
    CS582 3.

    Examples
    --------
    >>> from mmlcore.autodiff import is_convex_on
    >>> bool(is_convex_on(lambda x: x**2, [-2.0, 0.5, 3.0]))
    True
    >>> answer = is_convex_on(lambda x: x**3, [-2.0, 1.0])
    >>> answer.convex, answer.condition, answer.witness
    (False, 'first order', (-2.0, 1.0))
    """
    xs = [differentiable(x, "is_convex_on", f"points[{i}]") for i, x in enumerate(points)]
    if len(xs) < 2:
        raise ValueError(message("is_convex_on", "points", "at least two", len(xs)))
    for weight in weights:
        if not 0 <= weight <= 1:
            raise ValueError(message("is_convex_on", "weights", "between 0 and 1", weight))
    evaluated = [value_and_grad(f)(x) for x in xs]
    for x, (value, _) in zip(xs, evaluated, strict=True):
        _require_number(value, x)
    worst = Convexity(True)

    def tried(condition: str, witness: tuple[Any, ...], gap: Any, scale: float) -> Convexity:
        violated = float(gap) > max(rtol * scale, worst.gap)
        return Convexity(False, condition, witness, float(gap)) if violated else worst

    for i, j in combinations(range(len(xs)), 2):
        (x, fx), (y, fy) = (xs[i], evaluated[i][0]), (xs[j], evaluated[j][0])
        for weight in weights:
            between = weight * x + (1 - weight) * y
            value = f(between)
            _require_number(value, between)
            gap = value - (weight * fx + (1 - weight) * fy)
            worst = tried("definition", (_plainly(x), _plainly(y), weight), gap, max(abs(fx), abs(fy)))
    for i, j in permutations(range(len(xs)), 2):
        (fx, slope), fy = evaluated[i], evaluated[j][0]
        rise = np.sum(slope * (xs[j] - xs[i]))
        gap = fx + rise - fy
        worst = tried("first order", (_plainly(xs[i]), _plainly(xs[j])), gap, max(abs(fx), abs(fy), abs(rise)))
    return worst


def _require_number(value: Any, x: Any) -> None:
    """NaN compares with nothing, and would pass for convex."""
    if np.isnan(value):
        raise ValueError(message("is_convex_on", "f", "defined at the points and between them", f"nan at {x!r}"))


def _plainly(x: Any) -> Any:
    return float(x) if isinstance(x, np.generic) else x
