"""Metrics that look at scores and their order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import integer, message
from mmlcore.metrics.base import Metric

__all__ = ["AUC", "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy"]

_BINS = 1 << 16


def _in_top(scores: NDArray[Any], label: NDArray[Any], k: int) -> NDArray[np.bool_]:
    """Whether fewer than k scores of a row are above that of its label."""
    place = np.arange(scores.shape[-1]) == label[..., None]  # of no class for a label that names none
    own = np.where(place, scores, -np.inf).max(axis=-1, keepdims=True)
    return place.any(axis=-1) & ((scores > own).sum(axis=-1) < k)


class TopKCategoricalAccuracy(Metric):
    """Share of samples whose true class (of one-hot targets) is among the k largest predictions.

    Parameters
    ----------
    k : int
    name : str, optional

    Examples
    --------
    >>> metric = TopKCategoricalAccuracy(k=2)
    >>> metric.update_state([[0, 0, 1], [0, 1, 0]], [[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]])
    >>> metric.result()
    0.5
    """

    default_name = "top_k_categorical_accuracy"
    targets = "values"

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        self.k = integer(type(self).__name__, "k", k)
        super().__init__(name)

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return _in_top(y_pred, np.argmax(y_true, axis=-1), self.k)


class SparseTopKCategoricalAccuracy(TopKCategoricalAccuracy):
    """Share of samples whose integer target names one of the k largest predictions.

    Parameters
    ----------
    k : int
    name : str, optional

    Examples
    --------
    >>> metric = SparseTopKCategoricalAccuracy(k=2)
    >>> metric.update_state([2, 1], [[0.1, 0.6, 0.3], [0.5, 0.2, 0.3]])
    >>> metric.result()
    0.5
    """

    default_name = "sparse_top_k_categorical_accuracy"
    targets = "labels"

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return _in_top(y_pred, y_true.astype(np.int64), self.k)


class AUC(Metric):
    """Area under the ROC curve: the probability that a positive sample scores higher than a negative one.

    Scores are counted in 65 536 bins over [0, 1], those of one bin as ties: memory does not grow, and the error is
    at most half the share of pairs that fall into one bin.

    Parameters
    ----------
    name : str, optional

    Raises
    ------
    ValueError
        In `update_state`, for scores outside of [0, 1].

    Examples
    --------
    >>> auc = AUC()
    >>> auc.update_state([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> auc.result()
    0.75

    References
    ----------
    J. A. Hanley, B. J. McNeil (1982), The meaning and use of the area under a ROC curve.
    """

    default_name = "auc"
    targets = "values"

    def reset_state(self) -> None:
        self._bins = np.zeros((2, _BINS), np.int64)

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        y_true = self.checked("AUC", "y_true", y_true, y_pred.shape)
        if not ((y_pred >= 0) & (y_pred <= 1)).all():
            raise ValueError(
                message("AUC", "y_pred", "scores between 0 and 1", f"{np.min(y_pred):g} … {np.max(y_pred):g}")
            )
        bins = np.minimum((y_pred * _BINS).astype(np.int64), _BINS - 1)
        for positive in (0, 1):
            self._bins[positive] += np.bincount(bins[(y_true > 0.5) == positive], minlength=_BINS)

    def result(self) -> float:
        """The area; 0 as long as there is no positive or no negative sample."""
        negative, positive = self._bins
        pairs = int(negative.sum()) * int(positive.sum())
        below = np.cumsum(negative) - negative
        return float((positive * (below + negative / 2)).sum() / pairs) if pairs else 0.0
