"""The names that ``compile(loss=...)`` understands."""

from typing import Any

from mmlcore._errors import choose
from mmlcore.losses.base import FunctionLoss, Loss
from mmlcore.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
)
from mmlcore.losses.regression import MeanAbsoluteError, MeanSquaredError

__all__ = ["LOSSES", "get"]

LOSSES: dict[str, type[Loss]] = {
    "mean_squared_error": MeanSquaredError,
    "mse": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "binary_crossentropy": BinaryCrossentropy,
    "categorical_crossentropy": CategoricalCrossentropy,
    "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
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
