"""Keras's `fit` around the loop: validation, callbacks, interrupts, divergence, output."""

import sys
import threading

import numpy as np
import pytest

from mmlcore import ops
from mmlcore.callbacks import Callback
from mmlcore.layers import BatchNormalization, Dense
from mmlcore.models import Sequential
from mmlcore.optimizers import SGD

X = np.random.default_rng(0).standard_normal((20, 2))
Y = X[:, :1] - X[:, 1:]


def model(rate=0.01, metrics=()):
    made = Sequential([Dense(4, activation="tanh", input_dim=2), Dense(1)], dtype="float64", seed=0)
    made.compile(SGD(rate), "mse", metrics)
    return made


def test_validation_split_holds_back_the_last_samples():
    split, given = model(), model()
    first = split.fit(X, Y, validation_split=0.25, epochs=3, verbose=0, seed=1)
    second = given.fit(X[:15], Y[:15], validation_data=(X[15:], Y[15:]), epochs=3, verbose=0, seed=1)
    assert first.history == second.history
    np.testing.assert_array_equal(split.theta, given.theta)
    assert first.history["val_loss"][-1] == pytest.approx(split.evaluate(X[15:], Y[15:]), rel=1e-12)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2, "half", None, float("nan")])
def test_validation_split_is_a_fraction(fraction):
    with pytest.raises(ValueError, match=r"^fit: validation_split must be a number in \[0, 1\), got "):
        model().fit(X, Y, validation_split=fraction, verbose=0)


def test_validation_errors():
    with pytest.raises(ValueError, match=r"^fit: validation_split must be samples left on both sides, got 0.99 of 20"):
        model().fit(X, Y, validation_split=0.99, verbose=0)
    with pytest.raises(ValueError, match=r"^fit: validation_data must be a pair \(x, y\), got ndarray$"):
        model().fit(X, Y, validation_data=X, verbose=0)
    with pytest.raises(
        ValueError, match=r"^fit: validation_data\[1\] must be as long as its inputs, 20 samples, got 3"
    ):
        model().fit(X, Y, validation_data=(X, Y[:3]), verbose=0)


class Hooks(Callback):
    def __init__(self):
        self.calls = []

    def on_train_begin(self, logs=None):
        self.calls.append("train")

    def on_train_end(self, logs=None):
        self.calls.append(("end", sorted(logs)))

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(("epoch", epoch))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(("epoch end", epoch, sorted(logs)))

    def on_train_batch_begin(self, batch, logs=None):
        self.calls.append(("batch", batch))

    def on_train_batch_end(self, batch, logs=None):
        self.calls.append(("batch end", batch, sorted(logs)))


def test_hooks_in_keras_s_order():
    hooks = Hooks()
    net = model(metrics=["mae"])
    net.fit(X, Y, batch_size=12, epochs=2, initial_epoch=1, verbose=0, callbacks=[hooks], validation_data=(X, Y))
    batches = [call for b in (0, 1) for call in (("batch", b), ("batch end", b, ["loss", "mae"]))]
    names = ["loss", "mae", "val_loss", "val_mae"]
    assert hooks.calls == ["train", ("epoch", 1), *batches, ("epoch end", 1, names), ("end", names)]
    assert hooks.model is net
    assert hooks.params == {"epochs": 2, "steps": 2, "samples": 20, "verbose": 0}


def test_watching_batches_changes_no_number():
    plain, watched = model(metrics=["mae"]), model(metrics=["mae"])
    first = plain.fit(X, Y, batch_size=6, epochs=3, verbose=0)
    second = watched.fit(X, Y, batch_size=6, epochs=3, verbose=0, callbacks=[Hooks()])
    np.testing.assert_array_equal(plain.theta, watched.theta)
    for name, values in first.history.items():
        np.testing.assert_allclose(values, second.history[name], rtol=1e-12)


