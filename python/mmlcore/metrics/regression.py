"""Metrics between real numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore.metrics.base import Metric

__all__ = ["MeanAbsoluteError", "MeanSquaredError"]


class MeanAbsoluteError(Metric):
    """Mean of |y_pred - y_true|.

    >>> mae = MeanAbsoluteError()
    >>> mae.update_state([[1.0], [2.0]], [[2.0], [4.0]])
    >>> mae.result()
    1.5
    """

    default_name = "mean_absolute_error"
    targets = "values"

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return np.abs(y_pred - y_true).mean(axis=-1)


class MeanSquaredError(Metric):
    """Mean of (y_pred - y_true)².

    >>> mse = MeanSquaredError()
    >>> mse.update_state([[1.0], [2.0]], [[2.0], [4.0]])
    >>> mse.result()
    2.5
    """

    default_name = "mean_squared_error"
    targets = "values"

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return np.square(y_pred - y_true).mean(axis=-1)
