"""Metrics made of true and false positives and negatives."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._arrays import as_shape
from mmlcore._errors import choose, integer, message
from mmlcore.metrics.base import Metric

__all__ = ["ConfusionMatrix", "F1Score", "Precision", "Recall"]

_AVERAGES = {"binary": "binary", "micro": "micro", "macro": "macro"}


class _Counts(Metric):
    """Counts for each class; a subclass makes a ratio of them."""

    def __init__(self, average: str = "binary", threshold: float = 0.5, name: str | None = None) -> None:
        self.average = choose(type(self).__name__, "average", average, _AVERAGES)
        self.threshold = threshold
        super().__init__(name)

    def reset_state(self) -> None:
        self._true_positives: Any = 0
        self._predicted: Any = 0
        self._positives: Any = 0

    def checked(
        self, function: str, argument: str, y_true: NDArray[Any], shape: tuple[Any, ...], name: str = ""
    ) -> NDArray[Any]:
        """Targets of the shape of the predictions or, for several classes, labels."""
        if self.average != "binary" and y_true.ndim == len(shape) - 1:
            return y_true
        return as_shape(function, argument, y_true, shape, name)

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        y_true = self.checked(type(self).__name__, "y_true", y_true, y_pred.shape)
        if self.average == "binary":
            actual, predicted = y_true.reshape(-1, 1) > 0.5, y_pred.reshape(-1, 1) > self.threshold
        else:
            classes = np.arange(y_pred.shape[-1])
            labels = y_true if y_true.ndim == y_pred.ndim - 1 else np.argmax(y_true, axis=-1)
            actual = labels.reshape(-1, 1) == classes
            predicted = np.argmax(y_pred, axis=-1).reshape(-1, 1) == classes
        self._true_positives = self._true_positives + (actual & predicted).sum(axis=0)
        self._predicted = self._predicted + predicted.sum(axis=0)
        self._positives = self._positives + actual.sum(axis=0)

    def ratio(self, true_positives: Any, predicted: Any, positives: Any) -> Any:
        """The metric from its counts."""
        raise NotImplementedError(f"{type(self).__name__} must define ratio(true_positives, predicted, positives)")

    def result(self) -> float:
        """The metric over all samples since the last reset; 0 where a divisor is."""
        counts = [np.atleast_1d(c).astype(float) for c in (self._true_positives, self._predicted, self._positives)]
        if self.average == "micro":
            counts = [count.sum(keepdims=True) for count in counts]
        return float(np.mean(self.ratio(*counts)))


def _divided(a: Any, b: Any) -> Any:
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)


class Precision(_Counts):
    """Share of true positives among those predicted.

    Parameters
    ----------
    average : {"binary", "micro", "macro"}
        "binary": positive is what lies above `threshold`. For several classes, which are one-hot targets or labels
        and the largest prediction: "macro" is the mean over the classes, "micro" counts them all together.
    threshold : float
    name : str, optional

    Examples
    --------
    >>> metric = Precision()
    >>> metric.update_state([1, 0, 1, 1], [0.9, 0.8, 0.3, 0.7])
    >>> round(metric.result(), 4)
    0.6667
    """

    default_name = "precision"

    def ratio(self, true_positives: Any, predicted: Any, positives: Any) -> Any:
        return _divided(true_positives, predicted)


class Recall(_Counts):
    """Share of the positives that are predicted.

    Parameters
    ----------
    average, threshold, name
        See `Precision`.

    Examples
    --------
    >>> metric = Recall()
    >>> metric.update_state([1, 0, 1, 1], [0.9, 0.8, 0.3, 0.7])
    >>> round(metric.result(), 4)
    0.6667
    """

    default_name = "recall"

    def ratio(self, true_positives: Any, predicted: Any, positives: Any) -> Any:
        return _divided(true_positives, positives)


class F1Score(_Counts):
    """Harmonic mean of precision and recall: 2 tp/(predicted + positives).

    Parameters
    ----------
    average, threshold, name
        See `Precision`.

    Examples
    --------
    >>> metric = F1Score()
    >>> metric.update_state([1, 0, 1, 1], [0.9, 0.8, 0.3, 0.7])
    >>> round(metric.result(), 4)
    0.6667
    """

    default_name = "f1"

    def ratio(self, true_positives: Any, predicted: Any, positives: Any) -> Any:
        return _divided(2 * true_positives, predicted + positives)


class ConfusionMatrix(Metric):
    """How often each class was taken for each: entry (i, j) counts samples of class i predicted as j.

    Parameters
    ----------
    num_classes : int
    name : str, optional

    Raises
    ------
    ValueError
        In `update_state`, for classes that are not below `num_classes`.

    Examples
    --------
    >>> matrix = ConfusionMatrix(2)
    >>> matrix.update_state([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    >>> matrix.matrix()
    array([[1, 0],
           [1, 1]])
    >>> matrix.result()  # the share on the diagonal
    0.6666666666666666
    """

    default_name = "confusion_matrix"

    def __init__(self, num_classes: int, name: str | None = None) -> None:
        self.num_classes = integer("ConfusionMatrix", "num_classes", num_classes)
        super().__init__(name)

    def reset_state(self) -> None:
        self._matrix = np.zeros((self.num_classes, self.num_classes), np.int64)

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        """Add samples: labels or one-hot rows, against labels or rows of scores."""
        actual, predicted = (self._labels(name, np.asarray(y)) for name, y in (("y_true", y_true), ("y_pred", y_pred)))
        if len(actual) != len(predicted):
            raise ValueError(message("ConfusionMatrix", "y_true", f"{len(predicted)} classes", f"{len(actual)}"))
        pairs = actual * self.num_classes + predicted
        counts = np.bincount(pairs, minlength=self.num_classes**2)
        self._matrix += counts.reshape(self._matrix.shape)

    def _labels(self, argument: str, y: NDArray[Any]) -> NDArray[np.int64]:
        labels = np.argmax(y, axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(-1)
        if not ((labels >= 0) & (labels < self.num_classes) & (labels == labels.astype(np.int64))).all():
            expectation = f"classes from 0 to {self.num_classes - 1}"
            raise ValueError(message("ConfusionMatrix", argument, expectation, f"{np.min(labels)} … {np.max(labels)}"))
        return labels.astype(np.int64)

    def matrix(self) -> NDArray[np.int64]:
        """The counts since the last reset."""
        return self._matrix.copy()

    def result(self) -> float:
        """The accuracy: the share of samples on the diagonal."""
        total = int(self._matrix.sum())
        return float(np.trace(self._matrix) / total) if total else 0.0
