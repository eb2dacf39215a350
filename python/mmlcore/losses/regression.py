"""Losses between real numbers."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore.losses.base import Loss

__all__ = ["MeanAbsoluteError", "MeanSquaredError", "mean_absolute_error", "mean_squared_error"]


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of (y_pred - y_true)².

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., k)

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError, TypeError
        If the shapes cannot be broadcast, or the arguments are not real numbers.

    Examples
    --------
    >>> mean_squared_error([[0.0, 2.0]], [[1.0, 4.0]])
    array([2.5])

    References
    ----------
    DRP, loss functions (ordinary least squares, divided by the number of terms).
    """
    return ops.mean(ops.square(ops.subtract(y_pred, y_true)), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of |y_pred - y_true|; where they are equal the derivative is 0.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., k)

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError, TypeError
        If the shapes cannot be broadcast, or the arguments are not real numbers.

    Examples
    --------
    >>> mean_absolute_error([[0.0, 2.0]], [[1.0, 4.0]])
    array([1.5])
    """
    return ops.mean(ops.absolute(ops.subtract(y_pred, y_true)), axis=-1)


class MeanSquaredError(Loss):
    """The mean of `mean_squared_error` over a batch.

    Examples
    --------
    >>> float(MeanSquaredError()(np.zeros((2, 1)), np.array([[1.0], [3.0]])))
    5.0
    """

    name: ClassVar[str] = "mean_squared_error"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_squared_error(y_true, y_pred)

    def plan(self, y_true: NDArray[Any], y_pred: NDArray[Any], gradient: NDArray[Any]) -> Callable[[], Any] | None:
        difference, square, share = (np.empty_like(gradient) for _ in range(3))
        each, total = np.empty(gradient.shape[:-1], gradient.dtype), np.empty((), gradient.dtype)
        share[...] = gradient.dtype.type(1 / each.size) * gradient.dtype.type(1 / gradient.shape[-1])

        def loss() -> Any:
            np.subtract(y_pred, y_true, out=difference)
            _kernels.square(square, difference)
            _kernels.square_grad(gradient, share, difference, square)
            _kernels.mean(each, square, square.ndim - 1, square.ndim)
            _kernels.mean(total, each, 0, each.ndim)
            return float(total)

        return loss


class MeanAbsoluteError(Loss):
    """The mean of `mean_absolute_error` over a batch.

    Examples
    --------
    >>> float(MeanAbsoluteError()(np.zeros((2, 1)), np.array([[1.0], [3.0]])))
    2.0
    """

    name: ClassVar[str] = "mean_absolute_error"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_absolute_error(y_true, y_pred)
