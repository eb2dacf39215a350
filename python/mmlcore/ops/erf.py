"""The error function, its complement and its inverse, element by element."""

from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore.autodiff import primitive
from mmlcore.ops.elementwise import apply, slope
from mmlcore.ops.transcendental import exp

__all__ = ["erf", "erfc", "erfinv"]

_TWO_BY_ROOT_PI = float(2 / np.sqrt(np.pi))


@primitive
def erf(x: Any) -> Any:
    """The error function 2/√π ∫₀ˣ e^(-t²) dt = 2 Φ(√2 x) - 1; the derivative is 2/√π e^(-x²).

    It keeps its relative accuracy near 0.

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
    NIST Digital Library of Mathematical Functions, 7.2.1.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.erf([0.0, 1.0])
    array([0.        , 0.84270079])
    """
    return apply(_kernels.erf_of, x, "erf")


@primitive
def erfc(x: Any) -> Any:
    """1 - erf(x), which keeps its digits in the upper tail; the derivative is -2/√π e^(-x²).

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
    >>> float(ops.erfc(26.0))
    5.66319...e-296
    """
    return apply(_kernels.erfc_of, x, "erfc")


@primitive
def erfinv(y: Any) -> Any:
    """The x with erf(x) = y; the derivative is √π/2 e^(x²).

    Infinite at -1 and 1, NaN beyond.

    Parameters
    ----------
    y : array or number, float32 or float64

    Returns
    -------
    array of the shape of `y`

    Raises
    ------
    TypeError
        If `y` is not real.

    References
    ----------
    M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.erfinv([0.0, 0.5]).round(6)
    array([0.      , 0.476936])
    """
    return apply(_kernels.erfinv_of, y, "erfinv")


slope(erf, of_x=lambda x: _TWO_BY_ROOT_PI * exp(-x * x))
slope(erfc, of_x=lambda x: -_TWO_BY_ROOT_PI * exp(-x * x))
slope(erfinv, of_y=lambda x: exp(x * x) / _TWO_BY_ROOT_PI)
