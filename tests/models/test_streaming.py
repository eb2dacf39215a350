"""Batches that come one after the other: the same learning as from arrays, memory maps, errors."""

import numpy as np
import pytest

from mmlcore.callbacks import Callback
from mmlcore.layers import Dense
from mmlcore.models import Sequential
from mmlcore.models.streaming import is_stream
from mmlcore.optimizers import SGD

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((20, 3)), RNG.standard_normal((20, 2))


def network():
    model = Sequential([Dense(4, "tanh"), Dense(2)], dtype="float64", seed=0)
    model.compile(SGD(0.1), "mse", ["mae"])
    return model


class Batches:
    """Iterable again and again, as a loader of files would be."""

    def __init__(self, weights=False):
        self.weights = weights

    def __iter__(self):
        for start in range(0, 20, 6):
            rows = slice(start, start + 6)
            yield (X[rows], Y[rows], np.full(len(X[rows]), 2.0)) if self.weights else (X[rows], Y[rows])


def forever():
    while True:
        yield from Batches()


def test_an_iterable_of_batches_is_the_data_in_order():
    arrays, stream = network(), network()
    one = arrays.fit(X, Y, batch_size=6, epochs=3, shuffle=False, verbose=0)
    two = stream.fit(Batches(), epochs=3, verbose=0)
    np.testing.assert_array_equal(arrays.theta, stream.theta)
    for name, values in one.history.items():
        np.testing.assert_allclose(values, two.history[name], rtol=1e-12)
    assert stream.not_captured == "batches come from an iterator"


def test_an_endless_iterator_needs_a_number_of_steps_and_goes_on_where_it_was():
    arrays, stream = network(), network()
    arrays.fit(X, Y, batch_size=6, epochs=2, shuffle=False, verbose=0)
    history = stream.fit(forever(), steps_per_epoch=2, epochs=4, verbose=0)
    np.testing.assert_array_equal(arrays.theta, stream.theta)
    assert history.epoch == [0, 1, 2, 3]


def test_weights_validation_and_batch_hooks():
    class Count(Callback):
        batches = 0

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1

    count, model = Count(), network()
    history = model.fit(Batches(weights=True), epochs=2, verbose=0, validation_data=(X, Y), callbacks=count)
    assert count.batches == 8
    assert history.history["val_loss"][-1] == pytest.approx(model.evaluate(X, Y)[0], rel=1e-12)
    plain = network()
    plain.fit(X, Y, batch_size=6, epochs=2, shuffle=False, verbose=0, sample_weight=np.full(20, 2.0))
    np.testing.assert_array_equal(plain.theta, model.theta)


def test_memory_maps_are_trained_on_as_they_are(tmp_path):
    maps = []
    for name, array in (("x", X), ("y", Y)):
        array.tofile(tmp_path / name)
        maps.append(np.memmap(tmp_path / name, np.float64, "r", shape=array.shape))
    arrays, mapped = network(), network()
    arrays.fit(X, Y, batch_size=6, epochs=2, verbose=0)
    mapped.fit(*maps, batch_size=6, epochs=2, verbose=0)
    np.testing.assert_array_equal(arrays.theta, mapped.theta)


@pytest.mark.parametrize(
    ("stream", "arguments", "error", "text"),
    [
        (lambda: iter([X]), {}, TypeError, r"^fit: x must be an iterable of batches \(x, y\), got ndarray$"),
        (lambda: iter([]), {}, ValueError, r"^fit: x must be an iterable with batches left, got none$"),
        (lambda: iter([(X, Y)]), {"epochs": 2}, ValueError, r"^fit: x must be an iterable with batches left, got none"),
        (
            lambda: iter([(X[:, :2], Y), (X, Y)]),
            {},
            ValueError,
            r"^fit: x must be shape \(n, 2\), got shape \(20, 3\)$",
        ),
        (lambda: forever(), {"steps_per_epoch": 0}, ValueError, r"^fit: steps_per_epoch must be a positive integer"),
        (lambda: forever(), {"capture": True}, ValueError, r"^fit: capture must be False or 'auto' for batches that"),
    ],
)
def test_errors(stream, arguments, error, text):
    with pytest.raises(error, match=text):
        network().fit(stream(), verbose=0, **arguments)


def test_what_is_a_stream():
    assert is_stream(forever())
    assert is_stream(Batches())
    assert not any(is_stream(data) for data in (X, X.tolist(), (1, 2), 5, None))


def test_validation_evaluation_and_prediction_on_batches():
    arrays, stream = network(), network()
    one = arrays.fit(X, Y, batch_size=6, epochs=3, shuffle=False, verbose=0, validation_data=(X, Y))
    two = stream.fit(Batches(), epochs=3, verbose=0, validation_data=Batches())
    assert list(one.history) == list(two.history)
    for name, values in one.history.items():
        np.testing.assert_allclose(values, two.history[name], rtol=1e-12)
    np.testing.assert_allclose(stream.evaluate(Batches()), arrays.evaluate(X, Y), rtol=1e-12)
    weighted = stream.evaluate(X, Y, sample_weight=np.full(20, 2.0))
    np.testing.assert_allclose(stream.evaluate(Batches(weights=True)), weighted, rtol=1e-12)
    np.testing.assert_allclose(stream.evaluate(forever(), steps=4), arrays.evaluate(X, Y), rtol=1e-12)
    np.testing.assert_allclose(stream.predict(iter(Batches())), stream.predict(X), rtol=1e-12)
    np.testing.assert_allclose(stream.predict(iter([X[:6], X[6:]])), stream.predict(X), rtol=1e-12)
    assert stream.predict(forever(), steps=2).shape == (12, 2)
    three = stream.fit(X, Y, epochs=2, verbose=0, validation_data=forever(), validation_steps=4)
    assert len(three.history["val_mae"]) == 2
    with pytest.raises(ValueError, match=r"^fit: validation_data must be an iterable that begins anew in every epoch"):
        stream.fit(X, Y, epochs=2, verbose=0, validation_data=iter(Batches()))
    for function in (stream.evaluate, stream.predict):
        with pytest.raises(ValueError, match=r"x must be an iterable with batches left, got none$"):
            function(iter([]))
