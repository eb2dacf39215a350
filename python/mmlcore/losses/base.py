"""What a loss is: one number a sample, averaged; which targets it takes; how it joins the last activation."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import ops
from mmlcore._arrays import as_shape, expected_shape

__all__ = ["FunctionLoss", "Loss"]


class Loss:
    """Base of all losses.

    A subclass defines ``call(y_true, y_pred)``, which returns one number a sample; calling the object returns
    their mean. Both may be differentiated.

    Attributes
    ----------
    name : str
    targets : str
        "values": y_true has the shape of y_pred; "probabilities": and lies in [0, 1]; "labels": one integer
        class a sample; "any": not checked.

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

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred)")

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        """The mean loss of a batch; targets may differ from what is expected by a last axis of length one.

        Raises
        ------
        ValueError
            If `y_true` has another shape than `targets` says: nothing is broadcast.
        """
        if self.targets != "any":
            y_true, y_pred = (y if hasattr(y, "shape") else np.asarray(y) for y in (y_true, y_pred))
            y_true = as_shape(type(self).__name__, "y_true", y_true, expected_shape(self.targets, y_pred.shape))
        return ops.mean(self.call(y_true, y_pred))

    def plan(self, y_true: NDArray[Any], y_pred: NDArray[Any], gradient: NDArray[Any]) -> Callable[[], Any] | None:
        """The mean loss of a batch on fixed buffers, or None: then the tape does it.

        Calling the plan reads `y_true` and `y_pred`, writes the gradient with respect to `y_pred` into
        `gradient` and returns the loss: the numbers of calling the object, bit for bit. It counts only if the
        class that defines `plan` also defines `call`.
        """
        return None

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
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred)
