"""Keras's `fit` around the training loop: its arguments, validation, callbacks, history."""

import warnings
from collections.abc import Sequence
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import losses, metrics, optimizers
from mmlcore._errors import integer, message
from mmlcore.callbacks import Callback, CallbackList, History, reporter
from mmlcore.models.training import Epochs, RunningLogs

if TYPE_CHECKING:
    from mmlcore.models.model import Model

__all__ = ["FitArguments", "checked_fraction", "checked_pair", "choose", "fit", "shown", "split"]

Pair = tuple[NDArray[Any], NDArray[Any]]


class FitArguments:
    """The checked arguments of one `fit` that do not depend on the data."""

    def __init__(
        self,
        batch_size: int | None,
        epochs: int,
        initial_epoch: int,
        verbose: Any,
        callbacks: Callback | Sequence[Callback] | None,
        shuffle: bool,
    ) -> None:
        self.batch_size = 32 if batch_size is None else integer("fit", "batch_size", batch_size)
        self.epochs = integer("fit", "epochs", epochs, low=0)
        self.first = integer("fit", "initial_epoch", initial_epoch, low=0)
        self.callbacks = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(message("fit", "callbacks", "a list of Callback", repr(callback)))
        self.verbose, self.reporters = verbose, reporter(verbose, "fit")
        self.shuffle = bool(shuffle)


def choose(optimizer: Any, loss: Any, wanted: Sequence[Any]) -> tuple[Any, losses.Loss, list[metrics.Metric]]:
    """The objects that the arguments of `compile` stand for."""
    measured = [metrics.get(metric) for metric in wanted]
    names = [metric.name for metric in measured]
    if len(set(names)) < len(names) or "loss" in names:
        raise ValueError(message("compile", "metrics", "names that differ from each other and from 'loss'", names))
    return optimizers.get(optimizer), losses.get(loss), measured


def checked_fraction(validation_split: Any) -> float:
    """`validation_split`, in [0, 1)."""
    if not isinstance(validation_split, int | float | np.floating) or not 0 <= validation_split < 1:
        raise ValueError(message("fit", "validation_split", "a number in [0, 1)", repr(validation_split)))
    return float(validation_split)


def checked_pair(validation_data: Any) -> tuple[Any, Any]:
    """`validation_data` as (x, y)."""
    if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
        got = type(validation_data).__name__
        raise ValueError(message("fit", "validation_data", "a pair (x, y)", got))
    return validation_data[0], validation_data[1]


def split(x: NDArray[Any], y: NDArray[Any], fraction: float) -> tuple[Pair, Pair]:
    """The first samples for training, the last for validation."""
    kept = int(len(x) * (1 - fraction))
    if kept in (0, len(x)):
        got = f"{fraction:g} of {len(x)} samples"
        raise ValueError(message("fit", "validation_split", "samples left on both sides", got))
    return (x[:kept], y[:kept]), (x[kept:], y[kept:])


def shown(logs: dict[str, float], return_dict: bool) -> Any:
    """Logs as `evaluate` returns them: a dictionary, the loss alone, or a list with the loss first."""
    values = list(logs.values())
    return logs if return_dict else values[0] if len(values) == 1 else values


class _Watch:
    """Warns once when the loss is no longer a number."""

    def __init__(self) -> None:
        self._warned = False

    def see(self, loss: float, epoch: int) -> None:
        if not isfinite(loss) and not self._warned:
            self._warned = True
            text = f"fit: the loss is {loss} in epoch {epoch + 1}; try a smaller learning rate or scaled inputs"
            warnings.warn(text, RuntimeWarning, stacklevel=4)


def fit(
    model: "Model",
    x: NDArray[Any],
    y: NDArray[Any],
    arguments: FitArguments,
    validation: Pair | None,
    rng: "np.random.Generator",
) -> History:
    """Run the epochs of `arguments` on checked data."""
    history = model.history = History()
    callbacks = CallbackList([history, *arguments.callbacks, *arguments.reporters])
    steps = ceil(len(x) / arguments.batch_size)
    params = {"epochs": arguments.epochs, "steps": steps, "samples": len(x), "verbose": arguments.verbose}
    callbacks.prepare(model, params)

    activate = model._predictions if model.metrics else None
    epochs = Epochs(model._training_step(), x, y, arguments.batch_size, activate, callbacks)
    watch, in_order = _Watch(), np.arange(len(x))
    model.stop_training = False
    logs: dict[str, float] = {}

    callbacks.call("on_train_begin", {})
    for epoch in range(arguments.first, arguments.epochs):
        callbacks.call("on_epoch_begin", epoch, {})
        running = RunningLogs(model.metrics)
        order = rng.permutation(len(x)) if arguments.shuffle else in_order
        with np.errstate(over="ignore", invalid="ignore"):
            epochs.run(order, running)
        logs = running.read()
        watch.see(logs["loss"], epoch)
        if validation is not None:
            logs |= {f"val_{name}": value for name, value in model._evaluate(*validation).items()}
        callbacks.call("on_epoch_end", epoch, logs)
        if model.stop_training:
            break
    callbacks.call("on_train_end", logs)
    return history
