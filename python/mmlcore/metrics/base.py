"""A metric is a sum over samples and their number: update with batches, read the mean, reset."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore._arrays import as_shape, expected_shape

__all__ = ["FunctionMetric", "Metric"]


class Metric:
    """Base of the metrics that are means over samples.

    A subclass defines ``call(y_true, y_pred)``, which returns one number a sample.

    Attributes
    ----------
    name : str
    targets : str
        "values": y_true has the shape of y_pred; "labels": one class a sample; "any": not checked.

    Examples
    --------
    >>> from mmlcore.metrics import MeanAbsoluteError
    >>> mae = MeanAbsoluteError()
    >>> mae.update_state([[1.0], [2.0]], [[2.0], [2.0]])
    >>> mae.update_state([[5.0]], [[0.0]])
    >>> mae.result()
    2.0
    """

    default_name = "metric"
    targets: ClassVar[str] = "any"

    def __init__(self, name: str | None = None) -> None:
        self.name = self.default_name if name is None else name
        self.reset_state()

    def reset_state(self) -> None:
        """Forget every sample."""
        self._total, self._count = 0.0, 0

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        """One number a sample."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def update_state(self, y_true: Any, y_pred: Any) -> None:
        """Add the samples of a batch; targets may differ from what is expected by a last axis of length one.

        Raises
        ------
        ValueError
            If `y_true` has another shape than `targets` says: nothing is broadcast.
        """
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        values = np.asarray(self.call(self.checked(type(self).__name__, "y_true", y_true, y_pred.shape), y_pred))
        self._total += float(np.sum(values, dtype=np.float64))
        self._count += values.size

    def checked(
        self, function: str, argument: str, y_true: NDArray[Any], shape: tuple[Any, ...], name: str = ""
    ) -> NDArray[Any]:
        """`y_true` as `call` takes it for predictions of `shape`, or a ValueError that says what is `name`'s."""
        return as_shape(function, argument, y_true, expected_shape(self.targets, shape), name)

    def result(self) -> float:
        """The mean over all samples since the last reset; 0 before the first."""
        return self._total / self._count if self._count else 0.0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


class FunctionMetric(Metric):
    """A user's function of (y_true, y_pred) that returns one number a sample.

    >>> metric = FunctionMetric(lambda t, p: (t == p).all(axis=-1), name="exact")
    >>> metric.update_state([[1, 2], [3, 4]], [[1, 2], [3, 5]])
    >>> metric.result()
    0.5
    """

    def __init__(self, function: Callable[[Any, Any], Any], name: str | None = None) -> None:
        super().__init__(name or getattr(function, "__name__", "metric"))
        self.function = function

    def call(self, y_true: NDArray[Any], y_pred: NDArray[Any]) -> Any:
        return self.function(y_true, y_pred)
