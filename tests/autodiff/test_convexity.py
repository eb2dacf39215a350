"""Convexity on samples: right answers, and witnesses that are violations."""

import numpy as np
import pytest

from mmlcore import grad
from mmlcore.autodiff import is_convex_on

POINTS = list(np.random.default_rng(15).uniform(-2, 2, 30))
VECTORS = list(np.random.default_rng(16).normal(size=(20, 3)))

CONVEX = {
    "x²": (lambda x: x**2, POINTS),
    "|x|": (np.abs, POINTS),
    "e^x": (np.exp, POINTS),
    "linear": (lambda x: 3 * x - 1, POINTS),
    "norm": (np.linalg.norm, VECTORS),
    "log-sum-exp": (lambda x: np.log(np.sum(np.exp(x))), VECTORS),
    "largest": (np.max, VECTORS),
}
OTHERS = {
    "x³": (lambda x: x**3, POINTS),
    "sin": (np.sin, POINTS),
    "-x²": (lambda x: -(x**2), POINTS),
    "saddle": (lambda x: x[0] ** 2 - x[1] ** 2, VECTORS),
    "root of a norm": (lambda x: np.sqrt(np.sum(x * x)) ** 0.5, VECTORS),
}


@pytest.mark.parametrize("name", CONVEX)
def test_convex_functions_pass(name):
    answer = is_convex_on(*CONVEX[name])
    assert answer
    assert (answer.witness, answer.gap) == (None, 0.0)


@pytest.mark.parametrize("name", OTHERS)
def test_others_fail_with_a_witness_that_is_a_violation(name):
    f, points = OTHERS[name]
    answer = is_convex_on(f, points)
    assert not answer
    if answer.condition == "definition":
        x, y, weight = answer.witness
        violation = f(weight * x + (1 - weight) * y) - (weight * f(x) + (1 - weight) * f(y))
    else:
        x, y = answer.witness
        violation = f(x) + np.sum(grad(f)(x) * (np.asarray(y) - x)) - f(y)
    assert violation == pytest.approx(answer.gap)
    assert violation > 0


def test_a_violation_of_the_definition_alone():
    """A step down at 1 has slopes of zero: only the definition sees it."""
    answer = is_convex_on(lambda x: np.where(x > 0.5, 0.0, 1.0) + 0.0 * x, [0.0, 1.0])
    assert not answer
    assert answer.witness is not None


def test_refusals():
    with pytest.raises(ValueError, match=r"^is_convex_on: points must be at least two, got 1$"):
        is_convex_on(np.exp, [1.0])
    with pytest.raises(ValueError, match=r"^is_convex_on: weights must be between 0 and 1, got 2$"):
        is_convex_on(np.exp, [1.0, 2.0], weights=[2])


def test_a_function_without_a_value_is_not_called_convex():
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="is_convex_on: f must be defined at the points"):
        is_convex_on(np.log, [-1.0, 1.0])
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"nan at np\.float64"):
        is_convex_on(lambda x: np.sqrt(x * x - 1), [-1.0, 1.0])
