"""Activation functions by Keras's names, and the layer that applies one."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import choose
from mmlcore.layers.base import Layer
from mmlcore.layers.plan import Plan
from mmlcore.ops.dense import FUSED

__all__ = ["ACTIVATIONS", "FUSED", "Activation", "get", "plan"]


def _linear(x: Any) -> Any:
    return x


def _leaky_relu(x: Any) -> Any:
    """max(x, 0.2 x): Keras's slope."""
    return ops.maximum(x, ops.multiply(0.2, x))


def _selu(x: Any) -> Any:
    """λ x for x > 0, otherwise λ α (eˣ - 1): keeps mean 0 and variance 1 (Klambauer et al. 2017, (2) and (14))."""
    return ops.multiply(_LAMBDA, ops.where(x > 0, x, ops.multiply(_ALPHA, ops.elu(x))))


_ALPHA, _LAMBDA = 1.6732632423543772, 1.0507009873554805

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": _linear,
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softplus": ops.softplus,
    "elu": ops.elu,
    "selu": _selu,
    "gelu": ops.gelu,
    "silu": ops.silu,
    "swish": ops.silu,
    "leaky_relu": _leaky_relu,
    "exponential": ops.exp,
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
}

# The element-wise kernels that compute some of them: their own names, but for one.
_KERNELS = {name: name for name in ACTIVATIONS if name in _kernels.UNARY} | {"exponential": "exp", "swish": "silu"}


def plan(activation: Any, x: NDArray[Any], dx: NDArray[Any] | None) -> Plan | None:
    """An activation alone as kernel calls on fixed buffers, or None if it has no kernels."""
    if activation == "linear":
        gradient = np.empty_like(x) if dx is None else dx
        return Plan(x, gradient, lambda: None, lambda: None)
    name = _KERNELS.get(activation) if isinstance(activation, str) else None
    if name is None:
        return None
    y, dy = np.empty_like(x), np.empty_like(x)
    forward, backward = getattr(_kernels, name), getattr(_kernels, f"{name}_grad")
    return Plan(
        output=y,
        output_gradient=dy,
        forward=lambda: forward(y, x),
        backward=lambda: None if dx is None else backward(dx, dy, x, y),
    )


def get(activation: str | Callable[[Any], Any] | None, function: str) -> Callable[[Any], Any]:
    """The function called `activation`; None is linear, a function is returned as it is.

    >>> get(None, "Dense")(3.0)
    3.0
    """
    if activation is None:
        return _linear
    return activation if callable(activation) else choose(function, "activation", activation, ACTIVATIONS)


class Activation(Layer):
    """A layer that applies a function: ``Activation("relu")``.

    Parameters
    ----------
    activation : str or callable
        A name from Keras's list, or a differentiable function of one array.
    **options
        See `Layer`.

    Examples
    --------
    >>> Activation("relu")([[-1.0, 2.0]])
    array([[0., 2.]])
    """

    def __init__(
        self,
        activation: str | Callable[[Any], Any],
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(name=name, input_shape=input_shape, **options)
        get(activation, "Activation")
        self.activation = activation

    def call(self, inputs: Any) -> Any:
        return get(self.activation, "Activation")(inputs)

    def preactivation(self, inputs: Any) -> Any:
        return inputs

    def activate(self, preactivation: Any) -> Any:
        return self.call(preactivation)

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        return plan(self.activation if activate else "linear", x, dx)