def test_a_callback_can_stop_training_and_change_the_rate():
    class Stop(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.learning_rate = 0.0
            self.model.stop_training = epoch == 2

    net = model(rate=0.1)
    history = net.fit(X, Y, epochs=10, verbose=0, callbacks=[Stop()])
    assert history.epoch == [0, 1, 2]
    assert history.history["loss"][1] == pytest.approx(history.history["loss"][2], rel=1e-12)
    assert net.fit(X, Y, epochs=2, verbose=0).epoch == [0, 1]


def test_an_interrupt_leaves_a_usable_model_and_its_history():
    class Interrupt(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.seen = self.model.theta.copy()
            if self.model.history.epoch == [0] and batch == 1:
                raise KeyboardInterrupt

    net, callback = model(), Interrupt()
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, batch_size=5, epochs=5, verbose=0, callbacks=[callback])
    np.testing.assert_array_equal(net.theta, callback.seen)
    assert net.history.epoch == [0]
    assert np.isfinite(net.evaluate(X, Y))
    net.fit(X, Y, verbose=0)


def test_divergence_warns_once_and_goes_on():
    net = model(rate=1e6)
    net.add(Dense(1))
    with pytest.warns(RuntimeWarning, match=r"^fit: the loss is (nan|inf) in epoch \d+; try a smaller") as caught:
        history = net.fit(X, Y, batch_size=4, epochs=40, verbose=0)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert len(history.epoch) == 40
    assert not np.isfinite(history.history["loss"][-1])


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"epochs": -2}, ValueError, r"^fit: epochs must be a non-negative integer, got -2$"),
        ({"batch_size": 0}, ValueError, r"^fit: batch_size must be a positive integer, got 0$"),
        ({"batch_size": 1.5}, ValueError, r"^fit: batch_size must be a positive integer, got 1.5$"),
        ({"initial_epoch": -1}, ValueError, r"^fit: initial_epoch must be a non-negative integer, got -1$"),
        ({"callbacks": [print]}, TypeError, r"^fit: callbacks must be a list of Callback, got <built-in"),
        ({"verbose": 7}, ValueError, r"^fit: verbose must be 0, 1, 2 or 'auto', got 7$"),
        (
            {"seed": "x"},
            ValueError,
            r"^fit: seed must be a non-negative integer, a SeedSequence, a Generator or None",
        ),
    ],
)
def test_arguments_refused(arguments, error, text):
    net = model()
    before = net.theta.copy()
    with pytest.raises(error, match=text):
        net.fit(X, Y, **{"verbose": 0, **arguments})
    np.testing.assert_array_equal(net.theta, before)


def test_no_epochs_are_a_fit_that_does_nothing():
    net = model()
    before = net.theta.copy()
    assert net.fit(X, Y, epochs=0).history == {}
    np.testing.assert_array_equal(net.theta, before)


def test_one_callback_needs_no_list():
    hooks = Hooks()
    model().fit(X, Y, verbose=0, callbacks=hooks)
    assert hooks.calls[:2] == ["train", ("epoch", 0)]


def test_more_epochs_than_none_are_left():
    assert model().fit(X, Y, epochs=2, initial_epoch=5, verbose=0).epoch == []


def test_output_goes_to_standard_error_as_verbose_says(capsys, monkeypatch):
    model(metrics=["mae"]).fit(X, Y, epochs=3, verbose=0)
    assert capsys.readouterr() == ("", "")
    model(metrics=["mae"]).fit(X, Y, epochs=3)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("Epoch 1/3 - ")
    assert "loss: " in lines[0]
    assert "mae: " in lines[0]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    model().fit(X, Y, epochs=1)
    assert capsys.readouterr().err.startswith("\rEpoch 1/1 [====")


@pytest.mark.parametrize("batch_size", [1, 3, 19, 20, 21, 1000])
def test_any_batch_size_visits_every_sample_once(batch_size):
    net = model(rate=0.0, metrics=["mae"])
    history = net.fit(X, Y, batch_size=batch_size, verbose=0)
    loss, mae = net.evaluate(X, Y)
    assert history.history["loss"][0] == pytest.approx(loss, rel=1e-12)
    assert history.history["mae"][0] == pytest.approx(mae, rel=1e-12)


def test_seeds_decide_the_order():
    def losses(seed):
        return model(rate=0.1).fit(X, Y, batch_size=4, epochs=2, verbose=0, seed=seed).history["loss"]

    assert losses(1) == losses(np.random.default_rng(1)) == losses(np.random.SeedSequence(1))
    assert losses(1) != losses(2)


# Weights of samples and classes.


