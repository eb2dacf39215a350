"""Stochastic gradient descent, with momentum."""

from typing import Any

from mmlcore._errors import message
from mmlcore.optimizers.base import Constant, Optimizer, between

__all__ = ["SGD"]


class _Momentum(Constant):
    """A constant that a step without momentum, whose kernel has none, keeps for itself."""

    def __get__(self, optimizer: Any, owner: type | None = None) -> Any:
        if optimizer is None or len(optimizer.constants) > self.index:
            return super().__get__(optimizer, owner)
        return 0.0

    def __set__(self, optimizer: Any, value: Any) -> None:
        if len(optimizer.constants) <= self.index:
            got = f"{value!r} for one that was made without momentum"
            raise ValueError(message("SGD", self.name, "changed where there is momentum", got))
        super().__set__(optimizer, value)


class SGD(Optimizer):
    """Gradient descent on mini-batches.

    Without momentum θ ← θ - η g; with momentum v ← μ v - (1-τ) η g and θ ← θ + v, or, by Nesterov,
    θ ← θ + μ v - (1-τ) η g with the new v.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        η, at least 0.
    momentum : float
        μ in [0, 1).
    nesterov : bool
    dampening : float
        τ in [0, 1).
    **options
        See `Optimizer`.

    Notes
    -----
    The documents' three forms of momentum: DRP, x ← x - γ ∇f + α Δx with the last move Δx, is μ = α, τ = 0, and so
    is CS582's v ← γ v + η ∇L, W ← W - v, whose v is ours with the other sign; the Notes' (6.6),
    θ ← θ + α (θ - θ') - (1-α) η g with the θ' before, is μ = τ = α.

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
    DRP, Gradient descent; Stochastic gradient descent and the momentum term. Notes 6.5. CS582 2.3.
    """

    momentum = _Momentum(2, 0.0, 1.0)
    dampening = _Momentum(3, 0.0, 1.0)

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        dampening: float = 0.0,
        **options: Any,
    ) -> None:
        self.nesterov = bool(nesterov)
        if between("SGD", "momentum", momentum, 0.0, 1.0):
            self.kernel = "nesterov" if nesterov else "momentum"
            self.slot_names = ("velocity",)
        else:
            self.kernel = "sgd"
        super().__init__(learning_rate, **options)
        between("SGD", "dampening", dampening, 0.0, 1.0)
        if self.slot_names:
            self.momentum, self.dampening = momentum, dampening
