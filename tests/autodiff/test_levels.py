"""Forward mode and stacks of directions, level by level."""

import numpy as np
import pytest

from mmlcore import Tensor, grad, jvp, ops
from mmlcore.autodiff import defvjp, primitive
from mmlcore.autodiff.levels import Batch, Forward, Stack

X = np.array([0.3, -0.7, 1.1])
V = np.array([1.0, 0.5, -2.0])


def test_a_forward_level_carries_the_tangent():
    level = Forward()
    y = np.sin(Tensor(X, level, V)) * 2.0
    assert np.array_equal(y.value, 2 * np.sin(X))
    np.testing.assert_allclose(y.node, 2 * np.cos(X) * V, rtol=1e-15)
    assert level.nodes is None


def test_what_does_not_depend_on_the_tensor_stays_plain():
    level = Forward()
    assert type(ops.sign(Tensor(X, level, V))) is np.ndarray  # its derivative is zero


def test_an_inner_level_has_the_higher_number():
    outer, inner, batch = Forward(), Forward(), Batch(2)
    assert outer.number < inner.number < batch.number


def test_a_stack_looks_like_one_of_its_arrays():
    stack = Stack(np.zeros((5, 2, 3), np.float32))
    assert (stack.shape, stack.ndim, stack.size, stack.dtype, len(stack)) == ((2, 3), 2, 6, np.float32, 2)


@pytest.mark.parametrize("with_rule", [False, True])
def test_a_batch_applies_a_primitive_to_every_array(with_rule):
    level, stack = Batch(4), np.arange(12.0).reshape(4, 3)
    if with_rule:
        y = level.tensor(stack) * X
    else:

        @primitive
        def scaled(x, factor):
            assert x.shape == (3,)
            return x * factor

        defvjp(scaled, lambda ans, x, factor: lambda g: scaled(g, factor), None)
        y = scaled(level.tensor(stack), X)
    assert y.shape == (3,)
    assert np.array_equal(y.value.array, stack * X)


def test_a_batch_says_zero_and_repeats_what_is_the_same_for_all():
    level = Batch(2)
    assert np.array_equal(level.array(None, (3,), np.float32), np.zeros((2, 3)))
    assert np.array_equal(level.array(X, (3,), np.float64), np.stack([X, X]))


def test_no_confusion_of_perturbations():
    """d/dx [x · d/dy (x + y)] = 1, in every mixture of modes; a confused engine gives 2."""
    forward = lambda f: lambda x: jvp(f, (x,), (1.0,))[1]  # noqa: E731
    for outer in (grad, forward):
        for inner in (grad, forward):
            assert outer(lambda x, d=inner: x * d(lambda y: x + y)(1.0))(1.0) == 1.0
            # d/dx [x · d/dy (x y²)] at y = x: d/dx 2 x³
            assert outer(lambda x, d=inner: x * d(lambda y: x * y * y)(x))(2.0) == pytest.approx(24.0)


def test_modes_nest_in_every_order():
    forward = lambda f: lambda x: jvp(f, (x,), (1.0,))[1]  # noqa: E731
    for a in (grad, forward):
        for b in (grad, forward):
            for c in (grad, forward):
                third = a(b(c(lambda x: np.exp(2 * x) * np.sin(x))))
                expected = (2 * np.sin(0.4) + 11 * np.cos(0.4)) * np.exp(0.8)
                assert third(0.4) == pytest.approx(expected, rel=1e-12)


def test_a_closed_level_lets_go():
    kept = []
    jvp(lambda x: kept.append(x * 2) or x, (X,), (V,))
    assert np.array_equal(np.asarray(kept[0]), 2 * X)
    assert type(grad(lambda x: np.sum(x * kept[0]))(X)) is np.ndarray
