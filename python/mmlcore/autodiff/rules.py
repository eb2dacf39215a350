"""Derivative rules: how a primitive is given them, and how they are kept."""

from collections.abc import Callable
from typing import Any, NoReturn

from mmlcore._errors import message

__all__ = ["Pullback", "Rule", "Rules", "defvjp", "defvjp_forward", "defvjp_joint", "only"]

Pullback = Callable[[Any], Any]
Rule = Callable[..., Pullback] | None


class Rules:
    """The derivative rules of one primitive, in whichever of the three forms it was given them."""

    __slots__ = ("both", "forward", "general", "joint", "name", "vjps")

    def __init__(self, name: str, general: bool) -> None:
        self.name, self.general = name, general
        self.vjps: tuple[Rule, ...] = (self.missing, self.missing)
        self.both: Callable[..., Pullback] = self.pair
        self.joint: Callable[..., Pullback] | None = None
        self.forward: Callable[..., tuple[Any, Pullback]] | None = None

    def missing(self, *_: Any, **__: Any) -> Pullback:
        """Stands where no rule has been given."""
        raise TypeError(f"{self.name}: no derivative rule in mmlcore")

    def keyword(self) -> NoReturn:
        """Refuse a Tensor passed by keyword: it would go unnoticed."""
        raise TypeError(message(self.name, "every Tensor", "a positional argument", "one by keyword"))

    def pair(self, ans: Any, x: Any, y: Any) -> Pullback:
        """The pullback to both arguments of a binary primitive, from its two separate rules."""
        pullbacks = [rule and rule(ans, x, y) for rule in self.vjps[:2]]
        return lambda g: [pullback and pullback(g) for pullback in pullbacks]

    def pullback(self, needed: tuple[int, ...], ans: Any, args: Any, kwargs: Any) -> Pullback | None:
        """The pullback to the argument or the arguments `needed`, as a tape's node has it; None if all are zero."""
        if self.joint:
            pullback = self.joint(needed, ans, args, kwargs)
            return only(pullback) if len(needed) == 1 else pullback
        rules = [self.vjps[i] if i < len(self.vjps) else self.missing for i in needed]
        if len(rules) == 1:
            return rules[0] and rules[0](ans, *args, **kwargs)
        pullbacks = [rule and rule(ans, *args, **kwargs) for rule in rules]
        return (lambda g: [pullback and pullback(g) for pullback in pullbacks]) if any(pullbacks) else None


def only(pullback: Pullback) -> Pullback:
    """The pullback to one argument, from one that gives a tuple."""
    return lambda g: pullback(g)[0]


def _rules_of(function: str, prim: Callable[..., Any]) -> Rules:
    try:
        return prim._rules  # type: ignore[attr-defined]
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
    rules.vjps = (*vjps, rules.missing, rules.missing)
    rules.both = both or rules.pair


def defvjp_joint(prim: Callable[..., Any], rule: Callable[..., Pullback]) -> None:
    """Give a primitive one rule for all its arguments, for kernels that compute all gradients in one call.

    Parameters
    ----------
    prim : primitive
    rule : callable
        `rule(needed, ans, args, kwargs)`, `needed` the positions of the arguments that need a gradient;
        returns the pullback, which gives a tuple of as many gradients (None for zero) in that order.
    """
    rules = _rules_of("defvjp_joint", prim)
    rules.joint = rule
    rules.both = lambda ans, x, y: rule((0, 1), ans, (x, y), {})
    rules.vjps = (
        lambda ans, *args: only(rule((0,), ans, args, {})),
        lambda ans, *args: only(rule((1,), ans, args, {})),
    )


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
    rules = _rules_of("defvjp_forward", prim)
    if not rules.general:
        expectation = "a primitive with options or more than two arguments"
        raise TypeError(message("defvjp_forward", "prim", expectation, rules.name))
    rules.forward = forward
