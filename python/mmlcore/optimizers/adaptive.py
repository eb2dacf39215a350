"""Steps scaled by the squares of past gradients: AdaGrad and what followed it before Adam."""

from typing import Any

from mmlcore.optimizers.base import Constant, Optimizer, between

__all__ = ["Adadelta", "Adagrad", "RMSprop"]


class Adagrad(Optimizer):
    """Adaptive gradient descent: s ← s + g², θ ← θ - η g / √(s + ε).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        η, at least 0.
    initial_accumulator_value : float
        s before the first step, at least 0; the Notes begin with 0.
    epsilon : float
        ε, at least 0.
    **options
        See `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([4.0])
    >>> Adagrad(0.5, initial_accumulator_value=0.0, epsilon=0.0).update(theta, np.array([8.0]))
    >>> theta
    array([3.5])

    References
    ----------
    Notes 6.10, (6.16); J. Duchi, E. Hazan, Y. Singer (2011), Adaptive subgradient methods.
    """

    kernel = "adagrad"
    slot_names: tuple[str, ...] = ("accumulator",)
    epsilon = Constant(2)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        start = between("Adagrad", "initial_accumulator_value", initial_accumulator_value, 0.0, float("inf"))
        self.initial = self.initial_accumulator_value = start
        super().__init__(learning_rate, **options)
        self.epsilon = epsilon


class Adadelta(Optimizer):
    """Steps in the units of θ: s ← ρ s + (1-ρ) g², d = √(u + ε)/√(s + ε) g, u ← ρ u + (1-ρ) d², θ ← θ - η d.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        η, at least 0; 1 in the paper, 0.001 in Keras.
    rho : float
        ρ in [0, 1).
    epsilon : float
        ε, at least 0.
    **options
        See `Optimizer`.

    Examples
    --------
    >>> Adadelta().slot_names
    ('squares', 'moves')

    References
    ----------
    M. D. Zeiler (2012), ADADELTA: an adaptive learning rate method, algorithm 1.
    """

    kernel = "adadelta"
    slot_names: tuple[str, ...] = ("squares", "moves")
    rho = Constant(2, 0.0, 1.0)
    epsilon = Constant(3)

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon


class RMSprop(Optimizer):
    """Steps scaled by a running mean of squares: s ← ρ s + (1-ρ) g², v ← μ v + η g / √(s + ε), θ ← θ - v.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        η, at least 0.
    rho : float
        ρ in [0, 1).
    momentum : float
        μ in [0, 1).
    epsilon : float
        ε, at least 0.
    centered : bool
        Divide by the running standard deviation: s - a² in place of s, with a ← ρ a + (1-ρ) g.
    **options
        See `Optimizer`.

    Examples
    --------
    >>> RMSprop(centered=True).slot_names
    ('squares', 'velocity', 'mean')

    References
    ----------
    T. Tieleman, G. Hinton (2012), Neural networks for machine learning, lecture 6e; A. Graves (2013), Generating
    sequences with recurrent neural networks, (38)–(45).
    """

    slot_names: tuple[str, ...] = ("squares", "velocity")
    rho = Constant(2, 0.0, 1.0)
    momentum = Constant(3, 0.0, 1.0)
    epsilon = Constant(4)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        self.centered = bool(centered)
        self.kernel = "rmsprop_centered" if centered else "rmsprop"
        if centered:
            self.slot_names = ("squares", "velocity", "mean")
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon = rho, momentum, epsilon
