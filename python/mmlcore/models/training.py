"""One pass over the data, in batches, with what it measures."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.callbacks import CallbackList
from mmlcore.metrics import Metric
from mmlcore.models.steps import TrainingStep

__all__ = ["Epochs", "RunningLogs", "chunk_rows"]

_CHUNK_BYTES = 1 << 20


def chunk_rows(batch_size: int, row_bytes: int) -> int:
    """How many rows to handle at once: about a megabyte, in whole batches.

    >>> chunk_rows(batch_size=100, row_bytes=1024)
    1000
    """
    return max(1, _CHUNK_BYTES // max(1, row_bytes * batch_size)) * batch_size


class RunningLogs:
    """The mean loss and the metrics of the samples seen so far."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics
        self._loss, self._samples = 0.0, 0
        for metric in metrics:
            metric.reset_state()

    def add_loss(self, loss: float, samples: int) -> None:
        """Count `samples` whose mean loss is `loss`."""
        self._loss += loss * samples
        self._samples += samples

    def add_outputs(self, y: NDArray[Any], outputs: NDArray[Any]) -> None:
        """Count the predictions of some samples in every metric."""
        for metric in self._metrics:
            metric.update_state(y, outputs)

    def read(self) -> dict[str, float]:
        """The means, the loss first."""
        loss = self._loss / self._samples if self._samples else 0.0
        return {"loss": loss, **{metric.name: metric.result() for metric in self._metrics}}


class Epochs:
    """Runs epochs over (x, y).

    The outputs of several steps are kept and scored together, so that metrics cost next to nothing; `activate`
    turns outputs into predictions, and is None when there is no metric.
    """

    def __init__(
        self,
        step: TrainingStep,
        x: NDArray[Any],
        y: NDArray[Any],
        batch_size: int,
        activate: Callable[[Any], Any] | None,
        callbacks: CallbackList,
    ) -> None:
        self._step, self._x, self._y, self._batch_size = step, x, y, batch_size
        self._activate, self._callbacks = activate, callbacks
        row_bytes = 2 * max(x.nbytes, y.nbytes) // len(x)
        rows = batch_size if callbacks.watches_batches else chunk_rows(batch_size, row_bytes)
        self._chunk = min(rows, len(x))
        self._targets = np.empty((self._chunk, *y.shape[1:]), y.dtype)

    def run(self, order: NDArray[np.int64], logs: RunningLogs) -> None:
        """One epoch, over the rows in `order`."""
        for start in range(0, len(order), self._chunk):
            rows = order[start : start + self._chunk]
            if self._callbacks.watches_batches:
                self._callbacks.call("on_train_batch_begin", start // self._batch_size, {})
            self._run_chunk(rows, logs)
            if self._callbacks.watches_batches:
                self._callbacks.call("on_train_batch_end", start // self._batch_size, logs.read())
            self._callbacks.call("on_train_progress", start + len(rows), logs.read())

    def _run_chunk(self, rows: NDArray[np.int64], logs: RunningLogs) -> None:
        """The steps on some rows; one batch when callbacks watch batches."""
        kept = []
        for start in range(0, len(rows), self._batch_size):
            batch = rows[start : start + self._batch_size]
            loss, outputs = self._step(self._x, self._y, batch)
            logs.add_loss(loss, len(batch))
            if self._activate is not None:
                kept.append(outputs.copy())
        if self._activate is not None:
            targets = self._targets[: len(rows)]
            _kernels.gather_rows(targets, self._y, rows)
            logs.add_outputs(targets, self._activate(np.concatenate(kept)))
