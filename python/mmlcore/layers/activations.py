"""Activation functions by Keras's names, and the layer that applies one."""

from collections.abc import Callable
from typing import Any

from mmlcore import ops
from mmlcore._errors import choose
from mmlcore.layers.base import Layer
from mmlcore.ops.dense import FUSED

__all__ = ["ACTIVATIONS", "FUSED", "Activation", "get"]


def _linear(x: Any) -> Any:
    return x


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": _linear,
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softplus": ops.softplus,
    "exponential": ops.exp,
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
}


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
    name, input_shape
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
    ) -> None:
        super().__init__(name=name, input_shape=input_shape)
        get(activation, "Activation")
        self.activation = activation

    def call(self, inputs: Any) -> Any:
        return get(self.activation, "Activation")(inputs)

    def preactivation(self, inputs: Any) -> Any:
        return inputs

    def activate(self, preactivation: Any) -> Any:
        return self.call(preactivation)
