"""Losses between distributions."""

from typing import Any, ClassVar

import numpy as np

from mmlcore import ops
from mmlcore.losses.base import Loss
from mmlcore.losses.crossentropy import SparseCategoricalCrossentropy
from mmlcore.losses.pointwise import PointwiseLoss

__all__ = ["KLDivergence", "NegativeLogLikelihood", "kl_divergence", "negative_log_likelihood"]

_EPSILON = 1e-7  # Keras's: probabilities are kept this far from 0 before the logarithm


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Σ t log(t/p) over the last axis, the divergence of Kullback and Leibler.

    Parameters
    ----------
    y_true, y_pred : array_like of shape (..., k)
        Probabilities t and p, kept inside [1e-7, 1].

    Returns
    -------
    ndarray of shape (...)

    Raises
    ------
    ValueError, TypeError
        If the shapes cannot be broadcast, or the arguments are not real numbers.

    Examples
    --------
    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).round(4)
    array([0.1438])

    References
    ----------
    Notes 11.3.
    """
    return ops.pointwise_loss("kullback_leibler", y_pred, y_true, _EPSILON, mean=False)


def negative_log_likelihood(y_true: Any, y_pred: Any) -> Any:
    """-log p of the class that `y_true` names, given logarithms of probabilities.

    Parameters
    ----------
    y_true : array_like of int, shape (n,)
    y_pred : array_like of shape (n, classes)
        Logarithms of probabilities, as `log_softmax` gives them.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    IndexError
        If a label is not between 0 and classes - 1.

    Examples
    --------
    >>> negative_log_likelihood([1], [[-1.0, -0.5]])
    array([0.5])

    References
    ----------
    Notes 4.6; CS582 6.
    """
    labels = np.asarray(y_true)
    rows = y_pred if hasattr(y_pred, "shape") else np.asarray(y_pred)
    return ops.negative(rows[np.arange(len(labels)), labels])


class KLDivergence(PointwiseLoss):
    """The mean of `kl_divergence` over a batch.

    Examples
    --------
    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    name: ClassVar[str] = "kl_divergence"
    targets: ClassVar[str] = "probabilities"
    kernel = "kullback_leibler"
    constant = _EPSILON
    mean: ClassVar[bool] = False


class NegativeLogLikelihood(Loss):
    """The mean of `negative_log_likelihood` over a batch.

    After a last layer with log_softmax it is computed from that layer's logits in one kernel.

    Examples
    --------
    >>> import numpy as np
    >>> float(NegativeLogLikelihood()([1], np.array([[-1.0, -0.5]])))
    0.5
    """

    name: ClassVar[str] = "negative_log_likelihood"
    targets: ClassVar[str] = "labels"

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return negative_log_likelihood(y_true, y_pred)

    def before(self, activation: Any) -> Loss | None:
        own = type(self).call is NegativeLogLikelihood.call and type(self).__call__ is Loss.__call__
        if activation != "log_softmax" or not own:
            return None
        return SparseCategoricalCrossentropy(from_logits=True, reduction=self.reduction)
