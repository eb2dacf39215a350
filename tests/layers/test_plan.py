"""A plan gives the numbers of `call` and of its gradient, bit for bit, on buffers that never move."""

import numpy as np
import pytest

from mmlcore import value_and_grad
from mmlcore.layers import Activation, Dense, Layer
from mmlcore.layers.activations import FUSED

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("activation", sorted(FUSED))
def test_dense(activation, use_bias, dtype):
    layer = Dense(4, activation, use_bias)
    layer.prepare((None, 3), dtype, seed=0)
    x, dx = np.empty((6, 3), dtype), np.empty((6, 3), dtype)
    gradients = [np.empty_like(weight) for weight in layer.weights]
    plan = layer.plan(x, dx, gradients, activate=True)

    for _ in range(2):  # new numbers in the same buffers
        x[:] = RNG.standard_normal((6, 3))
        seed = RNG.standard_normal((6, 4)).astype(dtype)
        plan.forward()
        plan.output_gradient[:] = seed
        plan.backward()

        weights = layer.weights

        def weighted(x, *values, seed=seed, weights=weights):
            for name, value in zip(layer.weight_names, values, strict=True):
                setattr(layer, name, value)
            y = layer.call(x)
            for name, weight in zip(layer.weight_names, weights, strict=True):
                setattr(layer, name, weight)
            return (y * seed).sum()

        _, expected = value_and_grad(weighted, argnums=tuple(range(1 + len(weights))))(x, *weights)
        np.testing.assert_array_equal(plan.output, layer.call(x))
        for got, want in zip([dx, *gradients], expected, strict=True):
            np.testing.assert_array_equal(got, want)


def test_before_the_activation_and_without_the_gradient_of_the_inputs():
    layer = Dense(4, np.square)
    layer.prepare((None, 3), np.float64, seed=0)
    x = RNG.standard_normal((6, 3))
    gradients = [np.empty_like(weight) for weight in layer.weights]
    assert layer.plan(x, None, gradients, activate=True) is None
    plan = layer.plan(x, None, gradients, activate=False)
    plan.forward()
    np.testing.assert_array_equal(plan.output, layer.preactivation(x))
    plan.output_gradient[:] = 1
    plan.backward()
    np.testing.assert_allclose(gradients[0], np.tile(x.sum(axis=0)[:, None], 4))
    np.testing.assert_allclose(gradients[1], 6)


def test_layers_have_no_plan_unless_they_say_so():
    assert Activation(np.square).plan(np.zeros((2, 2)), None, [], activate=True) is None
    assert Layer().plan(np.zeros((2, 2)), None, [], activate=True) is None
