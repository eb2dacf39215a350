"""Cross-entropy: the negative log-likelihood of labels under predicted probabilities."""

from collections.abc import Callable
from copy import copy
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels, ops
from mmlcore._errors import message
from mmlcore.losses.base import Loss

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
]

_EPSILON = 1e-7  # Keras's: probabilities are kept this far from 0 before the logarithm


def binary_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Any:
    """Mean over the last axis of -t log p - (1 - t) log(1 - p).

    Parameters
    ----------
    y_true : array_like of shape (..., k)
        t, in [0, 1].
    y_pred : array_like of shape (..., k)
        Probabilities p, kept inside [1e-7, 1 - 1e-7]; or logits z with p = sigmoid(z).
    from_logits : bool
        With logits the formula is softplus(z) - t z, exact for any z.

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError, TypeError
        If the shapes cannot be broadcast, or the arguments are not real numbers.

    Examples
    --------
    >>> binary_crossentropy([[1.0], [0.0]], [[0.5], [0.75]]).round(4)
    array([0.6931, 1.3863])
    """
    if from_logits:
        return ops.pointwise_loss("binary_cross_entropy_of_logits", y_pred, y_true)
    return ops.pointwise_loss("binary_cross_entropy", y_pred, y_true, _EPSILON)


def _logits(y_pred: Any, from_logits: bool) -> Any:
    """Logits z with softmax(z) = y_pred divided by its sum: the logarithms of the probabilities."""
    return y_pred if from_logits else ops.log(ops.maximum(y_pred, _EPSILON))


def categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Any:
    """-Σ t log p over the classes.

    Parameters
    ----------
    y_true : array_like of shape (n, classes)
        One-hot rows, or any probabilities.
    y_pred : array_like of shape (n, classes)
        Probabilities, at least 1e-7 and scaled to sum 1; or logits z with p = softmax(z).
    from_logits : bool
        With logits the formula is Σ t (logsumexp(z) - z), exact for any z.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, or the arguments are not real numbers.

    Examples
    --------
    >>> categorical_crossentropy([[0.0, 1.0]], [[0.75, 0.25]]).round(4)
    array([1.3863])
    """
    return ops.softmax_cross_entropy(_logits(y_pred, from_logits), y_true)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Any:
    """-log p of the class that `y_true` names.

    Parameters
    ----------
    y_true : array_like of int, shape (n,)
        Classes, counted from 0.
    y_pred : array_like of shape (n, classes)
        Probabilities, at least 1e-7 and scaled to sum 1; or logits z with p = softmax(z).
    from_logits : bool
        With logits the formula is logsumexp(z) - z[label], exact for any z.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError
        If there is not one label a row, or one is not between 0 and classes - 1.
    TypeError
        If the labels are not integers.

    Examples
    --------
    >>> sparse_categorical_crossentropy([1], [[0.75, 0.25]]).round(4)
    array([1.3863])
    """
    return ops.softmax_cross_entropy(_logits(y_pred, from_logits), y_true)


def _smoothing(value: Any, owner: str) -> float:
    if not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
        raise ValueError(message(owner, "label_smoothing", "a number in [0, 1]", repr(value)))
    return float(value)


class _Crossentropy(Loss):
    """What the three have in common: after their own activation they become functions of its inputs."""

    _activation: ClassVar[str]

    def __init__(self, from_logits: bool = False, reduction: str = "sum_over_batch_size") -> None:
        super().__init__(reduction)
        self.from_logits = from_logits

    def before(self, activation: Any) -> Loss | None:
        formula = next(cls for cls in type(self).__mro__ if "call" in vars(cls))
        ours = "_activation" in vars(formula) and type(self).__call__ is Loss.__call__
        if self.from_logits or activation != self._activation or not ours:
            return None
        fused = copy(self)
        fused.from_logits = True
        return fused


class _Smoothed(_Crossentropy):
    """Targets may be softened: t ← (1 - s) t + s/classes (two classes where there is one output a class)."""

    def __init__(
        self, from_logits: bool = False, label_smoothing: float = 0.0, reduction: str = "sum_over_batch_size"
    ) -> None:
        super().__init__(from_logits, reduction)
        self.label_smoothing = _smoothing(label_smoothing, type(self).__name__)

    def _soft(self, y_true: Any, classes: int) -> Any:
        if not self.label_smoothing:
            return y_true
        return ops.add(ops.multiply(y_true, 1 - self.label_smoothing), self.label_smoothing / classes)

    def _soft_buffer(self, y_true: NDArray[Any], classes: int) -> tuple[NDArray[Any], Callable[[], Any]]:
        """The softened targets' buffer, and what fills it."""
        if not self.label_smoothing:
            return y_true, lambda: None
        scaled, soft, s = np.empty_like(y_true), np.empty_like(y_true), self.label_smoothing

        def fill() -> None:  # as two steps: `_soft` rounds twice
            _kernels.affine(scaled, y_true, 1 - s, 0.0)
            _kernels.affine(soft, scaled, 1.0, s / classes)

        return soft, fill


