"""The base of losses that add a term for each prediction: one kernel forward, one back."""

from collections.abc import Callable
from typing import Any, ClassVar

from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore.losses.base import Loss

__all__ = ["PointwiseLoss"]


class PointwiseLoss(Loss):
    """Mean, or sum, over the last axis of l(p, t), a kernel of ``cpp/kernels/losses.h``.

    Attributes
    ----------
    kernel : str
    constant : float
        The kernel's.
    mean : bool
        Divide by the length of the last axis.

    Examples
    --------
    >>> class Squares(PointwiseLoss):
    ...     kernel = "squared_error"
    >>> float(Squares()([[0.0, 0.0]], [[1.0, 3.0]]))
    5.0
    """

    kernel: str = ""
    constant: float = 0.0
    mean: ClassVar[bool] = True

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.pointwise_loss(self.kernel, y_pred, y_true, self.constant, self.mean)

    def kernels(
        self,
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        each: NDArray[Any],
        share: NDArray[Any],
        gradient: NDArray[Any],
    ) -> Callable[[], Any] | None:
        forward = getattr(_kernels, f"{self.kernel}_loss")
        backward = getattr(_kernels, f"{self.kernel}_loss_grad")
        constant, scale = self.constant, 1 / y_pred.shape[-1] if self.mean else 1.0

        def terms() -> None:
            forward(each, y_pred, y_true, constant, scale)
            backward(gradient, y_pred, y_true, share, constant, scale)

        return terms
