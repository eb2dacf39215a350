"""Normalisation to mean 0 and variance 1, along columns (batch) or rows (layer), with scale and shift."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import Tensor, defvjp_forward, primitive
from mmlcore.ops.elementwise import sqrt, square
from mmlcore.ops.reductions import mean, sum
from mmlcore.ops.shape import as_rows, reshape, shape_of

__all__ = ["batch_norm", "layer_norm", "normalize"]


def batch_norm(x: Any, gamma: Any, beta: Any, *, epsilon: float = 1e-3, moving: Any = None) -> Any:
    """γ (x - μ)/√(σ² + ε) + β, with the mean and variance of each feature over all other axes.

    Parameters
    ----------
    x : array (..., features), float32 or float64
    gamma, beta : array (features,), or None for 1 and 0
    epsilon : float
    moving : tuple (mean, variance, momentum), optional
        Two arrays (features,) that are moved in place: a ← momentum a + (1 - momentum) of this mean or variance.

    Returns
    -------
    array (..., features)

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no row.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.batch_norm([[1.0], [3.0]], None, None, epsilon=0.0)
    array([[-1.],
           [ 1.]])

    References
    ----------
    S. Ioffe, C. Szegedy (2015), Batch normalization, algorithm 1. Notes 6.11.
    """
    shape = _features(x, "batch_norm")
    y = _batch_norm(as_rows(x), gamma, beta, epsilon=epsilon, moving=moving)
    return y if len(shape) == 2 else reshape(y, shape)


def layer_norm(x: Any, gamma: Any, beta: Any, *, epsilon: float = 1e-3) -> Any:
    """γ (x - μ)/√(σ² + ε) + β, with the mean and variance over the last axis of each sample.

    Parameters
    ----------
    x : array (..., features), float32 or float64
    gamma, beta : array (features,), or None for 1 and 0
    epsilon : float

    Returns
    -------
    array (..., features)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.layer_norm([[1.0, 3.0]], None, None, epsilon=0.0)
    array([[-1.,  1.]])

    References
    ----------
    J. L. Ba, J. R. Kiros, G. E. Hinton (2016), Layer normalization.
    """
    shape = _features(x, "layer_norm")
    y = _layer_norm(as_rows(x), gamma, beta, epsilon=epsilon)
    return y if len(shape) == 2 else reshape(y, shape)


def normalize(x: Any, mean: Any, variance: Any, gamma: Any, beta: Any, *, epsilon: float = 1e-3) -> Any:
    """γ (x - μ)/√(σ² + ε) + β with given μ and σ².

    Parameters
    ----------
    x : array (..., features), float32 or float64
    mean, variance : array (features,)
    gamma, beta : array (features,), or None for 1 and 0
    epsilon : float

    Returns
    -------
    array (..., features)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.normalize([[3.0]], np.array([1.0]), np.array([4.0]), None, None, epsilon=0.0)
    array([[1.]])
    """
    shape = _features(x, "normalize")
    if any(isinstance(part, Tensor) for part in (x, mean, variance, gamma, beta)):
        y = (x - mean) / sqrt(variance + epsilon)
        y = y if gamma is None else y * gamma
        return y if beta is None else y + beta
    rows = as_rows(as_float(x, "normalize", "x"))
    out = np.empty(rows.shape, rows.dtype)
    _kernels.normalize(out, rows, mean, variance, gamma, beta, epsilon)
    return out.reshape(shape)


def _features(x: Any, function: str) -> tuple[int, ...]:
    shape = shape_of(x)
    if not shape:
        raise ValueError(message(function, "x", "of one dimension or more", "shape ()"))
    return shape


@primitive
def _batch_norm(x: Any, gamma: Any, beta: Any, *, epsilon: float, moving: Any) -> Any:
    return _run_batch_norm(x, gamma, beta, epsilon, moving)[0]


def _run_batch_norm(x: Any, gamma: Any, beta: Any, epsilon: float, moving: Any) -> tuple[Any, Any, Any]:
    x = as_float(x, "batch_norm", "x")
    y, centre, rstd = np.empty(x.shape, x.dtype), np.empty(x.shape[1], x.dtype), np.empty(x.shape[1], x.dtype)
    old_mean, old_variance, momentum = moving or (None, None, 0.0)
    _kernels.batch_norm(y, centre, rstd, old_mean, old_variance, x, gamma, beta, epsilon, momentum)
    return y, centre, rstd


@primitive
def _layer_norm(x: Any, gamma: Any, beta: Any, *, epsilon: float) -> Any:
    return _run_layer_norm(x, gamma, beta, epsilon)[0]


def _run_layer_norm(x: Any, gamma: Any, beta: Any, epsilon: float) -> tuple[Any, Any, Any]:
    x = as_float(x, "layer_norm", "x")
    y, centre, rstd = np.empty(x.shape, x.dtype), np.empty(x.shape[0], x.dtype), np.empty(x.shape[0], x.dtype)
    _kernels.layer_norm(y, centre, rstd, x, gamma, beta, epsilon)
    return y, centre, rstd


def _rule(
    run: Callable[..., Any], kernel: Callable[..., None], call: Callable[..., Any], axis: int
) -> Callable[..., Any]:
    """The rule of either: the kernel's gradients, or the same written with operations where Tensors take part."""

    def forward(needed: tuple[int, ...], x: Any, gamma: Any, beta: Any, **options: Any) -> tuple[Any, Any]:
        outer = any(isinstance(part, Tensor) for part in (x, gamma, beta))
        y, centre, rstd = (
            (call(x, gamma, beta, **options), None, None) if outer else run(x, gamma, beta, *options.values())
        )

        def pullback(dy: Any) -> Any:
            if outer or isinstance(dy, Tensor):
                gradients = _composed(dy, x, gamma, options["epsilon"], axis)
            else:
                empty = [
                    np.empty(np.shape(part), y.dtype) if i in needed else None
                    for i, part in enumerate((x, gamma, beta))
                ]
                kernel(*empty, dy.astype(y.dtype, copy=False), as_float(x, "norm", "x"), centre, rstd, gamma)
                gradients = (empty[0], empty[1], empty[2])
            return tuple([gradients[i] for i in needed])

        return y, pullback

    return forward


def _composed(dy: Any, x: Any, gamma: Any, epsilon: float, axis: int) -> tuple[Any, Any, Any]:
    """With x̂ = (x - μ)/√(σ² + ε) and g = γ dy: dx = (g - mean(g) - x̂ mean(g x̂))/√(σ² + ε)."""
    centred = x - mean(x, axis=axis, keepdims=True)
    rstd = 1.0 / sqrt(mean(square(centred), axis=axis, keepdims=True) + epsilon)
    unit = centred * rstd
    g = dy if gamma is None else dy * gamma
    dx = rstd * (g - mean(g, axis=axis, keepdims=True) - unit * mean(g * unit, axis=axis, keepdims=True))
    return dx, sum(dy * unit, axis=0), sum(dy, axis=0)


defvjp_forward(_batch_norm, _rule(_run_batch_norm, _kernels.batch_norm_grad, _batch_norm, axis=0))
defvjp_forward(_layer_norm, _rule(_run_layer_norm, _kernels.layer_norm_grad, _layer_norm, axis=1))
