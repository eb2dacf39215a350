"""Layers around layers: both directions of a sequence, and the same for every step."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import choose, message
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.plan import Plan
from mmlcore.layers.recurrent_base import Recurrent

__all__ = ["Bidirectional", "TimeDistributed"]


class _Wrapping(Layer):
    """Its weights are those of the layers inside, under their names with a prefix.

    It is trainable if all of them are; what is said of it is said of them.
    """

    def _inside(self) -> Sequence[tuple[str, Layer]]:
        """(prefix, layer)"""
        raise NotImplementedError(f"{type(self).__name__} must define _inside()")

    def _build_inside(self, layer: Layer, prefix: str, input_shape: Shape) -> None:
        layer.prepare(input_shape, self._dtype, self._rng)
        for names, own in ((layer.weight_names, self.weight_names), (layer.state_names, self.state_names)):
            for name in names:
                vars(self)[prefix + name] = getattr(layer, name)
                own.append(prefix + name)
        self.regularizers |= {prefix + name: penalty for name, penalty in layer.regularizers.items()}
        self.constraints |= {prefix + name: bound for name, bound in layer.constraints.items()}

    def _share(self) -> None:
        """Give the layers inside the weights that stand here: a model's views, or tensors."""
        for prefix, layer in self._inside():
            for name in (*layer.weight_names, *layer.state_names):
                vars(layer)[name] = vars(self)[prefix + name]
            layer.rebound()

    def rebound(self) -> None:
        """The layers inside follow."""
        self._share()

    def __setattr__(self, name: str, value: Any) -> None:
        """As for `Layer`; where a tensor comes or goes, the layers inside follow."""
        old = vars(self).get(name)
        super().__setattr__(name, value)
        if vars(self).get("built") and old is not vars(self).get(name) and self._holds(name):
            self._share()

    @property
    def trainable(self) -> bool:  # here it depends on the layers inside
        """Whether it and the layers inside learn."""
        return self._trainable and all(layer.trainable for layer in vars(self).get("_layers", ()))

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in vars(self).get("_layers", ()):
            layer.trainable = self._trainable

    def _take(self, *layers: Layer) -> None:
        """These are the layers inside, from now on; they are frozen if this one is."""
        self._layers = layers
        if not self._trainable:
            self.trainable = False

    @property
    def same_in_training(self) -> bool:  # type: ignore[override]  # here it depends on the layers inside
        """Whether that holds for the layers inside."""
        return all(layer.same_in_training for _, layer in self._inside())


def _new(owner: str, layer: Any, kind: type[Layer]) -> Any:
    if not isinstance(layer, kind):
        expectation = "a layer" if kind is Layer else "a SimpleRNN, LSTM or GRU"
        raise TypeError(message(owner, "layer", expectation, repr(layer)))
    if layer.taken or layer.built:
        raise ValueError(message(owner, "layer", "new", f"{layer.name!r}, which is in use"))
    if getattr(layer, "return_state", False):
        raise ValueError(message(owner, "layer", "without return_state", "one with it"))
    return layer


class TimeDistributed(_Wrapping):
    """The same layer for every step of a sequence.

    Parameters
    ----------
    layer : Layer
        Its inputs are the steps. Dense and activations do so by themselves.
    **options
        See `Layer`.

    Raises
    ------
    TypeError, ValueError
        If `layer` is no layer, has been used elsewhere or returns its state.

    Examples
    --------
    >>> from mmlcore.layers import Flatten
    >>> TimeDistributed(Flatten())(np.zeros((5, 4, 3, 2))).shape
    (5, 4, 6)
    """

    def __init__(self, layer: Layer, **options: Any) -> None:
        super().__init__(**options)
        self.layer = _new("TimeDistributed", layer, Layer)
        layer.taken = True
        self._take(layer)
        self.draw = getattr(layer, "draw", np.zeros(1, np.int64))
        self.key = 0

    def _inside(self) -> Sequence[tuple[str, Layer]]:
        return [("", self.layer)]

    def _step_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) < 3:
            got = f"shape {input_shape}"
            raise ValueError(message("TimeDistributed", "inputs", "shape (n, steps, ...)", got))
        return (None, *input_shape[2:])

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], *self.layer.compute_output_shape(self._step_shape(input_shape))[1:])

    def build(self, input_shape: Shape) -> None:
        self._build_inside(self.layer, "", self._step_shape(input_shape))
        self.key = getattr(self.layer, "key", 0)

    def _share(self) -> None:
        super()._share()
        if hasattr(self.layer, "key"):
            self.layer.key = self.key

    def call(self, inputs: Any) -> Any:
        self._share()
        steps = inputs.shape[:2]
        outputs = self.layer.run(ops.reshape(inputs, (prod(steps), *inputs.shape[2:])))
        return ops.reshape(outputs, (*steps, *outputs.shape[1:]))

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        if self.layer.activity_regularizer is not None:
            return None
        self._share()
        steps = x.shape[:2]
        rows = x.reshape(prod(steps), *x.shape[2:])
        inner = self.layer.plan(rows, None if dx is None else dx.reshape(rows.shape), gradients, True)
        if inner is None:
            return None
        y, dy = (a.reshape(*steps, *a.shape[1:]) for a in (inner.output, inner.output_gradient))
        return Plan(y, dy, inner.forward, inner.backward)


