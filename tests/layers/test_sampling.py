"""Drawn codes: the mean outside of training, the right distribution in it, the plan's numbers those of the call."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore.autodiff import vjp
from mmlcore.layers import GaussianSampling
from mmlcore.layers.context import context

RNG = np.random.default_rng(0)


def built(columns, dtype=np.float64, seed=0, key=None):
    layer = GaussianSampling(key)
    layer.prepare((None, columns), dtype, seed=seed)
    return layer


def test_outside_of_training_the_code_is_the_mean():
    layer, x = built(6), RNG.standard_normal((5, 6))
    np.testing.assert_array_equal(layer.call(x), x[:, :3])
    assert layer.draw[0] == 0
    assert layer.output_shape == (None, 3)


def test_draws_have_mean_and_variance():
    mean, variance = np.array([1.0, -2.0]), np.array([4.0, 0.25])
    x = np.tile(np.concatenate([mean, np.log(variance)]), (20_000, 1))
    with context(training=True):
        z = built(4).call(x)
    np.testing.assert_allclose(z.mean(axis=0), mean, atol=0.05)
    np.testing.assert_allclose(z.var(axis=0), variance, rtol=0.05)
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.03


def test_draws_differ_and_seeds_decide_them():
    x = np.zeros((3, 4))

    def draws(layer):
        with context(training=True):
            return [layer.call(x) for _ in range(2)]

    one, again = draws(built(4)), draws(built(4))
    np.testing.assert_array_equal(one, again)
    assert (one[0] != one[1]).all()
    assert (one[0] != draws(built(4, seed=1))[0]).all()
    np.testing.assert_array_equal(draws(built(4, seed=1, key=5)), draws(built(4, seed=2, key=5)))


def test_the_gradient_goes_through_the_same_draw():
    layer = built(4)

    def call(x):
        layer.draw[0] = 3
        with context(training=True):
            return layer.call(x) ** 2

    check_grads(call, (RNG.standard_normal((3, 4)),), order=2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("d", [1, 2, 7])
def test_the_plan_is_the_call(d, dtype):
    x, g = RNG.standard_normal((9, 2 * d)).astype(dtype), RNG.standard_normal((9, d)).astype(dtype)
    layer = built(2 * d, dtype)
    dx = np.empty_like(x)
    plan = layer.plan(x, dx, [], activate=True)
    plan.forward()
    plan.output_gradient[...] = g
    plan.backward()
    assert layer.draw[0] == 1
    layer.draw[0] = 0
    with context(training=True):
        z, pullback = vjp(layer.call, x)
        taped = pullback(g)[0]
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(plan.output, z, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(dx, taped, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(None, 3), (None, 4, 2)])
def test_rows_of_pairs_or_an_error(shape):
    with pytest.raises(ValueError, match=r"^GaussianSampling: inputs must be rows of an even number of columns"):
        GaussianSampling().compute_output_shape(shape)
