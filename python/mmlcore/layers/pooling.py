"""Pooling layers: the largest or the mean of windows, or of whole images."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import choose, message
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.convolution import image_shape
from mmlcore.layers.plan import Plan
from mmlcore.ops.pooling import pool_sweep
from mmlcore.ops.windows import DATA_FORMATS, Sweep, frozen

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


def _plan_pool(sweep: Sweep, largest: bool, x: NDArray[Any], dx: NDArray[Any] | None, rectified: bool = False) -> Plan:
    """The plan of pooling over the windows of `sweep`, or of the largest of max(x, 0)."""
    channels = sweep.channels(x.shape)
    y = np.empty(sweep.outputs(len(x), channels), x.dtype)
    dy = np.empty_like(y)
    kernel, window = sweep.kernel, sweep.window
    x_volume, y_volume, dy_volume = sweep.volume(x), sweep.volume(y), sweep.volume(dy)
    if not largest:
        forward = partial(_kernels.average_pool, y_volume, x_volume, kernel, window)
        if dx is None:
            return Plan(y, dy, forward, lambda: None)
        back = partial(_kernels.average_pool_gradient, sweep.volume(dx), dy_volume, kernel, window)
        return Plan(y, dy, forward, back)
    if dx is None:  # then nobody asks where the largest were
        forward = partial(_kernels.max_pool, y_volume, None, x_volume, kernel, window, rectified)
        return Plan(y, dy, forward, lambda: None)
    numbers = sweep.numbers(len(x), channels)
    forward = partial(_kernels.max_pool, y_volume, numbers, x_volume, kernel, window, rectified)
    back = partial(_kernels.max_pool_gradient, sweep.volume(dx), dy_volume, numbers, kernel, window)
    return Plan(y, dy, forward, back)


class _Pooling(Layer):
    """One number for each window of each channel."""

    rank: ClassVar[int]
    largest: ClassVar[bool]

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.data_format = "channels_last" if data_format is None else data_format
        self.pool_size, self.strides, self.padding = frozen(pool_size), frozen(strides), padding
        self._sweep((2**20,) * self.rank)  # refuse what is none of a window

    def _sweep(self, size: tuple[int, ...]) -> Sweep:
        options = (self.pool_size, self.strides, self.padding, self.data_format)
        return pool_sweep(type(self).__name__, size, *options)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        size, channels = image_shape(self, input_shape, self.rank, self.data_format)
        sweep = self._sweep(size)
        if 0 in sweep.out:
            got = f"shape {input_shape} for windows of {self.pool_size}"
            raise ValueError(message(type(self).__name__, "inputs", "at least as large as the window", got))
        return (input_shape[0], *sweep.outputs(1, channels)[1:])

    def call(self, inputs: Any) -> Any:
        self.compute_output_shape((None, *inputs.shape[1:]))  # refuse images smaller than the window
        pool = ops.max_pool if self.largest else ops.average_pool
        return pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        size, _ = image_shape(self, (None, *x.shape[1:]), self.rank, self.data_format)
        return _plan_pool(self._sweep(size), self.largest, x, dx)

    def plan_rectified(self, x: NDArray[Any], dx: NDArray[Any] | None) -> Plan:
        size, _ = image_shape(self, (None, *x.shape[1:]), self.rank, self.data_format)
        return _plan_pool(self._sweep(size), True, x, dx, rectified=True)


class MaxPooling1D(_Pooling):
    """The largest number of each window of a sequence; parameters as for `MaxPooling2D`.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPooling1D()(np.array([1.0, 5.0, 2.0, 3.0]).reshape(1, 4, 1)).ravel()
    array([5., 3.])
    """

    rank: ClassVar[int] = 1
    largest: ClassVar[bool] = True
    rectifies: ClassVar[bool] = True


class MaxPooling2D(_Pooling):
    """The largest number of each window of a picture, channel by channel.

    Parameters
    ----------
    pool_size : int, or one for each axis
        Extents of the window.
    strides : int, or one for each axis, optional
        Default: `pool_size`.
    padding : 'valid' or 'same'
    data_format : 'channels_last' or 'channels_first', optional
        None is Keras's default, 'channels_last'.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If an argument is out of range, or the inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPooling2D(3, strides=2)(np.zeros((1, 55, 55, 96))).shape
    (1, 27, 27, 96)

    References
    ----------
    Notes 9.8.
    """

    rank: ClassVar[int] = 2
    largest: ClassVar[bool] = True
    rectifies: ClassVar[bool] = True

    @property
    def halves(self) -> bool:
        """Whether the windows are 2×2, side by side and whole, with channels last: `Layer.plan_halved` knows these."""
        pair, odd = self._sweep((2, 2)), self._sweep((3, 3))
        return (
            not odd.channels_first and pair.kernel == (1, 2, 2) and pair.stride[1:] == (2, 2) and odd.out == (1, 1, 1)
        )


class MaxPooling3D(_Pooling):
    """The largest number of each window of a volume; parameters as for `MaxPooling2D`.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPooling3D()(np.zeros((1, 4, 4, 5, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank: ClassVar[int] = 3
    largest: ClassVar[bool] = True
    rectifies: ClassVar[bool] = True


class AveragePooling1D(_Pooling):
    """The mean of each window of a sequence; parameters as for `MaxPooling2D`.

    Examples
    --------
    >>> import numpy as np
    >>> AveragePooling1D()(np.array([1.0, 5.0, 2.0, 3.0]).reshape(1, 4, 1)).ravel()
    array([3. , 2.5])
    """

    rank: ClassVar[int] = 1
    largest: ClassVar[bool] = False


class AveragePooling2D(_Pooling):
    """The mean of each window of a picture, of what lies inside; parameters as for `MaxPooling2D`.

    Examples
    --------
    >>> import numpy as np
    >>> AveragePooling2D(2, padding="same")(np.ones((1, 3, 3, 1))).ravel()
    array([1., 1., 1., 1.])
    """

    rank: ClassVar[int] = 2
    largest: ClassVar[bool] = False


class AveragePooling3D(_Pooling):
    """The mean of each window of a volume; parameters as for `MaxPooling2D`.

    Examples
    --------
    >>> import numpy as np
    >>> AveragePooling3D()(np.zeros((1, 4, 4, 5, 2))).shape
    (1, 2, 2, 2, 2)
    """

    rank: ClassVar[int] = 3
    largest: ClassVar[bool] = False


class _Global(Layer):
    """One number for each channel of an image."""

    rank: ClassVar[int]
    largest: ClassVar[bool]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.data_format = "channels_last" if data_format is None else data_format
        choose(type(self).__name__, "data_format", self.data_format, DATA_FORMATS)
        self.keepdims = bool(keepdims)

    def _kept(self, channels: int) -> tuple[int, ...]:
        ones = (1,) * self.rank if self.keepdims else ()
        return (channels, *ones) if DATA_FORMATS[self.data_format] else (*ones, channels)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        size, channels = image_shape(self, input_shape, self.rank, self.data_format)
        if 0 in size:
            raise ValueError(message(type(self).__name__, "inputs", "not empty", f"shape {input_shape}"))
        return (input_shape[0], *self._kept(channels))

    def call(self, inputs: Any) -> Any:
        size, channels = image_shape(self, (None, *inputs.shape[1:]), self.rank, self.data_format)
        pool = ops.max_pool if self.largest else ops.average_pool
        return ops.reshape(pool(inputs, size, data_format=self.data_format), (inputs.shape[0], *self._kept(channels)))

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        size, channels = image_shape(self, (None, *x.shape[1:]), self.rank, self.data_format)
        pooled = _plan_pool(
            pool_sweep(type(self).__name__, size, size, None, "valid", self.data_format), self.largest, x, dx
        )
        shape = (len(x), *self._kept(channels))
        views = pooled.output.reshape(shape), pooled.output_gradient.reshape(shape)
        return Plan(*views, pooled.forward, pooled.backward)


class GlobalMaxPooling1D(_Global):
    """The largest number of each channel of a sequence; parameters as for `GlobalAveragePooling2D`."""

    rank: ClassVar[int] = 1
    largest: ClassVar[bool] = True


class GlobalMaxPooling2D(_Global):
    """The largest number of each channel of a picture; parameters as for `GlobalAveragePooling2D`."""

    rank: ClassVar[int] = 2
    largest: ClassVar[bool] = True


class GlobalMaxPooling3D(_Global):
    """The largest number of each channel of a volume; parameters as for `GlobalAveragePooling2D`."""

    rank: ClassVar[int] = 3
    largest: ClassVar[bool] = True


class GlobalAveragePooling1D(_Global):
    """The mean of each channel of a sequence; parameters as for `GlobalAveragePooling2D`."""

    rank: ClassVar[int] = 1
    largest: ClassVar[bool] = False


class GlobalAveragePooling2D(_Global):
    """The mean of each channel of a picture.

    Parameters
    ----------
    data_format : 'channels_last' or 'channels_first', optional
    keepdims : bool
        Leave the axes of the image, with extent 1.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If an argument is out of range, or the inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> GlobalAveragePooling2D()(np.array([1.0, 2.0, 3.0, 6.0]).reshape(1, 2, 2, 1))
    array([[3.]])

    References
    ----------
    M. Lin, Q. Chen, S. Yan (2014), Network in network.
    """

    rank: ClassVar[int] = 2
    largest: ClassVar[bool] = False


class GlobalAveragePooling3D(_Global):
    """The mean of each channel of a volume; parameters as for `GlobalAveragePooling2D`."""

    rank: ClassVar[int] = 3
    largest: ClassVar[bool] = False
