"""A layer as kernel calls on fixed buffers: what a training step repeats without allocating or recording."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """One layer for one batch size.

    Attributes
    ----------
    output, output_gradient : ndarray
        Buffers of the same shape: `forward` writes the first, `backward` reads the second.
    forward : callable
        The outputs from the inputs, both in their buffers.
    backward : callable
        The gradients of the weights, and of the inputs if that was asked for, from `output_gradient`.
    """

    output: NDArray[Any]
    output_gradient: NDArray[Any]
    forward: Callable[[], Any]
    backward: Callable[[], Any]

    @staticmethod
    def chain(first: "Plan", second: "Plan") -> "Plan":
        """Two plans in one: `second` works on the buffers of `first`."""

        def forward() -> None:
            first.forward()
            second.forward()

        def backward() -> None:
            second.backward()
            first.backward()

        return Plan(second.output, second.output_gradient, forward, backward)
