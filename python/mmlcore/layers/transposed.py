"""The transposed convolution: from the shape of a convolution's outputs to that of its inputs."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import choose, message
from mmlcore.layers import activations
from mmlcore.layers.base import Shape
from mmlcore.layers.convolution import Convolution, image_shape, plan_convolution
from mmlcore.layers.plan import Plan
from mmlcore.ops.conv import transpose_sweep
from mmlcore.ops.windows import Sweep, sweep_of

__all__ = ["Conv2DTranspose"]


class Conv2DTranspose(Convolution):
    """The transpose of a convolution, with a bias and an activation: pictures become larger by the strides.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size, strides, dilation_rate : int, or one for each axis
    padding : 'valid' or 'same'
        Of the convolution that it transposes; 'same' gives extents of rows · stride.
    data_format : 'channels_last' or 'channels_first', optional
    **options
        activation, use_bias, initialisers, regularisers and constraints as for `Conv2D`; see also `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (*kernel_size, filters, channels)
    bias : ndarray of shape (filters,)

    Raises
    ------
    ValueError
        If an argument is out of range, or the inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> Conv2DTranspose(8, 3, strides=2, padding="same")(np.zeros((1, 7, 7, 4))).shape
    (1, 14, 14, 8)

    References
    ----------
    V. Dumoulin, F. Visin (2016), A guide to convolution arithmetic for deep learning.
    """

    rank: ClassVar[int] = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        **options: Any,
    ) -> None:
        own = "Conv2DTranspose"
        choose(own, "padding", padding, {"valid": 0, "same": 0})
        super().__init__(filters, kernel_size, strides, padding, data_format, dilation_rate, **options)
        if self.groups != 1:
            raise ValueError(message(own, "groups", "1", self.groups))

    def _undone(self, input_shape: Any) -> Sweep:
        """The sweep of the convolution that is transposed."""
        _, channels = image_shape(self, input_shape, 2, self.data_format)
        kernel, shape = (*self.kernel_size, self.filters, channels), (1, *input_shape[1:])
        steps = (self.strides, self.padding, self.dilation_rate, self.data_format)
        return transpose_sweep("Conv2DTranspose", shape, kernel, *steps)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        sweep = self._undone(input_shape)
        if 0 in sweep.size:
            raise ValueError(message("Conv2DTranspose", "inputs", "not empty", f"shape {input_shape}"))
        return (input_shape[0], *sweep.shape(1, self.filters, sweep.size)[1:])

    def build(self, input_shape: Any) -> None:
        _, channels = image_shape(self, input_shape, 2, self.data_format)
        shape = (*self.kernel_size, self.filters, channels)
        self.add_weight("kernel", shape, self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint)
        self._add_bias(self.filters)

    # The bias and the activation are a convolution of their own: each channel times one.

    def _ones(self, dtype: Any) -> NDArray[Any]:
        return np.ones((1, 1, 1, self.filters), dtype)

    def _finished(self, z: Any, activation: str) -> Any:
        if activation == "linear" and not self.use_bias:
            return z
        ones, layout = self._ones(z.dtype), self.data_format
        return ops.conv(z, ones, self.bias, groups=self.filters, activation=activation, data_format=layout)

    def _transposed(self, inputs: Any) -> Any:
        return ops.conv_transpose(inputs, self.kernel, self.strides, self.padding, self.dilation_rate, self.data_format)

    def call(self, inputs: Any) -> Any:
        if self.activation in activations.FUSED:
            return self._finished(self._transposed(inputs), self.activation)
        return self.activate(self.preactivation(inputs))

    def preactivation(self, inputs: Any) -> Any:
        return self._finished(self._transposed(inputs), "linear")

    def activate(self, preactivation: Any) -> Any:
        return activations.get(self.activation, "Conv2DTranspose")(preactivation)

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        activation = self.activation if activate else "linear"
        if activation not in activations.FUSED:
            linear = self.plan(x, dx, gradients, activate=False)
            assert linear is not None
            last = activations.plan(activation, linear.output, linear.output_gradient)
            return last and Plan.chain(linear, last)
        plan = self._plan_transposed(x, dx, gradients)
        if activation == "linear" and not self.use_bias:
            return plan
        z = plan.output
        size, _ = image_shape(self, (None, *z.shape[1:]), 2, self.data_format)
        sweep = sweep_of("Conv2DTranspose", size, (1, 1), groups=self.filters, data_format=self.data_format)
        y = np.empty_like(z)
        biases = (self.bias, gradients[1]) if self.use_bias else (None, None)
        ones = (self._ones(z.dtype), self._ones(z.dtype))
        finish = plan_convolution(sweep, (z, plan.output_gradient), (y, np.empty_like(y)), ones, biases, activation)
        return Plan.chain(plan, finish)

    def _plan_transposed(self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]]) -> Plan:
        sweep = self._undone((None, *x.shape[1:]))
        z = np.empty(sweep.shape(len(x), self.filters, sweep.size), x.dtype)
        dz = np.empty_like(z)
        filters, window = sweep.filters(self.kernel), sweep.window
        x_volume, z_volume, dz_volume = sweep.volume(x), sweep.volume(z), sweep.volume(dz)

        def backward() -> None:
            if dx is not None:
                _kernels.conv_forward(sweep.volume(dx), dz_volume, filters, None, window)
            slope = gradients[0].reshape(filters.shape)
            _kernels.conv_filter_gradient(slope, None, dz_volume, x_volume, None, window)

        forward = partial(_kernels.conv_input_gradient, z_volume, x_volume, filters, None, window)
        return Plan(z, dz, forward, backward)
