"""Layers that carry a state from step to step: SimpleRNN, LSTM, GRU."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._arrays import as_float, as_shape
from mmlcore._errors import choose, integer, message
from mmlcore.autodiff import plain
from mmlcore.layers import constraints, initializers, regularizers
from mmlcore.layers.base import Layer, Shape
from mmlcore.layers.context import now
from mmlcore.layers.plan import Plan

__all__ = ["GRU", "LSTM", "Recurrent", "SimpleRNN", "StepsPlan"]


@dataclass(frozen=True)
class StepsPlan:
    """A recurrent layer as kernel calls on buffers in which time comes first.

    Attributes
    ----------
    h, c : ndarray of shape (steps + 1, batch, units)
        Block 0 is the state before the first step, which the caller sets; `c` is None unless the layer is an LSTM.
    dh : ndarray of shape (steps, batch, units), or None
        Where the gradient of h[1:] is read.
    dh_last : ndarray of shape (batch, units), or None
        Where the gradient of h[-1] alone is read.
    forward, backward : callable
    """

    h: NDArray[Any]
    c: NDArray[Any] | None
    dh: NDArray[Any] | None
    dh_last: NDArray[Any] | None
    forward: Callable[[], Any]
    backward: Callable[[], Any]


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

    # Planning.

    def plan_steps(
        self,
        x: NDArray[Any],
        dx: NDArray[Any] | None,
        gradients: Sequence[NDArray[Any]],
        last_only: bool = False,
        keep: NDArray[Any] | None = None,
    ) -> StepsPlan:
        """The layer on buffers in which time comes first; dropout and carried states are the caller's affair.

        Parameters
        ----------
        x : ndarray of shape (steps, batch, features), or (steps, batch) of numbers that stand for one-hot vectors
        dx : ndarray of the shape of `x`, or None
        gradients : sequence of ndarray
            Those of kernel, recurrent_kernel and, if there is one, bias.
        last_only : bool
            Gradients arrive at the last state alone.
        keep : ndarray of shape (batch, units), optional
            Multiplies the states on their way to the recurrent kernel.
        """
        code = _kernels.CELLS[self.cell][0]
        steps, batch = x.shape[:2]
        h = np.zeros((steps + 1, batch, self.units), x.dtype)
        c = np.zeros_like(h) if self.cell == "lstm" else None
        z = _kernels.empty(_kernels.gate_panels(code, steps, batch, self.units, x.dtype), x.dtype)
        dh = None if last_only else np.empty_like(h[1:])
        dh_last = np.empty_like(h[0]) if last_only else None
        w, u, (bias, recurrent_bias) = self.kernel, self.recurrent_kernel, self._biases(self.bias)
        dw, du = gradients[:2]
        dbias, drecurrent_bias = self._biases(gradients[2] if self.use_bias else None)

        def forward() -> None:
            _kernels.recurrent_forward(code, h, c, z, x, w, u, bias, recurrent_bias, None, keep)

        def backward() -> None:
            _kernels.recurrent_backward(
                code, dx, dw, du, dbias, drecurrent_bias, None, None, z, dh, dh_last, None, h, c, x, w, u, None, keep
            )

        return StepsPlan(h, c, dh, dh_last, forward, backward)

    def plan(
        self, x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]], activate: bool
    ) -> Plan | None:
        if self.return_state or (self.stateful and self.states is not None and len(self.states[0]) != len(x)):
            return None
        batch, steps, features = x.shape
        xt = np.empty((steps, batch, features), x.dtype)
        dxt = None if dx is None else np.empty_like(xt)
        dropped = _Dropped(self, xt, dxt) if self.dropout or self.recurrent_dropout else None
        keep = None if dropped is None else dropped.keep
        inner = self.plan_steps(xt, dxt, gradients, not self.return_sequences, keep)
        y = np.empty((batch, steps, self.units), x.dtype) if self.return_sequences else inner.h[-1]
        dy = np.empty_like(y) if inner.dh_last is None else inner.dh_last
        states = self._carried(batch, x.dtype) if self.stateful else []
        carried = list(zip(states, (inner.h, inner.c), strict=False))

        def forward() -> None:
            _kernels.exchange_axes(xt, x, self.go_backwards, True)
            for state, block in carried:
                _kernels.affine(block[0], state, 1.0, 0.0)  # type: ignore[index]
            if dropped is not None:
                dropped.forward()
            inner.forward()
            for state, block in carried:
                _kernels.affine(state, block[-1], 1.0, 0.0)  # type: ignore[index]
            if self.return_sequences:
                _kernels.exchange_axes(y, inner.h[1:], self.in_order)

        def backward() -> None:
            if inner.dh is not None:
                _kernels.exchange_axes(inner.dh, dy, self.in_order, True)
            inner.backward()
            if dropped is not None:
                dropped.backward()
            if dx is not None and dxt is not None:
                _kernels.exchange_axes(dx, dxt, self.go_backwards, False)

        return Plan(y, dy, forward, backward)

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


class _Dropped:
    """Dropout of inputs and states on the buffers of a plan: what `Recurrent._dropped` does."""

    def __init__(self, layer: Recurrent, x: NDArray[Any], dx: NDArray[Any] | None) -> None:
        _, batch, features = x.shape
        self._layer, self._x, self._dx = layer, x, dx
        self._ones = np.ones(batch * max(features, layer.units), x.dtype)
        self._factor = np.empty((batch, features), x.dtype)
        self.keep = np.empty((batch, layer.units), x.dtype) if layer.recurrent_dropout else None

    def forward(self) -> None:
        """Draw, and multiply the inputs."""
        layer = self._layer
        if layer.dropout:
            _kernels.dropout(self._factor, self._ones_like(self._factor), layer.dropout, layer.key, layer.draw)
            for step in self._x:
                _kernels.multiply(step, step, self._factor)
        if self.keep is not None:
            ones = self._ones_like(self.keep)
            _kernels.dropout(self.keep, ones, layer.recurrent_dropout, layer._state_key, layer.draw)

    def backward(self) -> None:
        """Multiply the gradient of the inputs, and count the draw."""
        if self._layer.dropout and self._dx is not None:
            for step in self._dx:
                _kernels.multiply(step, step, self._factor)
        _kernels.advance(self._layer.draw, 1)

    def _ones_like(self, array: NDArray[Any]) -> NDArray[Any]:
        return self._ones[: array.size].reshape(array.shape)


class SimpleRNN(Recurrent):
    """h_t = f(x_t W + h_{t-1} U + b), from h_0 = 0.

    Parameters
    ----------
    units : int
        Length of the state.
    activation : {"tanh", "relu"}
        The function f.
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
        Of W, U, b.
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        In [0, 1), while training: inputs and states that do not count, the same in all steps of a sequence.
    seed : int, optional
        Of the dropout.
    return_sequences : bool
        Return every state, (n, steps, units); otherwise the last, (n, units).
    return_state : bool
        Return [outputs, h_T], for models that are more than a chain.
    go_backwards : bool
        From the last step to the first; the states come in the order in which they were computed.
    stateful : bool
        Sample i of a batch goes on where sample i of the one before stopped, until `reset_states`. All batches have
        the size of the first.
    **options
        See `Layer`.

    Attributes
    ----------
    kernel : ndarray of shape (features, units)
    recurrent_kernel : ndarray of shape (units, units)
    bias : ndarray of shape (units,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> layer = SimpleRNN(1, "relu", kernel_initializer="ones", recurrent_initializer="ones", return_sequences=True)
    >>> layer([[[1.0], [2.0], [3.0]]])
    array([[[1.],
            [3.],
            [6.]]])

    References
    ----------
    Notes 10.2 (10.1). Y. Gal, Z. Ghahramani (2016), A theoretically grounded application of dropout in recurrent
    neural networks.
    """

    def __init__(self, units: int, activation: str = "tanh", **options: Any) -> None:
        super().__init__(units, **options)
        # not `activation`: the loss must not take it for one that can be left out
        self._cell = choose("SimpleRNN", "activation", activation, {"tanh": "tanh", "relu": "relu"})

    @property
    def cell(self) -> str:
        return self._cell

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "activation": self._cell}


class LSTM(Recurrent):
    """Long short-term memory: gates decide what the cell state forgets, takes up and shows.

    i, f, o = σ(x_t W + h_{t-1} U + b), g = tanh(...), c_t = f ⊙ c_{t-1} + i ⊙ g, h_t = o ⊙ tanh(c_t), from zeros.
    The four gates stand side by side in W, U and b, in the order i f g o.

    Parameters
    ----------
    units : int
        Length of the two states.
    unit_forget_bias : bool
        Add 1 to the first bias of the forget gate.
    return_state : bool
        Return [outputs, h_T, c_T], for models that are more than a chain.
    **options
        As for `SimpleRNN`.

    Attributes
    ----------
    kernel : ndarray of shape (features, 4 units)
    recurrent_kernel : ndarray of shape (units, 4 units)
    bias : ndarray of shape (4 units,)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> LSTM(3, return_sequences=True)([[[1.0, 2.0], [3.0, 4.0]]]).shape
    (1, 2, 3)

    References
    ----------
    Notes 10.5. S. Hochreiter, J. Schmidhuber (1997), Long short-term memory. F. A. Gers et al. (2000), Learning to
    forget. R. Jozefowicz et al. (2015), An empirical exploration of recurrent network architectures (the bias of 1).
    """

    def __init__(self, units: int, *, unit_forget_bias: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        self.unit_forget_bias = bool(unit_forget_bias)

    @property
    def cell(self) -> str:
        return "lstm"

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        if self.use_bias and self.unit_forget_bias:
            self.bias[self.units : 2 * self.units] += 1


class GRU(Recurrent):
    """Gated recurrent unit, the reset gate after the product.

    With a = x_t W + b₀ and b = h_{t-1} U + b₁, in the order z r n: z, r = σ(a + b), n = tanh(a + r ⊙ b),
    h_t = z ⊙ h_{t-1} + (1 - z) ⊙ n, from h_0 = 0. It is the variant of PyTorch and cuDNN, and Keras's default.

    Parameters
    ----------
    units : int
        Length of the state.
    reset_after : bool
        Must be True.
    **options
        As for `SimpleRNN`.

    Attributes
    ----------
    kernel : ndarray of shape (features, 3 units)
    recurrent_kernel : ndarray of shape (units, 3 units)
    bias : ndarray of shape (2, 3 units)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> GRU(3)([[[1.0, 2.0], [3.0, 4.0]]]).shape
    (1, 3)

    References
    ----------
    K. Cho et al. (2014), Learning phrase representations using RNN encoder-decoder. J. Chung et al. (2014),
    Empirical evaluation of gated recurrent neural networks on sequence modeling.
    """

    _bias_rows: ClassVar[int] = 2

    def __init__(self, units: int, *, reset_after: bool = True, **options: Any) -> None:
        super().__init__(units, **options)
        if reset_after is not True:
            raise ValueError(message("GRU", "reset_after", "True", repr(reset_after)))
        self.reset_after = True

    @property
    def cell(self) -> str:
        return "gru"

    def _from_torch(self, array: NDArray[Any]) -> NDArray[Any]:
        r, z, n = np.split(array, 3, axis=-1)
        return np.concatenate([z, r, n], axis=-1)
