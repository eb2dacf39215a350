"""Metrics between real numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore.metrics.base import Metric

__all__ = ["MeanAbsoluteError", "MeanSquaredError", "R2Score"]


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


class R2Score(Metric):
    """Coefficient of determination, 1 - Σ (t - p)² / Σ (t - mean t)², averaged over the outputs.

    The sum of squares about the mean is merged batch by batch (Chan, Golub, LeVeque 1979), without cancellation.

    >>> r2 = R2Score()
    >>> r2.update_state([[1.0], [2.0]], [[1.0], [2.5]])
    >>> r2.update_state([[3.0]], [[3.0]])
    >>> r2.result()
    0.875
    """

    default_name = "r2"
    targets = "values"

    def reset_state(self) -> None:
        self._count, self._mean, self._spread, self._error = 0, np.zeros(1), np.zeros(1), np.zeros(1)

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        y_true = self.checked("R2Score", "y_true", y_true, y_pred.shape)
        width = y_pred.shape[-1] if y_pred.ndim > 1 else 1
        t, p = (y.reshape(-1, width).astype(np.float64) for y in (y_true, y_pred))
        if not len(t):
            return
        mean = t.mean(axis=0)
        total = self._count + len(t)
        step = mean - self._mean
        self._spread = self._spread + ((t - mean) ** 2).sum(axis=0) + step**2 * self._count * len(t) / total
        self._mean = self._mean + step * len(t) / total
        self._error = self._error + ((t - p) ** 2).sum(axis=0)
        self._count = total

    def result(self) -> float:
        """The score; outputs whose targets do not vary count as 1 if they are met exactly, otherwise 0."""
        spread = np.where(self._spread > 0, self._spread, 1.0)
        scores = np.where(self._spread > 0, 1 - self._error / spread, self._error == 0)
        return float(scores.mean()) if self._count else 0.0
