"""Keras's metrics: streaming averages that see predictions batch by batch and never differentiate."""

from mmlcore.metrics.accuracy import Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy
from mmlcore.metrics.base import FunctionMetric, Metric
from mmlcore.metrics.counts import ConfusionMatrix, F1Score, Precision, Recall
from mmlcore.metrics.ranking import AUC, SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy
from mmlcore.metrics.regression import MeanAbsoluteError, MeanSquaredError, R2Score
from mmlcore.metrics.table import METRICS, get

__all__ = [
    "AUC",
    "METRICS",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "ConfusionMatrix",
    "F1Score",
    "FunctionMetric",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "R2Score",
    "Recall",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "get",
]
