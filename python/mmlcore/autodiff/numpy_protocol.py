"""What NumPy's functions do when they meet a Tensor: the registry behind the two protocols.

The engine knows no operation. Whoever defines one registers it here, for NumPy's own function (`implements`)
and as a method of Tensor (`method`); functions without a derivative are listed with `constant`.
"""

from collections.abc import Callable
from inspect import signature
from typing import Any, TypeVar

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff.tensor import OVERRIDES, WITH_KEYWORDS, Tensor, plain

__all__ = ["constant", "implements", "method"]

F = TypeVar("F", bound=Callable[..., Any])


def implements(*numpy_functions: Callable[..., Any]) -> Callable[[F], F]:
    """Register a function as what each of `numpy_functions` does when an argument is a Tensor.

    Arguments of NumPy's that the function does not have are refused by name.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.autodiff import defvjp, grad, implements, primitive
    >>> @implements(np.sinc)
    ... @primitive
    ... def sinc(x):
    ...     return np.sinc(x)
    >>> defvjp(sinc, lambda ans, x: lambda g: g * (np.cos(np.pi * x) - ans) / x)
    >>> round(float(grad(np.sinc)(0.5)), 6)
    -1.27324
    """

    def register(f: F) -> F:
        for numpy_function in numpy_functions:
            OVERRIDES[numpy_function] = f
            WITH_KEYWORDS[numpy_function] = _checked(numpy_function, f)
        return f

    return register


def _checked(numpy_function: Callable[..., Any], f: Callable[..., Any]) -> Callable[..., Any]:
    """`f` for calls with keywords: NumPy's name for its first argument, a refusal of what NumPy has and `f` has not."""
    parameters = signature(f).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    accepted = frozenset(parameters)
    try:
        first = next(iter(signature(numpy_function).parameters), "a")
    except ValueError:  # some of NumPy's functions do not tell
        first = "a"

    def checked(*args: Any, **kwargs: Any) -> Any:
        if not args and first in kwargs:
            args = (kwargs.pop(first),)
        for keyword in kwargs:
            if keyword not in accepted and not takes_all:
                name = numpy_function.__name__
                raise TypeError(message(name, keyword, "left out when an argument is a Tensor", "a value for it"))
        return f(*args, **kwargs)

    return f if isinstance(numpy_function, np.ufunc) else checked


def constant(*numpy_functions: Callable[..., Any]) -> None:
    """Let NumPy functions whose derivative is zero or that return no real numbers work on the values."""
    for numpy_function in numpy_functions:
        OVERRIDES[numpy_function] = WITH_KEYWORDS[numpy_function] = _on_values(numpy_function)


def _on_values(numpy_function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: numpy_function(*plain(args), **plain(kwargs))


def method(*names: str) -> Callable[[F], F]:
    """Register a function, whose first argument is the Tensor, as methods or operators of Tensor."""

    def register(f: F) -> F:
        if f.__name__.startswith("_"):
            f.__qualname__ = names[0]  # Python's errors about arguments name what was called
        for name in names:
            setattr(Tensor, name, f)
        return f

    return register
