"""One pass over the data, in batches, with what it measures.

Gathering a batch, the step, the running loss and the outputs kept for the metrics are kernel calls that count
for themselves. The first step of a pass over batches of one size is recorded as it runs; the recording is
replayed from C++ for the others, without Python and without the GIL, unless something stands against it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.callbacks import CallbackList
from mmlcore.metrics import Metric
from mmlcore.models.steps import BatchStep, TrainingStep

__all__ = ["Epochs", "RunningLogs", "chunk_rows"]

_CHUNK_BYTES = 1 << 20
_CHUNK_WORK = 5e8  # multiply-adds after which a display may want to be drawn


def chunk_rows(batch_size: int, row_bytes: int) -> int:
    """How many rows to handle at once: about a megabyte, in whole batches.

    >>> chunk_rows(batch_size=100, row_bytes=1024)
    1000
    """
    return max(1, _CHUNK_BYTES // max(1, row_bytes * batch_size)) * batch_size


class RunningLogs:
    """The mean loss and the metrics of the samples seen so far.

    Attributes
    ----------
    total : ndarray of shape (1,)
        The sum of the losses; a kernel adds to it.
    parts : dict of str to float
        What the mean loss is made of, where a model says so.
    """

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics
        self.total = np.zeros(1)
        self.parts: dict[str, float] = {}
        self._samples = 0
        for metric in metrics:
            metric.reset_state()

    def add_loss(self, loss: float, samples: int) -> None:
        """Count `samples` whose mean loss is `loss`."""
        self.total[0] += loss * samples
        self._samples += samples

    def count(self, samples: int) -> None:
        """Count samples whose losses were added to `total`."""
        self._samples += samples

    def add_outputs(self, y: NDArray[Any], outputs: NDArray[Any]) -> None:
        """Count the predictions of some samples in every metric."""
        for metric in self._metrics:
            metric.update_state(y, outputs)

    def read(self) -> dict[str, float]:
        """The means, the loss first."""
        loss = float(self.total[0]) / self._samples if self._samples else 0.0
        return {"loss": loss, **self.parts, **{metric.name: metric.result() for metric in self._metrics}}


class Epochs:
    """Runs epochs over (x, y, weights).

    The outputs of several steps are kept and scored together, so that metrics cost next to nothing; `activate`
    turns outputs into predictions, and is None when there is no metric.

    Parameters
    ----------
    step : TrainingStep
    x, y : ndarray
    weights : ndarray or None
        Of the samples.
    batch_size : int
    activate : callable or None
    callbacks : CallbackList
    capture : bool
        Replay a recording where that is possible.

    Attributes
    ----------
    obstacle : str or None
        Why steps are not replayed.
    """

    def __init__(
        self,
        step: TrainingStep,
        x: NDArray[Any],
        y: NDArray[Any],
        weights: NDArray[Any] | None,
        batch_size: int,
        activate: Callable[[Any], Any] | None,
        callbacks: CallbackList,
        capture: bool = True,
    ) -> None:
        self._step, self._x, self._y, self._weights = step, x, y, weights
        self._batch_size, self._activate, self._callbacks = min(batch_size, len(x)), activate, callbacks
        first = step.batch(self._batch_size, x, y, weights)
        self.obstacle = first.obstacle if capture else "capture=False"
        self._chunk = 1 if callbacks.watches_batches else self._batches_at_once(first)
        self._order, self._row = np.arange(len(x)), np.zeros(1, np.int64)
        self._rates, self._rate_row = np.zeros(self._chunk), np.zeros(1, np.int64)
        self._total = np.zeros(1)
        self._targets = np.empty((self._chunk * self._batch_size, *y.shape[1:]), y.dtype)
        self._kept: NDArray[Any] | None = None
        self._kept_rows = np.zeros(1, np.int64)
        self._recordings: dict[int, Any] = {}

    def _batches_at_once(self, step: BatchStep) -> int:
        width = self._y.nbytes // len(self._y)
        if step.outputs is not None:
            width = max(width, step.outputs.nbytes // len(step.outputs))
        batches = chunk_rows(self._batch_size, width) // self._batch_size
        work = self._step.size * self._batch_size
        return int(max(1, min(batches, _CHUNK_WORK // max(work, 1), -(-len(self._x) // self._batch_size))))

    def run(self, order: NDArray[np.int64], logs: RunningLogs) -> None:
        """One epoch, over the rows in `order`."""
        self._order[:], self._row[0] = order, 0
        logs.total, self._total[0] = self._total, 0.0  # the recordings add to this array
        size = self._batch_size
        rows_at_once = self._chunk * size
        for start in range(0, len(order), rows_at_once):
            rows = min(rows_at_once, len(order) - start)
            batch = start // size
            if self._callbacks.watches_batches:
                self._callbacks.call("on_train_batch_begin", batch, {})
            self._run_chunk(rows, logs)
            if self._callbacks.watches_batches:
                self._callbacks.call("on_train_batch_end", batch, logs.read())
            self._callbacks.call("on_train_progress", start + rows, logs.read())

    def _run_chunk(self, rows: int, logs: RunningLogs) -> None:
        """The steps on the next so many rows of the order."""
        full, rest = divmod(rows, self._batch_size)
        self._set_rates(full + bool(rest))
        self._kept_rows[0] = 0
        if full:
            self._repeat(self._batch_size, full)
        if rest:
            self._repeat(rest, 1)
        logs.count(rows)
        if self._activate is not None and self._kept is not None:
            targets, start = self._targets[:rows], int(self._row[0]) - rows
            _kernels.gather_rows(targets, self._y, self._order[start : start + rows])
            logs.add_outputs(targets, self._activate(self._kept[:rows]))

    def _set_rates(self, steps: int) -> None:
        """The learning rates of the next so many steps, where the steps will look for them."""
        optimizer, done = self._step.optimizer, self._step.optimizer.iterations
        schedule = optimizer.schedule
        self._rates[:steps] = [schedule(done + i) for i in range(steps)] if schedule else optimizer.constants[0]
        self._rate_row[0] = 0

    def _repeat(self, rows: int, times: int) -> None:
        """Some steps on batches of so many rows."""
        step = self._step.batch(rows, self._x, self._y, self._weights)
        if self.obstacle is not None:
            for _ in range(times):
                self._one(step)
            return
        if rows not in self._recordings:
            recording = _kernels.Recording()
            with recording:
                self._one(step)
            self._recordings[rows] = recording
            times -= 1
        if times:
            self._recordings[rows].run(times)

    def _one(self, step: BatchStep) -> None:
        """One step: everything that is recorded."""
        rows = len(step.x)
        _kernels.next_rate(self._step.optimizer.constants, self._rates, self._rate_row)
        _kernels.gather_batch(step.x, self._x, self._order, self._row)
        _kernels.gather_batch(step.y, self._y, self._order, self._row)
        if step.weights is not None and self._weights is not None:
            _kernels.gather_batch(step.weights, self._weights, self._order, self._row)
        step()
        _kernels.accumulate(self._total, step.value, rows)
        if self._activate is not None:
            outputs = step.outputs
            if self._kept is None:
                self._kept = np.empty((len(self._targets), *outputs.shape[1:]), outputs.dtype)
            _kernels.append_rows(self._kept, outputs, self._kept_rows)
        _kernels.advance(self._row, rows)
