"""What every optimiser is: constants, slots as long as θ, one kernel that moves θ in place."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore._configuration import own_parameters
from mmlcore._errors import message
from mmlcore.optimizers.schedules import LearningRateSchedule

__all__ = ["Constant", "Optimizer", "between"]


def between(function: str, argument: str, value: Any, low: float, high: float) -> float:
    """`value` as a float within [low, high), or a ValueError."""
    number = float(value) if isinstance(value, int | float | np.integer | np.floating) else float("nan")
    if isinstance(value, bool) or not low <= number < high:
        expectation = (
            f"a number in [{low:g}, {high:g})" if np.isfinite(high) else f"a finite number of at least {low:g}"
        )
        raise ValueError(message(function, argument, expectation, repr(value)))
    return number


class Constant:
    """A number in [low, high) that the kernel reads at every step: an attribute that may be changed at any time."""

    def __init__(self, index: int, low: float = 0.0, high: float = float("inf")) -> None:
        self.index, self.low, self.high = index, low, high

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, optimizer: Any, owner: type | None = None) -> Any:
        return self if optimizer is None else float(optimizer.constants[self.index])

    def __set__(self, optimizer: Any, value: Any) -> None:
        optimizer.constants[self.index] = between(type(optimizer).__name__, self.name, value, self.low, self.high)


def _limit(owner: str, argument: str, value: float | None) -> NDArray[np.float64] | None:
    """A bound in an array that the kernel reads, or None for none."""
    if value is None:
        return None
    if not between(owner, argument, value, 0.0, float("inf")):
        raise ValueError(message(owner, argument, "above 0, or None", repr(value)))
    return np.array([float(value)])


class Optimizer:
    """Base of all optimisers.

    A subclass names its kernel (a rule of ``cpp/kernels/optimizer_rules.h``), its slots and, as `Constant`
    attributes from index 2 on, the rule's constants. One step: clip the gradient, shrink θ by η λ θ (decoupled
    weight decay), apply the rule, update the average.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        η, at least 0, finite; may be changed at any time through the attribute of the same name.
    weight_decay : float
        λ, at least 0.
    clipvalue : float, optional
        Every component of the gradient is brought into [-clipvalue, clipvalue].
    clipnorm : float, optional
        The gradient of each weight is scaled to at most this Euclidean norm.
    global_clipnorm : float, optional
        The whole gradient is scaled to at most this Euclidean norm.
    average : {None, "ema", "mean"}
        Keep Polyak's average of θ in ``averaged``: exponential, with `ema_momentum`, or the mean over all steps.
    ema_momentum : float
        In [0, 1): a ← ema_momentum a + (1 - ema_momentum) θ; after the first step a is θ.

    Attributes
    ----------
    constants : ndarray of float64
        Learning rate, weight decay, the rule's constants.
    slots : ndarray of shape (number of slots, θ)
        The state, filled with `initial` at first.
    clock : ndarray of float64, shape (2,)
        Steps so far, and what the rule keeps beside them.

    References
    ----------
    I. Loshchilov, F. Hutter (2019), Decoupled weight decay regularization; B. T. Polyak, A. B. Juditsky (1992),
    Acceleration of stochastic approximation by averaging.
    """

    kernel: str = ""
    slot_names: tuple[str, ...] = ()
    initial: float = 0.0

    weight_decay = Constant(1)

    def __init__(
        self,
        learning_rate: Any = 0.01,
        *,
        weight_decay: float = 0.0,
        clipvalue: float | None = None,
        clipnorm: float | None = None,
        global_clipnorm: float | None = None,
        average: str | None = None,
        ema_momentum: float = 0.99,
    ) -> None:
        own = type(self).__name__
        self.constants = np.zeros(2 + _kernels.OPTIMIZER_RULES.get(self.kernel, (0, 0))[1])
        self.clock, self.slots = np.array([0.0, 1.0]), np.zeros((0, 0))
        self.schedule: LearningRateSchedule | None = None
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clipvalue, self.clipnorm, self.global_clipnorm = clipvalue, clipnorm, global_clipnorm
        self._clipvalue = _limit(own, "clipvalue", clipvalue)
        self._clipnorm = _limit(own, "clipnorm", clipnorm)
        self._global_clipnorm = _limit(own, "global_clipnorm", global_clipnorm)
        if average not in (None, "ema", "mean"):
            raise ValueError(message(own, "average", "None, 'ema' or 'mean'", repr(average)))
        self.average, self.ema_momentum = average, between(own, "ema_momentum", ema_momentum, 0.0, 1.0)
        self._momentum = np.array([-1.0 if average == "mean" else self.ema_momentum])
        self.averaged: NDArray[Any] | None = None
        self._theta: NDArray[Any] | None = None
        self._trained = self._weights = np.zeros((0, 2), np.int64)

    @property
    def learning_rate(self) -> float:
        """The step size of the next update; a schedule may be assigned."""
        if self.schedule is not None:
            return self.schedule(self.iterations)
        return float(self.constants[0])

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        schedule = value if isinstance(value, LearningRateSchedule) else None
        rate = schedule(self.iterations) if schedule else value
        self.constants[0] = between(type(self).__name__, "learning_rate", rate, 0.0, float("inf"))
        self.schedule = schedule

    @property
    def iterations(self) -> int:
        """Updates made so far."""
        return int(self.clock[0])

    def build(self, theta: NDArray[Any], trained: Sequence[Any] | None = None, weights: Any = None) -> None:
        """Give every slot the shape and dtype of `theta`; once for each vector.

        Parameters
        ----------
        theta : ndarray of shape (n,)
        trained : sequence of pairs (begin, end), optional
            The parts of `theta` that move; all of it unless given.
        weights : sequence of pairs (begin, end), optional
            The single weights within those parts, for `clipnorm`; one unless given.

        Raises
        ------
        ValueError
            If the slots already belong to another vector: two models cannot share an optimiser's state.
        """
        if self._theta is not None and self._theta is not theta:
            got = f"{type(self).__name__} in use by another (reset() frees it)"
            raise ValueError(message("compile", "optimizer", "a new one for every model", got))
        everything = [(0, theta.size)]
        self._trained = np.array(everything if trained is None else trained, np.int64).reshape(-1, 2)
        self._weights = np.array(everything if weights is None else weights, np.int64).reshape(-1, 2)
        if self._theta is theta:
            return
        self._theta = theta
        self.slots = np.full((len(self.slot_names), theta.size), self.initial, theta.dtype)
        self.averaged = theta.copy() if self.average else None

    def __getattr__(self, name: str) -> Any:
        """A slot by its name: a view of a row of `slots`."""
        if name in type(self).slot_names or name in self.__dict__.get("slot_names", ()):
            slots = self.__dict__.get("slots", ())
            return slots[self.slot_names.index(name)] if len(slots) else None
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def reset(self) -> None:
        """Forget the vector and everything learned about it; the next `build` starts anew."""
        self._theta = self.averaged = None
        self.slots[...] = self.initial
        self.clock[:] = 0.0, 1.0

    def release(self, theta: NDArray[Any]) -> None:
        """`reset`, if the slots belong to `theta`, which is about to be replaced."""
        if self._theta is theta:
            self.reset()

    def update(self, theta: NDArray[Any], gradient: NDArray[Any]) -> None:
        """Move `theta` in place by one step, given the gradient of the loss, which clipping changes."""
        self.follow_schedule()
        self.apply(theta, gradient)

    def follow_schedule(self) -> None:
        """Put the learning rate that the schedule, if there is one, has come to into `constants`."""
        if self.schedule is not None:
            self.constants[0] = self.schedule(self.iterations)

    def apply(self, theta: NDArray[Any], gradient: NDArray[Any]) -> None:
        """`update` at the learning rate that stands in `constants`: kernel calls alone."""
        if self._theta is None:
            self.build(theta)
        if self._clipvalue is not None:
            _kernels.clip_by_value(gradient, self._clipvalue)
        if self._clipnorm is not None:
            _kernels.clip_by_norm(gradient, self._clipnorm, self._weights)
        if self._global_clipnorm is not None:
            _kernels.clip_by_global_norm(gradient, self._global_clipnorm, self._trained)
        self.move(theta, gradient)
        if self.averaged is not None:
            _kernels.average_parameters(self.averaged, theta, self._momentum, self.clock)

    def move(self, theta: NDArray[Any], gradient: NDArray[Any]) -> None:
        """The rule itself: one kernel call."""
        step = getattr(_kernels, f"{self.kernel}_step", None)
        if step is None:
            raise NotImplementedError(f"{type(self).__name__} must define move(theta, gradient) or name a kernel")
        step(theta, self.slots, self.clock, gradient, self.constants, self._trained)

    def use_average(self) -> None:
        """Replace θ by its average.

        Raises
        ------
        ValueError
            If none is kept: see the parameter `average`.
        """
        if self.averaged is None or self._theta is None:
            raise ValueError(message("use_average", "average", "'ema' or 'mean', and θ known", repr(self.average)))
        self._theta[...] = self.averaged

    def get_config(self) -> dict[str, Any]:
        """The arguments that make such an optimiser, with its present constants."""
        config = {name: getattr(self, name) for name in own_parameters(type(self)) if hasattr(self, name)}
        return {**config, "learning_rate": self.schedule or float(self.constants[0])}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} learning_rate={self.learning_rate:g}>"
