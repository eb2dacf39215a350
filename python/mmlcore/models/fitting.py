"""Keras's `fit` around the training loop: its arguments, validation, callbacks, history."""

import warnings
from collections.abc import Callable, Sequence
from math import ceil, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import losses, metrics, optimizers
from mmlcore._errors import integer, message
from mmlcore.callbacks import Callback, CallbackList, History, reporter
from mmlcore.layers.context import context
from mmlcore.models.training import Epochs, RunningLogs

if TYPE_CHECKING:
    from mmlcore.models.model import Model

__all__ = [
    "FitArguments",
    "checked_fraction",
    "checked_pair",
    "choose",
    "culprit",
    "fit",
    "loop",
    "shown",
    "split",
]

Data = tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]


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
        capture: Any = "auto",
        numerics: str | None = None,
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
        if capture not in ("auto", True, False):
            raise ValueError(message("fit", "capture", "'auto', True or False", repr(capture)))
        self.capture = capture
        if numerics not in (None, "raise"):
            raise ValueError(message("fit", "numerics", "None or 'raise'", repr(numerics)))
        self.numerics = numerics

    @property
    def number(self) -> int:
        """How many epochs there will be."""
        return max(0, self.epochs - self.first)


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


def checked_pair(validation_data: Any) -> tuple[Any, Any, Any]:
    """`validation_data` as (x, y, weights or None)."""
    if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
        got = type(validation_data).__name__
        raise ValueError(message("fit", "validation_data", "a pair (x, y)", got))
    return tuple([*validation_data, None][:3])


def split(x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None, fraction: float) -> tuple[Data, Data]:
    """The first samples for training, the last for validation."""
    kept = int(len(x) * (1 - fraction))
    if kept in (0, len(x)):
        got = f"{fraction:g} of {len(x)} samples"
        raise ValueError(message("fit", "validation_split", "samples left on both sides", got))
    first, last = (None, None) if weights is None else (weights[:kept], weights[kept:])
    return (x[:kept], y[:kept], first), (x[kept:], y[kept:], last)


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
            warnings.warn(text, RuntimeWarning, stacklevel=5)


def fit(
    model: "Model",
    data: Data,
    arguments: FitArguments,
    validate: Callable[[], dict[str, float]] | None,
    rng: "np.random.Generator",
) -> History:
    """Run the epochs of `arguments` on checked data."""
    n = len(data[0])
    if arguments.capture is True:
        obstacle = model._training_step().batch(min(arguments.batch_size, n), *data).obstacle
        if obstacle is not None:
            raise ValueError(message("fit", "capture", "False or 'auto' for this model", f"True: {obstacle}"))
    model._expect(data[1])
    step = model._training_step()
    step.raise_on_nan = arguments.numerics == "raise"
    callbacks = _callbacks(model, arguments, ceil(n / arguments.batch_size), n)
    activate = model._predictions if model.metrics else None
    capture = arguments.capture is not False
    epochs = Epochs(step, *data, arguments.batch_size, activate, callbacks, capture)
    model.not_captured = epochs.obstacle
    in_order = np.arange(n)

    def run(logs: RunningLogs) -> None:
        model._begin_epoch()
        epochs.run(rng.permutation(n) if arguments.shuffle else in_order, logs)
        logs.parts = model._end_epoch(data[0], data[1], n)

    return loop(model, arguments, callbacks, run, validate)


def _callbacks(model: "Model", arguments: FitArguments, steps: int | None, samples: int | None) -> CallbackList:
    """Everything that watches one `fit`, told about it; the history is the model's from now on."""
    history = model.history = History()
    callbacks = CallbackList([history, *arguments.callbacks, *arguments.reporters])
    params = {"epochs": arguments.epochs, "steps": steps, "samples": samples, "verbose": arguments.verbose}
    callbacks.prepare(model, params)
    return callbacks


def loop(
    model: "Model",
    arguments: FitArguments,
    callbacks: CallbackList,
    run: Callable[[RunningLogs], None],
    validate: Callable[[], dict[str, float]] | None,
) -> History:
    """The epochs, `run` being one of them, with validation and callbacks around."""
    watch = _Watch()
    model.stop_training = False
    logs: dict[str, float] = {}
    callbacks.call("on_train_begin", {})
    for epoch in range(arguments.first, arguments.epochs):
        callbacks.call("on_epoch_begin", epoch, {})
        running = RunningLogs(model.metrics)
        with np.errstate(over="ignore", invalid="ignore"):
            try:
                run(running)
            except FloatingPointError:
                if arguments.numerics is None:
                    raise  # somebody else's
                raise FloatingPointError(f"{culprit(model)} in epoch {epoch + 1}") from None
        logs = running.read()
        watch.see(logs["loss"], epoch)
        if validate is not None:
            logs |= {f"val_{name}": value for name, value in validate().items()}
        callbacks.call("on_epoch_end", epoch, logs)
        if model.stop_training:
            break
    callbacks.call("on_train_end", logs)
    assert model.history is not None
    return model.history


def culprit(model: "Model") -> str:
    """Which layer made the first number of the last step that is none; takes back what the step did beside θ."""
    step = model._training_step()
    step.restore()
    x = step.last_inputs()
    with np.errstate(all="ignore"), context(training=True):
        for layer in model._chain():
            if not np.isfinite(x).all():
                break
            x = layer.run(x)
            if not np.isfinite(x).all():
                step.restore()
                return f"fit: the outputs of layer {layer.name!r} must be finite, got NaN or inf"
    step.restore()
    spans = zip(model._theta.slots(), model._theta.gradient_views, strict=True)
    names = [layer.name for layer, slope in spans if not np.isfinite(slope).all()]
    if names and np.isfinite(step.last_value()):
        return f"fit: the gradient of layer {names[-1]!r} must be finite, got NaN or inf"
    return "fit: the loss must be finite, got NaN or inf"
