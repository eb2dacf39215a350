"""Pointwise losses: kernels against formulas, in both dtypes and any width; derivatives to second order."""

import numpy as np
import pytest

from mmlcore import _kernels, check_grads, grad, ops
from mmlcore.ops.losses import POINTWISE

RNG = np.random.default_rng(0)

# name: c, p and t for n numbers away from kinks, l(p, t) written with NumPy
CASES = {
    "squared_error": (0.0, lambda n: (RNG.standard_normal(n), RNG.standard_normal(n)), lambda p, t: (p - t) ** 2),
    "absolute_error": (0.0, lambda n: (RNG.standard_normal(n), RNG.standard_normal(n)), lambda p, t: np.abs(p - t)),
    "percentage_error": (
        0.25,
        lambda n: (RNG.standard_normal(n), RNG.choice([-2.0, 0.1, 1.5], n)),
        lambda p, t: 100 * np.abs(p - t) / np.maximum(np.abs(t), 0.25),
    ),
    "huber_error": (
        0.7,
        lambda n: (RNG.standard_normal(n), RNG.standard_normal(n)),
        lambda p, t: np.where(np.abs(p - t) <= 0.7, (p - t) ** 2 / 2, 0.7 * np.abs(p - t) - 0.7**2 / 2),
    ),
    "hinge": (
        0.0,
        lambda n: (RNG.standard_normal(n), RNG.choice([-1.0, 1.0], n)),
        lambda p, t: np.maximum(0, 1 - t * p),
    ),
    "squared_hinge": (
        0.0,
        lambda n: (RNG.standard_normal(n), RNG.choice([-1.0, 1.0], n)),
        lambda p, t: np.maximum(0, 1 - t * p) ** 2,
    ),
    "binary_cross_entropy": (
        1e-7,
        lambda n: (RNG.uniform(0.05, 0.95, n), RNG.uniform(0, 1, n)),
        lambda p, t: -(t * np.log(p) + (1 - t) * np.log(1 - p)),
    ),
    "binary_cross_entropy_of_logits": (
        0.0,
        lambda n: (5 * RNG.standard_normal(n), RNG.uniform(0, 1, n)),
        lambda z, t: t * np.log1p(np.exp(-z)) + (1 - t) * np.log1p(np.exp(z)),
    ),
    "kullback_leibler": (
        1e-7,
        lambda n: (RNG.uniform(0.05, 0.95, n), RNG.uniform(0.05, 0.95, n)),
        lambda p, t: t * np.log(t / p),
    ),
}
EVERY = pytest.mark.parametrize("name", CASES)


def test_every_kernel_has_its_formula_and_its_case():
    assert set(CASES) == set(POINTWISE) == set(_kernels.POINTWISE_LOSSES)


@EVERY
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 1), (6, 3), (4, 17), (3, 2, 40), (2, 3000), (70,)])
def test_values_and_gradients_of_any_width(name, dtype, shape):
    c, draw, formula = CASES[name]
    p, t = (a.reshape(shape).astype(dtype) for a in draw(int(np.prod(shape))))
    expected = formula(p.astype(float), t.astype(float))
    for mean in (True, False):
        got = ops.pointwise_loss(name, p, t, c, mean)
        assert got.dtype == dtype
        np.testing.assert_allclose(
            got, expected.mean(axis=-1) if mean else expected.sum(axis=-1), rtol=3e-4 if dtype == np.float32 else 1e-10
        )
    g = RNG.uniform(0.5, 1.5, shape[:-1]).astype(dtype)
    fused = grad(lambda p: ops.sum(g * ops.pointwise_loss(name, p, t, c)))(p)
    written = g[..., None] * np.asarray(POINTWISE[name][1](p, t, c)) / shape[-1]
    np.testing.assert_allclose(fused, written, rtol=1e-3 if dtype == np.float32 else 1e-9, atol=1e-6)


@EVERY
def test_derivatives_to_second_order_in_both_arguments(name):
    c, draw, _ = CASES[name]
    p, t = (a.reshape(3, 4) for a in draw(12))
    check_grads(lambda p: ops.pointwise_loss(name, p, t, c), (p,), order=2, rtol=1e-5)
    check_grads(lambda p, t: ops.pointwise_loss(name, p, t, c, False), (p, t), order=2, rtol=1e-5)


@EVERY
def test_what_is_not_a_number_shows(name):
    c, draw, _ = CASES[name]
    p, t = (a.reshape(4, 5) for a in draw(20))
    p[1, 2] = np.nan
    bad = np.isnan(ops.pointwise_loss(name, p, t, c))
    if name not in ("binary_cross_entropy", "kullback_leibler"):  # they keep predictions within bounds
        np.testing.assert_array_equal(bad, [False, True, False, False])
    assert not bad[[0, 2, 3]].any()


def test_shapes_are_broadcast_or_refused():
    np.testing.assert_allclose(ops.pointwise_loss("squared_error", np.ones((2, 3)), 0.0), [1, 1])
    with pytest.raises(ValueError, match="broadcast"):
        ops.pointwise_loss("squared_error", np.ones((2, 3)), np.ones((2, 2)))
    with pytest.raises(ValueError, match=r"^pointwise_loss: name must be one of 'squared_error'"):
        ops.pointwise_loss("cubic", np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match=r"squared_error_loss: t must be of 4 elements \(as p\), got \(3,\)"):
        _kernels.squared_error_loss(np.empty(2), np.ones(4), np.ones(3), 0.0, 1.0)
