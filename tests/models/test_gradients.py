"""The gradient of a batch: planned where everything has a plan, taped elsewhere, right in both."""

import numpy as np
import pytest

from mmlcore import losses
from mmlcore.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Embedding,
    Flatten,
    Layer,
    LayerNormalization,
    MaxPooling2D,
    ReLU,
)
from mmlcore.layers.convolution import _Convolution
from mmlcore.layers.pooling import _Pooling
from mmlcore.models import Sequential
from mmlcore.models.gradients import PlannedGradient, TapeGradient
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


class TapedFlatten(Flatten):
    def call(self, inputs):
        return super().call(inputs)


@pytest.mark.parametrize(
    ("before", "left"),
    [
        (lambda: [Conv2D(3, 3, activation="relu")], True),
        (lambda: [Conv2D(3, 3), BatchNormalization(), ReLU()], True),
        (lambda: [Conv2D(3, 3, activation="tanh")], False),
    ],
    ids=["convolution", "activation", "tanh"],
)
@pytest.mark.parametrize(
    ("pool", "largest"),
    [
        (lambda: MaxPooling2D(2), True),
        (lambda: MaxPooling2D(3, 2, padding="same"), True),
        (lambda: AveragePooling2D(2), False),
    ],
    ids=["tiling", "overlapping", "average"],
)
def test_a_pool_rectifies_for_the_layer_before(monkeypatch, before, left, pool, largest):
    calls, in_one = [], []
    original, halved = MaxPooling2D.plan_rectified, Conv2D.plan_halved
    monkeypatch.setattr(_Pooling, "plan_rectified", lambda *args: calls.append(1) or original(*args))
    monkeypatch.setattr(_Convolution, "plan_halved", lambda *args: in_one.append(1) or halved(*args))
    x, labels = RNG.standard_normal((4, 9, 8, 2)), np.arange(4) % 2
    found = []
    for flatten in (Flatten(), TapedFlatten()):
        model = Sequential([*before(), pool(), flatten, Dense(2, "softmax")], dtype="float64", seed=0)
        model.compile(SGD(0.0), "sparse_categorical_crossentropy")
        loss = model.train_on_batch(x, labels)
        (step,) = model._training_step()._steps.values()
        assert isinstance(step._gradient, PlannedGradient if type(flatten) is Flatten else TapeGradient)
        found.append((loss, model.gradient.copy()))
    # the tape comes after a plan that does not reach the end
    one_pass = isinstance(before()[-1], Conv2D) and left and largest and pool().halves
    assert len(in_one) == 2 * one_pass
    assert len(calls) == 2 * (left and largest and not one_pass)
    (planned, by_plan), (taped, by_tape) = found
    assert planned == pytest.approx(taped, rel=1e-13)
    np.testing.assert_allclose(by_plan, by_tape, rtol=0, atol=1e-14)


class Fortieth(MaxPooling2D):
    """A pool of its own, all of it."""

    def call(self, inputs):
        return super().call(inputs) / 40

    def preactivation(self, inputs):
        return self.call(inputs)

    def activate(self, preactivation):
        return preactivation

    def plan(self, x, dx, gradients, activate):
        return None

    def plan_rectified(self, x, dx):
        raise AssertionError("not wanted")


def test_a_pool_of_the_users_own_is_asked():
    x = RNG.standard_normal((3, 9, 8, 2))
    model = Sequential([Conv2D(3, 3, activation="relu"), Fortieth(2)], dtype="float64", seed=0)
    plain = Sequential([Conv2D(3, 3, activation="relu"), MaxPooling2D(2)], dtype="float64", seed=0)
    np.testing.assert_allclose(model.predict(x), plain.predict(x) / 40, rtol=1e-13)


class TwiceConvolved(Conv2D):
    def call(self, inputs):
        return 2 * super().call(inputs)


