"""The activation functions of networks, element by element; softmax mixes elements and has its own file."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore.autodiff import implements, primitive
from mmlcore.ops.elementwise import apply, sign, slope

__all__ = ["SLOPES", "relu", "sigmoid", "softplus", "tanh"]


@implements(np.tanh)
@primitive
def tanh(x: Any) -> Any:
    """The hyperbolic tangent; the derivative is 1 - tanh² x.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.tanh([0, 1])
    array([0.        , 0.76159416])
    """
    return apply(_kernels.tanh, x, "tanh")


@primitive
def sigmoid(x: Any) -> Any:
    """The logistic function σ(x) = 1 / (1 + e^(-x)); the derivative is σ(x) (1 - σ(x)).

    Neither end overflows.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.sigmoid([0, 1])
    array([0.5       , 0.73105858])
    """
    return apply(_kernels.sigmoid, x, "sigmoid")


@primitive
def relu(x: Any) -> Any:
    """The rectifier max(0, x); the derivative is 1 for x > 0, otherwise 0.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.relu([2, -1])
    array([2., 0.])
    """
    return apply(_kernels.relu, x, "relu")


@primitive
def softplus(x: Any) -> Any:
    """log(1 + e^x), a smooth max(0, x); the derivative is σ(x).

    Neither end overflows.

    Parameters
    ----------
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.softplus([0, 1])
    array([0.69314718, 1.31326169])
    """
    return apply(_kernels.softplus, x, "softplus")


# f' as a function of y = f(x), by the name of f.
SLOPES: dict[str, Callable[[Any], Any]] = {
    "relu": sign,
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - y * y,
}
for _activation in (relu, sigmoid, tanh):
    slope(_activation, of_y=SLOPES[_activation.__name__])
slope(softplus, of_x=sigmoid)
