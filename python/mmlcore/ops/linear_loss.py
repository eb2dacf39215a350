"""The logistic loss of a linear model, value and gradient in one pass over the data."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_same_float
from mmlcore._errors import message
from mmlcore.autodiff import defvjp_forward, primitive
from mmlcore.ops.activation import sigmoid, softplus
from mmlcore.ops.matmul import matmul, outer
from mmlcore.ops.reductions import mean

__all__ = ["logistic_loss"]


def _both(X: Any, y: Any, w: Any) -> tuple[Any, Any]:
    X, y, w = as_same_float("logistic_loss", X=X, y=y, w=w)
    if X.ndim != 2 or y.shape != X.shape[:1] or w.shape != X.shape[1:]:
        got = f"shapes {X.shape}, {y.shape}, {w.shape}"
        raise ValueError(message("logistic_loss", "X, y, w", "of shapes (n, d), (n,), (d,)", got))
    if len(X) == 0:
        raise ValueError(message("logistic_loss", "X", "at least one row", f"shape {X.shape}"))
    loss, gradient = np.empty((), X.dtype), np.empty(w.shape, X.dtype)
    _kernels.linear_logistic_loss(loss, gradient, X, y, w)
    return loss[()], gradient


@primitive
def logistic_loss(X: Any, y: Any, w: Any) -> Any:
    """The mean of log(1 + e^(-y_i x_i·w)): the negative log-likelihood of logistic regression.

    The data pass through the processor once for value and gradient, where written with `logaddexp` and a product
    they do
    so twice. Add a column of ones to X for an intercept.

    Parameters
    ----------
    X : array of shape (n, d), float32 or float64
    y : array of shape (n,)
        The classes, -1 and 1.
    w : array of shape (d,)

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no row.

    References
    ----------
    Notes 7, (7.4).

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> X, y = np.array([[1.0, 2.0], [1.0, -1.0]]), np.array([1.0, -1.0])
    >>> grad(lambda w: ops.logistic_loss(X, y, w))(np.zeros(2))
    array([ 0.  , -0.75])
    """
    return _both(X, y, w)[0]


def _forward(needed: tuple[int, ...], X: Any, y: Any, w: Any) -> tuple[Any, Callable[[Any], Any]]:
    """One pass where only w is differentiated and nothing belongs to an outer level, otherwise the formula."""
    if needed == (2,) and not any(hasattr(v, "tape") for v in (X, y, w)):
        value, gradient = _both(X, y, w)
        return value, lambda g: (g * gradient,)
    margin = matmul(X, w)
    slope = sigmoid(-(y * margin)) * (-1.0 / len(X))

    def pullback(g: Any) -> tuple[Any, ...]:
        by_margin = g * slope
        parts: dict[int, Callable[[], Any]] = {
            0: lambda: outer(by_margin * y, w),
            1: lambda: by_margin * margin,
            2: lambda: matmul(by_margin * y, X),
        }
        return tuple(parts[i]() for i in needed)

    return mean(softplus(-(y * margin))), pullback


defvjp_forward(logistic_loss, _forward)
