"""Activation functions by Keras's names, and the layer that applies one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import choose, message
from mmlcore.layers.base import Layer
from mmlcore.layers.plan import Plan
from mmlcore.ops.dense import FUSED

__all__ = ["ACTIVATIONS", "ELU", "FUSED", "Activation", "LeakyReLU", "ReLU", "Softmax", "get", "plan"]


def _linear(x: Any) -> Any:
    return x


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "linear": _linear,
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softplus": ops.softplus,
    "elu": ops.elu,
    "selu": ops.selu,
    "gelu": ops.gelu,
    "silu": ops.silu,
    "swish": ops.silu,
    "leaky_relu": ops.leaky_relu,
    "exponential": ops.exp,
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
}

_KERNELS = {"exponential": "exp", "swish": "silu"}  # the names of the others' kernels are their own
_OF_ROWS = ("softmax", "log_softmax")
_LEAKY_SLOPE = 0.2  # Keras's


def plan(activation: Any, x: NDArray[Any], dx: NDArray[Any] | None) -> Plan | None:
    """An activation alone as kernel calls on fixed buffers, or None if it has no kernels."""
    if activation == "linear":
        gradient = np.empty_like(x) if dx is None else dx
        return Plan(x, gradient, _nothing, _nothing)
    if not isinstance(activation, str):
        return None
    if activation == "leaky_relu":
        return _plan_leaky_relu(_LEAKY_SLOPE, x, dx)
    name = _KERNELS.get(activation, activation)
    forward, backward = getattr(_kernels, name), getattr(_kernels, f"{name}_grad")
    y, dy = np.empty_like(x), np.empty_like(x)
    if activation not in _OF_ROWS:
        back = None if dx is None else partial(backward, dx, dy, x, y)
        return Plan(y, dy, partial(forward, y, x), back or _nothing)
    y_rows, x_rows, dy_rows = (a.reshape(-1, a.shape[-1]) for a in (y, x, dy))
    back = None if dx is None else partial(backward, dx.reshape(x_rows.shape), dy_rows, y_rows)
    return Plan(y, dy, partial(forward, y_rows, x_rows), back or _nothing)


def _plan_leaky_relu(slope: float, x: NDArray[Any], dx: NDArray[Any] | None) -> Plan:
    y, dy = np.empty_like(x), np.empty_like(x)
    back = None if dx is None else partial(_kernels.leaky_relu_grad, dx, dy, x, slope)
    return Plan(y, dy, partial(_kernels.leaky_relu, y, x, slope), back or _nothing)


def _nothing() -> None:
    """What a layer without weights does on the way back where nothing before it learns."""


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


class _Named(Activation):
    """An activation with a class of its own."""

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "activation"}


class ReLU(_Named):
    """max(x, 0), element by element.

    Parameters
    ----------
    **options
        See `Layer`.

    Examples
    --------
    >>> ReLU()([[-1.0, 2.0]])
    array([[0., 2.]])
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("relu", **options)


class ELU(_Named):
    """x for x > 0, otherwise eˣ - 1.

    Parameters
    ----------
    **options
        See `Layer`.

    Examples
    --------
    >>> ELU()([[-1.0, 2.0]]).round(4)
    array([[-0.6321,  2.    ]])
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("elu", **options)


class Softmax(_Named):
    """e^xᵢ / Σⱼ e^xⱼ over the last axis.

    Parameters
    ----------
    **options
        See `Layer`.

    Examples
    --------
    >>> Softmax()([[0.0, 0.0]])
    array([[0.5, 0.5]])
    """

    def __init__(self, **options: Any) -> None:
        super().__init__("softmax", **options)


class LeakyReLU(Layer):
    """x for x > 0, otherwise a x.

    Parameters
    ----------
    negative_slope : float
        a, at least 0.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If `negative_slope` is out of range.

    Examples
    --------
    >>> LeakyReLU(0.5)([[-1.0, 2.0]])
    array([[-0.5,  2. ]])
    """

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(negative_slope, int | float | np.number) or not 0 <= negative_slope < np.inf:
            expectation = "a finite number of at least 0"
            raise ValueError(message("LeakyReLU", "negative_slope", expectation, repr(negative_slope)))
        self.negative_slope = float(negative_slope)

    def call(self, inputs: Any) -> Any:
        return ops.leaky_relu(inputs, negative_slope=self.negative_slope)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        return _plan_leaky_relu(self.negative_slope, x, dx)
