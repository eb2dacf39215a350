"""Adam and its relatives: steps scaled by running moments of the gradient."""

from typing import Any

from mmlcore.optimizers.base import Constant, Optimizer

__all__ = ["AMSGrad", "Adam", "AdamW", "Adamax", "Lion", "Nadam"]


class Adam(Optimizer):
    """Adaptive moments: m ← β₁ m + (1-β₁) g, v ← β₂ v + (1-β₂) g²,
    θ ← θ - η √(1-β₂ᵗ)/(1-β₁ᵗ) · m / (√v + ε).

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        η, at least 0.
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        At least 0. As in Keras it is added to √v before the bias of v is corrected.
    amsgrad : bool
        Divide by the largest v so far in place of v: see `AMSGrad`.
    **options
        See `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([4.0, -1.0])
    >>> adam = Adam(learning_rate=0.5)
    >>> adam.build(theta)
    >>> adam.update(theta, 2 * theta)
    >>> theta.round(4)  # the first step has length η whatever the gradient's size
    array([ 3.5, -0.5])

    References
    ----------
    D. P. Kingma, J. Ba (2015), Adam: a method for stochastic optimization, algorithm 1 and section 2. CS582 2.3.
    """

    slot_names: tuple[str, ...] = ("m", "v")
    beta_1 = Constant(2, 0.0, 1.0)
    beta_2 = Constant(3, 0.0, 1.0)
    epsilon = Constant(4)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        self.amsgrad = bool(amsgrad)
        self.kernel = "amsgrad" if amsgrad else "adam"
        if amsgrad:
            self.slot_names = ("m", "v", "v_max")
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon


class AMSGrad(Adam):
    """`Adam` whose divisor never shrinks: v̂ ← max(v̂, v), θ ← θ - η √(1-β₂ᵗ)/(1-β₁ᵗ) · m / (√v̂ + ε).

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, **options
        See `Adam`.

    Examples
    --------
    >>> AMSGrad(0.01).slot_names
    ('m', 'v', 'v_max')

    References
    ----------
    S. J. Reddi, S. Kale, S. Kumar (2018), On the convergence of Adam and beyond, algorithm 2.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad=True, **options)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "amsgrad"}


class AdamW(Adam):
    """`Adam` after θ ← (1 - η λ) θ: weight decay that the moments do not see.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, amsgrad, **options
        See `Adam`.
    weight_decay : float
        λ, at least 0.

    Examples
    --------
    >>> AdamW().weight_decay
    0.004

    References
    ----------
    I. Loshchilov, F. Hutter (2019), Decoupled weight decay regularization, algorithm 2.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options)


class _Moments(Optimizer):
    """The constants of Adam for a rule of its own."""

    slot_names: tuple[str, ...] = ("m", "v")
    beta_1 = Constant(2, 0.0, 1.0)
    beta_2 = Constant(3, 0.0, 1.0)
    epsilon = Constant(4)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon


class Adamax(_Moments):
    """Adam with the largest gradient: m ← β₁ m + (1-β₁) g, u ← max(β₂ u, |g|), θ ← θ - η/(1-β₁ᵗ) · m / (u + ε).

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, **options
        See `Adam`.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([4.0])
    >>> Adamax(0.5, epsilon=0.0).update(theta, np.array([8.0]))
    >>> theta
    array([3.5])

    References
    ----------
    D. P. Kingma, J. Ba (2015), Adam: a method for stochastic optimization, algorithm 2.
    """

    kernel = "adamax"
    slot_names: tuple[str, ...] = ("m", "u")


class Nadam(_Moments):
    """Adam with Nesterov's momentum: with μₜ = β₁ (1 - 0.96ᵗ/2) and πₜ = μ₁⋯μₜ,
    θ ← θ - η (μₜ₊₁ m/(1-πₜ₊₁) + (1-μₜ) g/(1-πₜ)) / (√(v/(1-β₂ᵗ)) + ε).

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, **options
        See `Adam`.

    Examples
    --------
    >>> Nadam(0.01)
    <Nadam learning_rate=0.01>

    References
    ----------
    T. Dozat (2016), Incorporating Nesterov momentum into Adam, algorithm 2.
    """

    kernel = "nadam"


class Lion(Optimizer):
    """Steps of one size in every component: θ ← θ - η sign(β₁ m + (1-β₁) g), then m ← β₂ m + (1-β₂) g.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        In [0, 1).
    **options
        See `Optimizer`.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([4.0, -1.0])
    >>> Lion(0.5).update(theta, 2 * theta)
    >>> theta
    array([ 3.5, -0.5])

    References
    ----------
    X. Chen et al. (2023), Symbolic discovery of optimization algorithms, algorithm 2.
    """

    kernel = "lion"
    slot_names: tuple[str, ...] = ("m",)
    beta_1 = Constant(2, 0.0, 1.0)
    beta_2 = Constant(3, 0.0, 1.0)

    def __init__(self, learning_rate: Any = 0.0001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2 = beta_1, beta_2
