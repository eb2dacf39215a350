"""A step is one update by the batch's gradient; planned and taped steps give the same bits."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from mmlcore import losses
from mmlcore.layers import Dense, Layer
from mmlcore.models import Sequential
from mmlcore.models.parameters import Parameters
from mmlcore.models.steps import PlannedGradient, TapeGradient, TrainingStep
from mmlcore.optimizers import SGD, Adam

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
LABELS = RNG.integers(0, 2, 8)


def linear_step(loss="mse", rate=0.1):
    layer = Dense(2)
    layer.prepare((None, 3), np.float64, seed=0)
    parameters = Parameters([layer], np.float64)
    optimizer = SGD(rate)
    optimizer.build(parameters.theta)
    step = TrainingStep([layer], False, layer.call, losses.get(loss), parameters, optimizer)
    return layer, parameters, step


@pytest.mark.parametrize("loss", ["mse", lambda t, p: ((t - p) ** 2).mean(axis=1)], ids=["planned", "taped"])
@pytest.mark.parametrize("rows", [[0, 1, 2, 3, 4, 5, 6, 7], [6, 0, 6]])
def test_a_step_is_gradient_descent_on_the_rows(loss, rows):
    layer, parameters, step = linear_step(loss)
    kernel, bias = layer.kernel.copy(), layer.bias.copy()
    x, y = X[rows], Y[rows]
    residual = x @ kernel + bias - y

    value, outputs = step(X, Y, np.array(rows))

    assert type(value) is float
    assert value == pytest.approx((residual**2).mean(), rel=1e-12)
    np.testing.assert_allclose(outputs, residual + y, rtol=1e-12)
    np.testing.assert_allclose(layer.kernel, kernel - 0.1 * 2 * x.T @ residual / residual.size, rtol=1e-12)
    np.testing.assert_allclose(layer.bias, bias - 0.1 * 2 * residual.sum(axis=0) / residual.size, rtol=1e-12)
    assert layer.kernel is parameters.views[0]


def test_an_interrupted_step_leaves_theta_and_the_layers_as_they_were():
    def interrupted(y_true, y_pred):
        raise KeyboardInterrupt

    layer, parameters, step = linear_step(interrupted)
    before = parameters.theta.copy()
    with pytest.raises(KeyboardInterrupt):
        step(X, Y, np.arange(8))
    np.testing.assert_array_equal(parameters.theta, before)
    assert layer.kernel is parameters.views[0]


ARCHITECTURES = {
    "linear": (lambda: [Dense(2)], "mse", Y),
    "drp": (lambda: [Dense(32, "sigmoid"), Dense(64, "sigmoid"), Dense(2)], "mse", Y),
    "mixed": (lambda: [Dense(5, "relu", use_bias=False), Dense(4, "tanh"), Dense(2, "sigmoid")], "mse", Y),
    "softmax": (lambda: [Dense(7, "tanh"), Dense(2, "softmax")], "sparse_categorical_crossentropy", LABELS),
    "one-hot": (lambda: [Dense(2, "softmax")], "categorical_crossentropy", np.eye(2)[LABELS]),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", [SGD, Adam])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_planned_steps_are_the_taped_ones_bit_for_bit(name, optimizer, dtype, monkeypatch):
    layers, loss, y = ARCHITECTURES[name]
    results = []
    for planned in (True, False):
        model = Sequential(layers(), dtype=dtype, seed=0)
        model.build((None, 3))
        if not planned:
            monkeypatch.setattr(PlannedGradient, "of", lambda *arguments: None)
        model.compile(optimizer(0.1), loss)
        history = model.fit(X, y, batch_size=3, epochs=5, verbose=0)
        kinds = {type(gradient) for gradient in model._training_step()._gradients.values()}
        assert kinds == {PlannedGradient if planned else TapeGradient}
        results.append((history.history, model.theta, model.gradient))
    assert results[0][0] == results[1][0]
    np.testing.assert_array_equal(results[0][1], results[1][1])
    np.testing.assert_array_equal(results[0][2], results[1][2])


layer_choices = st.tuples(st.integers(1, 40), st.sampled_from(["linear", "relu", "sigmoid", "tanh"]), st.booleans())


@hypothesis.settings(max_examples=30)
@hypothesis.given(
    chosen=st.lists(layer_choices, min_size=1, max_size=4),
    features=st.integers(1, 20),
    rows=st.integers(1, 70),
    batch_size=st.integers(1, 80),
    seed=st.integers(0, 2**32),
)
def test_any_dense_network_is_planned_and_taped_alike(chosen, features, rows, batch_size, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((rows, features)), rng.standard_normal((rows, chosen[-1][0]))
    thetas = []
    with pytest.MonkeyPatch.context() as patch:
        for planned in (True, False):
            if not planned:
                patch.setattr(PlannedGradient, "of", lambda *arguments: None)
            layers = [Dense(units, activation, use_bias) for units, activation, use_bias in chosen]
            model = Sequential(layers, seed=seed)
            model.compile(SGD(0.01, momentum=0.9), "mse", ["mae"])
            history = model.fit(x, y, batch_size=batch_size, epochs=2, verbose=0).history
            thetas.append((model.theta, history))
    np.testing.assert_array_equal(thetas[0][0], thetas[1][0])
    assert thetas[0][1] == thetas[1][1]


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
        ([Dense(2, "exponential")], "mse"),
        ([Dense(2)], Cubic()),
        ([Dense(2)], "mae"),
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
    (gradient,) = model._training_step()._gradients.values()
    assert isinstance(gradient, TapeGradient)
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


def test_few_batch_sizes_are_kept():
    _, _, step = linear_step()
    for rows in range(1, 9):
        step(X, Y, np.arange(rows))
    assert len(step._gradients) <= 4
