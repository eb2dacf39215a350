"""Recurrent cells over whole sequences: one kernel for all steps forward, one for all gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float, as_same_float
from mmlcore._errors import choose, message
from mmlcore.autodiff import Tensor, defvjp_forward, primitive, vjp
from mmlcore.ops.activation import relu, sigmoid, tanh
from mmlcore.ops.embedding import embedding
from mmlcore.ops.joining import stack
from mmlcore.ops.kinked import where
from mmlcore.ops.matmul import matmul
from mmlcore.ops.shape import shape_of

__all__ = ["recurrent"]

_NAMES = ("x", "w", "u", "bias", "recurrent_bias", "h0", "c0")


def recurrent(
    x: Any,
    w: Any,
    u: Any,
    bias: Any = None,
    recurrent_bias: Any = None,
    h0: Any = None,
    c0: Any = None,
    *,
    cell: str,
    mask: Any = None,
    keep: Any = None,
) -> Any:
    """The states h_1 … h_T of a recurrent cell; for an LSTM also c_T.

    With a = x_t w + bias and b = h_{t-1} u + recurrent_bias, split into gates of as many columns as there are units:

    - "tanh", "relu": h_t = f(a + b).
    - "lstm": i, f, o = σ(a + b) and g = tanh(a + b), in the order i f g o; c_t = f ⊙ c_{t-1} + i ⊙ g and
      h_t = o ⊙ tanh(c_t).
    - "gru", in the order z r n: z, r = σ(a + b), n = tanh(a + r ⊙ b), h_t = z ⊙ h_{t-1} + (1 - z) ⊙ n. The reset gate
      acts after the product, as in PyTorch, cuDNN and Keras's ``reset_after=True``.

    Parameters
    ----------
    x : array (steps, batch, inputs), float32 or float64
        Time first. Or (steps, batch): numbers of rows of `w`, which stand for one-hot vectors.
    w : array (inputs, gates · units)
    u : array (units, gates · units)
    bias, recurrent_bias : array (gates · units,), optional
    h0, c0 : array (batch, units), optional
        The state before the first step; 0 unless given. `c0` is the LSTM's alone.
    cell : {"lstm", "gru", "tanh", "relu"}
    mask : array of bool (steps, batch), optional
        Where it is False the state stays as it was.
    keep : array (batch, units), optional
        Multiplies h_{t-1} before the product with u in every step: recurrent dropout. A constant.

    Returns
    -------
    array (steps, batch, units), or (steps + 1, batch, units) for an LSTM, whose last block is c_T

    Raises
    ------
    ValueError
        If the shapes do not fit or there is no such cell.

    Notes
    -----
    First derivatives are one kernel; where they are to be differentiated again, the step is written out in
    operations.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.recurrent(np.ones((3, 1, 1)), np.eye(1), np.eye(1), cell="relu").ravel()
    array([1., 2., 3.])

    References
    ----------
    Notes 10.2 and 10.5. S. Hochreiter, J. Schmidhuber (1997), Long short-term memory. J. Chung, C. Gulcehre,
    K. Cho, Y. Bengio (2014), Empirical evaluation of gated recurrent neural networks on sequence modeling.
    """
    choose("recurrent", "cell", cell, _kernels.CELLS)
    if c0 is not None and cell != "lstm":
        raise ValueError(message("recurrent", "c0", "None unless cell is 'lstm'", "an array"))
    _check(x, w, u, cell)
    return _recurrent(x, w, u, bias, recurrent_bias, h0, c0, cell=cell, mask=mask, keep=keep)


def _check(x: Any, w: Any, u: Any, cell: str) -> None:
    gates = _kernels.CELLS[cell][1]
    x_shape, w_shape, u_shape = shape_of(x), shape_of(w), shape_of(u)
    if len(x_shape) not in (2, 3):
        expectation = "of shape (steps, batch, inputs) or (steps, batch)"
        raise ValueError(message("recurrent", "x", expectation, f"shape {x_shape}"))
    if len(u_shape) != 2 or u_shape[1] != gates * u_shape[0]:
        raise ValueError(message("recurrent", "u", f"of shape (units, {gates} · units)", f"shape {u_shape}"))
    inputs = x_shape[2] if len(x_shape) == 3 else "rows"
    if len(w_shape) != 2 or w_shape[1] != u_shape[1] or (len(x_shape) == 3 and w_shape[0] != inputs):
        raise ValueError(message("recurrent", "w", f"of shape ({inputs}, {u_shape[1]})", f"shape {w_shape}"))


@primitive
def _recurrent(
    x: Any, w: Any, u: Any, bias: Any, recurrent_bias: Any, h0: Any, c0: Any, *, cell: str, mask: Any, keep: Any
) -> Any:
    return _Run((x, w, u, bias, recurrent_bias, h0, c0), cell, mask, keep).result()


class _Run:
    """One pass forward and what it leaves for the way back."""

    def __init__(self, args: tuple[Any, ...], cell: str, mask: Any, keep: Any) -> None:
        given = {name: part for name, part in zip(_NAMES, args, strict=True) if part is not None}
        arrays = dict(zip(given, map(np.ascontiguousarray, as_same_float("recurrent", **given)), strict=True))
        x, w, u = arrays["x"], arrays["w"], arrays["u"]
        steps, batch = x.shape[:2]
        units, dtype = len(u), x.dtype
        self.code = _kernels.CELLS[cell][0]
        shape = (steps + 1, batch, units)
        self.h = _kernels.empty(shape, dtype)
        # c_T follows h_T, so that both are one result
        self.c = _kernels.empty(shape, dtype) if cell == "lstm" else None
        for state, name in ((self.h, "h0"), (self.c, "c0")):
            if state is None:
                continue
            first = arrays.get(name, np.zeros((batch, units)))
            if first.shape != (batch, units):
                raise ValueError(message("recurrent", name, f"of shape {(batch, units)}", f"shape {first.shape}"))
            state[0] = first
        self.z = _kernels.empty(_kernels.gate_panels(self.code, steps, batch, units, dtype), dtype)
        self.x, self.w, self.u = x, w, u
        self.mask = None if mask is None else np.ascontiguousarray(mask, dtype=bool)
        self.keep = None if keep is None else np.ascontiguousarray(as_float(keep, "recurrent", "keep"), dtype=dtype)
        _kernels.recurrent_forward(
            self.code, self.h, self.c, self.z, x, w, u, arrays.get("bias"), arrays.get("recurrent_bias"),
            self.mask, self.keep,
        )  # fmt: skip

    def result(self) -> Any:
        """The states, and for an LSTM c_T behind them."""
        return self.h[1:] if self.c is None else np.concatenate([self.h[1:], self.c[-1:]])

    def gradients(self, g: Any, needed: tuple[int, ...]) -> list[Any]:
        """Those of the arguments at the positions `needed`."""
        dtype, (_, batch, units) = self.h.dtype, self.h.shape
        g = np.ascontiguousarray(g, dtype=dtype)
        dh, dc = (g, None) if self.c is None else (g[:-1], g[-1])
        width, state = self.w.shape[1:], (batch, units)
        shapes = (self.x.shape, self.w.shape, self.u.shape, width, width, state, state)
        wanted = {1, 2, *needed} - ({0} if self.x.ndim == 2 else set())
        to: list[Any] = [_kernels.empty(shape, dtype) if i in wanted else None for i, shape in enumerate(shapes)]
        z = _kernels.empty(self.z.shape, dtype)
        z[...] = self.z  # the kernel writes there, and a pullback may be called again
        dx, dw, du, dbias, drecurrent_bias, dh0, dc0 = to
        _kernels.recurrent_backward(
            self.code, dx, dw, du, dbias, drecurrent_bias, dh0, dc0, z, dh, None, dc,
            self.h, self.c, self.x, self.w, self.u, self.mask, self.keep,
        )  # fmt: skip
        return to


def _forward(needed: tuple[int, ...], *args: Any, cell: str, mask: Any, keep: Any) -> tuple[Any, Callable[..., Any]]:
    outer = any(isinstance(part, Tensor) for part in args)
    run = None if outer else _Run(args, cell, mask, keep)
    value = _recurrent(*args, cell=cell, mask=mask, keep=keep) if run is None else run.result()

    def composed(*chosen: Any) -> Any:
        every = list(args)
        for i, part in zip(needed, chosen, strict=True):
            every[i] = part
        return _composed(*every, cell=cell, mask=mask, keep=keep)

    def pullback(g: Any) -> Any:
        if run is None or isinstance(g, Tensor):
            return tuple(vjp(composed, *[args[i] for i in needed])[1](g))
        gradients = run.gradients(g, needed)
        return tuple([gradients[i] for i in needed])

    return value, pullback


defvjp_forward(_recurrent, _forward)


def _composed(
    x: Any, w: Any, u: Any, bias: Any, recurrent_bias: Any, h: Any, c: Any, *, cell: str, mask: Any, keep: Any
) -> Any:
    """The same states step by step, in operations that can be differentiated to any order."""
    steps, batch = shape_of(x)[:2]
    units = shape_of(u)[0]
    a = embedding(w, rows=x) if len(shape_of(x)) == 2 else matmul(x, w)
    a = a if bias is None else a + bias
    h = np.zeros((batch, units)) if h is None else h
    c = np.zeros((batch, units)) if c is None and cell == "lstm" else c
    states = []
    for t in range(steps):
        b = matmul(h if keep is None else h * keep, u)
        b = b if recurrent_bias is None else b + recurrent_bias
        new, new_c = _step(a[t], b, h, c, cell, units)
        if mask is not None:
            alive = np.asarray(mask)[t][:, None]
            new, new_c = where(alive, new, h), None if c is None else where(alive, new_c, c)
        h, c = new, new_c
        states.append(h)
    return stack(states if c is None else [*states, c])


def _step(a: Any, b: Any, h: Any, c: Any, cell: str, units: int) -> tuple[Any, Any]:
    """h_t and c_t."""
    if cell == "lstm":
        z = a + b
        i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c
    if cell == "gru":
        gate, reset = (sigmoid((a + b)[:, k * units : (k + 1) * units]) for k in range(2))
        candidate = tanh(a[:, 2 * units :] + reset * b[:, 2 * units :])
        return gate * h + (1 - gate) * candidate, None
    return (tanh if cell == "tanh" else relu)(a + b), None
