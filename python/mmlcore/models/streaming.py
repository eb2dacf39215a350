"""Batches that come one after the other: generators, iterators, data larger than memory."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import integer, message
from mmlcore.callbacks import History
from mmlcore.models import fitting
from mmlcore.models.data import as_weights
from mmlcore.models.training import RunningLogs

if TYPE_CHECKING:
    from mmlcore.models.architecture import Architecture
    from mmlcore.models.compiled import Compiled
    from mmlcore.models.model import Model

__all__ = ["evaluate", "fit", "is_stream", "predict", "refuse", "validation"]


def is_stream(x: Any) -> bool:
    """Whether `x` gives batches rather than being data.

    >>> is_stream(iter([])), is_stream([[1.0]])
    (True, False)
    """
    return hasattr(x, "__iter__") and not hasattr(x, "__array__") and not isinstance(x, list | tuple)


def refuse(function: str, **arguments: Any) -> None:
    """A ValueError for an argument that says something about arrays."""
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(message(function, name, "left out for batches that come by themselves", repr(value)))


def _batch(function: str, item: Any) -> tuple[Any, Any, Any]:
    """An item of the stream as (x, y, weights or None)."""
    if not isinstance(item, tuple | list) or len(item) not in (2, 3):
        raise TypeError(message(function, "x", "an iterable of batches (x, y)", type(item).__name__))
    return tuple([*item, None][:3])


class _Stream:
    """The batches of one epoch after the other."""

    def __init__(self, source: Iterable[Any], steps: int | None) -> None:
        self._source, self._steps = source, steps
        self._running: Iterator[Any] | None = source if isinstance(source, Iterator) else None

    def epoch(self) -> Iterator[Any]:
        """The batches of the next epoch: all of an iterable, or `steps` of what is left of an iterator."""
        batches = self._running if self._running is not None else iter(self._source)
        count = 0
        for item in batches:
            yield item
            count += 1
            if count == self._steps:
                return
        if count == 0:
            raise ValueError(message("fit", "x", "an iterable with batches left", "none"))


def fit(
    model: "Model",
    source: Iterable[Any],
    arguments: "fitting.FitArguments",
    steps: int | None,
    validation_data: tuple[Any, int | None],
    class_weight: Any,
) -> History:
    """Run the epochs of `arguments` on the batches of `source`."""
    stream = _Stream(source, None if steps is None else integer("fit", "steps_per_epoch", steps))
    if arguments.capture is True:
        raise ValueError(message("fit", "capture", "False or 'auto' for batches that come by themselves", "True"))
    model.not_captured = "batches come from an iterator"
    callbacks = fitting._callbacks(model, arguments, steps, None)

    def run(logs: RunningLogs) -> None:
        done = 0
        for number, item in enumerate(stream.epoch()):
            x, y, given = _batch("fit", item)
            x, y = model._checked("fit", x, y)
            weights = as_weights("fit", given, class_weight, y, model.dtype)
            model._build_for(x)
            model._training_step().raise_on_nan = arguments.numerics == "raise"
            callbacks.call("on_train_batch_begin", number, {})
            model._train(logs, x, y, weights)
            done += len(x)
            callbacks.call("on_train_batch_end", number, logs.read())
            callbacks.call("on_train_progress", done, logs.read())

    data, validation_steps = validation_data
    validate = None
    if data is not None:
        shape = model.input_shape
        if shape is None and not is_stream(data):
            shape = (None, *np.shape(fitting.checked_pair(data)[0])[1:])
        validate = model._validation(data, validation_steps, arguments.number, shape)
    return fitting.loop(model, arguments, callbacks, run, validate)


def evaluate(
    model: "Compiled", source: Iterable[Any], steps: int | None, function: str = "evaluate"
) -> dict[str, float]:
    """The loss and the metrics over the batches of `source`, or the next `steps` of them."""
    logs, found = RunningLogs(model.metrics), False
    for item in islice(source, None if steps is None else integer(function, "steps", steps)):
        x, y, given = _batch(function, item)
        x, y = model._checked(function, x, y)
        model._build_for(x)
        model._measure(logs, x, y, as_weights(function, given, None, y, model.dtype))
        found = True
    if not found:
        raise ValueError(message(function, "x", "an iterable with batches left", "none"))
    return model._measured(logs)


def validation(
    model: "Compiled", source: Iterable[Any], steps: int | None, epochs: int
) -> Callable[[], dict[str, float]]:
    """What measures the batches of `source` after every epoch."""
    if steps is None and isinstance(source, Iterator) and epochs > 1:
        expectation = "an iterable that begins anew in every epoch, or given with validation_steps"
        raise ValueError(message("fit", "validation_data", expectation, "an iterator"))
    return lambda: evaluate(model, source, steps, "fit")


def predict(model: "Architecture", source: Iterable[Any], steps: int | None) -> NDArray[Any]:
    """The outputs for batches x, or the first of (x, ...), one after the other."""
    parts = [
        model.predict(item[0] if isinstance(item, tuple) else item)
        for item in islice(source, None if steps is None else integer("predict", "steps", steps))
    ]
    if not parts:
        raise ValueError(message("predict", "x", "an iterable with batches left", "none"))
    return np.concatenate(parts)
