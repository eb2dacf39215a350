"""Penalties on weights or outputs that join the loss, by Keras's names."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import ops
from mmlcore._errors import choose, message

__all__ = ["L1", "L1L2", "L2", "REGULARIZERS", "Regularizer", "get"]

Regularizer = Callable[[Any], Any]


def _weight(owner: str, argument: str, value: Any) -> float:
    if not isinstance(value, int | float | np.number) or not 0 <= value < float("inf"):
        raise ValueError(message(owner, argument, "a finite number of at least 0", repr(value)))
    return float(value)


class L1L2:
    """The penalty l1 Σ|w| + l2 Σ w²; the derivative of |w| at 0 is 0.

    Parameters
    ----------
    l1, l2 : float
        At least 0.

    Raises
    ------
    ValueError
        If one is negative or not finite.

    Examples
    --------
    >>> round(float(L1L2(l1=0.1, l2=1.0)([1.0, -2.0])), 6)
    5.3

    References
    ----------
    CS582 5; Notes 5.2.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        own = type(self).__name__
        self.l1, self.l2 = _weight(own, "l1", l1), _weight(own, "l2", l2)

    def __call__(self, w: Any) -> Any:
        """The penalty of an array or Tensor."""
        first = ops.multiply(self.l1, ops.sum(ops.absolute(w))) if self.l1 else 0.0
        second = ops.multiply(self.l2, ops.sum(ops.square(w))) if self.l2 else 0.0
        return ops.add(first, second)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} l1={self.l1:g} l2={self.l2:g}>"


class L1(L1L2):
    """The penalty l1 Σ|w|, which makes weights exactly zero.

    Parameters
    ----------
    l1 : float

    Examples
    --------
    >>> L1(0.5)
    <L1 l1=0.5 l2=0>
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    """The penalty l2 Σ w², which keeps weights small.

    Parameters
    ----------
    l2 : float

    Examples
    --------
    >>> L2(0.5)
    <L2 l1=0 l2=0.5>
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


REGULARIZERS: dict[str, Callable[[], L1L2]] = {"l1": L1, "l2": L2, "l1_l2": lambda: L1L2(0.01, 0.01)}


def get(regularizer: Any, function: str, argument: str) -> Regularizer | None:
    """What `regularizer` stands for: a name, a function of an array that returns one number, or None.

    >>> get("l2", "Dense", "kernel_regularizer")
    <L2 l1=0 l2=0.01>
    """
    if regularizer is None or callable(regularizer):
        return regularizer
    return choose(function, argument, regularizer, REGULARIZERS)()
