"""Learning rates as functions of the number of updates made so far."""

from collections.abc import Sequence
from math import cos, floor, isfinite, pi
from typing import Any

import numpy as np

from mmlcore._errors import integer, message

__all__ = [
    "SCHEDULES",
    "CosineDecay",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "OneCycle",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "StepDecay",
    "Warmup",
]


def _number(owner: str, argument: str, value: Any, low: float = 0.0) -> float:
    """`value` as a finite float of at least `low`."""
    number = float(value) if isinstance(value, int | float | np.integer | np.floating) else float("nan")
    if isinstance(value, bool) or not isfinite(number) or number < low:
        raise ValueError(message(owner, argument, f"a finite number of at least {low:g}", repr(value)))
    return number


class LearningRateSchedule:
    """Base of all schedules: ``schedule(step)`` is the rate of the update after `step` others.

    Examples
    --------
    >>> class Halving(LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5**step
    >>> from mmlcore.optimizers import SGD
    >>> SGD(Halving()).learning_rate
    0.1
    """

    def __call__(self, step: int) -> float:
        """The learning rate after `step` updates."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(step)")


class ExponentialDecay(LearningRateSchedule):
    """η₀ r^(step/k), in stairs if wished: η₀ r^⌊step/k⌋.

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    decay_steps : int
        k, at least 1.
    decay_rate : float
        r, at least 0.
    staircase : bool

    Examples
    --------
    >>> rate = ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)
    >>> rate(0), rate(10), rate(20)
    (0.1, 0.05, 0.025)
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False
    ) -> None:
        own = type(self).__name__
        self.initial_learning_rate = _number(own, "initial_learning_rate", initial_learning_rate)
        self.decay_steps = integer(own, "decay_steps", decay_steps)
        self.decay_rate = _number(own, "decay_rate", decay_rate)
        self.staircase = bool(staircase)

    def __call__(self, step: int) -> float:
        ratio = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (floor(ratio) if self.staircase else ratio)


class StepDecay(ExponentialDecay):
    """η₀ r^⌊step/k⌋: the rate falls by the factor r every k updates.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    decay_rate : float

    Examples
    --------
    >>> rate = StepDecay(0.1, decay_steps=10, decay_rate=0.5)
    >>> rate(9), rate(10)
    (0.1, 0.05)
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float = 0.1) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase=True)


class InverseTimeDecay(LearningRateSchedule):
    """η₀ / (1 + r step/k).

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    decay_steps : int
        k, at least 1.
    decay_rate : float
        r, at least 0.

    Examples
    --------
    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
    0.05
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float) -> None:
        own = type(self).__name__
        self.initial_learning_rate = _number(own, "initial_learning_rate", initial_learning_rate)
        self.decay_steps = integer(own, "decay_steps", decay_steps)
        self.decay_rate = _number(own, "decay_rate", decay_rate)

    def __call__(self, step: int) -> float:
        return self.initial_learning_rate / (1 + self.decay_rate * step / self.decay_steps)


