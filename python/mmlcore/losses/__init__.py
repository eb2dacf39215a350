"""Keras's losses: differentiable functions of (y_true, y_pred), one number a sample, and their means.

`get` turns what a user writes in ``compile(loss=...)`` into a `Loss`. To add one: a function of a batch,
a class of three lines, a row of `LOSSES`; if it adds terms of single predictions, a kernel in
``cpp/kernels/losses.h``.
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
from mmlcore.losses.divergence import (
    KLDivergence,
    NegativeLogLikelihood,
    kl_divergence,
    negative_log_likelihood,
)
from mmlcore.losses.hinge import Hinge, SquaredHinge, hinge, squared_hinge
from mmlcore.losses.likelihood import BernoulliLikelihood, GaussianLikelihood
from mmlcore.losses.regression import (
    Huber,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    SumSquaredError,
    huber,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    sum_squared_error,
)
from mmlcore.losses.table import LOSSES, get

__all__ = [
    "LOSSES",
    "BernoulliLikelihood",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "FunctionLoss",
    "GaussianLikelihood",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "NegativeLogLikelihood",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "SumSquaredError",
    "binary_crossentropy",
    "categorical_crossentropy",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "negative_log_likelihood",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "sum_squared_error",
]
