"""A recurrent layer as kernel calls on fixed buffers, for training steps that are repeated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.layers.plan import Plan

if TYPE_CHECKING:
    from mmlcore.layers.recurrent_base import Recurrent

__all__ = ["StepsPlan", "plan_sequences", "plan_steps"]


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


def _zeros(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Zeros that begin with a cache line, as NumPy's need not."""
    block = _kernels.empty(shape, dtype)
    block[...] = 0
    return block


def plan_steps(
    layer: "Recurrent",
    x: NDArray[Any],
    dx: NDArray[Any] | None,
    gradients: Sequence[NDArray[Any]],
    last_only: bool = False,
    keep: NDArray[Any] | None = None,
) -> StepsPlan:
    """A layer on buffers in which time comes first; dropout and carried states are the caller's affair.

    Parameters
    ----------
    layer : Recurrent
    x : ndarray of shape (steps, batch, features), or (steps, batch) of numbers that stand for one-hot vectors
    dx : ndarray of the shape of `x`, or None
    gradients : sequence of ndarray
        Those of kernel, recurrent_kernel and, if there is one, bias.
    last_only : bool
        Gradients arrive at the last state alone.
    keep : ndarray of shape (batch, units), optional
        Multiplies the states on their way to the recurrent kernel.
    """
    code = _kernels.CELLS[layer.cell][0]
    steps, batch = x.shape[:2]
    h = _zeros((steps + 1, batch, layer.units), x.dtype)
    c = _zeros(h.shape, x.dtype) if layer.cell == "lstm" else None
    z = _kernels.empty(_kernels.gate_panels(code, steps, batch, layer.units, x.dtype), x.dtype)
    dh = None if last_only else _kernels.empty(h[1:].shape, x.dtype)
    dh_last = np.empty_like(h[0]) if last_only else None
    w, u, (bias, recurrent_bias) = layer.kernel, layer.recurrent_kernel, layer._biases(layer.bias)
    dw, du = gradients[:2]
    dbias, drecurrent_bias = layer._biases(gradients[2] if layer.use_bias else None)

    def forward() -> None:
        _kernels.recurrent_forward(code, h, c, z, x, w, u, bias, recurrent_bias, None, keep)

    def backward() -> None:
        _kernels.recurrent_backward(
            code, dx, dw, du, dbias, drecurrent_bias, None, None, z, dh, dh_last, None, h, c, x, w, u, None, keep
        )

    return StepsPlan(h, c, dh, dh_last, forward, backward)


def plan_sequences(
    layer: "Recurrent", x: NDArray[Any], dx: NDArray[Any] | None, gradients: Sequence[NDArray[Any]]
) -> Plan:
    """A layer on buffers in which the batch comes first, with its dropout and the states that it carries on.

    Parameters
    ----------
    layer : Recurrent
    x : ndarray of shape (batch, steps, features)
    dx : ndarray of the shape of `x`, or None
    gradients : sequence of ndarray
        Those of the layer's weights.
    """
    batch, steps, features = x.shape
    xt = _kernels.empty((steps, batch, features), x.dtype)
    dxt = None if dx is None else _kernels.empty(xt.shape, x.dtype)
    dropped = _Dropped(layer, xt, dxt) if layer.dropout or layer.recurrent_dropout else None
    keep = None if dropped is None else dropped.keep
    inner = plan_steps(layer, xt, dxt, gradients, not layer.return_sequences, keep)
    y = np.empty((batch, steps, layer.units), x.dtype) if layer.return_sequences else inner.h[-1]
    dy = np.empty_like(y) if inner.dh_last is None else inner.dh_last
    states = layer._carried(batch, x.dtype) if layer.stateful else []
    carried = list(zip(states, (inner.h, inner.c), strict=False))

    def forward() -> None:
        _kernels.exchange_axes(xt, x, layer.go_backwards, True)
        for state, block in carried:
            _kernels.affine(block[0], state, 1.0, 0.0)  # type: ignore[index]
        if dropped is not None:
            dropped.forward()
        inner.forward()
        for state, block in carried:
            _kernels.affine(state, block[-1], 1.0, 0.0)  # type: ignore[index]
        if layer.return_sequences:
            _kernels.exchange_axes(y, inner.h[1:], layer.in_order)

    def backward() -> None:
        if inner.dh is not None:
            _kernels.exchange_axes(inner.dh, dy, layer.in_order, True)
        inner.backward()
        if dropped is not None:
            dropped.backward()
        if dx is not None and dxt is not None:
            _kernels.exchange_axes(dx, dxt, layer.go_backwards, False)

    return Plan(y, dy, forward, backward)


class _Dropped:
    """Dropout of inputs and states on the buffers of a plan: what `Recurrent.call` does."""

    def __init__(self, layer: "Recurrent", x: NDArray[Any], dx: NDArray[Any] | None) -> None:
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
