"""The training loop: batches gathered into reused buffers, one gradient and one update a step."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.autodiff import value_and_grad
from mmlcore.callbacks import CallbackList
from mmlcore.losses import Loss
from mmlcore.metrics import Metric
from mmlcore.models.parameters import Parameters
from mmlcore.optimizers import Optimizer

__all__ = ["Chunks", "RunningLogs", "TrainingStep", "chunk_rows", "train_epoch"]

_CHUNK_BYTES = 1 << 20


def chunk_rows(batch_size: int, row_bytes: int) -> int:
    """How many rows to handle at once: about a megabyte, in whole batches.

    >>> chunk_rows(batch_size=100, row_bytes=1024)
    1000
    """
    return max(1, _CHUNK_BYTES // max(1, row_bytes * batch_size)) * batch_size


class Chunks:
    """The rows of (x, y) in a given order, a few batches at a time, in buffers that are reused.

    >>> chunks = Chunks(np.arange(5.0), np.arange(5), rows=2)
    >>> [x.tolist() for x, y in chunks.of(np.array([4, 2, 0, 1, 3]))]
    [[4.0, 2.0], [0.0, 1.0], [3.0]]
    """

    def __init__(self, x: NDArray[Any], y: NDArray[Any], rows: int) -> None:
        self._data = (x, y)
        self._rows = min(rows, len(x))
        self._buffers = tuple(np.empty((self._rows, *array.shape[1:]), array.dtype) for array in self._data)

    def of(self, order: NDArray[np.int64] | None) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Chunks in that order of rows; without one, slices of the data themselves."""
        x, y = self._data
        for start in range(0, len(x), self._rows):
            if order is None:
                yield x[start : start + self._rows], y[start : start + self._rows]
                continue
            index = order[start : start + self._rows]
            x_rows, y_rows = (buffer[: len(index)] for buffer in self._buffers)
            _kernels.gather_rows(x_rows, x, index)
            _kernels.gather_rows(y_rows, y, index)
            yield x_rows, y_rows


class TrainingStep:
    """One step: differentiate the loss of a batch with respect to every weight, then update θ.

    Calling it with a batch returns the loss before the update and the outputs that it was computed from.
    When it is interrupted, θ is that of the last complete step.
    """

    def __init__(
        self, forward: Callable[[Any], Any], loss: Loss, parameters: Parameters, optimizer: Optimizer
    ) -> None:
        weights = len(parameters.views)

        def objective(*arguments: Any) -> tuple[Any, Any]:
            parameters.bind(arguments[:weights])
            outputs = forward(arguments[weights])
            return loss(arguments[weights + 1], outputs), outputs

        self._differentiate = value_and_grad(objective, argnums=tuple(range(weights)), has_aux=True)
        self._parameters, self._optimizer = parameters, optimizer

    def __call__(self, x: NDArray[Any], y: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        parameters = self._parameters
        try:
            (loss, outputs), gradients = self._differentiate(*parameters.views, x, y)
        finally:
            parameters.bind(parameters.views)
        self._optimizer.update(parameters.theta, parameters.collect(gradients))
        return float(loss), outputs


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


def train_epoch(
    step: TrainingStep,
    chunks: Iterator[tuple[NDArray[Any], NDArray[Any]]],
    batch_size: int,
    logs: RunningLogs,
    activate: Callable[[Any], Any] | None,
    callbacks: CallbackList,
) -> None:
    """One pass over `chunks`, in batches.

    The outputs of a chunk's steps are kept and scored together, so that metrics cost next to nothing;
    `activate` turns them into predictions, and is None when there is no metric.
    """
    done, batch = 0, 0
    for x, y in chunks:
        kept: list[NDArray[Any]] = []
        for start in range(0, len(x), batch_size):
            if callbacks.watches_batches:
                callbacks.call("on_train_batch_begin", batch, {})
            x_batch = x[start : start + batch_size]
            loss, outputs = step(x_batch, y[start : start + batch_size])
            logs.add_loss(loss, len(x_batch))
            kept.append(outputs)
            batch += 1
        if activate is not None:
            logs.add_outputs(y, activate(np.concatenate(kept)))
        done += len(x)
        if callbacks.watches_batches:
            callbacks.call("on_train_batch_end", batch - 1, logs.read())
        callbacks.call("on_train_progress", done, logs.read())
