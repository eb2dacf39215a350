"""Plans of recurrent layers: the bits of a call, and of training that is not recorded."""

import numpy as np
import pytest

from mmlcore import value_and_grad
from mmlcore.layers import Dense
from mmlcore.layers.context import context
from mmlcore.models import Sequential
from recurrent_layers import LAYERS, built

RNG = np.random.default_rng(0)


@LAYERS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_sequences": True},
        {"go_backwards": True, "return_sequences": True, "use_bias": False},
        {"dropout": 0.3, "recurrent_dropout": 0.4, "return_sequences": True, "seed": 3},
    ],
    ids=["last", "all", "backwards", "dropout"],
)
def test_the_plan_gives_the_bits_of_the_call(cls, options, dtype):
    layer, twin = built(cls, dtype=dtype, **options), built(cls, dtype=dtype, **options)
    twin.set_weights(layer.weights)
    x, dx = np.empty((6, 5, 3), dtype), np.empty((6, 5, 3), dtype)
    gradients = [np.empty_like(weight) for weight in layer.weights]
    plan = layer.plan(x, dx, gradients, activate=True)
    for _ in range(2):  # new numbers in the same buffers
        x[:] = RNG.standard_normal(x.shape)
        plan.forward()
        seed = RNG.standard_normal(plan.output.shape).astype(dtype)
        plan.output_gradient[:] = seed
        plan.backward()
        weights = twin.weights

        def weighted(x, *values, seed=seed, weights=weights):
            for name, value in zip(twin.weight_names, values, strict=True):
                vars(twin)[name] = value
            y = twin.call(x)
            for name, weight in zip(twin.weight_names, weights, strict=True):
                vars(twin)[name] = weight
            return (y * seed).sum(), y

        with context(training=True):
            (_, y), expected = value_and_grad(weighted, argnums=tuple(range(1 + len(weights))), has_aux=True)(
                x, *weights
            )
        np.testing.assert_array_equal(plan.output, y)
        for got, want in zip([dx, *gradients], expected, strict=True):
            np.testing.assert_array_equal(got, want)


@LAYERS
def test_stateful_training_is_the_same_recorded_or_not(cls):
    x, y = RNG.standard_normal((24, 4, 2)).astype(np.float32), RNG.standard_normal((24, 1)).astype(np.float32)
    ends = []
    for capture in (True, False):
        model = Sequential([cls(5, stateful=True), Dense(1)], seed=0)
        model.compile("adam", "mse")
        model.fit(x, y, batch_size=6, epochs=2, shuffle=False, verbose=0, capture=capture)
        assert (model.not_captured is None) == capture
        ends.append((model.theta, model.layers[0].states[0]))
    for recorded, stepped in zip(*ends, strict=True):
        np.testing.assert_array_equal(recorded, stepped)
