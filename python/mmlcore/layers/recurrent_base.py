"""What the recurrent layers share: weights, the state between batches, computing."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._arrays import as_float, as_shape
from mmlcore._errors import integer, message
from mmlcore.autodiff import plain
from mmlcore.layers import constraints, initializers, regularizers
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.context import now
from mmlcore.layers.plan import Plan
from mmlcore.layers.recurrent_plan import plan_sequences

__all__ = ["Recurrent"]


def _rate(owner: str, argument: str, value: Any) -> float:
    if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not 0 <= value < 1:
        raise ValueError(message(owner, argument, "a number in [0, 1)", repr(value)))
    return float(value)


class _Gated(Layer):
    """Three weights, of the inputs, of the states and the bias, and what is said of them."""

    def __init__(
        self,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        own = type(self).__name__
        initializers.get(kernel_initializer, own, "kernel_initializer")
        initializers.get(recurrent_initializer, own, "recurrent_initializer")
        initializers.get(bias_initializer, own, "bias_initializer")
        self.use_bias, self.bias_initializer = bool(use_bias), bias_initializer
        self.kernel_initializer, self.recurrent_initializer = kernel_initializer, recurrent_initializer
        self.kernel_regularizer = regularizers.get(kernel_regularizer, own, "kernel_regularizer")
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer, own, "recurrent_regularizer")
        self.bias_regularizer = regularizers.get(bias_regularizer, own, "bias_regularizer")
        self.kernel_constraint = constraints.get(kernel_constraint, own, "kernel_constraint")
        self.recurrent_constraint = constraints.get(recurrent_constraint, own, "recurrent_constraint")
        self.bias_constraint = constraints.get(bias_constraint, own, "bias_constraint")
        self.kernel: Any = None
        self.recurrent_kernel: Any = None
        self.bias: Any = None


class Recurrent(_Gated):
    """What the three share. Inputs are (batch, steps, features).

    A subclass says which cell of `ops.recurrent` it is, and what its biases are.
    """

    def __init__(
        self,
        units: int,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        own = type(self).__name__
        self.units = integer(own, "units", units)
        self.dropout = _rate(own, "dropout", dropout)
        self.recurrent_dropout = _rate(own, "recurrent_dropout", recurrent_dropout)
        self.seed = None if seed is None else integer(own, "seed", seed, low=0)
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.stateful = bool(go_backwards), bool(stateful)
        self.key, self.draw = 0, np.zeros(1, np.int64)
        self.in_order = False  # going backwards, return the states in the order of the inputs (Bidirectional)
        self.states: list[NDArray[Any]] | None = None

    # What a subclass says.

    @property
    def cell(self) -> str:
        """The name of the cell in `ops.recurrent`."""
        raise NotImplementedError

    _bias_rows: ClassVar[int] = 0  # 0: one vector; 2: of the inputs, and of the states

    @property
    def same_in_training(self) -> bool:  # type: ignore[override]  # here it depends on the arguments
        """No dropout, and no state that every call moves."""
        return not (self.dropout or self.recurrent_dropout or self.stateful)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3 or input_shape[-1] is None or input_shape[1] == 0:
            expectation = "shape (n, steps, features) with at least one step"
            raise ValueError(message(type(self).__name__, "inputs", expectation, f"shape {input_shape}"))
        return (*input_shape[:2], self.units) if self.return_sequences else (input_shape[0], self.units)

    def build(self, input_shape: Any) -> None:
        width = _kernels.CELLS[self.cell][1] * self.units
        self.add_weight(
            "kernel", (input_shape[-1], width), self.kernel_initializer, self.kernel_regularizer, self.kernel_constraint
        )
        self.add_weight(
            "recurrent_kernel",
            (self.units, width),
            self.recurrent_initializer,
            self.recurrent_regularizer,
            self.recurrent_constraint,
        )
        if self.use_bias:
            shape = (self._bias_rows, width) if self._bias_rows else (width,)
            self.add_weight("bias", shape, self.bias_initializer, self.bias_regularizer, self.bias_constraint)
        if self.dropout or self.recurrent_dropout:
            self.key = self._new_key() if self.seed is None else self.seed % 2**64
        self.states = None

    def _biases(self, bias: Any) -> tuple[Any, Any]:
        """That of the inputs and that of the states: of the weight, or of its gradient."""
        if bias is None or not self._bias_rows:
            return bias, None
        return bias[0], bias[1]

    # The state between batches.

    def reset_states(self) -> None:
        """Begin the next batch with a state of zeros."""
        for state in self.states or ():
            state[...] = 0

    @property
    def _number(self) -> int:
        """How many states there are."""
        return 1 + (self.cell == "lstm")

    def _carried(self, batch: int, dtype: Any) -> list[NDArray[Any]]:
        """The state that a stateful layer keeps, made at the first batch; recorded steps hold it too."""
        if self.states is None:
            self.states = [np.zeros((batch, self.units), dtype) for _ in range(self._number)]
        if len(self.states[0]) != batch:
            got = f"{batch}; a stateful layer keeps the size of its first batch, also after reset_states()"
            raise ValueError(message(type(self).__name__, "inputs", f"a batch of {len(self.states[0])}", got))
        return self.states

    # Computing.

    def __call__(self, inputs: Any, initial_state: Any = None, mask: Any = None) -> Any:
        """`call` on data, building the layer first if it is new.

        Parameters
        ----------
        inputs : array_like of shape (n, steps, features)
        initial_state : array or sequence of arrays of shape (n, units), optional
            h, and for an LSTM c, before the first step.
        mask : array_like of bool, shape (n, steps), optional
            False where there is no input: the state stays. Of sequences of some lengths:
            ``np.arange(steps) < lengths[:, None]``.
        """
        if initial_state is None and mask is None:
            return super().__call__(inputs)
        if not self.built:
            shape = np.shape(inputs)
            self.prepare((None, *shape[1:]), as_float(inputs, type(self).__name__, "inputs").dtype, now().rng)
        return self._penalize(self.call(inputs, initial_state, mask))

    def call(self, inputs: Any, initial_state: Any = None, mask: Any = None) -> Any:
        own = type(self).__name__
        self.compute_output_shape((None, *np.shape(inputs)[1:]))  # two axes would be numbers of one-hot vectors
        x = ops.swapaxes(inputs, 0, 1)
        steps, batch = x.shape[:2]
        if mask is not None:
            mask = np.ascontiguousarray(as_shape(own, "mask", np.asarray(mask, dtype=bool), (batch, steps)).T)
        if self.go_backwards:
            x, mask = x[::-1], None if mask is None else mask[::-1]
        states = self._carried(batch, x.dtype) if self.stateful else []
        start: Sequence[Any] = states if initial_state is None else _listed(initial_state)
        if initial_state is not None and len(start) != self._number:
            raise ValueError(message(own, "initial_state", f"{self._number} of them", f"{len(start)}"))
        x, keep = self._dropped(x, batch)
        bias, recurrent_bias = self._biases(self.bias)
        all_states = ops.recurrent(
            x, self.kernel, self.recurrent_kernel, bias, recurrent_bias, *start, cell=self.cell, mask=mask, keep=keep
        )
        lstm = self.cell == "lstm"
        h = all_states[:-1] if lstm else all_states
        last = [h[-1], all_states[-1]] if lstm else [h[-1]]
        for state, value in zip(states, last, strict=bool(states)):
            state[...] = plain(value)
        ordered = h[::-1] if self.in_order else h
        outputs = ops.swapaxes(ordered, 0, 1) if self.return_sequences else last[0]
        return [outputs, *last] if self.return_state else outputs

    def _dropped(self, x: Any, batch: int) -> tuple[Any, Any]:
        """The inputs with dropout, and the factor of the states: one draw for all steps of a sequence."""
        if not now().training or not (self.dropout or self.recurrent_dropout):
            return x, None
        draw, keep = int(self.draw[0]), None
        if self.dropout:
            x = x * ops.dropout(np.ones((batch, x.shape[-1]), x.dtype), rate=self.dropout, key=self.key, draw=draw)
        if self.recurrent_dropout:
            ones = np.ones((batch, self.units), x.dtype)
            keep = ops.dropout(ones, rate=self.recurrent_dropout, key=self._state_key, draw=draw)
        _kernels.advance(self.draw, 1)
        return x, keep

    @property
    def _state_key(self) -> int:
        """The stream that drops states, beside `key`, which drops inputs."""
        return (self.key + 1) % 2**64

    def preactivation(self, inputs: Any) -> Any:
        return self.call(inputs)

    def activate(self, preactivation: Any) -> Any:
        return preactivation

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        if self.return_state or (self.stateful and self.states is not None and len(self.states[0]) != len(x)):
            return None
        return plan_sequences(self, x, dx, gradients)

    # Weights from elsewhere.

    def set_torch_weights(self, weight_ih: Any, weight_hh: Any, bias_ih: Any = None, bias_hh: Any = None) -> None:
        """Take the weights of one layer and direction of PyTorch's module of the same name (``weight_ih_l0``, ...).

        Parameters
        ----------
        weight_ih : array_like of shape (gates · units, features)
        weight_hh : array_like of shape (gates · units, units)
        bias_ih, bias_hh : array_like of shape (gates · units,), optional

        Raises
        ------
        ValueError
            If the layer is not built, has no bias for those given, or the shapes do not fit; then nothing is changed.
        """
        own = f"{type(self).__name__}.set_torch_weights"
        if not self.built:
            raise ValueError(message(own, "layer", "built", "one without weights; call it on data first"))
        if not self.use_bias and not (bias_ih is None and bias_hh is None):
            raise ValueError(message(own, "bias_ih, bias_hh", "None for a layer without a bias", "biases"))
        w, u = (self._from_torch(as_float(a, own, "weight").T) for a in (weight_ih, weight_hh))
        weights = [w, u]
        if self.use_bias:
            zeros = np.zeros(w.shape[-1])
            pair = [zeros if b is None else self._from_torch(as_float(b, own, "bias")) for b in (bias_ih, bias_hh)]
            weights.append(np.stack(pair) if self._bias_rows else pair[0] + pair[1])
        self.set_weights(weights)

    def _from_torch(self, array: NDArray[Any]) -> NDArray[Any]:
        """Gates along the last axis in our order."""
        return array


def _listed(states: Any) -> Sequence[Any]:
    return states if isinstance(states, list | tuple) else (states,)