class BinaryCrossentropy(_Smoothed):
    """The mean of `binary_crossentropy` over a batch.

    Parameters
    ----------
    from_logits : bool
    label_smoothing : float
        s in [0, 1]: targets t become (1 - s) t + s/2.
    reduction
        See `Loss`.

    Examples
    --------
    >>> import numpy as np
    >>> float(BinaryCrossentropy(from_logits=True)(np.array([[1.0]]), np.array([[0.0]]))).__round__(4)
    0.6931
    """

    name: ClassVar[str] = "binary_crossentropy"
    targets: ClassVar[str] = "probabilities"
    _activation: ClassVar[str] = "sigmoid"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return binary_crossentropy(self._soft(y_true, 2), y_pred, self.from_logits)

    def kernels(
        self,
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        each: NDArray[Any],
        share: NDArray[Any],
        gradient: NDArray[Any],
    ) -> Callable[[], Any] | None:
        soft, fill = self._soft_buffer(y_true, 2)
        name, c = ("binary_cross_entropy_of_logits", 0.0) if self.from_logits else ("binary_cross_entropy", _EPSILON)
        forward, backward = getattr(_kernels, f"{name}_loss"), getattr(_kernels, f"{name}_loss_grad")
        scale = 1 / y_pred.shape[-1]

        def terms() -> None:
            fill()
            forward(each, y_pred, soft, c, scale)
            backward(gradient, y_pred, soft, share, c, scale)

        return terms


class CategoricalCrossentropy(_Smoothed):
    """The mean of `categorical_crossentropy` over a batch.

    Parameters
    ----------
    from_logits : bool
    label_smoothing : float
        s in [0, 1]: targets t become (1 - s) t + s/classes.
    reduction
        See `Loss`.

    Examples
    --------
    >>> import numpy as np
    >>> float(CategoricalCrossentropy()(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]))).__round__(4)
    0.6931
    """

    name: ClassVar[str] = "categorical_crossentropy"
    targets: ClassVar[str] = "probabilities"
    _activation: ClassVar[str] = "softmax"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_crossentropy(self._soft(y_true, y_pred.shape[-1]), y_pred, self.from_logits)

    def kernels(
        self,
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        each: NDArray[Any],
        share: NDArray[Any],
        gradient: NDArray[Any],
    ) -> Callable[[], Any] | None:
        if not self.from_logits or y_pred.ndim != 2:
            return None
        soft, fill = self._soft_buffer(y_true, y_pred.shape[-1])
        p = np.empty_like(y_pred)

        def terms() -> None:
            fill()
            _kernels.softmax_cross_entropy_soft(each, p, y_pred, soft)
            _kernels.softmax_cross_entropy_soft_grad(gradient, p, soft, share)

        return terms


class SparseCategoricalCrossentropy(_Crossentropy):
    """The mean of `sparse_categorical_crossentropy` over a batch.

    Parameters
    ----------
    from_logits : bool
    reduction
        See `Loss`.

    Examples
    --------
    >>> import numpy as np
    >>> float(SparseCategoricalCrossentropy()(np.array([1]), np.array([[0.5, 0.5]]))).__round__(4)
    0.6931
    """

    name: ClassVar[str] = "sparse_categorical_crossentropy"
    targets: ClassVar[str] = "labels"
    _activation: ClassVar[str] = "softmax"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)

    def kernels(
        self,
        y_true: NDArray[Any],
        y_pred: NDArray[Any],
        each: NDArray[Any],
        share: NDArray[Any],
        gradient: NDArray[Any],
    ) -> Callable[[], Any] | None:
        if not self.from_logits or y_pred.ndim < 2:
            return None
        rows, slopes = (a.reshape(-1, a.shape[-1]) for a in (y_pred, gradient))  # of sequences every step is a row
        losses, labels, shares = each.reshape(-1), y_true.reshape(-1), share.reshape(-1)
        p = np.empty_like(rows)

        def terms() -> None:
            _kernels.softmax_cross_entropy(losses, p, rows, labels)
            _kernels.softmax_cross_entropy_grad(slopes, p, labels, shares)

        return terms
