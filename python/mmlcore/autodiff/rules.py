"""Derivative rules: how a primitive is given them, and how they are kept.

A primitive needs one of the two, `defvjp` for the way back or `defjvp` for the way forward: each is the transpose
of the other, and the missing one is derived by transposing the given one. Giving both saves time.
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff.tape import Tape, backward
from mmlcore.autodiff.tensor import Tensor

__all__ = ["Pullback", "Rule", "Rules", "defbatch", "defjvp", "defjvp_joint", "defvjp", "defvjp_forward"]
__all__ += ["defvjp_joint", "transposed"]

Pullback = Callable[[Any], Any]
Rule = Callable[..., Pullback] | None


class Rules:
    """The derivative rules of one primitive, in whichever form it was given them."""

    __slots__ = ("batch", "both", "forward", "general", "joint", "jvp_joint", "jvps", "name", "vjps")

    def __init__(self, name: str, general: bool) -> None:
        self.name, self.general = name, general
        self.vjps: tuple[Rule, ...] = (self.missing, self.missing, self.missing)
        self.both: Callable[..., Pullback] = self.pair
        self.joint: Callable[..., Pullback] | None = None
        self.forward: Callable[..., tuple[Any, Pullback]] | None = None
        self.jvps: tuple[Callable[..., Any] | None, ...] | None = None
        self.jvp_joint: Callable[..., Any] | None = None
        self.batch: Callable[..., Any] | None = None

    def missing(self, *_: Any, **__: Any) -> Pullback:
        """Stands where no rule has been given."""
        raise TypeError(f"{self.name}: no derivative rule in mmlcore")

    def keyword(self) -> NoReturn:
        """Refuse a Tensor passed by keyword: it would go unnoticed."""
        raise TypeError(message(self.name, "every Tensor", "a positional argument", "one by keyword"))

    def blame(self, error: Exception) -> None:
        """Say in which primitive's rule an error arose."""
        if not str(error).startswith(f"{self.name}: "):
            error.add_note(f"in the derivative rule of {self.name}")

    def pair(self, ans: Any, x: Any, y: Any) -> Pullback:
        """The pullback to both arguments of a binary primitive, from its two separate rules."""
        pullbacks = [rule and rule(ans, x, y) for rule in self.vjps[:2]]
        return lambda g: [pullback and pullback(g) for pullback in pullbacks]

    def pullback(self, needed: tuple[int, ...], ans: Any, args: Any, kwargs: Any) -> Pullback | None:
        """The pullback to the argument or the arguments `needed`, as a tape's node has it; None if all are zero."""
        if self.joint:
            pullback = self.joint(needed, ans, args, kwargs)
            return _only(pullback) if len(needed) == 1 else pullback
        rules = [self.vjps[i] if i < len(self.vjps) else self.missing for i in needed]
        if len(rules) == 1:
            return rules[0] and rules[0](ans, *args, **kwargs)
        pullbacks = [rule and rule(ans, *args, **kwargs) for rule in rules]
        return (lambda g: [pullback and pullback(g) for pullback in pullbacks]) if any(pullbacks) else None

    def record(self, call: Any, needed: tuple[int, ...], values: Any, kwargs: Any) -> tuple[Any, Pullback | None]:
        """The value of the primitive `call`, and its pullback."""
        if self.forward:
            ans, pullback = self.forward(needed, *values, **kwargs)
            return ans, _only(pullback) if len(needed) == 1 else pullback
        ans = call(*values, **kwargs)
        try:
            return ans, self.pullback(needed, ans, values, kwargs)
        except Exception as error:
            self.blame(error)
            raise

    def push(self, needed: tuple[int, ...], tangents: list[Any], ans: Any, args: Any, kwargs: Any) -> Any:
        """The tangent of `ans` from those of the arguments `needed`; None if it is zero."""
        try:
            if self.jvp_joint:
                return self.jvp_joint(needed, tangents, ans, args, kwargs)
            if self.jvps is None:
                return self._transposed_pullback(needed, tangents, ans, args, kwargs)
            total: Any = None
            for i, tangent in zip(needed, tangents, strict=True):
                jvp = self.jvps[i] if i < len(self.jvps) else self.missing
                if jvp is not None:
                    part = jvp(tangent, ans, *args, **kwargs)
                    total = part if total is None else total + part
            return total
        except Exception as error:
            self.blame(error)
            raise

    def _transposed_pullback(
        self, needed: tuple[int, ...], tangents: list[Any], ans: Any, args: Any, kwargs: Any
    ) -> Any:
        if self.forward:
            _, pullback = self.record(None, needed, args, kwargs)
        else:
            pullback = self.pullback(needed, ans, args, kwargs)
        if pullback is None:
            return None
        several = pullback if len(needed) > 1 else lambda g: (pullback(g),)
        return transposed(several, ans, tangents)

    def transposed_jvp(self, i: int) -> Rule:
        """The rule for the way back to argument i, from the one for the way forward."""

        def rule(ans: Any, *args: Any, **kwargs: Any) -> Pullback:
            return lambda g: transposed(lambda t: (self.push((i,), [t], ans, args, kwargs),), args[i], [g])

        return rule


