"""NumPy's remaining ufuncs, which have no kernel here: one table of derivatives."""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore.autodiff import constant, defjvp, defvjp, defvjp_forward, implements, method, plain, primitive
from mmlcore.ops.activation import sigmoid, softplus
from mmlcore.ops.arithmetic import multiply, power, subtract
from mmlcore.ops.broadcasting import FLOATS, astype, binary_rules
from mmlcore.ops.kinked import where
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import reshape, shape_of

__all__: list[str] = []

Slope = Callable[[Any], Any]

# f'(x) as a function of x, and as one of y = f(x): only that one is kept.
OF_X: dict[np.ufunc, Slope] = {
    np.arcsin: lambda x: ((1 - x) * (1 + x)) ** -0.5,
    np.arccos: lambda x: -(((1 - x) * (1 + x)) ** -0.5),
    np.arctan: lambda x: 1 / (1 + x * x),
    np.sinh: np.cosh,
    np.cosh: np.sinh,
    np.arcsinh: lambda x: (1 + x * x) ** -0.5,
    np.arccosh: lambda x: ((x - 1) * (x + 1)) ** -0.5,
    np.arctanh: lambda x: 1 / ((1 - x) * (1 + x)),
    np.log2: lambda x: float(1 / np.log(2)) / x,
    np.log10: lambda x: float(1 / np.log(10)) / x,
}
OF_Y: dict[np.ufunc, Slope] = {
    np.tan: lambda y: 1 + y * y,
    np.exp2: lambda y: y * float(np.log(2)),
    np.cbrt: lambda y: 1 / (3 * y * y),
}

LINEAR = {
    np.deg2rad: float(np.pi / 180),
    np.radians: float(np.pi / 180),
    np.rad2deg: float(180 / np.pi),
    np.degrees: float(180 / np.pi),
}


def _unary(ufunc: np.ufunc, of_x: Slope | None = None, of_y: Slope | None = None) -> None:
    def f(x: Any) -> Any:
        return ufunc(x)

    f.__name__ = ufunc.__name__
    prim = implements(ufunc)(primitive(f))
    if of_x is not None:
        defvjp(prim, lambda ans, x: lambda g: g * of_x(x))
        defjvp(prim, lambda t, ans, x: t * of_x(x))
    elif of_y is not None:
        defvjp(prim, lambda ans, x: lambda g: g * of_y(ans))
        defjvp(prim, lambda t, ans, x: t * of_y(ans))


def _proportional(ufunc: np.ufunc, factor: float) -> None:
    implements(ufunc)(lambda x: x * factor)


def _share(x: Any, ans: Any) -> Any:
    """x - ans, 0 where they are equal, infinities included."""
    return where(x == ans, 0.0, x - ans)


def _safe(ans: Any) -> Any:
    """A length to divide by: at 0, the kink, the derivative is taken as 0 / 1."""
    return where(ans == 0, 1.0, ans)


def _wins(x: Any, y: Any) -> Any:
    """1 where fmax takes x of (x, y), ½ where they are equal; a NaN loses."""
    return np.where(np.isnan(y), ~np.isnan(x), (x > y) + 0.5 * (x == y))


BINARY: dict[np.ufunc, tuple[Callable[..., Any], Callable[..., Any]]] = {
    np.arctan2: (
        lambda g, ans, y, x: g * (x / (x * x + y * y)),
        lambda g, ans, y, x: -g * (y / (x * x + y * y)),
    ),
    np.hypot: (lambda g, ans, x, y: g * (x / _safe(ans)), lambda g, ans, x, y: g * (y / _safe(ans))),
    np.logaddexp2: (
        lambda g, ans, x, y: g * np.exp2(_share(x, ans)),
        lambda g, ans, x, y: g * np.exp2(_share(y, ans)),
    ),
    np.fmax: (
        lambda g, ans, x, y: g * _wins(x, y).astype(g.dtype),
        lambda g, ans, x, y: g * _wins(y, x).astype(g.dtype),
    ),
    np.fmin: (
        lambda g, ans, x, y: g * _wins(-x, -y).astype(g.dtype),
        lambda g, ans, x, y: g * _wins(-y, -x).astype(g.dtype),
    ),
    np.fmod: (lambda g, ans, x, y: g, lambda g, ans, x, y: -g * np.trunc(x / y)),
    np.remainder: (lambda g, ans, x, y: g, lambda g, ans, x, y: -g * np.floor(x / y)),
    np.copysign: (
        lambda g, ans, x, y: g * (np.copysign(1.0, x) * np.copysign(1.0, y)),
        lambda g, ans, x, y: g * 0.0,
    ),
}


def _binary(ufunc: np.ufunc, dx: Callable[..., Any], dy: Callable[..., Any]) -> None:
    def f(x: Any, y: Any) -> Any:
        ans = ufunc(x, y)
        return ans if ans.dtype in FLOATS else astype(ans, np.float64)

    f.__name__ = ufunc.__name__
    binary_rules(implements(ufunc)(primitive(f)), dx, dy)


for _ufunc, _slope in OF_X.items():
    _unary(_ufunc, of_x=_slope)
for _ufunc, _slope in OF_Y.items():
    _unary(_ufunc, of_y=_slope)
for _ufunc, _factor in LINEAR.items():
    _proportional(_ufunc, _factor)
for _ufunc, _slopes in BINARY.items():
    _binary(_ufunc, *_slopes)


def _is_zero(x: Any) -> bool:
    return type(x) in (int, float) and x == 0


