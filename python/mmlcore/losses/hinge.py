"""Losses of linear classifiers with targets -1 and 1."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import ops
from mmlcore.losses.pointwise import PointwiseLoss

__all__ = ["Hinge", "SquaredHinge", "hinge", "squared_hinge"]


def _signs(y_true: Any) -> Any:
    """Targets -1 and 1; 0 and 1 stand for them too."""
    values = np.asarray(y_true)
    return 2.0 * values - 1.0 if values.dtype.kind in "iubf" and np.isin(values, (0, 1)).all() else y_true


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of max(0, 1 - t p).

    Parameters
    ----------
    y_true : array_like of shape (..., k)
        t, -1 or 1; if all are 0 or 1 they stand for -1 and 1.
    y_pred : array_like of shape (..., k)
        p, any real numbers.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError, TypeError
        If the shapes cannot be broadcast, or the arguments are not real numbers.

    Examples
    --------
    >>> hinge([[-1.0, 1.0]], [[0.5, 2.0]])
    array([0.75])

    References
    ----------
    CS582 7.
    """
    return ops.pointwise_loss("hinge", y_pred, _signs(y_true))


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of max(0, 1 - t p)².

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., k)
        As for `hinge`.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError, TypeError
        If the shapes cannot be broadcast, or the arguments are not real numbers.

    Examples
    --------
    >>> squared_hinge([[-1.0, 1.0]], [[0.5, 2.0]])
    array([1.125])
    """
    return ops.pointwise_loss("squared_hinge", y_pred, _signs(y_true))


class _Margin(PointwiseLoss):
    """The model's loop hands over -1 and 1 (`targets` says so); a caller may have 0 and 1."""

    targets: ClassVar[str] = "signs"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return super().call(_signs(y_true), y_pred)

    def kernels(
        self,
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        each: NDArray[Any],
        share: NDArray[Any],
        gradient: NDArray[Any],
    ) -> Callable[[], Any] | None:
        return super().kernels(y_true, y_pred, each, share, gradient)


class Hinge(_Margin):
    """The mean of `hinge` over a batch.

    Examples
    --------
    >>> float(Hinge()([[0], [1]], [[0.5], [2.0]]))
    0.75
    """

    name: ClassVar[str] = "hinge"
    kernel = "hinge"


class SquaredHinge(_Margin):
    """The mean of `squared_hinge` over a batch.

    Examples
    --------
    >>> float(SquaredHinge()([[0], [1]], [[0.5], [2.0]]))
    1.125
    """

    name: ClassVar[str] = "squared_hinge"
    kernel = "squared_hinge"
