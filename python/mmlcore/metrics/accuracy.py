"""The share of samples whose class is predicted rightly."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore.metrics.base import Metric

__all__ = ["Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy"]


class BinaryAccuracy(Metric):
    """Share of right answers of "probability above `threshold`" against targets 0 and 1.

    >>> accuracy = BinaryAccuracy()
    >>> accuracy.update_state([[1], [0], [1], [1]], [[0.9], [0.2], [0.6], [0.1]])
    >>> accuracy.result()
    0.75
    """

    default_name = "binary_accuracy"
    targets = "values"

    def __init__(self, name: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(name)
        self.threshold = threshold

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return ((y_pred > self.threshold) == y_true).mean(axis=-1)


class CategoricalAccuracy(Metric):
    """Share of samples whose largest prediction stands where the largest (one-hot) target stands.

    >>> accuracy = CategoricalAccuracy()
    >>> accuracy.update_state([[0, 1], [1, 0]], [[0.3, 0.7], [0.4, 0.6]])
    >>> accuracy.result()
    0.5
    """

    default_name = "categorical_accuracy"
    targets = "values"

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return np.argmax(y_pred, axis=-1) == np.argmax(y_true, axis=-1)


class SparseCategoricalAccuracy(Metric):
    """Share of samples whose largest prediction stands where the integer target says.

    >>> accuracy = SparseCategoricalAccuracy()
    >>> accuracy.update_state([1, 1], [[0.3, 0.7], [0.6, 0.4]])
    >>> accuracy.result()
    0.5
    """

    default_name = "sparse_categorical_accuracy"
    targets = "labels"

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return np.argmax(y_pred, axis=-1) == y_true


class Accuracy(Metric):
    """One of the three above, by the shapes: targets as wide as several outputs, one output, or labels.

    >>> accuracy = Accuracy()
    >>> accuracy.update_state([1, 1], [[0.3, 0.7], [0.6, 0.4]])
    >>> accuracy.result()
    0.5
    """

    default_name = "accuracy"

    def checked(
        self, function: str, argument: str, y_true: NDArray[Any], shape: tuple[Any, ...], name: str = ""
    ) -> NDArray[Any]:
        return _kind(y_true, shape).checked(function, argument, y_true, shape, name)

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return _kind(y_true, y_pred.shape).call(y_true, y_pred)


def _kind(y_true: NDArray[Any], shape: tuple[Any, ...]) -> Metric:
    """The accuracy for such targets and predictions of `shape`."""
    if len(shape) < 2 or shape[-1] == 1:
        return BinaryAccuracy()
    return CategoricalAccuracy() if y_true.shape == shape else SparseCategoricalAccuracy()
