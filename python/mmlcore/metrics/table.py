"""The names that ``compile(metrics=[...])`` understands."""

from typing import Any

from mmlcore._errors import choose
from mmlcore.metrics.accuracy import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from mmlcore.metrics.base import FunctionMetric, Metric
from mmlcore.metrics.counts import F1Score, Precision, Recall
from mmlcore.metrics.ranking import AUC, SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy
from mmlcore.metrics.regression import MeanAbsoluteError, MeanSquaredError, R2Score

__all__ = ["METRICS", "get"]

METRICS: dict[str, type[Metric]] = {
    "accuracy": Accuracy,
    "acc": Accuracy,
    "binary_accuracy": BinaryAccuracy,
    "categorical_accuracy": CategoricalAccuracy,
    "sparse_categorical_accuracy": SparseCategoricalAccuracy,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "r2": R2Score,
    "r2_score": R2Score,
    "precision": Precision,
    "recall": Recall,
    "f1": F1Score,
    "f1_score": F1Score,
    "auc": AUC,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
}


def get(metric: Any, function: str = "compile") -> Metric:
    """The `Metric` that `metric` stands for, under the name that the user gave it.

    Parameters
    ----------
    metric : str, Metric or callable
        A name, a metric, or a function of (y_true, y_pred) returning one number a sample.

    Examples
    --------
    >>> get("mae")
    <MeanAbsoluteError 'mae'>
    >>> get("area")
    Traceback (most recent call last):
    ...
    ValueError: compile: metrics must be one of 'accuracy', 'acc', ..., got 'area'
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if callable(metric):
        return FunctionMetric(metric)
    return choose(function, "metrics", metric, METRICS)(name=metric)
