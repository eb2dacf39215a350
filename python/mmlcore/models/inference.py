"""Predictions as a replay of recorded kernel calls.

For few rows Python between the layers would cost more than the kernels. Many rows are taken a few at once where layers
have few weights and large outputs, as convolutions do: then what goes from one layer to the next is still in the cache.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.layers import Layer
from mmlcore.models.gradients import is_halved, one_class

__all__ = ["RecordedPrediction"]

_LEAST_ROWS, _MOST_ROWS = 8, 64
_MOST_BYTES = 5 << 18  # of a layer's inputs and outputs together
_LIGHT_BYTES = 1 << 18  # of weights that may be read again for every few rows
_KEPT = 4


class RecordedPrediction:
    """The recorded predictions of a chain of layers, one recording for each number of rows.

    It is left out, and the layers are called one by one, where a layer has no plan or does something else in
    training, where its inputs are not such as the kernels take, where there are many rows and heavy weights, and while
    another thread uses it for few rows: the bits are the same, unless pictures are so few and small that a convolution
    sums them in another way. Of many rows another thread waits.

    Examples
    --------
    >>> from mmlcore.layers import Dense
    >>> layer = Dense(2, kernel_initializer="ones")
    >>> layer.prepare((None, 3), np.float64, seed=0)
    >>> predict = RecordedPrediction([layer], np.dtype(float))
    >>> predict(np.ones((1, 3)))
    array([[3., 3.]])
    """

    def __init__(self, layers: Sequence[Layer], dtype: Any) -> None:
        self._layers, self._dtype, self._lock = list(layers), dtype, Lock()
        self._activations = [layer.activation for layer in self._layers]
        self._recorded: dict[int, Any] = {}
        self._recordable = True
        self._shape: tuple[int, ...] | None = None  # of a row, once it was found to be the first layer's
        self._rows: int | None = None  # at once, where many rows are taken in parts

    def __call__(self, x: Any) -> NDArray[Any] | None:
        """The outputs for `x`, or None: then somebody else has to find them."""
        if type(x) is not np.ndarray or x.dtype is not self._dtype or x.ndim < 2 or not self._recordable:
            return None
        if len(x) == 0 or (self._shape != x.shape[1:] and not self._fits(x)):
            return None
        if self._rows is None and len(x) > _MOST_ROWS:
            return None
        rows = len(x) if self._rows is None else min(len(x), self._rows)
        if not self._lock.acquire(blocking=rows < len(x)):
            return None
        try:
            if [layer.activation for layer in self._layers] != self._activations:
                return None  # they were changed: the layers know
            recorded = self._recorded.get(rows)
            if fresh := recorded is None:  # recording computes, too
                recorded = self._record(x[:rows])
                self._recordable = recorded is not None
            if recorded is None:
                return None
            if rows < len(x):
                return _replayed(x, rows, recorded, fresh)
            buffer, recording, outputs = recorded
            if not fresh:
                buffer[...] = x
                recording.run(1)
            answer: NDArray[Any] = outputs.copy()
            return answer
        finally:
            self._lock.release()

    def _fits(self, x: NDArray[Any]) -> bool:
        """Whether the rows of `x` are the first layer's; then how many of them are taken at once."""
        pairs = list(zip(self._layers, (*self._layers[1:], None), strict=True))
        halved = [is_halved(layer, following) for layer, following in pairs]
        outputs = [layer.output_shape for layer, inside in zip(self._layers, halved, strict=True) if not inside]
        shapes = [self._layers[0].input_shape, *outputs]
        if shapes[0] != (None, *x.shape[1:]) or not all(shapes):
            return False
        sizes = [prod(filter(None, shape)) for shape in shapes if shape is not None]
        widest = max(a + b for a, b in pairwise(sizes)) * self._dtype.itemsize
        weights = sum(w.nbytes for layer in self._layers for w in layer.weights)
        rows = max(_MOST_BYTES // max(widest, 1), _LEAST_ROWS)
        rows = 1 << rows.bit_length() - 1  # as batches are: the last part then need not overlap the one before
        apart = rows < _MOST_ROWS or any(halved)  # these are worth a recording for any number of rows
        self._rows = min(rows, _MOST_ROWS) if apart and weights <= _LIGHT_BYTES else None
        self._shape = x.shape[1:]
        return True

    def _record(self, x: NDArray[Any]) -> Any:
        """What so many rows go through, with the outputs for `x`; None if a layer has no plan."""
        if len(self._recorded) >= _KEPT:
            self._recorded.clear()
        buffer = x.copy(order="C")
        outputs, calls = buffer, []
        taken = False  # whether the plan before is of this layer, too
        for layer, following in zip(self._layers, (*self._layers[1:], None), strict=True):
            if taken:
                taken = False
                continue
            ours = one_class(layer, "call", "preactivation", "activate", "plan") and type(layer).run is Layer.run
            plan = None
            if ours and layer.same_in_training:
                if is_halved(layer, following):
                    plan = layer.plan_halved(outputs, None, ())
                taken = plan is not None
                plan = plan or layer.plan(outputs, None, [outputs] * len(layer.weight_names), True)
            if plan is None:
                return None
            outputs = plan.output
            calls.append(plan.forward)
        recording = _kernels.Recording()
        with recording:
            for call in calls:
                call()
        self._recorded[len(x)] = buffer, recording, outputs
        return self._recorded[len(x)]


def _replayed(x: NDArray[Any], rows: int, recorded: Any, fresh: bool) -> NDArray[Any]:
    """The outputs for `x`, so many rows at once; `fresh`: those of the first ones are there already."""
    buffer, recording, outputs = recorded
    answer = np.empty((len(x), *outputs.shape[1:]), outputs.dtype)
    for start in range(0, len(x), rows):
        start = min(start, len(x) - rows)  # the last ones overlap those before
        if start or not fresh:
            buffer[...] = x[start : start + rows]
            recording.run(1)
        answer[start : start + rows] = outputs
    return answer
