"""Layers that disturb their inputs while the model trains, and only then."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import integer, message
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.context import now
from mmlcore.layers.plan import Plan

__all__ = ["Dropout", "GaussianNoise", "RandomLayer"]


class RandomLayer(Layer):
    """A layer with a stream of random numbers: its `key`, and in `draw` how often it has drawn.

    The numbers of a draw depend on nothing else, so that a step gives the same bits however it is run, and training
    goes on after loading as if it had never stopped.
    """

    same_in_training: ClassVar[bool] = False

    def __init__(self, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.seed = None if seed is None else integer(type(self).__name__, "seed", seed, low=0)
        self.key = 0
        self.draw = np.zeros(1, np.int64)

    def build(self, input_shape: Shape) -> None:
        self.key = self._new_key() if self.seed is None else self.seed % 2**64

    def disturb(self, inputs: Any, draw: int) -> Any:
        """The disturbed inputs, as an operation."""
        raise NotImplementedError(f"{type(self).__name__} must define disturb(inputs, draw)")

    def call(self, inputs: Any) -> Any:
        if not now().training:
            return inputs
        outputs = self.disturb(inputs, int(self.draw[0]))
        _kernels.advance(self.draw, 1)
        return outputs

    def _plan(self, x: NDArray[Any], forward: Callable[..., Any], back: Callable[[NDArray[Any]], Any] | None) -> Plan:
        """`forward` writes the output; `back` reads the gradient of the output; the draw counts after both."""
        y, dy = np.empty_like(x), np.empty_like(x)
        key, draw = self.key, self.draw

        def backward() -> None:
            if back is not None:
                back(dy)
            _kernels.advance(draw, 1)

        return Plan(y, dy, partial(forward, y, x, key=key, draw=draw), backward)


class Dropout(RandomLayer):
    """While training, each input is 0 with probability `rate`, else divided by 1 - rate; otherwise unchanged.

    Parameters
    ----------
    rate : float
        In [0, 1).
    seed : int, optional
        Of the layer's own stream; without one it follows from the model's seed.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If `rate` is out of range.

    Examples
    --------
    >>> layer = Dropout(0.5)
    >>> layer([[1.0, 2.0, 3.0]])  # not training
    array([[1., 2., 3.]])

    References
    ----------
    Notes 6.11; CS582 5; N. Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from
    overfitting.
    """

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        if not isinstance(rate, int | float | np.number) or isinstance(rate, bool) or not 0 <= rate < 1:
            raise ValueError(message("Dropout", "rate", "a number in [0, 1)", repr(rate)))
        self.rate = float(rate)

    def disturb(self, inputs: Any, draw: int) -> Any:
        return ops.dropout(inputs, rate=self.rate, key=self.key, draw=draw)

    def call(self, inputs: Any) -> Any:
        return super().call(inputs)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        run = partial(_kernels.dropout, rate=self.rate)
        back = None if dx is None else lambda dy: run(dx, dy, key=self.key, draw=self.draw)
        return self._plan(x, run, back)


class GaussianNoise(RandomLayer):
    """While training, normal noise is added to each input; otherwise nothing.

    Parameters
    ----------
    stddev : float
        Its standard deviation, at least 0.
    seed : int, optional
        Of the layer's own stream; without one it follows from the model's seed.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If `stddev` is out of range.

    Examples
    --------
    >>> GaussianNoise(0.5)([[1.0, 2.0]])  # not training
    array([[1., 2.]])
    """

    def __init__(self, stddev: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        if not isinstance(stddev, int | float | np.number) or isinstance(stddev, bool) or not 0 <= stddev < np.inf:
            raise ValueError(message("GaussianNoise", "stddev", "a finite number of at least 0", repr(stddev)))
        self.stddev = float(stddev)

    def disturb(self, inputs: Any, draw: int) -> Any:
        return ops.add_noise(inputs, stddev=self.stddev, key=self.key, draw=draw)

    def call(self, inputs: Any) -> Any:
        return super().call(inputs)

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        back = None if dx is None else lambda dy: _kernels.affine(dx, dy, 1.0, 0.0)
        return self._plan(x, partial(_kernels.add_noise, stddev=self.stddev), back)
