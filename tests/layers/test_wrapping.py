"""Both directions, and the same for every step: values, plans, models."""

import numpy as np
import pytest

from mmlcore import value_and_grad
from mmlcore.layers import GRU, LSTM, BatchNormalization, Bidirectional, Dense, Embedding, SimpleRNN, TimeDistributed
from mmlcore.layers.context import context
from mmlcore.models import Sequential, load

RNG = np.random.default_rng(0)
X = RNG.standard_normal((6, 5, 3))
MERGES = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda a, b: (a + b) / 2,
}


def single(cls, weights, **options):
    layer = cls(4, **options)
    layer.prepare((None, 5, 3), np.float64, seed=0)
    layer.set_weights(weights)
    return layer


@pytest.mark.parametrize("merge", MERGES)
@pytest.mark.parametrize("sequences", [True, False])
def test_both_directions(merge, sequences):
    layer = Bidirectional(GRU(4, return_sequences=sequences), merge)
    y = layer(X)
    forward = single(GRU, layer.weights[:3], return_sequences=sequences)(X)
    backward = single(GRU, layer.weights[3:], return_sequences=sequences, go_backwards=True)(X)
    np.testing.assert_allclose(y, MERGES[merge](forward, backward[:, ::-1] if sequences else backward), rtol=1e-15)
    assert layer.compute_output_shape((None, 5, 3)) == (None, *y.shape[1:])


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize(
    "make",
    [
        *(lambda d, m=merge: Bidirectional(LSTM(4, return_sequences=True, dropout=d), m) for merge in MERGES),
        lambda d: Bidirectional(SimpleRNN(4, recurrent_dropout=d)),
        lambda d: TimeDistributed(Dense(4, "tanh")),
    ],
)
def test_the_plan_gives_the_bits_of_the_call(make, dropout):
    layer, twin = make(dropout), make(dropout)
    for one in (layer, twin):
        one.prepare((None, 5, 3), np.float32, seed=0)
    x, dx = np.empty((6, 5, 3), np.float32), np.empty((6, 5, 3), np.float32)
    gradients = [np.empty_like(weight) for weight in layer.weights]
    plan = layer.plan(x, dx, gradients, activate=True)
    for _ in range(2):
        x[:] = RNG.standard_normal(x.shape)
        plan.forward()
        seed = RNG.standard_normal(plan.output.shape).astype(np.float32)
        plan.output_gradient[:] = seed
        plan.backward()
        weights = twin.weights

        def weighted(x, *values, seed=seed, weights=weights):
            vars(twin).update(zip(twin.weight_names, values, strict=True))
            y = twin.call(x)
            vars(twin).update(zip(twin.weight_names, weights, strict=True))
            return (y * seed).sum(), y

        with context(training=True):
            everything = tuple(range(1 + len(weights)))
            (_, y), expected = value_and_grad(weighted, argnums=everything, has_aux=True)(x, *weights)
        np.testing.assert_array_equal(plan.output, y)
        for got, want in zip([dx, *gradients], expected, strict=True):
            np.testing.assert_array_equal(got, want)


def test_a_tagger_learns_recorded_and_survives_a_file(tmp_path):
    """Each step's label is the larger of its neighbours: only both directions know it."""
    rng = np.random.default_rng(1)
    words = rng.integers(0, 4, (300, 10))
    padded = np.pad(words, ((0, 0), (1, 1)))
    y = np.maximum(padded[:, :-2], padded[:, 2:])

    def trained(epochs, capture):
        layers = [Embedding(4, 8), Bidirectional(LSTM(16, return_sequences=True)), Dense(4, "softmax")]
        model = Sequential(layers, seed=0)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.optimizer.learning_rate = 0.02
        model.fit(words, y, epochs=epochs, batch_size=30, verbose=0, capture=capture)
        return model

    model = trained(20, capture=True)
    assert model.evaluate(words, y)[1] > 0.95
    np.testing.assert_array_equal(trained(2, capture=True).theta, trained(2, capture=False).theta)
    pytest.importorskip("safetensors")
    model.save(tmp_path / "model")
    np.testing.assert_array_equal(load(tmp_path / "model").predict(words), model.predict(words))


