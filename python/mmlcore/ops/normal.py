"""The normal distribution: logarithm and inverse of its distribution function, and distances in its metric."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_same_float
from mmlcore._errors import message
from mmlcore.autodiff import defvjp_joint, primitive
from mmlcore.ops.elementwise import apply, slope
from mmlcore.ops.linalg_systems import solve_triangular
from mmlcore.ops.matmul import matmul
from mmlcore.ops.reductions import sum
from mmlcore.ops.transcendental import exp

__all__ = ["normal_logcdf", "normal_ppf", "squared_mahalanobis"]

_HALF_LOG_2PI = float(0.5 * np.log(2 * np.pi))


@primitive
def normal_logcdf(x: Any) -> Any:
    """log Φ(x), which keeps its digits where Φ underflows; the derivative is φ(x) / Φ(x).

    The relative error is below 2e-15 for x ≤ 0; for x > 0 it is that of Φ(-x).

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
    >>> float(ops.normal_logcdf(-38.0).round(6))
    -726.557216
    """
    return apply(_kernels.normal_logcdf_of, x, "normal_logcdf")


@primitive
def normal_ppf(p: Any) -> Any:
    """Φ⁻¹(p), the inverse of the standard normal distribution function; the derivative is 1 / φ(Φ⁻¹(p)).

    Infinite at 0 and 1, NaN outside [0, 1].

    Parameters
    ----------
    p : array or number, float32 or float64

    Returns
    -------
    array of the shape of `p`

    Raises
    ------
    TypeError
        If `p` is not real.

    References
    ----------
    M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.normal_ppf([0.5, 0.975]).round(6)
    array([0.      , 1.959964])
    """
    return apply(_kernels.normal_ppf_of, p, "normal_ppf")


slope(normal_logcdf, of_x=lambda x: exp(-0.5 * x * x - _HALF_LOG_2PI - normal_logcdf(x)))
slope(normal_ppf, of_y=lambda y: exp(0.5 * y * y + _HALF_LOG_2PI))


@primitive
def squared_mahalanobis(x: Any, mean: Any, factor: Any) -> Any:
    """‖L⁻¹ (x_i - μ)‖², the squared distances of points from a mean in the metric of Σ = L Lᵀ.

    Parameters
    ----------
    x : array of shape (n, d), float32 or float64
    mean : array of shape (d,)
        μ.
    factor : array of shape (d, d)
        L, of which the lower triangle is read.

    Returns
    -------
    array of shape (n,)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Notes, (4.12).

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.squared_mahalanobis(np.array([[3.0, 4.0]]), np.zeros(2), np.eye(2))
    array([25.])
    """
    x, mean, factor = as_same_float("squared_mahalanobis", x=x, mean=mean, factor=factor)
    if x.ndim != 2:
        raise ValueError(message("squared_mahalanobis", "x", "of shape (n, d)", f"shape {x.shape}"))
    out = np.empty(len(x), x.dtype)
    _kernels.squared_mahalanobis(out, x, mean, factor)
    return out


def _squared_mahalanobis_back(needed: tuple[int, ...], ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
    """With Z = L⁻¹ (X - μ)ᵀ and W = L⁻ᵀ Z: dX = 2 diag(g) Wᵀ, dμ = -Σ dX, dL = -2 tril(W diag(g) Zᵀ)."""
    x, mean, factor = args

    def pullback(g: Any) -> Any:
        z = solve_triangular(factor, (x - mean).T, lower=True)
        w = solve_triangular(factor, z, lower=True, trans=1)
        to_x = 2 * (w * g).T
        gradients = {
            0: lambda: to_x,
            1: lambda: -sum(to_x, 0),
            2: lambda: -2 * np.tril(matmul(w * g, z.T)),
        }
        return tuple(gradients[i]() for i in needed)

    return pullback


defvjp_joint(squared_mahalanobis, _squared_mahalanobis_back)