def _gap(x: Any, y: Any) -> Any:
    """x - y, and 0 where both are the same infinity."""
    if _is_zero(y):
        return x
    if _is_zero(x):
        return -y
    a, b = plain(x), plain(y)
    if np.isfinite(sum(a)) and np.isfinite(sum(b)):  # of a sum it is quicker than of all; a false alarm costs little
        return x - y
    same = np.isinf(a) & (a == b)
    return where(same, 0.0, where(same, 0.0, x) - where(same, 0.0, y))


@implements(np.logaddexp)
def _log_of_sum(x: Any, y: Any) -> Any:
    if _is_zero(x) or _is_zero(y):  # log(1 + e^x)
        x = y if _is_zero(x) else x
        return _softplus(x) if x.size > _LARGE else softplus(x)
    return _logaddexp(x, y)


@primitive
def _logaddexp(x: Any, y: Any) -> Any:
    """log(e^x + e^y) = max(x, y) + log(1 + e^-|x - y|): NumPy's own is several times as slow."""
    ans = _kernels.logaddexp(x, y)
    return np.maximum(x, y) + softplus(-np.abs(_gap(x, y))) if ans is NotImplemented else ans


binary_rules(
    _logaddexp,
    lambda g, ans, x, y: g * sigmoid(_gap(x, y)),
    lambda g, ans, x, y: g * sigmoid(_gap(y, x)),
)

_LARGE = 1000  # elements, from where a second exponential costs more than the general form of a primitive


@primitive
def _softplus(
    x: Any, *_: Any
) -> Any:  # the open arguments are never used: they make it a primitive of the general form
    return softplus(x)


def _softplus_with_slope(needed: Any, x: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The slope σ(x) comes from the exponential that the value needs; derivatives of it need x."""
    if type(x) is not np.ndarray or x.dtype not in FLOATS:
        return softplus(x), lambda g: (g * sigmoid(x),)
    ans, slope = np.empty(x.shape, x.dtype), np.empty(x.shape, x.dtype)
    _kernels.softplus_and_slope(ans, slope, x)
    return ans, lambda g: (g * slope,)


defvjp_forward(_softplus, _softplus_with_slope)
defjvp(_softplus, lambda t, ans, x: t * sigmoid(x))

# Steps: the derivative is zero wherever it exists.
constant(np.floor_divide, np.heaviside)


@method("__floordiv__")
def _floordiv(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y)


@method("__rfloordiv__")
def _rfloordiv(y: Any, x: Any) -> Any:
    return np.floor_divide(x, y)


@method("__mod__")
def _mod(x: Any, y: Any) -> Any:
    return np.remainder(x, y)


@method("__rmod__")
def _rmod(y: Any, x: Any) -> Any:
    return np.remainder(x, y)


@implements(np.divmod)
@method("__divmod__")
def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    return np.floor_divide(x, y), np.remainder(x, y)


@method("__rdivmod__")
def _rdivmod(y: Any, x: Any) -> tuple[Any, Any]:
    return _divmod(x, y)


@implements(np.modf)
def _modf(x: Any) -> tuple[Any, Any]:
    whole = np.trunc(x)
    return subtract(x, whole), whole


@implements(np.frexp)
def _frexp(x: Any) -> tuple[Any, Any]:
    """x = m 2^e: the mantissa m has the slope 2^-e, the exponent is a step."""
    _, exponent = np.frexp(plain(x))
    return _ldexp(x, -exponent), exponent


@implements(np.float_power)
def _float_power(x: Any, y: Any) -> Any:
    return power(astype(x, np.float64), y)


@implements(np.ldexp)
def _ldexp(x: Any, exponent: Any) -> Any:
    return multiply(x, np.ldexp(x.dtype.type(1), exponent))


@implements(np.conjugate, np.real, np.real_if_close)
@method("conj", "conjugate")
def _itself(x: Any) -> Any:
    """A real number is its own conjugate."""
    return x


@primitive
def _sine_quotient(z: Any, n: Any) -> Any:
    """The n-th derivative of sin(z) / z: z f⁽ⁿ⁾ + n f⁽ⁿ⁻¹⁾ = sin⁽ⁿ⁾, and where that cancels the power series."""
    x = np.asarray(z, np.float64)
    near = np.abs(x) < n + 1
    far = np.where(near, n + 1.0, x)
    f = np.sin(far) / far
    for k in range(1, n + 1):
        f = (np.sin(far + k * np.pi / 2) - k * f) / far
    close = np.where(near, x, 0.0)
    term, series = close ** (n % 2), np.zeros_like(x)
    for j in range(n % 2, 4 * n + 30, 2):  # Σ ± z^j / j! / (j + n + 1) with j + n even
        series += term * ((-1) ** ((j + n) // 2) / (j + n + 1))
        term = term * close * close / ((j + 1) * (j + 2))
    return np.where(near, series, f).astype(as_float(z, "sinc", "x").dtype)[()]


defvjp(_sine_quotient, lambda ans, z, n: lambda g: g * _sine_quotient(z, n + 1), None)
defjvp(_sine_quotient, lambda t, ans, z, n: t * _sine_quotient(z, n + 1), None)


@implements(np.sinc)
def _sinc(x: Any) -> Any:
    return _sine_quotient(multiply(x, float(np.pi)), 0)


@implements(np.nan_to_num)
def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    values = plain(x)
    replaced = np.nan_to_num(values, nan=nan, posinf=posinf, neginf=neginf)
    return where(np.isfinite(values), x, replaced)


def _outer(ufunc: np.ufunc) -> None:
    def outer(x: Any, y: Any) -> Any:
        return ufunc(reshape(x, (*shape_of(x), *(1,) * len(shape_of(y)))), y)

    implements(ufunc.outer)(outer)


for _ufunc in (np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.logaddexp, *BINARY):
    _outer(_ufunc)
