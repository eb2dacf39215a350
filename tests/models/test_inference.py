"""Predictions for few rows are those of the layers, whatever happens to the model in between."""

import copy
import threading

import numpy as np
import pytest

from mmlcore.layers import Activation, BatchNormalization, Dense, Dropout, Flatten, LayerNormalization
from mmlcore.models import Sequential
from mmlcore.models.inference import RecordedPrediction

X = np.random.default_rng(0).standard_normal((9, 3))


def network(*layers, dtype="float64"):
    model = Sequential(
        layers or [Dense(8, "sigmoid"), Activation("tanh"), LayerNormalization(), Dense(2)], dtype=dtype, seed=0
    )
    model.build((None, 3))
    return model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 2, 9])
def test_the_same_bits_as_the_layers(rows, dtype):
    model, x = network(dtype=dtype), X[:rows].astype(dtype)
    expected = model(x)
    for _ in range(3):
        np.testing.assert_array_equal(model.predict(x), expected)
    np.testing.assert_array_equal(model.predict(np.asfortranarray(x)), expected)
    np.testing.assert_array_equal(model.predict(x.tolist()), expected)
    assert model._few(x) is not None


def test_results_are_not_shared_and_inputs_not_kept():
    model, x = network(), X[:1].copy()
    model.predict(x)
    first = model.predict(x)
    kept = first.copy()
    x[:] = 7
    second = model.predict(x)
    np.testing.assert_array_equal(first, kept)
    assert (second != first).any()


def test_new_weights_layers_activations_and_copies():
    model, x = network(), X[:1]
    for _ in range(2):
        model.predict(x)
    twin = copy.deepcopy(model)
    model.set_weights([w + 1 for w in model.get_weights()])
    np.testing.assert_array_equal(model.predict(x), model(x))
    assert (twin.predict(x) != model.predict(x)).any()
    model.layers[0].activation = "relu"
    np.testing.assert_array_equal(model.predict(x), model(x))
    model.add(Dense(1))
    for _ in range(2):
        np.testing.assert_array_equal(model.predict(x), model(x))
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    np.testing.assert_array_equal(model.predict(x), model(x))


@pytest.mark.parametrize(
    "layers",
    [
        [Dense(2), Dropout(0.5)],
        [Dense(2), BatchNormalization()],
        [Dense(2, np.square)],
        [Flatten(), Dense(2, lambda z: z * z)],
    ],
)
def test_other_layers_are_called(layers):
    model = network(*layers)
    for _ in range(3):
        np.testing.assert_array_equal(model.predict(X[:1]), model(X[:1]))
    assert model._few(X[:1]) is None


def test_wrong_inputs_get_the_model_s_errors():
    model = network()
    for _ in range(2):
        model.predict(X)
        with pytest.raises(ValueError, match=r"^predict: x must be shape \(n, 3\), got shape \(9, 2\)$"):
            model.predict(X[:, :2])
        with pytest.raises(ValueError, match=r"^predict: x must be at least one sample"):
            model.predict(X[:0])


def test_few_numbers_of_rows_are_kept():
    few = RecordedPrediction(network().layers, np.dtype(float))
    for rows in range(1, 10):
        assert few(X[:rows]).shape == (rows, 2)
    assert len(few._recorded) <= 4
    assert few(X[:0]) is None


@pytest.mark.parametrize("rows", [257, 512, 1000])
def test_many_rows_in_parts_that_fit_the_cache(rows):
    model, x = network(), np.random.default_rng(1).standard_normal((rows, 3))
    few = RecordedPrediction(model.layers, np.dtype(float))
    np.testing.assert_array_equal(few(x), model(x))
    assert list(few._recorded) == [256]
    wide = network(Dense(30_000, "tanh"), Dense(1))
    few = RecordedPrediction(wide.layers, np.dtype(float))
    np.testing.assert_allclose(few(x[:21]), wide(x[:21]), rtol=0, atol=1e-12)
    assert list(few._recorded) == [8]


def test_several_threads_get_their_own_answers():
    model, wrong = network(), []
    expected = [model(X[i : i + 1]) for i in range(9)]

    def ask(i):
        for _ in range(300):
            if not np.array_equal(model.predict(X[i : i + 1]), expected[i]):
                wrong.append(i)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
