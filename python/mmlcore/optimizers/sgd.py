"""Stochastic gradient descent, with momentum."""

from typing import Any

from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.optimizers.base import Optimizer, between

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent on mini-batches.

    Without momentum θ ← θ - η g; with momentum v ← μ v - η g and θ ← θ + v, or, by Nesterov,
    θ ← θ + μ v - η g with the new v.

    Parameters
    ----------
    learning_rate : float
        η, at least 0.
    momentum : float
        μ in [0, 1).
    nesterov : bool

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([4.0])
    >>> sgd = SGD(learning_rate=0.1)
    >>> sgd.build(theta)
    >>> sgd.update(theta, 2 * theta)
    >>> theta
    array([3.2])

    References
    ----------
    DRP, Gradient descent; Stochastic gradient descent and the momentum term.
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(learning_rate)
        self.momentum = between("SGD", "momentum", momentum, 0.0, 1.0)
        self.nesterov = bool(nesterov)
        self.slot_names = ("velocity",) if self.momentum else ()
        self.velocity: NDArray[Any] | None = None

    def update(self, theta: NDArray[Any], gradient: NDArray[Any]) -> None:
        _kernels.sgd(theta, self.velocity, gradient, self._rate, self.momentum, self.nesterov)
