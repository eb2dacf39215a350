"""Derivative rules: the three ways to give them, zero and missing ones."""

import numpy as np
import pytest

from mmlcore import grad
from mmlcore.autodiff import check_grads, defvjp, defvjp_forward, defvjp_joint, primitive


def unruled(arity):
    @primitive
    def one(x):
        return x

    @primitive
    def two(x, y):
        return x * y

    @primitive
    def three(x, y, z):
        return x * y + z

    return {1: one, 2: two, 3: three}[arity]


@pytest.mark.parametrize("arity", [1, 2, 3])
@pytest.mark.parametrize("which", [0, -1])
def test_a_missing_rule_is_an_error_when_it_is_needed(arity, which):
    f = unruled(arity)
    args = [2.0] * arity
    with pytest.raises(TypeError, match=rf"^{f.__name__}: no derivative rule in mmlcore$"):
        grad(f, argnums=which)(*args)
    if arity > 1:
        defvjp(f, lambda ans, x, y, *_: lambda g: g * y)
        assert grad(f)(*args) == 2.0
        with pytest.raises(TypeError, match=r"no derivative rule"):
            grad(f, argnums=-1)(*args)
        with pytest.raises(TypeError, match=r"no derivative rule"):
            grad(lambda x: f(*[x] * arity))(2.0)


@pytest.mark.parametrize("arity", [1, 2, 3])
def test_the_rule_none_is_a_zero_derivative(arity):
    f = unruled(arity)
    defvjp(f, *[None] * arity)
    assert grad(lambda x: f(*[x] * arity))(3.0) == 0.0
    assert grad(lambda x: f(*[x] * arity) * x)(3.0) == f(*[3.0] * arity)


def test_one_zero_among_the_rules():
    f = unruled(2)
    defvjp(f, lambda ans, x, y: lambda g: g * y, None)
    assert grad(lambda x: f(x, x))(3.0) == 3.0
    assert grad(lambda x, y: f(x, y), argnums=(0, 1))(3.0, 5.0) == (5.0, 0.0)


def test_both_replaces_the_two_rules_when_both_are_needed():
    f = unruled(2)
    rule = lambda ans, x, y: lambda g: g * 100  # noqa: E731
    defvjp(f, rule, rule, both=lambda ans, x, y: lambda g: (g * y, g * x))
    assert grad(f, argnums=(0, 1))(3.0, 5.0) == (5.0, 3.0)
    assert grad(f)(3.0, 5.0) == 100.0


@pytest.mark.parametrize("arity", [1, 2, 3])
def test_a_joint_rule_is_told_what_is_needed(arity):
    f = unruled(arity)
    asked = []

    def rule(needed, ans, args, kwargs):
        asked.append(needed)
        slopes = {1: lambda: [1.0], 2: lambda: [args[1], args[0]], 3: lambda: [args[1], args[0], 1.0]}[arity]()
        return lambda g: tuple(g * slopes[i] for i in needed)

    defvjp_joint(f, rule)
    args = [2.0, 3.0, 4.0][:arity]
    slopes = {1: [1.0], 2: [3.0, 2.0], 3: [3.0, 2.0, 1.0]}[arity]
    for i in range(arity if arity != 1 else 1):
        assert grad(f, argnums=i)(*args) == slopes[i]
    assert grad(f, argnums=tuple(range(arity)))(*args) == tuple(slopes)
    assert asked == [*[(i,) for i in range(arity)], tuple(range(arity))]
    check_grads(f, tuple(args), order=2)


def test_a_forward_rule_hands_its_leftovers_to_the_way_back():
    calls = []

    @primitive
    def tangent(x, *, shift=0.0):
        return np.sin(x + shift) / np.cos(x + shift)

    def forward(needed, x, *, shift=0.0):
        calls.append(needed)
        cosine = np.cos(x + shift)
        return np.sin(x + shift) / cosine, lambda g: (g / cosine**2,)

    defvjp_forward(tangent, forward)
    assert grad(tangent)(0.3, shift=0.2) == pytest.approx(1 / np.cos(0.5) ** 2, rel=1e-15)
    assert calls == [(0,)]
    check_grads(lambda x: tangent(x, shift=0.2), (0.3,), order=3)


def test_a_forward_rule_needs_the_general_wrapper():
    with pytest.raises(TypeError, match=r"^defvjp_forward: prim must be a primitive with options or more"):
        defvjp_forward(unruled(2), lambda needed, x, y: None)


@pytest.mark.parametrize("define", [defvjp, defvjp_joint, defvjp_forward])
def test_only_primitives_have_rules(define):
    with pytest.raises(TypeError, match=rf"^{define.__name__}: prim must be a primitive, got"):
        define(np.sin, lambda ans, x: lambda g: g)