def test_the_same_layer_for_every_step():
    layer = TimeDistributed(Dense(2))
    y = layer(X)
    np.testing.assert_allclose(y, X @ layer.kernel + layer.bias, rtol=1e-12)
    norm = TimeDistributed(BatchNormalization())
    with context(training=True):
        norm(X)
    assert norm.count_params() == 12
    np.testing.assert_allclose(norm.moving_mean, 0.01 * X.mean(axis=(0, 1)), rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Bidirectional(Dense(2)), TypeError, "Bidirectional: layer must be a SimpleRNN, LSTM or GRU"),
        (lambda: Bidirectional(LSTM(2), "max"), ValueError, "merge_mode must be one of 'concat'"),
        (lambda: Bidirectional(LSTM(2, return_state=True)), ValueError, "layer must be without return_state"),
        (lambda: TimeDistributed(LSTM(2, return_state=True)), ValueError, "layer must be without return_state"),
        (lambda: TimeDistributed(3), TypeError, "TimeDistributed: layer must be a layer, got 3"),
        (lambda: TimeDistributed(Dense(2))(np.zeros((2, 3))), ValueError, r"inputs must be shape \(n, steps"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


WRAPPERS = pytest.mark.parametrize(
    "make",
    [
        lambda: Bidirectional(GRU(4), input_shape=(5, 3)),
        lambda: TimeDistributed(Dense(4), input_shape=(5, 3)),
        lambda: TimeDistributed(Bidirectional(GRU(4)), input_shape=(1, 5, 3)),
    ],
)


def inside(layer):
    """The arrays of the layers inside, at any depth."""
    layers = [inner for _, inner in layer._inside()]
    return [array for one in layers for array in (inside(one) if hasattr(one, "_inside") else one.weights)]


@WRAPPERS
def test_layers_inside_hold_the_weights_of_the_model(make, tmp_path):
    model = Sequential([make()], seed=0)
    model.compile("sgd", "mse")
    for layer in model.layers:
        layer._inside()[0][1].set_weights([w + 1 for w in layer._inside()[0][1].get_weights()])
    assert model.theta.mean() > 0.3
    x = RNG.standard_normal((6, *model.input_shape[1:])).astype(np.float32)
    for capture in (True, False):
        model.fit(x, model.predict(x) + 1, epochs=1, verbose=0, capture=capture)
    pytest.importorskip("safetensors")
    model.save(tmp_path / "model")
    for one in (model, load(tmp_path / "model")):
        arrays = inside(one.layers[0])
        assert all(np.shares_memory(array, one.theta) for array in arrays)
        np.testing.assert_array_equal(np.concatenate([a.ravel() for a in arrays]), model.theta)


@WRAPPERS
def test_layers_inside_hold_arrays_after_a_taped_call(make):
    model = Sequential([make(), Dense(1, activity_regularizer="l2")], seed=0)  # a plan is not to be had
    model.compile("sgd", "mse")
    x = RNG.standard_normal((6, *model.input_shape[1:])).astype(np.float32)
    model.train_on_batch(x, model.predict(x))
    layer = model.layers[0]
    assert all(type(array) is np.ndarray and np.shares_memory(array, model.theta) for array in inside(layer))
    weight, name = layer.weights[0], layer.weight_names[0]

    def objective(w):
        setattr(layer, name, w)
        return layer(x).sum()

    value_and_grad(objective)(weight)
    setattr(layer, name, weight)
    assert all(type(array) is np.ndarray for array in inside(layer))


def test_frozen_layers_inside_and_outside():
    assert not TimeDistributed(Dense(2, trainable=False)).trainable
    assert not Bidirectional(GRU(2, trainable=False)).trainable
    outer = TimeDistributed(BatchNormalization(), trainable=False, input_shape=(5, 3))
    model = Sequential([outer, Bidirectional(GRU(2, trainable=False)), Dense(1)], seed=0)
    model.compile("sgd", "mse")
    before = [layer.get_weights() for layer in model.layers]
    model.fit(X, np.ones((6, 1)), verbose=0)
    after = [layer.get_weights() for layer in model.layers]
    for old, new in zip(before[:2], after[:2], strict=True):
        for a, b in zip(old, new, strict=True):
            np.testing.assert_array_equal(a, b)
    assert (before[2][0] != after[2][0]).any()
    outer.trainable = True
    assert outer.layer.trainable
    assert outer.trainable


def test_activities_inside_are_penalised():
    layer = Bidirectional(GRU(4, activity_regularizer="l2"))
    with context(training=True, losses=[]) as around:
        outputs = layer(X)
    assert len(around.losses) == 2
    np.testing.assert_allclose(sum(around.losses), 0.01 * np.sum(outputs**2) / 6, rtol=1e-12)
    gradients = [np.empty_like(weight) for weight in layer.weights]
    assert layer.plan(X, None, gradients, True) is None
