"""Keras's losses: differentiable functions of (y_true, y_pred), one number a sample, and their means.

`get` turns what a user writes in ``compile(loss=...)`` into a `Loss`. To add one: a function of a batch,
a class of three lines, a row of `LOSSES`.
"""

from mmlcore.losses.base import FunctionLoss, Loss
from mmlcore.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from mmlcore.losses.regression import (
    MeanAbsoluteError,
    MeanSquaredError,
    mean_absolute_error,
    mean_squared_error,
)
from mmlcore.losses.table import LOSSES, get

__all__ = [
    "LOSSES",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "FunctionLoss",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "mean_absolute_error",
    "mean_squared_error",
    "sparse_categorical_crossentropy",
]
