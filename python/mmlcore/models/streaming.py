"""Training on batches that come one after the other: generators, iterators, data larger than memory."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from mmlcore._errors import integer, message
from mmlcore.callbacks import History
from mmlcore.models import fitting
from mmlcore.models.data import as_weights
from mmlcore.models.training import RunningLogs

if TYPE_CHECKING:
    from mmlcore.models.model import Model

__all__ = ["fit", "is_stream"]


def is_stream(x: Any) -> bool:
    """Whether `x` gives batches rather than being data.

    >>> is_stream(iter([])), is_stream([[1.0]])
    (True, False)
    """
    return hasattr(x, "__iter__") and not hasattr(x, "__array__") and not isinstance(x, list | tuple)


def _batch(item: Any) -> tuple[Any, Any, Any]:
    """An item of the stream as (x, y, weights or None)."""
    if not isinstance(item, tuple | list) or len(item) not in (2, 3):
        raise TypeError(message("fit", "x", "an iterable of batches (x, y)", type(item).__name__))
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
    validation: tuple[Any, Any, Any] | None,
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
            x, y, given = _batch(item)
            x, y = model._checked("fit", x, y)
            weights = as_weights("fit", given, class_weight, y, model.dtype)
            model._build_for(x)
            model._training_step().raise_on_nan = arguments.numerics == "raise"
            callbacks.call("on_train_batch_begin", number, {})
            model._train(logs, x, y, weights)
            done += len(x)
            callbacks.call("on_train_batch_end", number, logs.read())
            callbacks.call("on_train_progress", done, logs.read())

    checked = (
        None
        if validation is None
        else model._validation(validation, model.input_shape or (None, *np.shape(validation[0])[1:]))
    )
    return fitting.loop(model, arguments, callbacks, run, checked)
