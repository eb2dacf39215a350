"""The logarithm of the gamma function and its derivatives, for positive arguments."""

from math import factorial
from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import integer
from mmlcore.autodiff import defjvp, defvjp, primitive
from mmlcore.ops.arithmetic import add, subtract

__all__ = ["betaln", "digamma", "gammaln", "in_double", "polygamma", "stirling_error"]

# Bernoulli's numbers B_2, B_4, ...
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
_EULER = 0.57721566490153286061


def _zeta_less_one(k: int) -> float:
    """ζ(k) - 1 by a sum to 60 and Euler and Maclaurin's correction."""
    n = 60.0
    head = sum(j ** -float(k) for j in range(59, 1, -1))
    tail = n / (k - 1) + 0.5 + k / (12 * n) - k * (k + 1) * (k + 2) / (720 * n**3)
    return head + n ** -float(k) * tail


# log Γ(2 + e) = (1 - γ) e + Σ_{k≥2} (-e)^k (ζ(k) - 1) / k
_AROUND_TWO = (0.0, 1 - _EULER, *((-1) ** k * _zeta_less_one(k) / k for k in range(2, 30)))


def in_double(function: Any, *arguments: Any) -> Any:
    """`function` of the arguments in double precision, its result in theirs; a NumPy scalar for single numbers."""
    arrays = [as_float(x, function.__name__.lstrip("_"), "x") for x in arguments]
    single = all(x.dtype == np.float32 for x in arrays)
    with np.errstate(all="ignore"):
        shared = np.broadcast_arrays(*[x.astype(np.float64) for x in arrays])
        y = np.reshape(function(*[x.ravel() for x in shared]), shared[0].shape)
    return np.asarray(y, np.float32 if single else np.float64)[()]


def stirling_error(x: FloatArray) -> FloatArray:
    """log Γ(x) - ((x - ½) log x - x + ½ log 2π), for x of any size in double precision."""
    large = np.maximum(x, 10.0)
    series = np.zeros_like(large)
    for k in range(len(BERNOULLI), 0, -1):
        series = series / (large * large) + BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
    exact = _gammaln(np.minimum(x, 10.0)) - ((x - 0.5) * np.log(x) - x + 0.5 * np.log(2 * np.pi))
    return np.where(x < 10, exact, series / large)


def _gammaln(x: FloatArray) -> FloatArray:
    """By the series around 2 where x can be brought to [1.5, 2.5] by a product, beyond 10 by Stirling's."""
    small = np.minimum(x, 10.0)
    steps = np.clip(np.floor(small - 1.5), -2, 8)
    product = np.ones_like(small)
    for k in range(1, 9):
        product = np.where(steps >= k, product * (small - k), product)
    for k in range(2):
        product = np.where(steps < -k, product * (small + k), product)
    e = np.where(steps < 0, small - (2 + steps), small - 2 - steps)
    below = np.polyval(_AROUND_TWO[::-1], e) + np.where(steps < 0, -1, 1) * np.log(product)
    near_one = (small >= 0.5) & (small < 1.5)  # x = 1 + e: the product is 1 + e, whose logarithm must keep its digits
    below = np.where(near_one, np.polyval(_AROUND_TWO[::-1], small - 1) - np.log1p(small - 1), below)
    large = np.maximum(x, 10.0)
    series = np.zeros_like(large)
    for k in range(len(BERNOULLI), 0, -1):
        series = series / (large * large) + BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
    above = (large - 0.5) * np.log(large) - large + 0.5 * np.log(2 * np.pi) + series / large
    result = np.where(x < 10, below, above)
    return np.where(x > 0, np.where(np.isinf(x), np.inf, result), np.where(x == 0, np.inf, np.nan))


def _polygamma(n: int, x: FloatArray) -> FloatArray:
    """By recurrence to x ≥ 12 + n and the asymptotic series there."""
    total, y = np.zeros_like(x), np.array(x)
    for _ in range(12 + n):
        low = y < 12 + n
        term = -1 / y if n == 0 else (-1) ** (n + 1) * factorial(n) * y ** -(n + 1.0)
        total, y = np.where(low, total + term, total), np.where(low, y + 1, y)
    if n == 0:
        series = sum(-b / (2 * k) * y ** (-2.0 * k) for k, b in enumerate(BERNOULLI, 1))
        result = total + np.log(y) - 0.5 / y + series
    else:
        series = factorial(n - 1) * y ** -float(n) + factorial(n) * y ** -(n + 1.0) / 2
        for k, b in enumerate(BERNOULLI, 1):
            series = series + b * (factorial(2 * k + n - 1) / factorial(2 * k)) * y ** -(2.0 * k + n)
        result = total + (-1) ** (n + 1) * series
    limit = np.inf if n == 0 else 0.0
    at_zero = -np.inf if n == 0 else (-1) ** (n + 1) * np.inf
    result = np.where(np.isinf(x), limit, result)
    return np.where(x > 0, result, np.where(x == 0, at_zero, np.nan))


@primitive
def gammaln(x: Any) -> Any:
    """log Γ(x) for x > 0; the derivative is `digamma`.

    The relative error is below 1e-14, also around its zeros 1 and 2. Infinite at 0, NaN for x < 0.

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
    NIST Digital Library of Mathematical Functions, 5.7.3, 5.11.1.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.gammaln([1, 5]).round(6)
    array([0.      , 3.178054])
    """
    return in_double(_gammaln, x)


@primitive
def polygamma(n: Any, x: Any) -> Any:
    """ψ⁽ⁿ⁾(x), derivative n + 1 of log Γ(x), for x > 0.

    The relative error is below 1e-13 (for n = 0 the error relative to 1 + |ψ|). NaN for x < 0.

    Parameters
    ----------
    n : int
        At least 0.
    x : array or number, float32 or float64

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.
    ValueError
        If `n` is not a non-negative integer.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 5.11.2, 5.15.

    Examples
    --------
    >>> from mmlcore import ops
    >>> ops.polygamma(1, [1.0, 2.0]).round(6)
    array([1.644934, 0.644934])
    """
    order = integer("polygamma", "n", n, low=0)

    def polygamma(x: FloatArray) -> FloatArray:
        return _polygamma(order, x)

    return in_double(polygamma, x)


def digamma(x: Any) -> Any:
    """ψ(x), the derivative of log Γ(x), for x > 0: `polygamma` of order 0.

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
    >>> ops.digamma([1, 2]).round(6)
    array([-0.577216,  0.422784])
    """
    return polygamma(0, x)


def betaln(a: Any, b: Any) -> Any:
    """log B(a, b) = log Γ(a) + log Γ(b) - log Γ(a + b), for positive arguments.

    Parameters
    ----------
    a, b : arrays or numbers that broadcast, float32 or float64

    Returns
    -------
    array of the shape to which they broadcast

    Raises
    ------
    TypeError
        If they are not real.

    Examples
    --------
    >>> from mmlcore import ops
    >>> float(ops.betaln(2.0, 3.0).round(6))
    -2.484907
    """
    return subtract(add(gammaln(a), gammaln(b)), gammaln(add(a, b)))


defvjp(gammaln, lambda ans, x: lambda g: g * digamma(x))
defjvp(gammaln, lambda t, ans, x: t * digamma(x))
defvjp(polygamma, None, lambda ans, n, x: lambda g: g * polygamma(n + 1, x))
defjvp(polygamma, None, lambda t, ans, n, x: t * polygamma(n + 1, x))
