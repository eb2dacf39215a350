"""Primitives: functions that the tape records as one step."""

from collections.abc import Callable
from functools import update_wrapper
from types import FunctionType
from typing import Any, TypeVar

from mmlcore._errors import message
from mmlcore.autodiff.rules import Rules
from mmlcore.autodiff.tensor import Tensor

__all__ = ["primitive"]

F = TypeVar("F", bound=Callable[..., Any])

_OPEN_ARGUMENTS = 0x04 | 0x08  # code flags of *args and **kwargs


def primitive(f: F) -> F:
    """Make `f` a step that the tape records when a positional argument is a Tensor.

    Only the Tensors of the innermost level are opened; `f` is then called again with what they contain, so
    that outer levels record what they need. Without Tensors `f` is called as it is.

    Parameters
    ----------
    f : callable
        Takes arrays as positional arguments and options as keywords; returns one array; changes nothing.

    Returns
    -------
    callable
        `f` with the same signature. Give it rules with `defvjp` or `defjvp` (or their `_joint` and `_forward` forms).

    Raises
    ------
    TypeError
        If `f` is a builtin, a ufunc or another object that is not written with `def` or `lambda`.

    Examples
    --------
    >>> from mmlcore.autodiff import defvjp, grad, primitive
    >>> @primitive
    ... def cube(x):
    ...     return x**3
    >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    >>> float(grad(cube)(2.0))
    12.0
    """
    if not isinstance(f, FunctionType):
        raise TypeError(message("primitive", "f", "a function written in Python", repr(f)))
    code = f.__code__
    fixed = not (code.co_flags & _OPEN_ARGUMENTS or code.co_kwonlyargcount or f.__defaults__)
    make = {1: _unary, 2: _binary, 3: _ternary}.get(code.co_argcount, _general) if fixed else _general
    rules = Rules(f.__name__.lstrip("_"), general=make in (_ternary, _general))
    call = make(f, rules, Tensor)
    # The wrapper takes over the names of f's arguments, and f's globals: doctest looks for it in f's module.
    own = call.__code__
    n = own.co_argcount  # 0 for the general wrapper
    own = own.replace(co_varnames=code.co_varnames[:n] + own.co_varnames[n:])
    call = FunctionType(own, f.__globals__, f.__name__, None, call.__closure__)
    update_wrapper(call, f)
    call._rules = rules  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


# The wrappers below are the price of every recorded operation: hence one for each arity, and no
# helper calls inside. They refer to nothing but their closure (see the last lines of `primitive`).


def _unary(f: Callable[..., Any], rules: Rules, tensor: type[Tensor]) -> Any:
    def call(x: Any) -> Any:
        if type(x) is not tensor:
            return f(x)
        tape = x.tape
        nodes = tape.nodes
        if nodes is None:
            return tape.process(call, rules, (x,), {})
        value = x.value
        ans = call(value) if type(value) is tensor else f(value)
        rule = rules.vjps[0]
        if rule is None:
            return ans
        try:
            entry = (rule(ans, value), x.node)
        except Exception as error:
            rules.blame(error)
            raise
        node = len(nodes)
        nodes.append(entry)
        return tensor(ans, tape, node)

    return call


def _binary(f: Callable[..., Any], rules: Rules, tensor: type[Tensor]) -> Any:
    def call(x: Any, y: Any) -> Any:
        on_x = type(x) is tensor
        on_y = type(y) is tensor
        if on_x and on_y and x.tape is not y.tape:  # only the innermost is opened now
            on_x = x.tape.number > y.tape.number
            on_y = not on_x

        if on_x:
            tape = x.tape
            a = x.value
            b = y.value if on_y else y
        elif on_y:
            tape = y.tape
            a = x
            b = y.value
        else:
            return f(x, y)
        nodes = tape.nodes
        if nodes is None:
            return tape.process(call, rules, (x, y), {})

        ans = call(a, b) if type(a) is tensor or type(b) is tensor else f(a, b)
        try:
            if on_x and on_y:
                entry: tuple[Any, ...] = (rules.both(ans, a, b), x.node, y.node)
            else:
                rule = rules.vjps[on_y]
                if rule is None:
                    return ans
                entry = (rule(ans, a, b), x.node if on_x else y.node)
        except Exception as error:
            rules.blame(error)
            raise
        node = len(nodes)
        nodes.append(entry)
        return tensor(ans, tape, node)

    return call


def _ternary(f: Callable[..., Any], rules: Rules, tensor: type[Tensor]) -> Any:
    general = _general(f, rules, tensor)

    def call(x: Any, y: Any, z: Any) -> Any:
        a, b, c = x, y, z
        if type(x) is tensor:
            i, on, a = 0, x, x.value
        elif type(y) is tensor:
            i, on, b = 1, y, y.value
        elif type(z) is tensor:
            i, on, c = 2, z, z.value
        else:
            return f(x, y, z)
        nodes = on.tape.nodes
        if nodes is None or rules.forward or type(a) is tensor or type(b) is tensor or type(c) is tensor:
            return general(x, y, z)  # another Tensor beside this one, or within it

        ans = f(a, b, c)
        try:
            rule = rules.vjps[i]
            if rule is None:
                return ans
            entry = (rule(ans, a, b, c), on.node)
        except Exception as error:
            rules.blame(error)
            raise
        node = len(nodes)
        nodes.append(entry)
        return tensor(ans, on.tape, node)

    return call


def _general(f: Callable[..., Any], rules: Rules, tensor: type[Tensor]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        tape = None
        for x in args:
            if type(x) is tensor and (tape is None or x.tape.number > tape.number):
                tape = x.tape
        if kwargs:
            for x in kwargs.values():
                if type(x) is tensor:
                    rules.keyword()
        if tape is None:
            return f(*args, **kwargs)
        nodes = tape.nodes
        if nodes is None:
            return tape.process(call, rules, args, kwargs)

        needed: tuple[int, ...] = ()
        parents: tuple[int, ...] = ()
        values = list(args)
        inner: Any = f
        for i, x in enumerate(args):
            if type(x) is tensor:
                if x.tape is tape:
                    needed, parents = (*needed, i), (*parents, x.node)
                    x = values[i] = x.value
                if type(x) is tensor:  # of an outer level
                    inner = call
        ans, pullback = rules.record(inner, needed, values, kwargs)
        if pullback is None:
            return ans
        node = len(nodes)
        nodes.append((pullback, *parents))
        return tensor(ans, tape, node)

    return call
