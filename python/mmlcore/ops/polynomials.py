"""Polynomials by their coefficients, highest power first, and the matrices and grids that go with them."""

from typing import Any

import numpy as np

from mmlcore.autodiff import implements
from mmlcore.ops.arithmetic import add, multiply, power, subtract
from mmlcore.ops.convolution import convolve
from mmlcore.ops.indexing import getitem, scatter
from mmlcore.ops.joining import concatenate
from mmlcore.ops.shape import expand_dims, ravel, reshape, shape_of
from mmlcore.ops.transcendental import exp, log

__all__: list[str] = []


@implements(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    """The value at x, by Horner's rule."""
    y: Any = 0.0 * x
    for i in range(shape_of(p)[0]):
        y = y * x + getitem(p, i)
    return y


def _of_length(p: Any, n: int) -> Any:
    """The same polynomial with zeros for higher powers."""
    return scatter(p, slice(n - shape_of(p)[0], n), (n,)) if shape_of(p)[0] < n else p


def _same_length(a: Any, b: Any) -> tuple[Any, Any]:
    a, b = np.atleast_1d(a), np.atleast_1d(b)
    n = max(shape_of(a)[0], shape_of(b)[0])
    return _of_length(a, n), _of_length(b, n)


@implements(np.polyadd)
def _polyadd(a: Any, b: Any) -> Any:
    return add(*_same_length(a, b))


@implements(np.polysub)
def _polysub(a: Any, b: Any) -> Any:
    return subtract(*_same_length(a, b))


@implements(np.polymul)
def _polymul(a: Any, b: Any) -> Any:
    return convolve(np.atleast_1d(a), np.atleast_1d(b))


@implements(np.polyder)
def _polyder(p: Any, m: int = 1) -> Any:
    for _ in range(m):
        n = shape_of(p)[0]
        p = multiply(getitem(p, slice(None, n - 1)), np.arange(n - 1, 0, -1, dtype=p.dtype))
    return p


@implements(np.polyint)
def _polyint(p: Any, m: int = 1) -> Any:
    for _ in range(m):
        n = shape_of(p)[0]
        p = concatenate([multiply(p, 1 / np.arange(n, 0, -1, dtype=p.dtype)), np.zeros(1, p.dtype)])
    return p


@implements(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """The powers of x in columns."""
    powers = np.arange(shape_of(x)[0] if N is None else N)
    return expand_dims(x, 1) ** (powers if increasing else powers[::-1]).astype(x.dtype)


@implements(np.linspace)
def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    """Evenly spaced numbers between two ends, along a new first axis."""
    share = np.linspace(0.0, 1.0, num, endpoint=endpoint).astype(np.result_type(start, stop, np.float32))
    share = share.reshape((-1, *(1,) * max(len(shape_of(start)), len(shape_of(stop)))))
    return start * (1 - share) + stop * share


@implements(np.bincount)
def _bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """The sum of the weights of every number."""
    x = np.asarray(x)
    length = max(int(x.max()) + 1 if x.size else 0, minlength)
    return scatter(ravel(reshape(weights, x.shape)), x, (length,))


@implements(np.logspace)
def _logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10.0) -> Any:
    return power(base, _linspace(start, stop, num, endpoint))


@implements(np.geomspace)
def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    return exp(_linspace(log(start), log(stop), num, endpoint))