_MERGES = ("concat", "sum", "mul", "ave")


class Bidirectional(_Wrapping):
    """A recurrent layer in both directions, and what they say merged.

    Parameters
    ----------
    layer : SimpleRNN, LSTM or GRU
        For the way forward; the way back is one of the same arguments and its own weights.
    merge_mode : {"concat", "sum", "mul", "ave"}
        The two outputs side by side, their sum, product or mean. Sequences are both in the order of the inputs.
    **options
        See `Layer`.

    Attributes
    ----------
    forward_layer, backward_layer
    forward_kernel, backward_kernel, ... : ndarray
        The weights of the two, under these names.

    Raises
    ------
    TypeError, ValueError
        If `layer` is no such layer, has been used elsewhere or returns its state, or there is no such mode.

    Examples
    --------
    >>> from mmlcore.layers import LSTM
    >>> Bidirectional(LSTM(3, return_sequences=True))(np.zeros((5, 4, 2))).shape
    (5, 4, 6)

    References
    ----------
    M. Schuster, K. K. Paliwal (1997), Bidirectional recurrent neural networks.
    """

    def __init__(self, layer: Recurrent, merge_mode: str = "concat", **options: Any) -> None:
        super().__init__(**options)
        self.layer = self.forward_layer = _new("Bidirectional", layer, Recurrent)
        self.merge_mode = choose("Bidirectional", "merge_mode", merge_mode, {name: name for name in _MERGES})
        layer.taken = True
        config = layer.get_config() | {"go_backwards": not layer.go_backwards, "name": None}
        self.backward_layer: Recurrent = type(layer)(**config)
        self._take(layer, self.backward_layer)
        self.backward_layer.in_order, layer.in_order = not layer.go_backwards, layer.go_backwards
        self.draw = np.zeros(2, np.int64)
        layer.draw, self.backward_layer.draw = self.draw[:1], self.draw[1:]
        self.key = 0

    def _inside(self) -> Sequence[tuple[str, Layer]]:
        return [("forward_", self.forward_layer), ("backward_", self.backward_layer)]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        *outer, units = self.forward_layer.compute_output_shape(input_shape)
        assert units is not None
        return (*outer, 2 * units if self.merge_mode == "concat" else units)

    def build(self, input_shape: Shape) -> None:
        for prefix, layer in self._inside():
            self._build_inside(layer, prefix, input_shape)
        self.key = self.forward_layer.key

    def _share(self) -> None:
        super()._share()
        self.forward_layer.key, self.backward_layer.key = self.key, (self.key + 2) % 2**64

    def reset_states(self) -> None:
        """Begin the next batch with states of zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    def call(self, inputs: Any) -> Any:
        self._share()
        a, b = self.forward_layer.run(inputs), self.backward_layer.run(inputs)
        if self.merge_mode == "concat":
            return ops.concatenate([a, b], axis=-1)
        if self.merge_mode == "mul":
            return a * b
        return a + b if self.merge_mode == "sum" else (a + b) * 0.5

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        if self.forward_layer.activity_regularizer is not None:
            return None
        self._share()
        half = len(self.forward_layer.weight_names)
        parts = (None, None) if dx is None else (np.empty_like(dx), np.empty_like(dx))
        plans = [
            layer.plan(x, part, own, True)
            for layer, part, own in zip(
                (self.forward_layer, self.backward_layer), parts, (gradients[:half], gradients[half:]), strict=True
            )
        ]
        if plans[0] is None or plans[1] is None:
            return None
        one, other = plans[0], plans[1]
        y, dy, merge, split = self._merging(one, other)

        def forward() -> None:
            one.forward()
            other.forward()
            merge()

        def backward() -> None:
            split()
            one.backward()
            other.backward()
            if dx is not None and parts[0] is not None and parts[1] is not None:
                _kernels.add(dx, parts[0], parts[1])

        return Plan(y, dy, forward, backward)

    def _merging(self, a: Plan, b: Plan) -> tuple[NDArray[Any], NDArray[Any], Callable[[], None], Callable[[], None]]:
        """Buffers of the merged outputs and their gradient, and what goes from the two to them and back."""
        units, mode = a.output.shape[-1], self.merge_mode
        wide = (*a.output.shape[:-1], 2 * units if mode == "concat" else units)
        y, dy = np.empty(wide, a.output.dtype), np.empty(wide, a.output.dtype)

        def merge() -> None:
            if mode == "concat":
                _kernels.copy_columns(y, a.output, 0)
                _kernels.copy_columns(y, b.output, units)
            elif mode == "mul":
                _kernels.multiply(y, a.output, b.output)
            else:
                _kernels.add(y, a.output, b.output)
                if mode == "ave":
                    _kernels.affine(y, y, 0.5, 0.0)

        def split() -> None:
            if mode == "concat":
                _kernels.copy_columns(dy, a.output_gradient, 0, True)
                _kernels.copy_columns(dy, b.output_gradient, units, True)
            elif mode == "mul":
                _kernels.multiply(a.output_gradient, dy, b.output)
                _kernels.multiply(b.output_gradient, dy, a.output)
            else:
                for part in (a, b):
                    _kernels.affine(part.output_gradient, dy, 1.0 if mode == "sum" else 0.5, 0.0)

        return y, dy, merge, split
