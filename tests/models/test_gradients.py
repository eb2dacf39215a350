"""The gradient of a batch: planned where everything has a plan, taped elsewhere, right in both."""

import numpy as np
import pytest

from mmlcore import losses
from mmlcore.layers import Dense, Layer
from mmlcore.models import Sequential
from mmlcore.models.gradients import TapeGradient
from mmlcore.optimizers import SGD

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
LABELS = RNG.integers(0, 2, 8)


class Doubled(Dense):
    """Inherits a plan that is not its own."""

    def call(self, inputs):
        return 2 * super().call(inputs)


class Preactivated(Dense):
    def preactivation(self, inputs):
        return 3 * super().preactivation(inputs)


class Activated(Dense):
    def activate(self, preactivation):
        return super().activate(preactivation) ** 2


class Total(losses.MeanSquaredError):
    def __call__(self, y_true, y_pred):
        return 5 * super().__call__(y_true, y_pred)


class Cubic(losses.MeanSquaredError):
    def call(self, y_true, y_pred):
        return (abs(y_pred - y_true) ** 3).mean(axis=-1)


class Mine(Layer):
    def call(self, inputs):
        return inputs * inputs


@pytest.mark.parametrize(
    ("layers", "loss"),
    [
        ([Doubled(2)], "mse"),
        ([Preactivated(2)], "mse"),
        ([Activated(2, "relu")], "mse"),
        ([Dense(2)], Total()),
        ([Mine(), Dense(2)], "mse"),
        ([Dense(2, lambda z: z * z)], "mse"),
        ([Dense(2)], Cubic()),
        ([Dense(2)], lambda t, p: ((t - p) ** 2).mean(axis=1)),
    ],
    ids=[
        "own call",
        "own preactivation",
        "own activate",
        "own mean",
        "own layer",
        "own activation",
        "inherited loss",
        "loss without plan",
    ],
)
def test_what_has_no_plan_is_taped_and_right(layers, loss):
    model = Sequential(layers, dtype="float64", seed=0)
    model.compile(SGD(0.0), loss)
    model.train_on_batch(X, Y)
    (step,) = model._training_step()._steps.values()
    assert isinstance(step._gradient, TapeGradient)
    numeric = model.theta.copy()
    for i in range(numeric.size):
        kept, step = model.theta[i], 1e-6
        model.theta[i] = kept + step
        above = model.evaluate(X, Y)
        model.theta[i] = kept - step
        numeric[i] = (above - model.evaluate(X, Y)) / (2 * step)
        model.theta[i] = kept
    np.testing.assert_allclose(model.gradient, numeric, atol=1e-7)


@pytest.mark.parametrize("cls", [Doubled, Preactivated, Activated])
def test_the_loss_goes_round_no_method_of_a_subclass(cls):
    model = Sequential([cls(2, "softmax")], dtype="float64", seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    p = model.predict(X)
    expected = -np.log(p / p.sum(axis=1, keepdims=True))[np.arange(8), LABELS].mean()
    assert model.evaluate(X, LABELS) == pytest.approx(expected, rel=1e-9)
    assert model.train_on_batch(X, LABELS) == pytest.approx(expected, rel=1e-9)
