"""Adam: steps scaled by running moments of the gradient."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.optimizers.base import Optimizer, between

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adaptive moments: m ← β₁ m + (1-β₁) g, v ← β₂ v + (1-β₂) g²,
    θ ← θ - η √(1-β₂ᵗ)/(1-β₁ᵗ) · m / (√v + ε).

    Parameters
    ----------
    learning_rate : float
        η, at least 0.
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        At least 0. As in Keras it is added to √v before the bias of v is corrected.

    Attributes
    ----------
    iterations : int
        Updates made so far.

    Examples
    --------
    >>> theta = np.array([4.0, -1.0])
    >>> adam = Adam(learning_rate=0.5)
    >>> adam.build(theta)
    >>> adam.update(theta, 2 * theta)
    >>> theta.round(4)  # the first step has length η whatever the gradient's size
    array([ 3.5, -0.5])

    References
    ----------
    D. P. Kingma, J. Ba (2015), Adam: a method for stochastic optimization, algorithm 1 and section 2.
    """

    slot_names = ("m", "v")

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1 = between("Adam", "beta_1", beta_1, 0.0, 1.0)
        self.beta_2 = between("Adam", "beta_2", beta_2, 0.0, 1.0)
        self.epsilon = between("Adam", "epsilon", epsilon, 0.0, float("inf"))
        self._step = np.zeros(1, np.int64)
        self.m: Any = None
        self.v: Any = None

    @property
    def iterations(self) -> int:
        """Updates made so far."""
        return int(self._step[0])

    def reset(self) -> None:
        super().reset()
        self._step[0] = 0

    def update(self, theta: NDArray[Any], gradient: NDArray[Any]) -> None:
        _kernels.adam(theta, self.m, self.v, self._step, gradient, self._rate, self.beta_1, self.beta_2, self.epsilon)
