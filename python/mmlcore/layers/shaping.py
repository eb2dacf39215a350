"""Layers that change shapes, never numbers."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import ops
from mmlcore._errors import message
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.plan import Plan

__all__ = ["Flatten", "Reshape"]


class Reshape(Layer):
    """Each sample in another shape.

    Parameters
    ----------
    target_shape : tuple of int
        Of a sample; one entry may be -1.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If the samples do not fit into the shape.

    Examples
    --------
    >>> Reshape((2, -1))([[1.0, 2.0, 3.0, 4.0]])
    array([[[1., 2.],
            [3., 4.]]])
    """

    def __init__(self, target_shape: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        shape = tuple(target_shape) if isinstance(target_shape, tuple | list) else (target_shape,)
        valid = all(isinstance(size, int | np.integer) and (size > 0 or size == -1) for size in shape)
        if not valid or shape.count(-1) > 1:
            expectation = "positive integers, one of them perhaps -1"
            raise ValueError(message("Reshape", "target_shape", expectation, repr(target_shape)))
        self.target_shape = shape

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        size = prod(size or 0 for size in input_shape[1:])
        known = prod(n for n in self.target_shape if n != -1)
        if known != size if -1 not in self.target_shape else size % known:
            got = f"{size} numbers a sample"
            raise ValueError(
                message(type(self).__name__, "target_shape", f"that of its inputs, {got}", f"{self.target_shape}")
            )
        return (input_shape[0], *(size // known if n == -1 else n for n in self.target_shape))

    def _shape(self, rows: int, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (rows, *self.compute_output_shape((None, *shape[1:]))[1:])  # type: ignore[arg-type]

    def call(self, inputs: Any) -> Any:
        return ops.reshape(inputs, self._shape(inputs.shape[0], inputs.shape))

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        y = x.reshape(self._shape(len(x), x.shape))
        dy = np.empty_like(y) if dx is None else dx.reshape(y.shape)
        return Plan(y, dy, lambda: None, lambda: None)


class Flatten(Reshape):
    """Each sample as one row of numbers.

    Parameters
    ----------
    **options
        See `Layer`.

    Examples
    --------
    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]])
    array([[1., 2., 3., 4.]])
    """

    def __init__(self, **options: Any) -> None:
        super().__init__((-1,), **options)

    def get_config(self) -> dict[str, Any]:
        return {name: value for name, value in super().get_config().items() if name != "target_shape"}
