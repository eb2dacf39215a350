"""Softmax and its relatives along one axis, and the cross-entropy that goes with it in one step."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float, as_same_float
from mmlcore._errors import message
from mmlcore.autodiff import Tensor, defvjp, defvjp_forward, plain, primitive
from mmlcore.ops.reductions import Axis, max, sum
from mmlcore.ops.shape import as_rows, axes_of, moveaxis, reshape, shape_of
from mmlcore.ops.transcendental import exp, log

__all__ = ["log_softmax", "logsumexp", "softmax", "softmax_cross_entropy"]


def softmax(x: Any, axis: int = -1) -> Any:
    r"""The softmax :math:`p_i = e^{x_i} / \sum_j e^{x_j}` along an axis; large numbers do not overflow.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int, default -1

    Returns
    -------
    array of the shape of `x`
        Sums to 1 along the axis.

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Notes
    -----
    ∂E/∂x = p ⊙ (g - Σ g ⊙ p) with g = ∂E/∂p.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.softmax([0.0, 0.0, 1000.0])
    array([0., 0., 1.])
    """
    return _along_last(_softmax, "softmax", x, axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    r"""The logarithm of the softmax, :math:`x_i - \log \sum_j e^{x_j}`, along an axis.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int, default -1

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    ValueError
        If `x` has no such axis.

    Notes
    -----
    ∂E/∂x = g - softmax(x) Σ g with g = ∂E/∂(log softmax).

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    return _along_last(_log_softmax, "log_softmax", x, axis)


def _along_last(rows: Callable[[Any], Any], function: str, x: Any, axis: int) -> Any:
    """Apply a function of the rows of a matrix along any axis of any array."""
    shape = shape_of(x)
    (place,) = axes_of(function, axis, len(shape))
    if place == len(shape) - 1:
        return reshape(rows(as_rows(x)), shape) if len(shape) != 2 else rows(x)
    moved = moveaxis(x, place, -1)
    return moveaxis(reshape(rows(as_rows(moved)), moved.shape), -1, place)


@primitive
def _softmax(x: Any) -> Any:
    x = as_float(x, "softmax", "x")
    p = np.empty(x.shape, x.dtype)
    _kernels.softmax(p, x)
    return p


@primitive
def _log_softmax(x: Any) -> Any:
    x = as_float(x, "log_softmax", "x")
    y = np.empty(x.shape, x.dtype)
    _kernels.log_softmax(y, x)
    return y


def _back(kernel: Callable[..., Any], formula: Callable[[Any, Any], Any], y: Any) -> Callable[[Any], Any]:
    """The pullback of a function of rows with the values `y`: the kernel, for Tensors the formula."""

    def pullback(g: Any) -> Any:
        if type(g) is Tensor or type(y) is Tensor:
            return formula(g, y)
        dx = np.empty(y.shape, y.dtype)
        kernel(dx, np.ascontiguousarray(g, y.dtype), y)
        return dx

    return pullback


def _softmax_back(p: Any, x: Any) -> Callable[[Any], Any]:
    return _back(_kernels.softmax_grad, lambda g, p: p * (g - sum(g * p, axis=1, keepdims=True)), p)


def _log_softmax_back(y: Any, x: Any) -> Callable[[Any], Any]:
    return _back(_kernels.log_softmax_grad, lambda g, y: g - exp(y) * sum(g, axis=1, keepdims=True), y)


defvjp(_softmax, _softmax_back)
defvjp(_log_softmax, _log_softmax_back)


