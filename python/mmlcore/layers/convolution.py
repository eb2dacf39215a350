"""Convolutional layers over sequences, pictures and volumes."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import choose, integer, message
from mmlcore.layers import activations, constraints, initializers, regularizers
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.plan import Plan
from mmlcore.ops.windows import DATA_FORMATS, Sweep, frozen, per_axis, sweep_of

__all__ = ["Conv1D", "Conv2D", "Conv3D", "Convolution", "DepthwiseConv2D", "image_shape", "plan_convolution"]


def image_shape(layer: Layer, input_shape: Shape, rank: int, data_format: str) -> tuple[tuple[int, ...], int]:
    """Extents and channels of the inputs of a layer, or a ValueError."""
    if len(input_shape) != rank + 2 or None in input_shape[1:]:
        names = "(n, channels, ...)" if DATA_FORMATS[data_format] else "(n, ..., channels)"
        expectation = f"of shape {names} with {rank} axes for the image"
        raise ValueError(message(type(layer).__name__, "inputs", expectation, f"shape {input_shape}"))
    sizes: tuple[int, ...] = input_shape[1:]  # type: ignore[assignment]
    return (sizes[1:], sizes[0]) if DATA_FORMATS[data_format] else (sizes[:-1], sizes[-1])


class _Convolution(Layer):
    """What all convolutions share: a kernel that is a weight, a bias, an activation in the kernel's epilogue."""

    rank: ClassVar[int]
    filters: int
    groups: int = 1

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        own = type(self).__name__
        self.kernel_size = per_axis(own, "kernel_size", kernel_size, self.rank)
        self.strides = per_axis(own, "strides", strides, self.rank)
        self.dilation_rate = per_axis(own, "dilation_rate", dilation_rate, self.rank)
        self.padding = frozen(padding)
        self.data_format = "channels_last" if data_format is None else data_format
        choose(own, "data_format", self.data_format, DATA_FORMATS)
        self.activation = "linear" if activation is None else activation
        activations.get(activation, own)
        self.use_bias = use_bias
        initializers.get(bias_initializer, own, "bias_initializer")
        self.bias_initializer = bias_initializer
        self.bias_regularizer = regularizers.get(bias_regularizer, own, "bias_regularizer")
        self.bias_constraint = constraints.get(bias_constraint, own, "bias_constraint")
        self.kernel: Any = None
        self.bias: Any = None
        self._sweep((2**20,) * self.rank)  # refuse a padding that is none

    def _sweep(self, size: tuple[int, ...]) -> Sweep:
        own = type(self).__name__
        options = (self.padding, self.dilation_rate, self.groups, self.data_format)
        return sweep_of(own, size, self.kernel_size, self.strides, *options)

    def _channels(self, channels: int) -> int:
        """How many the outputs have."""
        return self.filters

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        size, channels = image_shape(self, input_shape, self.rank, self.data_format)
        sweep = self._sweep(size)
        if 0 in sweep.out:
            got = f"shape {input_shape} for a kernel of {self.kernel_size}"
            raise ValueError(message(type(self).__name__, "inputs", "at least as large as the kernel", got))
        return (input_shape[0], *sweep.outputs(1, self._channels(channels))[1:])

    def _filters(self, kernel: Any) -> Any:
        """The weight as `ops.conv` wants it."""
        return kernel

    @property
    def _groups(self) -> int:
        """Of the built layer, as `ops.conv` wants them."""
        return self.groups

    def _require_fit(self, shape: tuple[int, ...]) -> None:
        """Refuse inputs that are smaller than the kernel or have other channels than it was built for."""
        self.compute_output_shape((None, *shape[1:]))
        _, channels = image_shape(self, (None, *shape[1:]), self.rank, self.data_format)
        expected = self.kernel.shape[-2] * self.groups
        if channels != expected:
            got = f"shape {tuple(shape)} with {channels}"
            raise ValueError(message(type(self).__name__, "inputs", f"of {expected} channels", got))

    def _add_bias(self, filters: int) -> None:
        if self.use_bias:
            self.add_weight("bias", (filters,), self.bias_initializer, self.bias_regularizer, self.bias_constraint)

    def _convolve(self, inputs: Any, activation: str) -> Any:
        self._require_fit(inputs.shape)
        return ops.conv(
            inputs,
            self._filters(self.kernel),
            self.bias,
            self.strides,
            self.padding,
            self.dilation_rate,
            self._groups,
            activation,
            self.data_format,
        )

    def call(self, inputs: Any) -> Any:
        if self.activation in activations.FUSED:
            return self._convolve(inputs, self.activation)
        return self.activate(self.preactivation(inputs))

    def preactivation(self, inputs: Any) -> Any:
        return self._convolve(inputs, "linear")

    def activate(self, preactivation: Any) -> Any:
        return activations.get(self.activation, type(self).__name__)(preactivation)

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        activation = self.activation if activate else "linear"
        if activation not in activations.FUSED:
            linear = self.plan(x, dx, gradients, activate=False)
            assert linear is not None
            last = activations.plan(activation, linear.output, linear.output_gradient)
            return last and Plan.chain(linear, last)
        self._require_fit(x.shape)
        size, channels = image_shape(self, (None, *x.shape[1:]), self.rank, self.data_format)
        sweep = self._sweep(size)
        y = np.empty(sweep.outputs(len(x), self._channels(channels)), x.dtype)
        dy = np.empty_like(y)
        filters = self._filters(self.kernel)
        sweep = replace(sweep, groups=self._groups)
        biases = (self.bias, gradients[1]) if self.use_bias else (None, None)
        return plan_convolution(sweep, (x, dx), (y, dy), (filters, gradients[0]), biases, activation)

    def plan_halved(self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]]) -> Plan | None:
        if self.rank != 2 or self.data_format != "channels_last":
            return None
        self._require_fit(x.shape)
        size, channels = image_shape(self, (None, *x.shape[1:]), self.rank, self.data_format)
        sweep = replace(self._sweep(size), groups=self._groups)
        if sweep.kernel == sweep.stride == (1, 1, 1):  # products of all points at once: their bits are their own
            return None
        p = np.empty((len(x), *(n // 2 for n in sweep.out[1:]), self._channels(channels)), x.dtype)
        slopes = [*gradients, None, None]
        weights = (self._filters(self.kernel), slopes[0]), (self.bias if self.use_bias else None, slopes[1])
        return _plan_halved(sweep, (x, dx), (p, np.empty_like(p)), *weights)


Pair = tuple[Any, Any]


def plan_convolution(sweep: Sweep, x: Pair, y: Pair, kernel: Pair, bias: Pair, activation: str) -> Plan:
    """The plan of a convolution, given buffers and the buffers of their gradients."""
    code, window = _kernels.ACTIVATIONS[activation], sweep.window
    x_volume, y_volume, dy_volume = sweep.volume(x[0]), sweep.volume(y[0]), sweep.volume(y[1])
    dx_volume = None if x[1] is None else sweep.volume(x[1])
    filters, to_inputs = sweep.filters(kernel[0]), None
    if dx_volume is not None:
        to_inputs = partial(_kernels.conv_input_gradient, dx_volume, dy_volume, filters, y_volume, window, code)

    def backward() -> None:
        if to_inputs is not None:
            to_inputs()
        slope = kernel[1].reshape(filters.shape)
        _kernels.conv_filter_gradient(slope, bias[1], x_volume, dy_volume, y_volume, window, code)

    forward = partial(_kernels.conv_forward, y_volume, x_volume, filters, bias[0], window, code)
    return Plan(y[0], y[1], forward, backward)


def _plan_halved(sweep: Sweep, x: Pair, p: Pair, kernel: Pair, bias: Pair) -> Plan:
    """The plan of a convolution, a rectifier and the largest of 2×2 windows, in one."""
    out, window, filters = sweep.out, sweep.window, sweep.filters(kernel[0])
    x_volume, p_volume, dp_volume = sweep.volume(x[0]), sweep.volume(p[0]), sweep.volume(p[1])
    numbers = None if kernel[1] is None else np.empty(p_volume.shape, np.uint8)
    forward = partial(_kernels.pooled_conv_forward, p_volume, numbers, x_volume, filters, bias[0], out, window)
    if numbers is None:
        return Plan(p[0], p[1], forward, lambda: None)
    back = (dp_volume, numbers)
    slopes = kernel[1].reshape(filters.shape), bias[1]
    to_filters = partial(_kernels.pooled_conv_filter_gradient, *slopes, x_volume, *back, out, window)
    if x[1] is None:
        return Plan(p[0], p[1], forward, to_filters)
    to_inputs = partial(_kernels.pooled_conv_input_gradient, sweep.volume(x[1]), *back, filters, out, window)

    def backward() -> None:
        to_inputs()
        to_filters()

    return Plan(p[0], p[1], forward, backward)


class Convolution(_Convolution):
    """A convolution of `filters` filters; see `Conv2D`."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        own = type(self).__name__
        self.filters, self.groups = integer(own, "filters", filters), integer(own, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(message(own, "groups", f"a divisor of the {filters} filters", groups))
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            bias_constraint,
            **options,
        )
        initializers.get(kernel_initializer, own, "kernel_initializer")
        self.kernel_initializer = kernel_initializer
        self.kernel_regularizer = regularizers.get(kernel_regularizer, own, "kernel_regularizer")
        self.kernel_constraint = constraints.get(kernel_constraint, own, "kernel_constraint")

    def build(self, input_shape: Any) -> None:
        _, channels = image_shape(self, input_shape, self.rank, self.data_format)
        if channels % self.groups:
            raise ValueError(message(type(self).__name__, "groups", f"a divisor of {channels} channels", self.groups))
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.add_weight("kernel", shape, self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint)
        self._add_bias(self.filters)


class Conv1D(Convolution):
    """Filters moved over sequences (n, steps, channels).

    Parameters
    ----------
    filters, kernel_size, strides, padding, ...
        As for `Conv2D`, for one axis.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv1D(1, 2, kernel_initializer="ones")
    >>> layer(np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1)).ravel()
    array([3., 5.])

    References
    ----------
    Notes 9.3.
    """

    rank: ClassVar[int] = 1


class Conv2D(Convolution):
    """Filters moved over pictures (n, rows, columns, channels); each sums over all channels, or those of its group.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int, or one for each axis
    strides, dilation_rate : int, or one for each axis
    padding : 'valid', 'same', int, or one int or pair (before, after) for each axis
    data_format : 'channels_last' or 'channels_first', optional
        Where the channels of inputs and outputs stand; None is Keras's default, 'channels_last'.
    groups : int
        Channels and filters in so many groups that do not see each other.
    activation : str or callable, optional
        None is linear. relu, sigmoid, tanh and softplus are applied inside the convolution's kernel.
    use_bias : bool
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint : str or callable, optional
    **options
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (*kernel_size, channels / groups, filters)
    bias : ndarray of shape (filters,)

    Raises
    ------
    ValueError
        If an argument is out of range, or the inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2D(16, 3, padding="same", activation="relu")
    >>> layer(np.zeros((2, 28, 28, 1))).shape
    (2, 28, 28, 16)

    References
    ----------
    Notes 9.4-9.6; CS582 4.
    """

    rank: ClassVar[int] = 2


class Conv3D(Convolution):
    """Filters moved over volumes (n, planes, rows, columns, channels).

    Parameters
    ----------
    filters, kernel_size, strides, padding, ...
        As for `Conv2D`, for three axes.

    Examples
    --------
    >>> import numpy as np
    >>> Conv3D(4, 3, strides=2)(np.zeros((1, 7, 7, 7, 2))).shape
    (1, 3, 3, 3, 4)

    References
    ----------
    Notes 9.5.
    """

    rank: ClassVar[int] = 3


class DepthwiseConv2D(_Convolution):
    """A convolution in which every channel has filters of its own.

    Parameters
    ----------
    kernel_size : int, or one for each axis
    strides : int, or one for each axis
    padding : 'valid', 'same', int, or one int or pair (before, after) for each axis
    depth_multiplier : int
        Filters for each channel.
    data_format, dilation_rate, activation, use_bias, bias_initializer
        As for `Conv2D`.
    depthwise_initializer : str or callable
    depthwise_regularizer, bias_regularizer, depthwise_constraint, bias_constraint : str or callable, optional
    **options
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (*kernel_size, channels, depth_multiplier)
        Output channel c · depth_multiplier + m is channel c correlated with kernel[..., c, m].
    bias : ndarray of shape (channels · depth_multiplier,)

    Raises
    ------
    ValueError
        If an argument is out of range, or the inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> layer = DepthwiseConv2D(2, depthwise_initializer="ones")
    >>> layer(np.ones((1, 2, 2, 3))).ravel()
    array([4., 4., 4.])

    References
    ----------
    F. Chollet (2017), Xception: deep learning with depthwise separable convolutions.
    """

    rank: ClassVar[int] = 2

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        self.depth_multiplier = integer("DepthwiseConv2D", "depth_multiplier", depth_multiplier)
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            bias_constraint,
            **options,
        )
        own = "DepthwiseConv2D"
        initializers.get(depthwise_initializer, own, "depthwise_initializer")
        self.depthwise_initializer = depthwise_initializer
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer, own, "depthwise_regularizer")
        self.depthwise_constraint = constraints.get(depthwise_constraint, own, "depthwise_constraint")

    def _channels(self, channels: int) -> int:
        return channels * self.depth_multiplier

    def _filters(self, kernel: Any) -> Any:
        return ops.reshape(kernel, (*self.kernel_size, 1, -1))

    @property
    def _groups(self) -> int:
        return int(self.kernel.shape[-2])

    def build(self, input_shape: Any) -> None:
        _, channels = image_shape(self, input_shape, 2, self.data_format)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        penalty, bound = self.depthwise_regularizer, self.depthwise_constraint
        self.add_weight("kernel", shape, self.depthwise_initializer, penalty, bound)
        self._add_bias(self._channels(channels))
