"""What a loss is: one number a sample, averaged; which targets it takes; how it joins the last activation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._arrays import as_shape, expected_shape
from mmlcore._errors import message

__all__ = ["FunctionLoss", "Loss", "LossPlan"]


@dataclass(frozen=True)
class LossPlan:
    """The loss of a batch on fixed buffers.

    Attributes
    ----------
    value : ndarray of shape (1,)
        Where `call` writes the loss.
    call : callable
        Reads the buffers; writes the loss and its gradient with respect to the predictions.
    """

    value: NDArray[Any]
    call: Callable[[], Any]


class Loss:
    """Base of all losses.

    A subclass defines ``call(y_true, y_pred)``, which returns one number a sample; calling the object returns
    their mean. Both may be differentiated.

    Parameters
    ----------
    reduction : {"sum_over_batch_size", "sum"}
        The mean over the samples, or their sum.

    Attributes
    ----------
    name : str
    targets : str
        "values": y_true has the shape of y_pred; "probabilities": and lies in [0, 1]; "signs": and is -1 or 1;
        "labels": one integer class a sample; "any": not checked.

    Examples
    --------
    >>> import numpy as np
    >>> class Cubic(Loss):
    ...     name = "cubic"
    ...     def call(self, y_true, y_pred):
    ...         return abs(y_pred - y_true) ** 3
    >>> float(Cubic()(np.array([1.0, 2.0]), np.array([3.0, 2.0])))
    4.0
    """

    name: ClassVar[str] = "loss"
    targets: ClassVar[str] = "values"
    reduction: str = "sum_over_batch_size"

    def __init__(self, reduction: str = "sum_over_batch_size") -> None:
        if reduction not in ("sum_over_batch_size", "sum"):
            expectation = "'sum_over_batch_size' or 'sum'"
            raise ValueError(message(type(self).__name__, "reduction", expectation, repr(reduction)))
        self.reduction = reduction

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The mean loss of a batch; targets may differ from what is expected by a last axis of length one.

        Parameters
        ----------
        y_true, y_pred : array_like
        sample_weight : array_like, optional
            Multiplies the loss of each sample (each number that `call` returns) before the mean, which still
            divides by the number of samples. A weight of 0 masks a sample.

        Raises
        ------
        ValueError
            If `y_true` has another shape than `targets` says: nothing is broadcast.
        """
        if self.targets != "any":
            y_true, y_pred = (y if hasattr(y, "shape") else np.asarray(y) for y in (y_true, y_pred))
            y_true = as_shape(type(self).__name__, "y_true", y_true, expected_shape(self.targets, y_pred.shape))
        each = self.call(y_true, y_pred)
        if sample_weight is not None:
            weights = np.asarray(sample_weight).astype(each.dtype, copy=False)
            each = ops.multiply(each, as_shape(type(self).__name__, "sample_weight", weights, each.shape))
        return ops.sum(each) if self.reduction == "sum" else ops.mean(each)

    def kernels(
        self,
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        each: NDArray[Any],
        share: NDArray[Any],
        gradient: NDArray[Any],
    ) -> Callable[[], Any] | None:
        """`call` and its derivative as kernel calls on fixed buffers, or None: then the tape does it.

        Calling the result reads `y_true` and `y_pred`, writes the loss of each sample into `each` and the gradient
        of Σ share · each with respect to `y_pred` into `gradient`: the numbers of `call`, bit for bit. It counts
        only if the class that defines `kernels` also defines `call`.
        """
        return None

    def plan(
        self, y_true: NDArray[Any], y_pred: NDArray[Any], gradient: NDArray[Any], weights: NDArray[Any] | None = None
    ) -> LossPlan | None:
        """What calling the object does, as kernel calls on fixed buffers, or None: then the tape does it."""
        dtype = y_pred.dtype
        each, value = np.empty(y_pred.shape[:-1], dtype), np.zeros(1, dtype)
        if not each.size:
            return None
        part = np.full(each.shape, 1 if self.reduction == "sum" else 1 / each.size, dtype)
        share, weighted = (part, each) if weights is None else (np.empty_like(each), np.empty_like(each))
        terms = self.kernels(y_true, y_pred, each, share, gradient)
        if terms is None:
            return None
        reduce = _kernels.sum if self.reduction == "sum" else _kernels.mean

        def call() -> None:
            if weights is not None:
                _kernels.multiply(share, part, weights)
            terms()
            if weights is not None:
                _kernels.multiply(weighted, each, weights)
            reduce(value, weighted, 0, weighted.ndim)

        return LossPlan(value, call)

    def before(self, activation: Any) -> "Loss | None":
        """The same loss as a function of what the model's last `activation` takes, if that is more stable."""
        return None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class FunctionLoss(Loss):
    """A user's function of (y_true, y_pred), returning one number a sample or one number; any targets.

    >>> import numpy as np
    >>> float(FunctionLoss(lambda y_true, y_pred: (y_true - y_pred) ** 2)(np.ones(2), np.zeros(2)))
    1.0
    """

    targets: ClassVar[str] = "any"

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred)
