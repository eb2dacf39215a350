"""The activation functions of networks, element by element; softmax mixes elements and has its own file."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore.autodiff import defvjp, implements, primitive
from mmlcore.ops.elementwise import apply, sign, slope
from mmlcore.ops.kinked import minimum, where
from mmlcore.ops.transcendental import exp, expm1

__all__ = [
    "SLOPES",
    "elu",
    "gelu",
    "leaky_relu",
    "normal_cdf",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "tanh",
]


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
    return apply(_kernels.tanh_of, x, "tanh")


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
    return apply(_kernels.sigmoid_of, x, "sigmoid")


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
    return apply(_kernels.relu_of, x, "relu")


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
    return apply(_kernels.softplus_of, x, "softplus")


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
    return apply(_kernels.elu_of, x, "elu")


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
    return apply(_kernels.normal_cdf_of, x, "normal_cdf")


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
    return apply(_kernels.gelu_of, x, "gelu")


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
    return apply(_kernels.silu_of, x, "silu")


@primitive
def selu(x: Any) -> Any:
    """The scaled exponential linear unit, λ x for x > 0, otherwise λ α (eˣ - 1).

    λ = 1.0507… and α = 1.6732… keep mean 0 and variance 1 from layer to layer.

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
    >>> ops.selu([1, -1])
    array([ 1.05070099, -1.11133074])

    References
    ----------
    G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter (2017), Self-normalizing neural networks, (2) and (14).
    """
    return apply(_kernels.selu_of, x, "selu")


@primitive
def leaky_relu(x: Any, *, negative_slope: float = 0.2) -> Any:
    """x for x > 0, otherwise a x with a = `negative_slope`; the derivative at 0 is a.

    Parameters
    ----------
    x : array or number, float32 or float64
    negative_slope : float

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
    >>> ops.leaky_relu([2, -1])
    array([ 2. , -0.2])

    References
    ----------
    A. L. Maas, A. Y. Hannun, A. Y. Ng (2013), Rectifier nonlinearities improve neural network acoustic models.
    """
    x = as_float(x, "leaky_relu", "x")
    y = np.empty(x.shape, x.dtype)
    _kernels.leaky_relu(y, x, negative_slope)
    return y if x.ndim else y[()]


def _leaky_relu_back(y: Any, x: Any, *, negative_slope: float = 0.2) -> Callable[[Any], Any]:
    return lambda g: g * where(x > 0, 1.0, negative_slope).astype(g.dtype)


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
_SELU_LAMBDA, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
slope(selu, of_x=lambda x: _SELU_LAMBDA * where(x > 0, 1.0, _SELU_ALPHA * exp(minimum(x, 0))))
defvjp(leaky_relu, _leaky_relu_back)
slope(gelu, of_x=lambda x: normal_cdf(x) + x * _density(x))
slope(silu, of_x=lambda x: sigmoid(x) * (1 + x * sigmoid(-x)))
