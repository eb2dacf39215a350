"""Taylor series: of one variable to any order, of several to the second."""

from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np

from mmlcore._errors import integer, message
from mmlcore.autodiff.inputs import differentiable
from mmlcore.autodiff.jacobians import hessian
from mmlcore.autodiff.products import jvp
from mmlcore.autodiff.transforms import value_and_grad

__all__ = ["TaylorPolynomial", "taylor"]


class TaylorPolynomial:
    r"""The polynomial that `taylor` returns; call it to evaluate it.

    Attributes
    ----------
    center : number or ndarray
        The point of expansion, :math:`x_0`.
    coefficients : ndarray, or tuple
        Of one variable :math:`f^{(k)}(x_0) / k!`, k = 0, 1, ...; of several the value, the gradient and the Hessian.
    """

    def __init__(self, center: Any, coefficients: Any) -> None:
        self.center, self.coefficients = center, coefficients

    def __call__(self, x: Any) -> Any:
        """The polynomial at x: of one variable also at every element of an array."""
        d = x - self.center
        if isinstance(self.coefficients, np.ndarray):
            return np.polyval(self.coefficients[::-1], d)
        value, *derivatives = self.coefficients
        if derivatives:
            value = value + np.sum(derivatives[0] * d)
        if len(derivatives) > 1:
            half = np.tensordot(derivatives[1], d, axes=np.ndim(d))
            value = value + np.sum(half * d) / 2
        return value

    def __repr__(self) -> str:
        return f"TaylorPolynomial(center={self.center!r}, coefficients={self.coefficients!r})"


def taylor(f: Callable[[Any], Any], x0: Any, order: int) -> TaylorPolynomial:
    r"""The Taylor polynomial of a scalar-valued function around a point.

    .. math:: f(x_0 + d) \approx \sum_{k=0}^{n} \frac{f^{(k)}(x_0)}{k!} d^k, \qquad
        f(x_0 + d) \approx f + \nabla f^T d + \tfrac12 d^T \nabla^2 f\, d.

    Parameters
    ----------
    f : callable
        Of one argument: a number, or an array; returns a real scalar.
    x0 : number or array, float32 or float64
    order : int
        The degree; for an array at most 2. The work grows as 3^order.

    Returns
    -------
    TaylorPolynomial
        With `coefficients`, and to be called at other points.

    Raises
    ------
    ValueError
        If the order is negative, or above 2 for an array.
    TypeError
        As for `grad`.

    References
    ----------
    CS582 4; Notes 6.3.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.autodiff import taylor
    >>> p = taylor(np.exp, 0.0, 4)
    >>> p.coefficients * [1, 1, 2, 6, 24]
    array([1., 1., 1., 1., 1.])
    >>> float(p(0.1) - np.exp(0.1)) < 0.1**5
    True
    """
    order = integer("taylor", "order", order, low=0)
    center = differentiable(x0, "taylor", "x0")
    if np.ndim(center) == 0:
        derivatives = _derivatives(f, order)(center)
        if np.shape(derivatives[0]) != ():
            raise TypeError(message("taylor", "the value of f", "a real scalar", f"shape {np.shape(derivatives[0])}"))
        scale = [float(factorial(k)) for k in range(order + 1)]
        return TaylorPolynomial(center, np.stack([d / s for d, s in zip(derivatives, scale, strict=True)]))
    if order > 2:
        raise ValueError(message("taylor", "order", "at most 2 when x0 is an array", order))
    value, gradient = value_and_grad(f)(center)
    second = (hessian(f)(center),) if order == 2 else ()
    return TaylorPolynomial(center, (value, gradient, *second)[: order + 1])


def _derivatives(f: Callable[[Any], Any], order: int) -> Callable[[Any], tuple[Any, ...]]:
    """x ↦ (f(x), f'(x), ..., the derivative of that order), by one forward mode inside another."""
    if order == 0:
        return lambda x: (f(x),)
    lower = _derivatives(f, order - 1)

    def derivatives(x: Any) -> tuple[Any, ...]:
        values, tangents = jvp(lower, (x,), (np.ones_like(x),))
        return (*values, tangents[-1])

    return derivatives
