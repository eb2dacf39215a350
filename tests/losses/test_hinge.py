"""Hinge losses against their formulas."""

import numpy as np
import pytest

from mmlcore import check_grads, grad
from mmlcore.losses import Hinge, SquaredHinge, hinge, squared_hinge

RNG = np.random.default_rng(0)
T = RNG.choice([-1.0, 1.0], (6, 3))
P = RNG.standard_normal((6, 3)) * 2

CASES = pytest.mark.parametrize(
    ("cls", "function", "formula"),
    [
        (Hinge, hinge, lambda p, t: np.maximum(0, 1 - t * p)),
        (SquaredHinge, squared_hinge, lambda p, t: np.maximum(0, 1 - t * p) ** 2),
    ],
)


@CASES
def test_formula_and_derivatives(cls, function, formula):
    np.testing.assert_allclose(function(T, P), formula(P, T).mean(axis=1), rtol=1e-13)
    np.testing.assert_allclose(cls()(T, P), formula(P, T).mean(), rtol=1e-13)
    check_grads(lambda p: cls()(T, p), (P,), order=2)


@CASES
def test_zeros_and_ones_stand_for_the_signs(cls, function, formula):
    bits = (T + 1) / 2
    np.testing.assert_array_equal(function(bits, P), function(T, P))
    assert cls()(bits.astype(int), P) == cls()(T, P)
    np.testing.assert_array_equal(grad(lambda p: cls()(bits, p))(P), grad(lambda p: cls()(T, p))(P))


def test_beyond_the_margin_nothing_is_lost():
    np.testing.assert_array_equal(hinge([[1.0, -1.0]], [[1.0, -3.0]]), [0.0])
    np.testing.assert_array_equal(grad(lambda p: Hinge()(np.ones((1, 2)), p))(np.array([[1.0, 0.999]])), [[0, -0.5]])
