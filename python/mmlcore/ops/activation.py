"""The activation functions of networks, element by element; softmax mixes elements and has its own file."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore.autodiff import implements, primitive
from mmlcore.ops.elementwise import apply, sign, slope
from mmlcore.ops.kinked import minimum
from mmlcore.ops.transcendental import exp, expm1

__all__ = ["SLOPES", "elu", "gelu", "normal_cdf", "relu", "sigmoid", "silu", "softplus", "tanh"]


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


@primitive
def elu(x: Any) -> Any:
    """The exponential linear unit: x for x > 0, otherwise e^x - 1; the derivative is 1 or e^x.

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
    >>> ops.elu([2, -1])
    array([ 2.        , -0.63212056])
    """
    return apply(_kernels.elu, x, "elu")


@primitive
def normal_cdf(x: Any) -> Any:
    """Φ(x), the distribution function of the standard normal; the derivative is its density φ(x).

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
    >>> ops.normal_cdf([0, 1])
    array([0.5       , 0.84134475])
    """
    return apply(_kernels.normal_cdf, x, "normal_cdf")


@primitive
def gelu(x: Any) -> Any:
    """The Gaussian error linear unit x Φ(x); the derivative is Φ(x) + x φ(x).

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

    References
    ----------
    D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units (GELUs)", arXiv:1606.08415 (2016).

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.gelu([2, -1])
    array([ 1.95449974, -0.15865525])
    """
    return apply(_kernels.gelu, x, "gelu")


@primitive
def silu(x: Any) -> Any:
    """The sigmoid linear unit x σ(x), also called swish; the derivative is σ(x) (1 + x (1 - σ(x))).

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
    >>> ops.silu([2, -1])
    array([ 1.76159416, -0.26894142])
    """
    return apply(_kernels.silu, x, "silu")


def _density(x: Any) -> Any:
    """φ(x), the density of the standard normal."""
    return exp(-0.5 * x * x) * (2 * np.pi) ** -0.5


# f' as a function of y = f(x), by the name of f.
SLOPES: dict[str, Callable[[Any], Any]] = {
    "relu": sign,
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - y * y,
    "softplus": lambda y: -expm1(-y),
}
for _activation in (relu, sigmoid, tanh):
    slope(_activation, of_y=SLOPES[_activation.__name__])
slope(softplus, of_x=sigmoid)
slope(elu, of_x=lambda x: exp(minimum(x, 0)))
slope(normal_cdf, of_x=_density)
slope(gelu, of_x=lambda x: normal_cdf(x) + x * _density(x))
slope(silu, of_x=lambda x: sigmoid(x) * (1 + x * sigmoid(-x)))
