"""Dropout and noise: nothing outside of training, the right distribution in it, new draws, seeds."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore.layers import Dense, Dropout, GaussianNoise
from mmlcore.layers.context import context
from mmlcore.models import Sequential

X = np.ones((400, 50))
LAYERS = pytest.mark.parametrize("make", [lambda **o: Dropout(0.3, **o), lambda **o: GaussianNoise(0.5, **o)])


def built(layer, seed=0):
    layer.prepare((None, 50), np.float64, seed=seed)
    return layer


@LAYERS
def test_outside_of_training_nothing_happens(make):
    layer = built(make())
    assert layer.call(X) is X
    assert layer.draw[0] == 0
    model = Sequential([layer_ := make(), Dense(1)], seed=0, dtype="float64")
    model.build((None, 50))
    np.testing.assert_array_equal(model.predict(X), model.layers[1](X))
    assert layer_.draw[0] == 0


def test_in_training_a_share_is_dropped_and_the_mean_stays():
    layer = built(Dropout(0.3))
    with context(training=True):
        y = layer.call(X)
    assert set(np.unique(y)) == {0.0, 1 / 0.7}
    assert abs((y == 0).mean() - 0.3) < 0.02
    assert abs(y.mean() - 1) < 0.02


def test_in_training_noise_has_its_deviation():
    layer = built(GaussianNoise(0.5))
    with context(training=True):
        noise = layer.call(X) - X
    assert abs(noise.mean()) < 0.02
    assert abs(noise.std() - 0.5) < 0.02


@LAYERS
def test_draws_differ_and_seeds_decide_them(make):
    def draws(layer):
        with context(training=True):
            return [layer.call(X) for _ in range(2)]

    one, again, other = draws(built(make())), draws(built(make())), draws(built(make(), seed=1))
    np.testing.assert_array_equal(one, again)
    assert (one[0] != one[1]).any()
    assert (one[0] != other[0]).any()
    np.testing.assert_array_equal(draws(built(make(seed=5), 1)), draws(built(make(seed=5), 2)))


@LAYERS
def test_the_gradient_goes_through_the_same_draw(make):
    layer = built(make())
    x = np.random.default_rng(0).standard_normal((3, 50))

    def call(x):
        layer.draw[0] = 7
        with context(training=True):
            return layer.call(x) ** 2

    check_grads(call, (x,), order=2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_planned_dropout_against_its_gradient(dtype):
    layer = Dropout(0.4)
    layer.prepare((None, 50), dtype, seed=0)
    x, g = np.random.default_rng(0).standard_normal((2, 8, 50)).astype(dtype)
    dx = np.empty_like(x)
    plan = layer.plan(x, dx, [], activate=True)
    plan.forward()
    mask = plan.output / x
    plan.output_gradient[...] = g
    plan.backward()
    np.testing.assert_allclose(dx, g * mask, rtol=1e-5)
    assert layer.draw[0] == 1


@pytest.mark.parametrize("rate", [-0.1, 1.0, float("nan"), "half", True])
def test_rates_are_checked(rate):
    with pytest.raises(ValueError, match=r"^Dropout: rate must be a number in \[0, 1\), got "):
        Dropout(rate)


@pytest.mark.parametrize("stddev", [-1, float("inf"), None])
def test_deviations_are_checked(stddev):
    with pytest.raises(ValueError, match=r"^GaussianNoise: stddev must be a finite number of at least 0, got "):
        GaussianNoise(stddev)
