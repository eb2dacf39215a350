"""The names that ``compile(optimizer=...)`` understands."""

from typing import Any

from mmlcore._errors import choose
from mmlcore.optimizers.adam import Adam, Adamax, AdamW, AMSGrad, Lion, Nadam
from mmlcore.optimizers.adaptive import Adadelta, Adagrad, RMSprop
from mmlcore.optimizers.base import Optimizer
from mmlcore.optimizers.sgd import SGD

__all__ = ["OPTIMIZERS", "get"]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adam": Adam,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "rmsprop": RMSprop,
    "adamax": Adamax,
    "nadam": Nadam,
    "amsgrad": AMSGrad,
    "adamw": AdamW,
    "lion": Lion,
}


def get(optimizer: Any, function: str = "compile") -> Optimizer:
    """The `Optimizer` that `optimizer` stands for: a name in any case, or an Optimizer.

    >>> get("SGD")
    <SGD learning_rate=0.01>
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer()
    name = optimizer.lower() if isinstance(optimizer, str) else optimizer
    return choose(function, "optimizer", name, OPTIMIZERS)()
