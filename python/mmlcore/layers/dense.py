"""The fully connected layer."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import integer, message
from mmlcore.layers import activations, constraints, initializers, regularizers
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
    kernel_regularizer, bias_regularizer : str or callable, optional
        "l1", "l2", "l1_l2", or a function of an array: see `mmlcore.layers.regularizers`.
    kernel_constraint, bias_constraint : str or callable, optional
        "max_norm", "non_neg", or a function that changes an array: see `mmlcore.layers.constraints`.
    **options
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
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        if input_dim is not None:
            input_shape = (integer("Dense", "input_dim", input_dim),)
        super().__init__(name=name, input_shape=input_shape, **options)
        self.units = integer("Dense", "units", units)
        self.activation = "linear" if activation is None else activation
        activations.get(activation, "Dense")
        self.use_bias = use_bias
        initializers.get(kernel_initializer, "Dense", "kernel_initializer")
        initializers.get(bias_initializer, "Dense", "bias_initializer")
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer = regularizers.get(kernel_regularizer, "Dense", "kernel_regularizer")
        self.bias_regularizer = regularizers.get(bias_regularizer, "Dense", "bias_regularizer")
        self.kernel_constraint = constraints.get(kernel_constraint, "Dense", "kernel_constraint")
        self.bias_constraint = constraints.get(bias_constraint, "Dense", "bias_constraint")
        self.kernel: Any = None
        self.bias: Any = None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 2 or input_shape[-1] is None:
            raise ValueError(message("Dense", "inputs", "shape (n, features)", f"shape {input_shape}"))
        return (*input_shape[:-1], self.units)

    def build(self, input_shape: Any) -> None:
        shape = (input_shape[-1], self.units)
        self.add_weight("kernel", shape, self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint)
        if self.use_bias:
            self.add_weight("bias", (self.units,), self.bias_initializer, self.bias_regularizer, self.bias_constraint)

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
            return self._plan_apart(x, dx, gradients, activation)
        code = _kernels.ACTIVATIONS[activation]
        y = np.empty((*x.shape[:-1], self.units), x.dtype)
        dy = np.empty_like(y)
        rows, y_rows, dy_rows = (a.reshape(-1, a.shape[-1]) for a in (x, y, dy))
        dx_rows = None if dx is None else dx.reshape(rows.shape)
        bias, bias_gradient = (self.bias, gradients[1]) if self.use_bias else (None, None)
        kernel = self.kernel
        return Plan(
            output=y,
            output_gradient=dy,
            forward=partial(_kernels.dense_forward, y_rows, rows, kernel, bias, code),
            backward=partial(
                _kernels.dense_backward, dx_rows, gradients[0], bias_gradient, dy_rows, rows, kernel, y_rows, code
            ),
        )

    def _plan_apart(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activation: Any
    ) -> Plan | None:
        """The plan for an activation that has kernels of its own."""
        linear = self.plan(x, dx, gradients, activate=False)
        assert linear is not None
        last = activations.plan(activation, linear.output, linear.output_gradient)
        return last and Plan.chain(linear, last)

    def activate(self, preactivation: Any) -> Any:
        return activations.get(self.activation, "Dense")(preactivation)
