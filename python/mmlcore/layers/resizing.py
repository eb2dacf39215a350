"""Layers that put zeros around images or repeat their points."""

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore._errors import choose, message
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.convolution import image_shape
from mmlcore.layers.plan import Plan
from mmlcore.ops.pooling import mean_windows, spread_windows
from mmlcore.ops.windows import DATA_FORMATS, Sweep, frozen, per_axis, sweep_of

__all__ = [
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]


class _ZeroPadding(Layer):
    """Zeros around images: sums over windows of a single point, some of which lie outside."""

    rank: ClassVar[int]

    def __init__(self, padding: Any = 1, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.padding = frozen(padding)
        self.data_format = "channels_last" if data_format is None else data_format
        self._sweep((1,) * self.rank)  # refuse a padding that is none

    def _sweep(self, size: tuple[int, ...]) -> Sweep:
        own = type(self).__name__
        if isinstance(self.padding, str):
            expectation = "a number, or a number or a pair for each axis"
            raise ValueError(message(own, "padding", expectation, repr(self.padding)))
        padding = [self.padding] if self.rank == 1 and not np.isscalar(self.padding) else self.padding
        return sweep_of(own, size, (1,) * self.rank, 1, padding, 1, 1, self.data_format)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        size, channels = image_shape(self, input_shape, self.rank, self.data_format)
        return (input_shape[0], *self._sweep(size).outputs(1, channels)[1:])

    def call(self, inputs: Any) -> Any:
        size, _ = image_shape(self, (None, *inputs.shape[1:]), self.rank, self.data_format)
        return mean_windows(inputs, sweep=self._sweep(size), mean=False)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        size, channels = image_shape(self, (None, *x.shape[1:]), self.rank, self.data_format)
        sweep = self._sweep(size)
        y = np.empty(sweep.outputs(len(x), channels), x.dtype)
        dy = np.empty_like(y)
        window = (sweep.kernel, sweep.window, False)
        forward = partial(_kernels.average_pool, sweep.volume(y), sweep.volume(x), *window)
        if dx is None:
            return Plan(y, dy, forward, lambda: None)
        return Plan(
            y, dy, forward, partial(_kernels.average_pool_gradient, sweep.volume(dx), sweep.volume(dy), *window)
        )


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and behind sequences (n, steps, channels).

    Parameters
    ----------
    padding : int, or a pair (before, after)
    data_format, **options
        As for `ZeroPadding2D`.

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPadding1D((1, 0))(np.array([5.0, 6.0]).reshape(1, 2, 1)).ravel()
    array([0., 5., 6.])
    """

    rank: ClassVar[int] = 1


class ZeroPadding2D(_ZeroPadding):
    """Zeros around pictures (n, rows, columns, channels).

    Parameters
    ----------
    padding : int, or one int or pair (before, after) for each axis
    data_format : 'channels_last' or 'channels_first', optional
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If an argument is out of range, or the inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPadding2D(((1, 0), 2))(np.zeros((1, 4, 4, 3))).shape
    (1, 5, 8, 3)

    References
    ----------
    Notes 9.4.
    """

    rank: ClassVar[int] = 2


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes; parameters as for `ZeroPadding2D`.

    Examples
    --------
    >>> import numpy as np
    >>> ZeroPadding3D(1)(np.zeros((1, 2, 2, 2, 3))).shape
    (1, 4, 4, 4, 3)
    """

    rank: ClassVar[int] = 3


class _UpSampling(Layer):
    """Every point repeated: the transpose of sums over windows that tile the outputs."""

    rank: ClassVar[int]

    def __init__(self, size: Any = 2, data_format: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        own = type(self).__name__
        self.size = per_axis(own, "size", size, self.rank)
        self.data_format = "channels_last" if data_format is None else data_format
        choose(own, "data_format", self.data_format, DATA_FORMATS)

    def _sweep(self, shape: tuple[int, ...]) -> tuple[Sweep, int]:
        """The windows over the outputs, and the number of channels."""
        size, channels = image_shape(self, (None, *shape[1:]), self.rank, self.data_format)
        whole = tuple(n * factor for n, factor in zip(size, self.size, strict=True))
        own = type(self).__name__
        return sweep_of(own, whole, self.size, self.size, "valid", 1, 1, self.data_format), channels

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        sweep, channels = self._sweep(input_shape)  # type: ignore[arg-type]
        return (input_shape[0], *sweep.shape(1, channels, sweep.size)[1:])

    def call(self, inputs: Any) -> Any:
        return spread_windows(inputs, sweep=self._sweep(inputs.shape)[0], mean=False)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        sweep, channels = self._sweep(x.shape)
        y = np.empty(sweep.shape(len(x), channels, sweep.size), x.dtype)
        dy = np.empty_like(y)
        window = (sweep.kernel, sweep.window, False)
        forward = partial(_kernels.average_pool_gradient, sweep.volume(y), sweep.volume(x), *window)
        if dx is None:
            return Plan(y, dy, forward, lambda: None)
        return Plan(y, dy, forward, partial(_kernels.average_pool, sweep.volume(dx), sweep.volume(dy), *window))


class UpSampling1D(_UpSampling):
    """Every step of a sequence `size` times; parameters as for `UpSampling2D`.

    Examples
    --------
    >>> import numpy as np
    >>> UpSampling1D(2)(np.array([5.0, 6.0]).reshape(1, 2, 1)).ravel()
    array([5., 5., 6., 6.])
    """

    rank: ClassVar[int] = 1


class UpSampling2D(_UpSampling):
    """Every point of a picture `size` times along each axis.

    Parameters
    ----------
    size : int, or one for each axis
    data_format : 'channels_last' or 'channels_first', optional
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If an argument is out of range, or the inputs do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> UpSampling2D((1, 2))(np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1))[0, :, :, 0]
    array([[1., 1., 2., 2.],
           [3., 3., 4., 4.]])
    """

    rank: ClassVar[int] = 2


class UpSampling3D(_UpSampling):
    """Every point of a volume `size` times along each axis; parameters as for `UpSampling2D`.

    Examples
    --------
    >>> import numpy as np
    >>> UpSampling3D(2)(np.zeros((1, 2, 2, 2, 3))).shape
    (1, 4, 4, 4, 3)
    """

    rank: ClassVar[int] = 3
