"""Losses that add terms of single predictions, Σ_j l(p_ij, t_ij): one kernel forward, one back."""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_same_float
from mmlcore._errors import choose
from mmlcore.autodiff import Tensor, defvjp, primitive
from mmlcore.ops.activation import relu, sigmoid, softplus
from mmlcore.ops.elementwise import absolute, negative, sign, square
from mmlcore.ops.kinked import clip, maximum, minimum, where
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import reshape, shape_of
from mmlcore.ops.transcendental import log, log1p

__all__ = ["POINTWISE", "pointwise_loss"]

Formula = Callable[[Any, Any, float], Any]


def _binary(p: Any, t: Any, c: float) -> Any:
    q = minimum(maximum(p, c), 1 - c)
    return negative(t * log(q) + (1.0 - t) * log1p(negative(q)))


def _binary_slope(p: Any, t: Any, c: float) -> Any:
    q = minimum(maximum(p, c), 1 - c)
    return where((p >= c) & (p <= 1 - c), (q - t) / (q * (1.0 - q)), 0.0)


def _kl(p: Any, t: Any, c: float) -> Any:
    s = minimum(maximum(t, c), 1.0)
    return s * log(s / minimum(maximum(p, c), 1.0))


def _kl_slope(p: Any, t: Any, c: float) -> Any:
    s = negative(minimum(maximum(t, c), 1.0) / minimum(maximum(p, c), 1.0))
    return where((p >= c) & (p <= 1), s, 0.0)


def _huber(p: Any, t: Any, c: float) -> Any:
    d = absolute(p - t)
    return where(d > c, c * d - 0.5 * c * c, 0.5 * square(d))


# l(p, t) and ∂l/∂p of the kernels of the same names, written with operations: they can be differentiated again.
POINTWISE: dict[str, tuple[Formula, Formula]] = {
    "squared_error": (lambda p, t, c: square(p - t), lambda p, t, c: 2.0 * (p - t)),
    "absolute_error": (lambda p, t, c: absolute(p - t), lambda p, t, c: sign(p - t)),
    "percentage_error": (
        lambda p, t, c: 100.0 * absolute(p - t) / maximum(absolute(t), c),
        lambda p, t, c: 100.0 * sign(p - t) / maximum(absolute(t), c),
    ),
    "huber_error": (_huber, lambda p, t, c: clip(p - t, -c, c)),
    "hinge": (
        lambda p, t, c: relu(1.0 - t * p),
        lambda p, t, c: where(t * p < 1, negative(t), 0.0),
    ),
    "squared_hinge": (lambda p, t, c: square(relu(1.0 - t * p)), lambda p, t, c: -2.0 * t * relu(1.0 - t * p)),
    "binary_cross_entropy": (_binary, _binary_slope),
    "binary_cross_entropy_of_logits": (lambda z, t, c: softplus(z) - t * z, lambda z, t, c: sigmoid(z) - t),
    "kullback_leibler": (_kl, _kl_slope),
}


def pointwise_loss(name: str, p: Any, t: Any, c: float = 0.0, mean: bool = True) -> Any:
    """Σ_j l(p_ij, t_ij), or the mean, over the last axis.

    Parameters
    ----------
    name : str
        A key of `POINTWISE`.
    p, t : array (..., k), float32 or float64
        Predictions and targets, of one shape or broadcast.
    c : float
        The constant of those losses that have one.
    mean : bool
        Divide by k.

    Returns
    -------
    array (...)

    Raises
    ------
    ValueError
        If there is no such loss, or the shapes cannot be broadcast.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.pointwise_loss("squared_error", [[1.0, 4.0]], [[0.0, 2.0]])
    array([2.5])
    """
    formula = choose("pointwise_loss", "name", name, POINTWISE)[0]
    shape = shape_of(p)
    if isinstance(t, Tensor) or not shape or shape_of(t) != shape or not prod(shape):
        terms = formula(p if isinstance(p, Tensor) else np.asarray(p), t if isinstance(t, Tensor) else np.asarray(t), c)
        total = sum(terms, axis=-1)
        return total / terms.shape[-1] if mean else total
    return _pointwise(p, t=t, name=name, c=c, scale=1 / shape[-1] if mean else 1.0)


@primitive
def _pointwise(p: Any, *, t: Any, name: str, c: float, scale: float) -> Any:
    p, t = as_same_float("pointwise_loss", p=p, t=t)
    loss = np.empty(p.shape[:-1], p.dtype)
    getattr(_kernels, f"{name}_loss")(loss, p, t, c, scale)
    return loss if p.ndim > 1 else loss[()]


def _pointwise_back(ans: Any, p: Any, *, t: Any, name: str, c: float, scale: float) -> Callable[[Any], Any]:
    def pullback(g: Any) -> Any:
        if type(p) is Tensor or type(g) is Tensor:
            return reshape(g, (*p.shape[:-1], 1)) * (scale * POINTWISE[name][1](p, np.asarray(t), c))
        values, targets, weights = as_same_float("pointwise_loss", p=p, t=t, g=g)
        dp = np.empty(values.shape, values.dtype)
        getattr(_kernels, f"{name}_loss_grad")(dp, values, targets, weights, c, scale)
        return dp

    return pullback


defvjp(_pointwise, _pointwise_back)
