"""Predictions for few rows are those of the layers, whatever happens to the model in between."""

import copy
import threading

import numpy as np
import pytest

from mmlcore.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    LayerNormalization,
    MaxPooling2D,
)
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


def pictures(pool=MaxPooling2D, **options):
    model = Sequential([Conv2D(6, 3, padding="same", activation="relu"), pool(2), Flatten(), Dense(3)], **options)
    model.build((None, 40, 40, 1))
    return model


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [1, 8, 13, 30, 64, 65, 130])
@pytest.mark.parametrize(
    ("pool", "parts"),
    [(MaxPooling2D, {"float32": 64, "float64": 32}), (AveragePooling2D, {"float32": 16, "float64": 8})],
)
def test_many_pictures_in_parts_that_fit_the_cache(rows, pool, parts, dtype):
    model = pictures(pool, seed=0, dtype=dtype)
    x = np.random.default_rng(1).standard_normal((rows, 40, 40, 1)).astype(dtype)
    first = model.predict(x)
    np.testing.assert_allclose(first, model(x), rtol=0, atol=1e-5 if dtype == "float32" else 1e-13)
    np.testing.assert_array_equal(model.predict(x), first)
    np.testing.assert_array_equal(model.predict(x[::-1])[::-1][: len(x) // 2], first[: len(x) // 2])
    assert list(model._few._recorded) == [min(rows, parts[dtype])]


@pytest.mark.parametrize("rows", [64, 65, 300, 1001])
def test_the_same_bits_every_time(rows):
    x = np.random.default_rng(1).standard_normal((rows, 3)).astype(np.float32)
    for layers in ([Dense(300, "tanh"), Dense(1)], [Dense(1, "sigmoid")]):
        model = network(*layers, dtype="float32")
        first = model.predict(x)
        for _ in range(2):
            np.testing.assert_array_equal(model.predict(x), first)
        assert bool(model._few._recorded) == (rows <= 64)  # heavy or narrow: many rows gain nothing


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
