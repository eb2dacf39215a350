"""Primitives: functions that the tape records as one step, and the declaration of their derivative rules."""

from collections.abc import Callable
from functools import update_wrapper
from types import FunctionType
from typing import Any, TypeVar

from mmlcore.autodiff.tensor import Tensor

__all__ = ["defvjp", "defvjp_forward", "defvjp_joint", "primitive"]

F = TypeVar("F", bound=Callable[..., Any])
Pullback = Callable[[Any], Any]
Rule = Callable[..., Pullback] | None

_OPEN_ARGUMENTS = 0x04 | 0x08  # code flags of *args and **kwargs


class _Rules:
    """The derivative rules of one primitive, in whichever of the three forms it was given them."""

    __slots__ = ("both", "forward", "joint", "name", "vjps")

    def __init__(self, name: str) -> None:
        self.name = name
        self.vjps: tuple[Rule, ...] = (self.missing, self.missing)
        self.both: Callable[..., Pullback] = self.pair
        self.joint: Callable[..., Pullback] | None = None
        self.forward: Callable[..., tuple[Any, Pullback]] | None = None

    def missing(self, *_: Any, **__: Any) -> Pullback:
        raise TypeError(f"{self.name}: no derivative rule in mmlcore")

    def pair(self, ans: Any, x: Any, y: Any) -> Pullback:
        """The pullback to both arguments of a binary primitive, from its two separate rules."""
        pullbacks = [rule and rule(ans, x, y) for rule in self.vjps]
        return lambda g: [pullback and pullback(g) for pullback in pullbacks]

    def pullback(self, needed: tuple[int, ...], ans: Any, args: Any, kwargs: Any) -> Pullback | None:
        """The pullback to the arguments `needed`, which gives one gradient for each; None if all are zero."""
        if self.joint:
            return self.joint(needed, ans, args, kwargs)
        rules = [self.vjps[i] if i < len(self.vjps) else self.missing for i in needed]
        pullbacks = [rule and rule(ans, *args, **kwargs) for rule in rules]
        return (lambda g: [pullback and pullback(g) for pullback in pullbacks]) if any(pullbacks) else None


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
        `f` with the same signature. Give it rules with `defvjp`, `defvjp_joint` or `defvjp_forward`.

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
    rules = _Rules(f.__name__)
    code = f.__code__
    fixed = not (code.co_flags & _OPEN_ARGUMENTS or code.co_kwonlyargcount or f.__defaults__)
    make = {1: _unary, 2: _binary}.get(code.co_argcount, _general) if fixed else _general
    call = make(f, rules, Tensor)
    # With f's own globals the wrapper belongs to f's module, where doctest looks for it.
    call = FunctionType(call.__code__, f.__globals__, f.__name__, None, call.__closure__)
    update_wrapper(call, f)
    call._rules = rules  # type: ignore[attr-defined]
    return call  # type: ignore[return-value]


# The three wrappers below are the price of every recorded operation: hence one for each arity, and no
# helper calls inside. They refer to nothing but their closure (see the last lines of `primitive`).


def _unary(f: Callable[..., Any], rules: _Rules, tensor: type[Tensor]) -> Any:
    def call(x: Any) -> Any:
        if type(x) is not tensor:
            return f(x)
        value = x.value
        ans = call(value) if type(value) is tensor else f(value)
        rule = rules.vjps[0]
        if rule is None:
            return ans
        tape = x.tape
        nodes = tape.nodes
        node = len(nodes)
        nodes.append((rule(ans, value), x.node))
        return tensor(ans, tape, node)

    return call


def _binary(f: Callable[..., Any], rules: _Rules, tensor: type[Tensor]) -> Any:
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

        ans = call(a, b) if type(a) is tensor or type(b) is tensor else f(a, b)
        if on_x and on_y:
            entry = (rules.both(ans, a, b), x.node, y.node)
        else:
            rule = rules.vjps[on_y]
            if rule is None:
                return ans
            entry = (rule(ans, a, b), x.node if on_x else y.node)
        nodes = tape.nodes
        node = len(nodes)
        nodes.append(entry)
        return tensor(ans, tape, node)

    return call


def _general(f: Callable[..., Any], rules: _Rules, tensor: type[Tensor]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        tape = None
        for x in args:
            if type(x) is tensor and (tape is None or x.tape.number > tape.number):
                tape = x.tape
        if tape is None:
            return f(*args, **kwargs)

        inner = [type(x) is tensor and x.tape is tape for x in args]
        needed = tuple([i for i, opened in enumerate(inner) if opened])
        values = [x.value if opened else x for x, opened in zip(args, inner)]  # noqa: B905
        if rules.forward:
            ans, pullback = rules.forward(needed, *values, **kwargs)
        else:
            ans = call(*values, **kwargs)
            pullback = rules.pullback(needed, ans, values, kwargs)
        if pullback is None:
            return ans

        if len(needed) == 1:
            entry = (lambda g: pullback(g)[0], args[needed[0]].node)
        else:
            entry = (pullback, *[args[i].node for i in needed])
        nodes = tape.nodes
        node = len(nodes)
        nodes.append(entry)
        return tensor(ans, tape, node)

    return call


def _rules_of(function: str, prim: Callable[..., Any]) -> _Rules:
    try:
        return prim._rules  # type: ignore[attr-defined, no-any-return]
    except AttributeError:
        raise TypeError(f"{function}: prim must be a primitive, got {prim!r}") from None


def defvjp(prim: Callable[..., Any], *vjps: Rule, both: Callable[..., Pullback] | None = None) -> None:
    """Give a primitive its derivative rules, one per positional argument.

    Parameters
    ----------
    prim : primitive
    *vjps : callable or None
        `rule(ans, *args, **kwargs)` is called when the operation is recorded and returns the pullback: the
        function from the gradient of a scalar with respect to `ans` (of `ans`'s shape) to that with respect
        to the argument (of the argument's shape). Written with primitives, it can be differentiated again.
        It should hold on to nothing that it does not need. None: the derivative is zero.
    both : callable, optional
        For a binary primitive, `both(ans, x, y)`: one pullback to the pair of gradients, when both
        arguments need one. It saves time; without it the two rules are used.
    """
    rules = _rules_of("defvjp", prim)
    rules.vjps = vjps
    rules.both = both or rules.pair


def defvjp_joint(prim: Callable[..., Any], rule: Callable[..., Pullback]) -> None:
    """Give a primitive one rule for all its arguments, for kernels that compute all gradients in one call.

    Parameters
    ----------
    prim : primitive
        With three or more arguments, or with options.
    rule : callable
        `rule(needed, ans, args, kwargs)`, `needed` the positions of the arguments that need a gradient;
        returns the pullback, which gives a tuple of as many gradients (None for zero) in that order.
    """
    _rules_of("defvjp_joint", prim).joint = rule


def defvjp_forward(prim: Callable[..., Any], forward: Callable[..., tuple[Any, Pullback]]) -> None:
    """Give a primitive a rule that computes the value too, for kernels that leave something for the way back.

    Parameters
    ----------
    prim : primitive
        With three or more arguments, or with options.
    forward : callable
        `forward(needed, *args, **kwargs)` replaces the call of the primitive; returns its value and the
        pullback of `defvjp_joint`. Arguments may be Tensors of outer levels.
    """
    _rules_of("defvjp_forward", prim).forward = forward
