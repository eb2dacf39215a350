"""The fully connected layer."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import integer, message
from mmlcore.layers import activations, initializers
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.plan import Plan

__all__ = ["Dense"]


class Dense(Layer):
    """Fully connected layer: activation(x W + b).

    Parameters
    ----------
    units : int
        Number of outputs.
    activation : str or callable, optional
        None is linear. sigmoid, tanh and relu are applied inside the product's kernel.
    use_bias : bool
    kernel_initializer, bias_initializer : str or callable
        A name from Keras's list, or a function of (shape, generator).
    input_dim : int, optional
        Number of inputs; short for ``input_shape=(input_dim,)``.
    input_shape, name
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (inputs, units)
    bias : ndarray of shape (units,)

    Raises
    ------
    ValueError
        If `units` or `input_dim` is not a positive integer, or a name is unknown (the message lists the
        known ones).

    Examples
    --------
    >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
    >>> layer([[1.0, 2.0, 3.0]])
    array([[6., 6.]])

    References
    ----------
    DRP, Key components of a neural network; X. Glorot, Y. Bengio (2010), Understanding the difficulty of
    training deep feedforward neural networks (the default initialiser).
    """

    def __init__(
        self,
        units: int,
        activation: str | Callable[[Any], Any] | None = None,
        use_bias: bool = True,
        kernel_initializer: str | initializers.Initializer = "glorot_uniform",
        bias_initializer: str | initializers.Initializer = "zeros",
        input_dim: int | None = None,
        input_shape: tuple[int, ...] | None = None,
        name: str | None = None,
    ) -> None:
        if input_dim is not None:
            input_shape = (integer("Dense", "input_dim", input_dim),)
        super().__init__(name=name, input_shape=input_shape)
        self.units = integer("Dense", "units", units)
        self.activation = "linear" if activation is None else activation
        activations.get(activation, "Dense")
        self.use_bias = use_bias
        initializers.get(kernel_initializer, "Dense", "kernel_initializer")
        initializers.get(bias_initializer, "Dense", "bias_initializer")
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel: Any = None
        self.bias: Any = None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 2 or input_shape[1] is None:
            raise ValueError(message("Dense", "inputs", "shape (n, features)", f"shape {input_shape}"))
        return (input_shape[0], self.units)

    def build(self, input_shape: Any) -> None:
        self.add_weight("kernel", (input_shape[1], self.units), self.kernel_initializer)
        if self.use_bias:
            self.add_weight("bias", (self.units,), self.bias_initializer)

    def call(self, inputs: Any) -> Any:
        if self.activation in activations.FUSED:
            return ops.dense(inputs, self.kernel, self.bias, self.activation)
        return self.activate(self.preactivation(inputs))

    def preactivation(self, inputs: Any) -> Any:
        return ops.dense(inputs, self.kernel, self.bias)

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        activation = self.activation if activate else "linear"
        if activation not in activations.FUSED:
            return None
        code = _kernels.ACTIVATIONS[activation]
        y = np.empty((len(x), self.units), x.dtype)
        dy = np.empty_like(y)
        bias, bias_gradient = (self.bias, gradients[1]) if self.use_bias else (None, None)
        return Plan(
            output=y,
            output_gradient=dy,
            forward=partial(_kernels.dense_forward, y, x, self.kernel, bias, code),
            backward=partial(_kernels.dense_backward, dx, gradients[0], bias_gradient, dy, x, self.kernel, y, code),
        )

    def activate(self, preactivation: Any) -> Any:
        return activations.get(self.activation, "Dense")(preactivation)