def transposed(linear: Callable[[Any], Sequence[Any]], like: Any, seeds: Sequence[Any]) -> Any:
    """Apply the transpose of a linear function, recorded on a tape of its own at 0; None is zero.

    `linear` takes an array of the shape and dtype of `like` to as many arrays as there are `seeds`.
    """
    tape = Tape(1)
    outputs = linear(Tensor(np.zeros(like.shape, like.dtype)[()], tape, 0))
    pairs = zip(outputs, seeds, strict=True)
    depending = [(out.node, seed) for out, seed in pairs if type(out) is Tensor and out.tape is tape]
    return backward(tape.close(), depending, 1)[0]


def _only(pullback: Pullback) -> Pullback:
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
        lambda ans, *args: _only(rule((0,), ans, args, {})),
        lambda ans, *args: _only(rule((1,), ans, args, {})),
        lambda ans, *args: _only(rule((2,), ans, args, {})),
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


def defjvp(prim: Callable[..., Any], *jvps: Callable[..., Any] | str | None) -> None:
    """Give a primitive its rules for forward mode, one per positional argument.

    Without them forward mode transposes the rules of `defvjp`; without those, reverse mode transposes these.

    Parameters
    ----------
    prim : primitive
    *jvps : callable, "linear" or None
        `jvp(tangent, ans, *args, **kwargs)` gives the part of the tangent of `ans` (of its shape) that comes from
        the tangent of this argument; written with primitives, it can be differentiated again. "linear": the
        primitive is linear in this argument, so its tangent takes its place. None: the derivative is zero.

    Examples
    --------
    >>> from mmlcore.autodiff import defjvp, grad, primitive
    >>> @primitive
    ... def cube(x):
    ...     return x**3
    >>> defjvp(cube, lambda t, ans, x: t * 3 * x**2)
    >>> float(grad(cube)(2.0))  # reverse mode, by transposition
    12.0
    """
    rules = _rules_of("defjvp", prim)
    rules.jvps = tuple(_substituted(prim, i) if jvp == "linear" else jvp for i, jvp in enumerate(jvps))  # type: ignore[misc]
    if rules.missing in rules.vjps[:1] and not (rules.joint or rules.forward):
        rules.vjps = tuple(jvp and rules.transposed_jvp(i) for i, jvp in enumerate(jvps))  # type: ignore[misc]
        rules.vjps += (rules.missing, rules.missing)


def _substituted(prim: Callable[..., Any], i: int) -> Callable[..., Any]:
    if i == 0:
        return lambda t, ans, x, *args, **kwargs: prim(t, *args, **kwargs)
    return lambda t, ans, *args, **kwargs: prim(*args[:i], t, *args[i + 1 :], **kwargs)


def defjvp_joint(prim: Callable[..., Any], rule: Callable[..., Any]) -> None:
    """Give a primitive one rule for forward mode in all its arguments together.

    Parameters
    ----------
    prim : primitive
    rule : callable
        `rule(needed, tangents, ans, args, kwargs)`, `tangents` those of the arguments at the positions `needed`;
        returns the tangent of `ans`, or None for zero.
    """
    _rules_of("defjvp_joint", prim).jvp_joint = rule


def defbatch(prim: Callable[..., Any], rule: Callable[..., Any]) -> None:
    """Tell a primitive how to treat many tangents or gradients at once, stacked along a new first axis.

    Without it the primitive is called once for each. It saves time in `jacobian` and `hessian` only.

    Parameters
    ----------
    prim : primitive
    rule : callable
        `rule(stacked, size, *args, **kwargs)`; `stacked[i]` says whether argument i has the new axis, of length
        `size`. Returns the result with the axis, or NotImplemented.
    """
    _rules_of("defbatch", prim).batch = rule