@pytest.mark.parametrize(
    ("layers", "halved"),
    [
        (lambda: [Conv2D(5, 3, activation="relu"), MaxPooling2D(), DepthwiseConv2D(2, activation="relu")], 1),
        (lambda: [DepthwiseConv2D(3, depth_multiplier=2, activation="relu"), MaxPooling2D(2, 2)], 1),
        (
            lambda: [
                Conv2D(16, 3, padding="same", activation="relu"),
                MaxPooling2D((2, 2), padding="valid"),
                Conv2D(17, 3, padding="same", activation="relu", use_bias=False),
                MaxPooling2D(2),
            ],
            2,
        ),
        (lambda: [Conv2D(4, 5, strides=2, padding="same", activation="relu"), MaxPooling2D(2)], 1),
        (lambda: [Conv2D(4, 3, activation="relu"), MaxPooling2D(2, padding="same")], 0),
        (lambda: [Conv2D(4, 3, activation="relu"), MaxPooling2D(2, strides=1)], 0),
        (lambda: [Conv2D(4, 3, activation="relu", activity_regularizer="l2"), MaxPooling2D(2)], 0),
        (lambda: [Conv2D(4, 3, activation="relu"), MaxPooling2D(2, activity_regularizer="l2")], 1),
        (lambda: [TwiceConvolved(4, 3, activation="relu"), MaxPooling2D(2)], 0),
        (lambda: [Conv2D(4, 3), MaxPooling2D(2)], 0),
        (lambda: [Conv2D(17, 1, activation="relu"), MaxPooling2D(2)], 1),  # asked, and declines
    ],
)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-4)])
def test_a_convolution_and_its_maxima_in_one(monkeypatch, layers, halved, dtype, tolerance):
    in_one, original = [], Conv2D.plan_halved
    monkeypatch.setattr(_Convolution, "plan_halved", lambda *args: in_one.append(1) or original(*args))
    x, labels = RNG.standard_normal((5, 13, 12, 2)).astype(dtype), np.arange(5) % 2
    found = []
    for flatten in (Flatten(), TapedFlatten()):
        model = Sequential([*layers(), flatten, Dense(2, "softmax")], dtype=dtype, seed=0)
        model.compile(SGD(0.0), "sparse_categorical_crossentropy")
        loss = model.train_on_batch(x, labels)
        found.append((loss, model.gradient.copy(), model.predict(x), np.asarray(model(x))))
        if type(flatten) is Flatten:
            assert len(in_one) == 2 * halved  # the step's and the prediction's
    (planned, by_plan, predicted, called), (taped, by_tape, _, _) = found
    assert planned == pytest.approx(taped, rel=tolerance)
    np.testing.assert_allclose(by_plan, by_tape, rtol=0, atol=tolerance)
    np.testing.assert_allclose(predicted, called, rtol=0, atol=tolerance)


@pytest.mark.parametrize("cls", [Doubled, Preactivated, Activated])
def test_the_loss_goes_round_no_method_of_a_subclass(cls):
    model = Sequential([cls(2, "softmax")], dtype="float64", seed=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    p = model.predict(X)
    expected = -np.log(p / p.sum(axis=1, keepdims=True))[np.arange(8), LABELS].mean()
    assert model.evaluate(X, LABELS) == pytest.approx(expected, rel=1e-9)
    assert model.train_on_batch(X, LABELS) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 2e-4)])
@pytest.mark.parametrize("capture", [True, False])
def test_a_network_of_all_layers_against_torch(capture, dtype, tolerance):
    torch = pytest.importorskip("torch")
    from torch import nn

    words, labels = RNG.integers(0, 9, (12, 4)), RNG.integers(0, 5, 12)
    layers = [Embedding(9, 3), Flatten(), Dense(8, "gelu"), BatchNormalization(), LayerNormalization()]
    model = Sequential([*layers, Dense(6, "silu"), Activation("elu"), Dense(5, "softmax")], dtype=dtype, seed=0)
    model.compile(SGD(0.0), "sparse_categorical_crossentropy")
    model.build((None, 4))
    model.theta[:] = RNG.uniform(-1, 1, model.theta.size)

    theirs = nn.Sequential(
        nn.Embedding(9, 3), nn.Flatten(), nn.Linear(12, 8), nn.GELU(), nn.BatchNorm1d(8, eps=1e-3, momentum=0.01),
        nn.LayerNorm(8, eps=1e-3), nn.Linear(8, 6), nn.SiLU(), nn.ELU(), nn.Linear(6, 5),
    ).to(getattr(torch, dtype))  # fmt: skip
    weights = [w for layer in model.layers for w in [getattr(layer, name) for name in layer.weight_names]]
    with torch.no_grad():
        for parameter, weight in zip(theirs.parameters(), weights, strict=True):
            dense = weight.ndim == 2 and weight is not weights[0]
            parameter.copy_(torch.tensor(weight.T if dense else weight))
    loss = nn.functional.cross_entropy(theirs(torch.tensor(words)), torch.tensor(labels))
    loss.backward()

    history = model.fit(words, labels, batch_size=12, shuffle=False, verbose=0, capture=capture)
    assert history.history["loss"][0] == pytest.approx(loss.item(), rel=tolerance)
    for parameter, slope in zip(theirs.parameters(), model._theta.gradient_views, strict=True):
        expected = parameter.grad.numpy()
        expected = (
            expected.T if slope.shape != expected.shape or (slope.ndim == 2 and slope.shape != (9, 3)) else expected
        )
        np.testing.assert_allclose(slope, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(model.layers[3].moving_mean, theirs[4].running_mean.numpy(), rtol=10 * tolerance)
