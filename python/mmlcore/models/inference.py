"""Predictions for few rows as a replay of recorded kernel calls: Python between the layers would cost more."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore.layers import Layer
from mmlcore.models.gradients import one_class

__all__ = ["FewRows"]

_MOST_ROWS = 64
_SHAPES_KEPT = 4


class FewRows:
    """The recorded predictions of a chain of layers, one recording for each shape of the inputs.

    It is left out, and the layers are called one by one, where a layer has no plan or does something else in
    training, where its inputs are not such as the kernels take, and while another thread uses it.

    Examples
    --------
    >>> from mmlcore.layers import Dense
    >>> layer = Dense(2, kernel_initializer="ones")
    >>> layer.prepare((None, 3), np.float64, seed=0)
    >>> few = FewRows([layer], np.dtype(float))
    >>> few(np.ones((1, 3)))
    array([[3., 3.]])
    """

    def __init__(self, layers: Sequence[Layer], dtype: Any) -> None:
        self._layers, self._dtype, self._lock = list(layers), dtype, Lock()
        self._activations = [layer.activation for layer in self._layers]
        self._recorded: dict[Any, Any] = {}

    def __call__(self, x: Any) -> NDArray[Any] | None:
        """The outputs for `x`, or None: then somebody else has to find them."""
        if type(x) is not np.ndarray or x.dtype is not self._dtype or x.ndim < 2:
            return None
        recorded = self._recorded.get(x.shape, False)
        if recorded is None or not self._lock.acquire(blocking=False):
            return None
        try:
            if [layer.activation for layer in self._layers] != self._activations:
                return None  # they were changed: the layers know
            if recorded is False:
                recorded = self._recorded[x.shape] = self._record(x)
                if recorded is None:
                    return None
            buffer, recording, outputs = recorded
            buffer[...] = x
            recording.run(1)
            return outputs.copy()
        finally:
            self._lock.release()

    def _record(self, x: NDArray[Any]) -> Any:
        if not 0 < len(x) <= _MOST_ROWS or self._layers[0].input_shape != (None, *x.shape[1:]):
            return None
        if len(self._recorded) >= _SHAPES_KEPT:
            self._recorded.clear()
        buffer = np.zeros_like(x, order="C")
        outputs, calls = buffer, []
        for layer in self._layers:
            ours = one_class(layer, "call", "preactivation", "activate", "plan") and type(layer).run is Layer.run
            plan = None
            if ours and layer.same_in_training:
                plan = layer.plan(outputs, None, [outputs] * len(layer.weight_names), True)
            if plan is None:
                return None
            outputs = plan.output
            calls.append(plan.forward)
        recording = _kernels.Recording()
        with recording:
            for call in calls:
                call()
        return buffer, recording, outputs
