"""Architectures: weights out and in, predictions in any pieces, what another architecture must provide."""

import numpy as np
import pytest

from mmlcore.layers import Activation, Dense
from mmlcore.models import Sequential
from mmlcore.models.architecture import Architecture


def network(features=3, dtype="float64", seed=0):
    layers = [Dense(6, activation="sigmoid", input_dim=features), Dense(5, activation="tanh"), Dense(1)]
    return Sequential(layers, dtype=dtype, seed=seed)


def test_predict_takes_what_keras_takes():
    model = network(features=1, dtype="float32")
    numbers = np.arange(-5, 5)
    out = model.predict(numbers)
    assert out.shape == (10, 1)
    assert out.dtype == np.float32
    np.testing.assert_array_equal(model.predict(numbers[:, None].astype(np.float32)), out)
    np.testing.assert_array_equal(model.predict(numbers.tolist(), verbose=0), out)
    np.testing.assert_allclose(model.predict(numbers, batch_size=3), out, rtol=1e-6)
    assert np.isnan(model.predict([0.0, np.nan])).ravel().tolist() == [False, True]


def test_many_rows_in_pieces_are_the_rows():
    model = network(dtype="float32")
    x = np.random.default_rng(0).standard_normal((200_000, 3)).astype(np.float32)
    out = model.predict(x)
    np.testing.assert_allclose(out[123_456:123_460], model.predict(x[123_456:123_460]), rtol=1e-5, atol=1e-6)
    assert out.shape == (200_000, 1)


def test_one_sample_s_numbers_do_not_decide_what_a_new_model_is():
    model = Sequential([Dense(1)])
    x = np.ones((4, 3))
    with pytest.raises(ValueError, match=r"^predict: x must be shape \(n, features\) for a new model, got shape \(3,"):
        model.predict(x[0])
    assert model.predict(x).shape == (4, 1)


def test_weights_out_and_in():
    model, other = network(seed=0), network(seed=1)
    weights = model.get_weights()
    assert [w.shape for w in weights] == [(3, 6), (6,), (6, 5), (5,), (5, 1), (1,)]
    weights[0][:] = 0
    assert model.theta[:18].any()  # copies
    other.set_weights(model.get_weights())
    np.testing.assert_array_equal(other.theta, model.theta)
    assert np.shares_memory(other.layers[0].kernel, other.theta)
    before = other.theta.copy()
    with pytest.raises(ValueError, match=r"^set_weights: weights must be arrays of shapes \[\(3, 6\), .*\], got \[\]$"):
        other.set_weights([])
    with pytest.raises(ValueError, match=r"^set_weights: weights must be arrays of shapes"):
        other.set_weights([np.ones((3, 6)), *weights[:5]])
    np.testing.assert_array_equal(other.theta, before)


def test_dtypes():
    assert network(dtype="float32").theta.dtype == np.float32
    with pytest.raises(TypeError, match=r"^Sequential: dtype must be float32 or float64, got 'float16'$"):
        Sequential(dtype="float16")
    for wrong in ("foo", None, 3):
        with pytest.raises(TypeError, match=rf"^Sequential: dtype must be float32 or float64, got {wrong!r}$"):
            Sequential(dtype=wrong)
    assert Sequential(dtype=np.dtype("float64")).dtype == Sequential(dtype=np.float64).dtype == np.float64
    assert repr(Sequential([Dense(1)], name="net")) == "<Sequential 'net': 1 layers>"


def test_predictions_are_not_the_caller_s_own_array():
    x = np.ones((3, 2), np.float32)
    out = Sequential([Activation("linear")]).predict(x)
    np.testing.assert_array_equal(out, x)
    assert not np.shares_memory(out, x)


def test_seeds_are_checked_at_once():
    with pytest.raises(ValueError, match=r"^Sequential: seed must be a non-negative integer, a SeedSequence"):
        Sequential(seed=-1)


def test_weights_must_be_real_numbers():
    with pytest.raises(TypeError, match=r"^set_weights: weights must be real numbers, got dtype complex128$"):
        network().set_weights([1j])


def test_what_a_subclass_must_provide():
    empty = Architecture("empty", "float32", None)
    for call in (lambda: empty.infer_shape((None, 1)), lambda: empty.build((None, 1)), lambda: empty(np.ones((1, 1)))):
        with pytest.raises(NotImplementedError):
            call()
    assert empty._chain() == ()


def test_a_model_is_frozen_as_a_whole():
    model = Sequential([Dense(2, input_dim=3), Dense(1)], seed=0)
    assert model.trainable
    model.trainable = False
    assert not any(layer.trainable for layer in model.layers)
    model.layers[1].trainable = True
    assert model.trainable