class PolynomialDecay(LearningRateSchedule):
    """(η₀ - η₁)(1 - step/k)^p + η₁ until step k, then η₁; p = 1 is a straight line.

    Parameters
    ----------
    initial_learning_rate : float
        η₀.
    decay_steps : int
        k, at least 1.
    end_learning_rate : float
        η₁.
    power : float
        p.

    Examples
    --------
    >>> rate = PolynomialDecay(1.0, decay_steps=4, end_learning_rate=0.0)
    >>> [rate(step) for step in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
    ) -> None:
        own = type(self).__name__
        self.initial_learning_rate = _number(own, "initial_learning_rate", initial_learning_rate)
        self.decay_steps = integer(own, "decay_steps", decay_steps)
        self.end_learning_rate = _number(own, "end_learning_rate", end_learning_rate)
        self.power = _number(own, "power", power)

    def __call__(self, step: int) -> float:
        left = 1 - min(step, self.decay_steps) / self.decay_steps
        return (self.initial_learning_rate - self.end_learning_rate) * left**self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine from η₀ down to a η₀ over k updates, after a straight warm-up if wished.

    η₀ ((1-a) (1 + cos(π step/k))/2 + a) for step ≤ k.

    Parameters
    ----------
    initial_learning_rate : float
        Where the warm-up begins; without one, η₀.
    decay_steps : int
        k, at least 1.
    alpha : float
        a, in [0, 1] as a rule.
    warmup_target : float, optional
        η₀ where there is a warm-up: reached after `warmup_steps`, from which the k updates count.
    warmup_steps : int

    Examples
    --------
    >>> rate = CosineDecay(0.2, decay_steps=10)
    >>> rate(0), round(rate(5), 12), rate(10)
    (0.2, 0.1, 0.0)
    >>> CosineDecay(0.0, decay_steps=10, warmup_target=0.2, warmup_steps=4)(2)
    0.1

    References
    ----------
    I. Loshchilov, F. Hutter (2017), SGDR: stochastic gradient descent with warm restarts, (5).
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = _number("CosineDecay", "initial_learning_rate", initial_learning_rate)
        self.decay_steps = integer("CosineDecay", "decay_steps", decay_steps)
        self.alpha = _number("CosineDecay", "alpha", alpha)
        self.warmup_target = None if warmup_target is None else _number("CosineDecay", "warmup_target", warmup_target)
        self.warmup_steps = integer("CosineDecay", "warmup_steps", warmup_steps, low=0)

    def __call__(self, step: int) -> float:
        top, warm = self.initial_learning_rate, 0
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return top + (self.warmup_target - top) * step / self.warmup_steps
            top, warm = self.warmup_target, self.warmup_steps
        share = min(step - warm, self.decay_steps) / self.decay_steps
        return top * ((1 - self.alpha) * 0.5 * (1 + cos(pi * share)) + self.alpha)


class Warmup(LearningRateSchedule):
    """A straight line from 0 to another schedule's (or a constant) rate over k updates, then that schedule.

    Parameters
    ----------
    after : float or LearningRateSchedule
        Counts from the end of the warm-up.
    warmup_steps : int
        k, at least 1.

    Examples
    --------
    >>> rate = Warmup(0.4, warmup_steps=4)
    >>> [round(rate(step), 12) for step in range(6)]
    [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]

    References
    ----------
    P. Goyal et al. (2017), Accurate, large minibatch SGD, section 2.2.
    """

    def __init__(self, after: Any, warmup_steps: int) -> None:
        self.warmup_steps = integer("Warmup", "warmup_steps", warmup_steps)
        self.after = after if isinstance(after, LearningRateSchedule) else _number("Warmup", "after", after)

    def __call__(self, step: int) -> float:
        rest = max(0, step - self.warmup_steps)
        rate = self.after(rest) if isinstance(self.after, LearningRateSchedule) else self.after
        return rate * min(1.0, (step + 1) / self.warmup_steps)


class OneCycle(LearningRateSchedule):
    """Half a cosine up to the highest rate, then half a cosine down to almost nothing.

    Parameters
    ----------
    max_learning_rate : float
    total_steps : int
        Updates of the whole cycle; afterwards the rate stays where it ended.
    pct_start : float
        The share of the steps that go up, in (0, 1).
    div_factor : float
        The first rate is max_learning_rate / div_factor.
    final_div_factor : float
        The last rate is the first divided by it.

    Examples
    --------
    >>> rate = OneCycle(1.0, total_steps=10, pct_start=0.5, div_factor=10.0, final_div_factor=10.0)
    >>> round(rate(0), 6), rate(4), round(rate(9), 6), round(rate(100), 6)
    (0.1, 1.0, 0.01, 0.01)

    References
    ----------
    L. N. Smith, N. Topin (2019), Super-convergence: very fast training of neural networks using large learning
    rates. The phases are PyTorch's.
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        pct_start: float = 0.3,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
    ) -> None:
        self.max_learning_rate = _number("OneCycle", "max_learning_rate", max_learning_rate)
        self.total_steps = integer("OneCycle", "total_steps", total_steps)
        self.pct_start = _number("OneCycle", "pct_start", pct_start)
        if not 0 < self.pct_start < 1:
            raise ValueError(message("OneCycle", "pct_start", "a number in (0, 1)", repr(pct_start)))
        self.div_factor = _number("OneCycle", "div_factor", div_factor, 1.0)
        self.final_div_factor = _number("OneCycle", "final_div_factor", final_div_factor, 1.0)

    def __call__(self, step: int) -> float:
        top, first = self.max_learning_rate, self.max_learning_rate / self.div_factor
        turn, end = self.pct_start * self.total_steps - 1, self.total_steps - 1
        if step <= turn and turn > 0:
            start, goal, share = first, top, step / turn
        else:
            start, goal, share = top, first / self.final_div_factor, (min(step, end) - turn) / max(end - turn, 1e-9)
        return goal + (start - goal) * 0.5 * (1 + cos(pi * share))


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] as long as step ≤ boundaries[i], the last value afterwards.

    Parameters
    ----------
    boundaries : sequence of int
        Increasing.
    values : sequence of float
        One more than there are boundaries.

    Examples
    --------
    >>> rate = PiecewiseConstantDecay([2, 4], [1.0, 0.5, 0.1])
    >>> [rate(step) for step in range(6)]
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.1]
    """

    def __init__(self, boundaries: Sequence[int], values: Sequence[float]) -> None:
        own = "PiecewiseConstantDecay"
        self.boundaries = [integer(own, "boundaries", boundary, low=0) for boundary in boundaries]
        if self.boundaries != sorted(set(self.boundaries)):
            raise ValueError(message(own, "boundaries", "increasing", repr(list(boundaries))))
        self.values = [_number(own, "values", value) for value in values]
        if len(self.values) != len(self.boundaries) + 1:
            expectation = f"{len(self.boundaries) + 1} numbers, one more than boundaries"
            raise ValueError(message(own, "values", expectation, f"{len(self.values)}"))

    def __call__(self, step: int) -> float:
        return next((v for b, v in zip(self.boundaries, self.values, strict=False) if step <= b), self.values[-1])


SCHEDULES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        ExponentialDecay,
        StepDecay,
        InverseTimeDecay,
        PolynomialDecay,
        CosineDecay,
        Warmup,
        OneCycle,
        PiecewiseConstantDecay,
    )
}
