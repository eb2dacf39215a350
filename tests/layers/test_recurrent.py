"""Recurrent layers: values, states, plans, dropout, PyTorch's weights, learning what only a memory can know."""

import numpy as np
import pytest

from mmlcore import value_and_grad
from mmlcore.layers import GRU, LSTM, Dense, SimpleRNN
from mmlcore.layers.context import context
from mmlcore.models import Sequential, load

RNG = np.random.default_rng(0)
LAYERS = pytest.mark.parametrize("cls", [SimpleRNN, LSTM, GRU])
X = RNG.standard_normal((6, 5, 3))


def built(cls, units=4, dtype=np.float64, **options):
    layer = cls(units, **options)
    layer.prepare((None, 5, 3), dtype, seed=0)
    for weight in layer.weights:
        weight += 0.1 * RNG.standard_normal(weight.shape)
    return layer


@LAYERS
def test_sequences_states_and_directions(cls):
    layer = built(cls, return_sequences=True, return_state=True)
    y, h, *c = layer(X)
    assert y.shape == (6, 5, 4)
    assert len(c) == (cls is LSTM)
    np.testing.assert_array_equal(y[:, -1], h)
    for options, expected in (
        ({"return_sequences": False}, h),
        ({"go_backwards": True}, layer(X[:, ::-1])[0]),
    ):
        other = cls(4, **({"return_sequences": True} | options))
        other.prepare((None, 5, 3), np.float64, seed=0)
        other.set_weights(layer.weights)
        np.testing.assert_array_equal(other(X), expected)
    half, *state = layer(X[:, :2])
    np.testing.assert_allclose(layer(X[:, 2:], initial_state=state)[0], y[:, 2:], rtol=0, atol=1e-15)
    assert half.shape == (6, 2, 4)


@LAYERS
def test_masked_steps_do_not_count(cls):
    layer = built(cls, return_sequences=True)
    lengths = np.array([5, 1, 3, 0, 2, 4])
    y = layer(X, mask=np.arange(5) < lengths[:, None])
    for row, length in enumerate(lengths):
        if length:
            np.testing.assert_allclose(y[row, :length], layer(X[row : row + 1, :length])[0], rtol=0, atol=1e-14)
        last = y[row, length - 1] if length else np.zeros(4)
        np.testing.assert_array_equal(y[row, length:], np.tile(last, (5 - length, 1)))


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
def test_a_stateful_layer_goes_on_where_it_stopped(cls):
    whole = built(cls, return_sequences=True)
    layer = built(cls, return_sequences=True, stateful=True)
    layer.set_weights(whole.weights)
    y = whole(X)
    for _ in range(2):
        parts = [layer(X[:, :3]), layer(X[:, 3:])]
        np.testing.assert_allclose(np.concatenate(parts, axis=1), y, rtol=0, atol=1e-15)
        layer.reset_states()
    with pytest.raises(ValueError, match="inputs must be a batch of 6, got 4"):
        layer(X[:4])


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


@LAYERS
def test_stacked_layers_learn_which_sequences_began_with_a_one(cls):
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, (400, 12, 1)).astype(np.float32)
    y = x[:, 0]
    model = Sequential([cls(12, return_sequences=True), cls(12), Dense(1, "sigmoid")], seed=1)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.01
    model.fit(x, y, epochs=25, batch_size=40, verbose=0, capture=True)
    assert model.evaluate(x, y)[1] > 0.95


def test_the_forget_gate_starts_open():
    layer = LSTM(3)
    layer.prepare((None, 2, 2), np.float64, seed=0)
    np.testing.assert_array_equal(layer.bias, np.repeat([0.0, 1.0, 0.0, 0.0], 3))
    layer = LSTM(3, unit_forget_bias=False)
    layer.prepare((None, 2, 2), np.float64, seed=0)
    assert not layer.bias.any()


