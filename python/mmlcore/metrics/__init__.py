"""Keras's metrics: streaming averages that see predictions batch by batch and never differentiate."""

from mmlcore.metrics.accuracy import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from mmlcore.metrics.base import FunctionMetric, Metric
from mmlcore.metrics.regression import MeanAbsoluteError, MeanSquaredError
from mmlcore.metrics.table import METRICS, get

__all__ = [
    "METRICS",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "FunctionMetric",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "SparseCategoricalAccuracy",
    "get",
]