def logsumexp(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    r"""The logarithm :math:`\log \sum_i e^{x_i}` over all elements or some axes, without overflow.

    Parameters
    ----------
    x : array, float32 or float64
    axis : int or tuple of int, optional
        The axes to sum over; all by default.
    keepdims : bool, default False
        Leave them in the result with length 1.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        If `x` has no such axis, or there is nothing to sum.

    Examples
    --------
    >>> from mmlcore import ops
    >>> round(float(ops.logsumexp([1000.0, 1000.0])), 6)
    1000.693147
    """
    top = max(plain(x), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, np.zeros_like(top))
    total = log(sum(exp(x - top), axis=axis, keepdims=keepdims))
    return total + (top if keepdims else top.reshape(total.shape))


def softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    r"""The cross-entropy of softmax(logits) with the labels, row by row, in one stable step.

    With one class number per row :math:`\log \sum_j e^{z_j} - z_{label}`, with target probabilities t
    :math:`\sum_i t_i (\log \sum_j e^{z_j} - z_i)`.

    Parameters
    ----------
    logits : array (..., classes), float32 or float64
    labels : array of integers (...), or of numbers (..., classes)
        Class numbers from 0, or targets.

    Returns
    -------
    array (...)
        The loss of every row.

    Raises
    ------
    ValueError
        If the shapes do not fit or a class number is out of range.
    TypeError
        If class numbers are not integers.

    Notes
    -----
    ∂loss/∂z = softmax(z) Σ t - t; for class numbers t has a single 1.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.softmax_cross_entropy([[0.0, 1000.0], [0.0, 0.0]], [0, 0])
    array([1.00000000e+03, 6.93147181e-01])
    """
    shape = shape_of(logits)
    if not shape:
        raise ValueError(message("softmax_cross_entropy", "logits", "of one dimension or more", "shape ()"))
    z = as_rows(logits)
    if shape_of(labels) == shape:
        targets = as_rows(labels)
        if isinstance(targets, Tensor):
            loss = -sum(targets * _log_softmax(z), axis=1)
        else:
            loss = _cross_entropy(z, labels=as_float(targets, "softmax_cross_entropy", "labels"))
    elif shape_of(labels) == shape[:-1]:
        loss = _cross_entropy(z, labels=_class_numbers(labels))
    else:
        expectation = f"of shape {shape[:-1]} (class numbers) or {shape} (targets)"
        raise ValueError(message("softmax_cross_entropy", "labels", expectation, f"shape {shape_of(labels)}"))
    return loss if len(shape) == 2 else reshape(loss, shape[:-1])


def _class_numbers(labels: Any) -> Any:
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iub":
        expectation = "integers when there is one for each row"
        raise TypeError(message("softmax_cross_entropy", "labels", expectation, f"dtype {labels.dtype}"))
    return labels.astype(np.int64, copy=False).reshape(-1)


@primitive
def _cross_entropy(z: Any, *, labels: Any) -> Any:
    """The losses of the rows of z; labels are a vector of class numbers or a matrix of targets."""
    return _loss_and_softmax(z, labels)[0]


def _loss_and_softmax(z: Any, labels: Any) -> tuple[Any, Any]:
    hard = labels.ndim == 1
    if hard:
        z = as_float(z, "softmax_cross_entropy", "logits")
    else:
        z, labels = as_same_float("softmax_cross_entropy", logits=z, labels=labels)
    loss, p = np.empty(z.shape[0], z.dtype), np.empty(z.shape, z.dtype)
    kernel = _kernels.softmax_cross_entropy if hard else _kernels.softmax_cross_entropy_soft
    kernel(loss, p, z, labels)
    return loss, p


def _cross_entropy_forward(needed: tuple[int, ...], z: Any, *, labels: Any) -> tuple[Any, Callable[[Any], Any]]:
    if type(z) is Tensor:
        loss, p = _cross_entropy(z, labels=labels), _softmax(z)
    else:
        loss, p = _loss_and_softmax(z, labels)  # one pass gives both
    return loss, lambda g: (_cross_entropy_back(g, p, labels),)


defvjp_forward(_cross_entropy, _cross_entropy_forward)


def _cross_entropy_back(g: Any, p: Any, labels: Any) -> Any:
    """dz = (p Σ t - t) g."""
    if type(g) is Tensor or type(p) is Tensor:
        targets = labels
        if labels.ndim == 1:
            targets = np.zeros(p.shape, p.dtype)
            targets[np.arange(len(labels)), labels] = 1
        return (p * targets.sum(axis=1, keepdims=True) - targets) * reshape(g, (-1, 1))
    dz = np.empty(p.shape, p.dtype)
    g = g.astype(p.dtype, copy=False)
    if labels.ndim == 1:
        _kernels.softmax_cross_entropy_grad(dz, p, labels, g)
    else:
        _kernels.softmax_cross_entropy_soft_grad(dz, p, labels.astype(p.dtype, copy=False), g)
    return dz