@LAYERS
def test_weights_from_torch(cls):
    torch = pytest.importorskip("torch")
    module = {SimpleRNN: torch.nn.RNN, LSTM: torch.nn.LSTM, GRU: torch.nn.GRU}[cls](3, 4, batch_first=True).double()
    layer = built(cls, return_sequences=True)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    layer.set_torch_weights(*[getattr(module, name).detach().numpy() for name in names])
    np.testing.assert_allclose(layer(X), module(torch.tensor(X))[0].detach().numpy(), rtol=0, atol=1e-10)
    with pytest.raises(ValueError, match="set_torch_weights: layer must be built"):
        cls(4).set_torch_weights(np.zeros((4, 3)), np.zeros((4, 4)))


def test_saved_and_loaded(tmp_path):
    pytest.importorskip("safetensors")
    layers = [LSTM(4, dropout=0.2, return_sequences=True), GRU(3, return_sequences=True), SimpleRNN(2, "relu")]
    model = Sequential(layers, seed=0)
    x = X.astype(np.float32)
    y = model.predict(x)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(x), y)
    assert again.layers[2].cell == "relu"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTM(0), "LSTM: units must be a positive integer, got 0"),
        (lambda: SimpleRNN(2, "selu"), "SimpleRNN: activation must be one of 'tanh', 'relu', got 'selu'"),
        (lambda: GRU(2, reset_after=False), "GRU: reset_after must be True, got False"),
        (lambda: GRU(2, dropout=1.0), r"GRU: dropout must be a number in \[0, 1\), got 1.0"),
        (lambda: LSTM(2)(np.zeros((2, 3))), r"LSTM: inputs must be shape \(n, steps, features\)"),
        (lambda: LSTM(2)(X, mask=np.ones((6, 4))), r"LSTM: mask must be shape \(6, 5\), got shape \(6, 4\)"),
        (lambda: built(LSTM)(np.zeros((2, 3))), r"LSTM: inputs must be shape \(n, steps, features\)"),
        (
            lambda: built(GRU)(np.zeros((2, 3)), mask=np.ones((2, 3))),
            r"GRU: inputs must be shape \(n, steps, features\)",
        ),
        (lambda: built(GRU)(np.zeros((2, 0, 3))), "GRU: inputs must be .* with at least one step"),
        (lambda: SimpleRNN(2)(np.zeros((2, 0, 3))), "SimpleRNN: inputs must be .* with at least one step"),
        (lambda: LSTM(4)(X, initial_state=[np.zeros((6, 4))]), "LSTM: initial_state must be 2 of them, got 1"),
        (lambda: GRU(4)(X, initial_state=2 * [np.zeros((6, 4))]), "GRU: initial_state must be 1 of them, got 2"),
        (
            lambda: built(SimpleRNN, use_bias=False).set_torch_weights(np.ones((4, 3)), np.ones((4, 4)), np.ones(4)),
            "SimpleRNN.set_torch_weights: bias_ih, bias_hh must be None for a layer without a bias, got biases",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match="^" + message):
        make()


@pytest.mark.parametrize("cls", [LSTM, GRU])
def test_an_activation_is_not_taken_for_a_flag(cls):
    with pytest.raises(TypeError, match="positional argument"):
        cls(10, "relu")


def test_the_error_of_another_batch_says_what_reset_states_does():
    layer = built(GRU, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match=r"got 4; .* also after reset_states\(\)$"):
        layer(X[:4])


@LAYERS
def test_activities_are_penalised_with_masks_and_states_too(cls):
    layer = built(cls, activity_regularizer="l2", return_state=True)
    state = [np.zeros((6, 4))] * (1 + (cls is LSTM))
    found = []
    for options in ({}, {"mask": np.ones((6, 5), bool)}, {"initial_state": state}):
        with context(training=True, losses=[]) as around:
            layer(X, **options)
        found.append(float(around.losses[0]))
    assert found[0] > 0
    np.testing.assert_allclose(found, found[0], rtol=1e-14)
