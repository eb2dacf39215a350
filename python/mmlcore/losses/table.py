"""The names that ``compile(loss=...)`` understands."""

from typing import Any

from mmlcore._errors import choose
from mmlcore.losses.base import FunctionLoss, Loss
from mmlcore.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from mmlcore.losses.divergence import KLDivergence, NegativeLogLikelihood
from mmlcore.losses.hinge import Hinge, SquaredHinge
from mmlcore.losses.regression import (
    Huber,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    SumSquaredError,
)

__all__ = ["LOSSES", "get"]

LOSSES: dict[str, type[Loss]] = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "mean_absolute_percentage_error": MeanAbsolutePercentageError,
    "mape": MeanAbsolutePercentageError,
    "sum_squared_error": SumSquaredError,
    "sse": SumSquaredError,
    "huber": Huber,
    "hinge": Hinge,
    "squared_hinge": SquaredHinge,
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
    "kl_divergence": KLDivergence,
    "kld": KLDivergence,
    "negative_log_likelihood": NegativeLogLikelihood,
    "nll": NegativeLogLikelihood,
}

_OF_FUNCTION = {cls.name: cls for cls in LOSSES.values()}


def get(loss: Any, function: str = "compile") -> Loss:
    """The `Loss` that `loss` stands for: a name, a Loss, or a function of (y_true, y_pred).

    >>> get("mse")
    <MeanSquaredError>
    >>> get("rmse")
    Traceback (most recent call last):
    ...
    ValueError: compile: loss must be one of 'mean_squared_error', 'mse', ..., got 'rmse'
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if not callable(loss):
        return choose(function, "loss", loss, LOSSES)()
    # Our own functions passed as such keep their checks of targets and their stable forms.
    ours = _OF_FUNCTION.get(getattr(loss, "__name__", ""))
    module = getattr(loss, "__module__", "")
    return ours() if ours and module.startswith("mmlcore.losses.") else FunctionLoss(loss)
