"""A dense layer in one step, y = f(x w + b): one kernel forward, one for all three gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float, as_same_float
from mmlcore._errors import choose, message
from mmlcore.autodiff import Tensor, defvjp_joint, primitive
from mmlcore.ops.activation import SLOPES
from mmlcore.ops.matmul import matmul
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import as_rows, reshape, shape_of, swapaxes

__all__ = ["FUSED", "dense"]

# Activations that the kernel applies while the product is in registers, and whose slope it finds from y alone.
FUSED: dict[str, int] = {name: _kernels.ACTIVATIONS[name] for name in ("linear", *SLOPES)}


def dense(x: Any, w: Any, b: Any = None, activation: str = "linear") -> Any:
    """A dense layer, y = f(x w + b).

    Parameters
    ----------
    x : array (..., inputs), float32 or float64
    w : array (inputs, outputs)
    b : array (outputs,), optional
    activation : 'linear', 'relu', 'sigmoid', 'tanh' or 'softplus'
        The function f.

    Returns
    -------
    array (..., outputs)

    Raises
    ------
    ValueError
        If the shapes do not fit or there is no such activation.

    Notes
    -----
    With dz = dy ⊙ f'(z), z = x w + b:  ∂E/∂x = dz wᵀ,  ∂E/∂w = xᵀ dz,  ∂E/∂b = Σ_rows dz.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.dense([[1, -2]], [[1, 0], [0, 1]], [10, 1], activation="relu")
    array([[11.,  0.]])
    """
    choose("dense", "activation", activation, FUSED)
    shape = shape_of(x)
    if len(shape) == 2:
        return _dense(x, w, b, activation)
    if not shape:
        raise ValueError(message("dense", "x", "of one dimension or more", "shape ()"))
    y = _dense(as_rows(x), w, b, activation)
    return reshape(y, (*shape[:-1], y.shape[-1]))


@primitive
def _dense(x: Any, w: Any, b: Any, activation: str) -> Any:
    if b is None:
        x, w = as_same_float("dense", x=x, w=w)
    else:
        x, w, b = as_same_float("dense", x=x, w=w, b=b)
    if w.ndim != 2 or w.shape[0] != x.shape[1]:
        raise ValueError(message("dense", "w", f"of shape ({x.shape[1]}, outputs)", f"shape {w.shape}"))
    if b is not None and b.shape != w.shape[1:]:
        raise ValueError(message("dense", "b", f"of shape ({w.shape[1]},)", f"shape {b.shape}"))
    y = np.empty((x.shape[0], w.shape[1]), x.dtype)
    _kernels.dense_forward(y, x, w, b, FUSED[activation])
    return y


def _dense_back(needed: tuple[int, ...], y: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
    x, w, b, activation = args

    def pullback(dy: Any) -> Any:
        if any(type(part) is Tensor for part in (dy, x, w, b)):
            gradients = _composed(dy, y, x, w, activation)
        else:
            gradients = _fused(dy, y, x, w, activation, 0 in needed, 2 in needed)
        return tuple([gradients[i] for i in needed])

    return pullback


defvjp_joint(_dense, _dense_back)


def _fused(dy: Any, y: Any, x: Any, w: Any, activation: str, with_dx: bool, with_db: bool) -> tuple[Any, Any, Any]:
    """The three gradients by one kernel; those of x and b only if asked for."""
    dtype = y.dtype
    x, w, dy = (as_float(part, "dense", "x").astype(dtype, copy=False) for part in (x, w, dy))
    dx = np.empty(x.shape, dtype) if with_dx else None
    dw = np.empty(w.shape, dtype)
    db = np.empty(w.shape[1], dtype) if with_db else None
    _kernels.dense_backward(dx, dw, db, dy, x, w, y, FUSED[activation])
    return dx, dw, db


def _composed(dy: Any, y: Any, x: Any, w: Any, activation: str) -> tuple[Any, Any, Any]:
    """The same gradients by primitives, which can be differentiated again."""
    dz = dy if activation == "linear" else dy * SLOPES[activation](y)
    return matmul(dz, swapaxes(w, 0, 1)), matmul(swapaxes(x, 0, 1), dz), sum(dz, axis=0)
