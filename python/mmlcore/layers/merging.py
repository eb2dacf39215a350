"""Layers of several inputs, for models that are more than a chain."""

from collections.abc import Sequence
from typing import Any

from mmlcore import ops
from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import Tensor
from mmlcore.layers.base import Layer

__all__ = ["Add", "Concatenate"]


class _Merging(Layer):
    """Takes a list of inputs and has no weights."""

    def __call__(self, inputs: Any) -> Any:
        own = type(self).__name__
        if not isinstance(inputs, list | tuple) or not inputs:
            raise TypeError(message(own, "inputs", "a list of arrays", type(inputs).__name__))
        arrays = [x if isinstance(x, Tensor) else as_float(x, own, "inputs") for x in inputs]
        self.built = True
        outputs = self.run(arrays)
        self.output_shape = (None, *outputs.shape[1:])
        return outputs


class Add(_Merging):
    """The sum of the inputs, such as of a layer's inputs and outputs.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> Add()([[[1.0, 2.0]], [[3.0, 4.0]]])
    array([[4., 6.]])
    """

    def call(self, inputs: Sequence[Any]) -> Any:
        total = inputs[0]
        for x in inputs[1:]:
            if x.shape != total.shape:
                raise ValueError(message("Add", "inputs", f"of one shape, {total.shape}", f"{x.shape}"))
            total = ops.add(total, x)
        return total


class Concatenate(_Merging):
    """The inputs side by side.

    Parameters
    ----------
    axis : int
        Along which; -1 is the last.
    **options
        See `Layer`.

    Raises
    ------
    ValueError
        If the other axes differ.

    Examples
    --------
    >>> Concatenate()([[[1.0, 2.0]], [[3.0]]])
    array([[1., 2., 3.]])
    """

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, inputs: Sequence[Any]) -> Any:
        return ops.concatenate(list(inputs), axis=self.axis)
