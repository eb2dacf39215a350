"""Normalising layers: training and inference, moving averages, frozen layers; the formulas are in tests/ops."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops
from mmlcore.layers import BatchNormalization, Dense, LayerNormalization
from mmlcore.layers.context import context
from mmlcore.models import Sequential
from mmlcore.optimizers import SGD

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 4)) * [1, 2, 3, 4] + [5, 0, -5, 1]


def built(layer, dtype=np.float64):
    layer.prepare((None, 4), dtype, seed=0)
    return layer


def test_training_normalises_by_the_batch_and_inference_by_the_averages():
    layer = built(BatchNormalization(momentum=0.9, epsilon=1e-6))
    layer.gamma, layer.beta = [1, 2, 3, 4], [0, 1, 0, -1]
    with context(training=True):
        y = layer.call(X)
    np.testing.assert_allclose(y.mean(axis=0), layer.beta, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=0), layer.gamma, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * X.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * X.var(axis=0), rtol=1e-12)
    expected = (X - layer.moving_mean) / np.sqrt(layer.moving_variance + 1e-6) * layer.gamma + layer.beta
    np.testing.assert_allclose(layer(X), expected, rtol=1e-12)


def test_in_the_end_inference_does_what_training_did():
    model = Sequential([BatchNormalization(momentum=0.5), Dense(1)], dtype="float64", seed=0)
    model.compile(SGD(0.0), "mse")
    y = RNG.standard_normal((30, 1))
    history = model.fit(X, y, batch_size=30, epochs=60, verbose=0)
    assert history.history["loss"][-1] == pytest.approx(model.evaluate(X, y), rel=1e-6)


def test_state_is_no_part_of_theta_but_of_the_weights():
    model = Sequential([BatchNormalization(), Dense(2)], seed=0)
    model.build((None, 4))
    assert model.theta.size == 4 + 4 + 8 + 2
    assert model.count_params() == 4 * 4 + 8 + 2
    assert [w.shape for w in model.get_weights()] == [(4,)] * 4 + [(4, 2), (2,)]
    other = Sequential([BatchNormalization(), Dense(2)], seed=1)
    model.compile("sgd", "mse")
    model.fit(X, X[:, :2], verbose=0)
    other.build((None, 4))
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_a_frozen_layer_keeps_weights_and_averages():
    layer = BatchNormalization(trainable=False)
    model = Sequential([layer, Dense(2)], seed=0)
    model.compile("adam", "mse")
    model.fit(X, X[:, :2], verbose=0, epochs=2)
    np.testing.assert_array_equal(layer.moving_mean, 0)
    np.testing.assert_array_equal(layer.gamma, 1)
    np.testing.assert_array_equal(layer.moving_variance, 1)


@pytest.mark.parametrize("cls", [BatchNormalization, LayerNormalization])
@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}, {"center": False, "scale": False}])
def test_gradients_with_any_weights(cls, options):
    layer = built(cls(**options))
    with context(training=True):
        check_grads(layer.call, (X[:6],), order=2, rtol=1e-5)
    assert layer.weight_names == [n for n, o in (("gamma", "scale"), ("beta", "center")) if options.get(o, True)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("cls", [BatchNormalization, LayerNormalization])
def test_the_plan_is_the_layer(cls, dtype):
    layer = built(cls(), dtype)
    x, g = X[:8].astype(dtype), RNG.standard_normal((8, 4)).astype(dtype)
    dx, gradients = np.empty_like(x), [np.empty(4, dtype), np.empty(4, dtype)]
    plan = layer.plan(x, dx, gradients, activate=True)
    plan.forward()
    plan.output_gradient[...] = g
    plan.backward()
    with context(training=True):
        np.testing.assert_array_equal(plan.output, layer.call(x))
        np.testing.assert_array_equal(dx, grad(lambda x: ops.sum(g * layer.call(x)))(x))
    np.testing.assert_allclose(gradients[1], g.sum(axis=0), rtol=1e-5)


@pytest.mark.parametrize(("options", "text"), [({"momentum": 1.0}, "momentum"), ({"epsilon": -1.0}, "epsilon")])
def test_arguments_are_checked(options, text):
    with pytest.raises(ValueError, match=rf"^BatchNormalization: {text} must be "):
        BatchNormalization(**options)
    with pytest.raises(ValueError, match=r"^BatchNormalization: inputs must be shape \(n, ..., features\), got shape"):
        BatchNormalization()(np.zeros(3))
