"""Losses between real numbers."""

from typing import Any, ClassVar

import numpy as np

from mmlcore import ops
from mmlcore._errors import message
from mmlcore.losses.pointwise import PointwiseLoss

__all__ = [
    "Huber",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "SumSquaredError",
    "huber",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "sum_squared_error",
]

_SMALLEST = 1e-7  # Keras's: a smaller target counts as this in a percentage


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
    return ops.pointwise_loss("squared_error", y_pred, y_true)


def sum_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Σ (y_pred - y_true)² over the last axis: ordinary least squares.

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
    >>> sum_squared_error([[0.0, 2.0]], [[1.0, 4.0]])
    array([5.])

    References
    ----------
    DRP, loss functions; Notes 3.4.
    """
    return ops.pointwise_loss("squared_error", y_pred, y_true, mean=False)


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
    return ops.pointwise_loss("absolute_error", y_pred, y_true)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of 100 |y_pred - y_true| / |y_true|.

    Targets smaller than 1e-7 count as 1e-7.

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
    >>> mean_absolute_percentage_error([[1.0, 2.0]], [[1.5, 4.0]])
    array([75.])

    References
    ----------
    DRP, loss functions.
    """
    return ops.pointwise_loss("percentage_error", y_pred, y_true, _SMALLEST)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Mean over the last axis of d²/2 where |d| = |y_pred - y_true| ≤ δ, otherwise δ |d| - δ²/2.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., k)
    delta : float
        δ, above 0.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError, TypeError
        If the shapes cannot be broadcast, or the arguments are not real numbers.

    Examples
    --------
    >>> huber([[0.0, 2.0]], [[1.0, 4.0]])
    array([1.])

    References
    ----------
    P. J. Huber (1964), Robust estimation of a location parameter.
    """
    return ops.pointwise_loss("huber_error", y_pred, y_true, delta)


class MeanSquaredError(PointwiseLoss):
    """The mean of `mean_squared_error` over a batch.

    Examples
    --------
    >>> float(MeanSquaredError()([[0.0, 0.0]], [[1.0, 3.0]]))
    5.0
    """

    name: ClassVar[str] = "mean_squared_error"
    kernel = "squared_error"


class SumSquaredError(PointwiseLoss):
    """The sum of `sum_squared_error` over a batch: what ordinary least squares minimises.

    Examples
    --------
    >>> float(SumSquaredError()([[0.0, 0.0]], [[1.0, 3.0]]))
    10.0
    """

    name: ClassVar[str] = "sum_squared_error"
    kernel = "squared_error"
    mean: ClassVar[bool] = False

    def __init__(self, reduction: str = "sum") -> None:
        super().__init__(reduction)


class MeanAbsoluteError(PointwiseLoss):
    """The mean of `mean_absolute_error` over a batch.

    Examples
    --------
    >>> float(MeanAbsoluteError()([[0.0, 0.0]], [[1.0, 3.0]]))
    2.0
    """

    name: ClassVar[str] = "mean_absolute_error"
    kernel = "absolute_error"


class MeanAbsolutePercentageError(PointwiseLoss):
    """The mean of `mean_absolute_percentage_error` over a batch.

    Examples
    --------
    >>> float(MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 4.0]]))
    75.0
    """

    name: ClassVar[str] = "mean_absolute_percentage_error"
    kernel = "percentage_error"
    constant = _SMALLEST


class Huber(PointwiseLoss):
    """The mean of `huber` over a batch.

    Examples
    --------
    >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
    1.5
    """

    name: ClassVar[str] = "huber"
    kernel = "huber_error"

    def __init__(self, delta: float = 1.0, reduction: str = "sum_over_batch_size") -> None:
        super().__init__(reduction)
        if not isinstance(delta, int | float | np.number) or not 0 < delta < float("inf"):
            raise ValueError(message("Huber", "delta", "a finite number above 0", repr(delta)))
        self.delta = self.constant = float(delta)
