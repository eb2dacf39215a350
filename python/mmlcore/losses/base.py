"""What a loss is: one number a sample, averaged; which targets it takes; how it joins the last activation."""

from collections.abc import Callable
from typing import Any, ClassVar

from numpy.typing import NDArray

from mmlcore import ops

__all__ = ["FunctionLoss", "Loss"]


class Loss:
    """Base of all losses.

    A subclass defines ``call(y_true, y_pred)``, which returns one number a sample; calling the object returns
    their mean. Both may be differentiated with respect to `y_pred`.

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
        """The mean loss of a batch."""
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