def test_a_weight_of_two_is_the_sample_twice_and_of_zero_none():
    weights = np.ones(20)
    weights[3], weights[5] = 2, 0
    rows = np.r_[0:5, 3, 6:20]
    weighted, repeated = model(), model()
    weighted.fit(X, Y, batch_size=20, shuffle=False, epochs=5, verbose=0, sample_weight=weights)
    repeated.fit(X[rows], Y[rows], batch_size=20, shuffle=False, epochs=5, verbose=0)
    np.testing.assert_allclose(weighted.theta, repeated.theta, rtol=1e-9)
    assert weighted.evaluate(X, Y, sample_weight=weights) == pytest.approx(weighted.evaluate(X[rows], Y[rows]))


@pytest.mark.parametrize("form", ["labels", "one-hot", "bits"])
def test_class_weights_are_weights_of_samples(form):
    labels = (X[:, 0] > 0).astype(int)
    y, loss, outputs = {
        "labels": (labels, "sparse_categorical_crossentropy", Dense(2, "softmax")),
        "one-hot": (np.eye(2)[labels], "categorical_crossentropy", Dense(2, "softmax")),
        "bits": (labels, "binary_crossentropy", Dense(1, "sigmoid")),
    }[form]
    thetas = []
    for arguments in ({"class_weight": {1: 3.0}}, {"sample_weight": np.where(labels == 1, 3.0, 1.0)}):
        net = Sequential([outputs], dtype="float64", seed=0)
        net.compile("sgd", loss)
        net.fit(X, y, epochs=3, verbose=0, **arguments)
        thetas.append(net.theta)
        outputs = type(outputs)(outputs.units, outputs.activation)
    np.testing.assert_array_equal(*thetas)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"sample_weight": np.ones(19)}, ValueError, r"^fit: sample_weight must be one number a sample, 20 of them"),
        ({"sample_weight": np.full(20, np.nan)}, ValueError, r"^fit: sample_weight must be finite, got NaN at row 0$"),
        ({"class_weight": [1, 2]}, TypeError, r"^fit: class_weight must be a dictionary, got list$"),
        ({"class_weight": {0: "x"}}, ValueError, r"^fit: class_weight must be finite numbers, got 'x'$"),
        ({"capture": "yes"}, ValueError, r"^fit: capture must be 'auto', True or False, got 'yes'$"),
        ({"numerics": "ignore"}, ValueError, r"^fit: numerics must be None or 'raise', got 'ignore'$"),
    ],
)
def test_more_arguments_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        model().fit(X, Y, verbose=0, **arguments)


# numerics="raise"


@pytest.mark.parametrize("capture", [True, False])
def test_the_first_number_that_is_none_stops_and_names_the_layer(capture):
    layers = [Dense(4, "tanh", name="first"), BatchNormalization(), Dense(1, "exponential", name="blows")]
    net = Sequential(layers, dtype="float64", seed=0)
    net.compile(SGD(50.0), "mse")
    good = []

    class Keep(Callback):
        def on_train_batch_end(self, batch, logs=None):
            good.append([w.copy() for w in self.model.get_weights()])

    text = r"^fit: the outputs of layer 'blows' must be finite, got NaN or inf in epoch \d+$"
    with pytest.raises(FloatingPointError, match=text):
        net.fit(X, Y, batch_size=5, epochs=1000, verbose=0, numerics="raise", capture=capture, callbacks=Keep())
    assert np.isfinite(net.theta).all()
    for now, then in zip(net.get_weights(), good[-1], strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_gradient_that_is_none_names_its_layer():
    net = Sequential([Dense(3, lambda z: ops.sqrt(abs(z)), name="root"), Dense(1)], dtype="float64", seed=0)
    net.compile("sgd", "mse")
    net.build((None, 2))
    net.layers[0].kernel = np.zeros((2, 3))
    with pytest.raises(FloatingPointError, match=r"^fit: the gradient of layer 'root' must be finite, got NaN or inf"):
        net.fit(X, Y, verbose=0, numerics="raise")
    assert np.isfinite(net.theta).all()


def test_an_error_of_a_callback_s_own_is_left_alone():
    class Mine(Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise FloatingPointError("mine")

    with pytest.raises(FloatingPointError, match=r"^mine$"):
        model().fit(X, Y, verbose=0, callbacks=Mine())


def test_two_models_are_trained_in_two_threads():
    alone, together = [model() for _ in range(2)], [model() for _ in range(2)]
    for net in alone:
        net.fit(X, Y, batch_size=3, epochs=200, verbose=0, seed=1)
    threads = [threading.Thread(target=net.fit, args=(X, Y, 3, 200, 0), kwargs={"seed": 1}) for net in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, two in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.theta, two.theta)
