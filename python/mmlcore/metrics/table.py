"""The names that ``compile(metrics=[...])`` understands."""

from typing import Any

from mmlcore._errors import choose
from mmlcore.metrics.accuracy import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from mmlcore.metrics.base import FunctionMetric, Metric
from mmlcore.metrics.regression import MeanAbsoluteError, MeanSquaredError

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
    >>> get("auc")
    Traceback (most recent call last):
    ...
    ValueError: compile: metrics must be one of 'accuracy', 'acc', ..., got 'auc'
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if callable(metric):
        return FunctionMetric(metric)
    return choose(function, "metrics", metric, METRICS)(name=metric)
