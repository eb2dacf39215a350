"""What every optimiser is: a learning rate, slots as long as θ, an update in place."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message

__all__ = ["Optimizer", "between"]


def between(function: str, argument: str, value: Any, low: float, high: float) -> float:
    """`value` as a float within [low, high), or a ValueError."""
    number = float(value) if isinstance(value, int | float | np.integer | np.floating) else float("nan")
    if isinstance(value, bool) or not low <= number < high:
        expectation = (
            f"a number in [{low:g}, {high:g})" if np.isfinite(high) else f"a finite number of at least {low:g}"
        )
        raise ValueError(message(function, argument, expectation, repr(value)))
    return number


class Optimizer:
    """Base of all optimisers.

    A subclass names its slots and defines ``update(theta, gradient)``, one kernel call.

    Parameters
    ----------
    learning_rate : float
        At least 0, finite; may be changed at any time through the attribute of the same name.
    """

    slot_names: tuple[str, ...] = ()

    def __init__(self, learning_rate: float = 0.01) -> None:
        self._rate = np.zeros(1)
        self.learning_rate = learning_rate
        self._theta: NDArray[Any] | None = None

    @property
    def learning_rate(self) -> float:
        """The step size, read by the kernel at every update."""
        return float(self._rate[0])

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._rate[0] = between(type(self).__name__, "learning_rate", value, 0.0, float("inf"))

    def build(self, theta: NDArray[Any]) -> None:
        """Give every slot the shape and dtype of `theta`, filled with zeros; once for each vector.

        Raises
        ------
        ValueError
            If the slots already belong to another vector: two models cannot share an optimiser's state.
        """
        if self._theta is theta:
            return
        if self._theta is not None:
            got = f"{type(self).__name__} in use by another (reset() frees it)"
            raise ValueError(message("compile", "optimizer", "a new one for every model", got))
        self._theta = theta
        for name in self.slot_names:
            setattr(self, name, np.zeros_like(theta))

    def reset(self) -> None:
        """Forget the vector and everything learned about it; the next `build` starts anew."""
        self._theta = None
        for name in self.slot_names:
            if (slot := getattr(self, name, None)) is not None:
                slot[...] = 0

    def release(self, theta: NDArray[Any]) -> None:
        """`reset`, if the slots belong to `theta`, which is about to be replaced."""
        if self._theta is theta:
            self.reset()

    def update(self, theta: NDArray[Any], gradient: NDArray[Any]) -> None:
        """Move `theta` in place by one step, given the gradient of the loss."""
        raise NotImplementedError(f"{type(self).__name__} must define update(theta, gradient)")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} learning_rate={self.learning_rate:g}>"
