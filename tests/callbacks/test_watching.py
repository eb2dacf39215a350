"""Callbacks that act on measures: when they stop, save, and change the rate."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmlcore.callbacks import (
    Callback,
    EarlyStopping,
    GrowShrink,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from mmlcore.layers import Dense
from mmlcore.models import Sequential, load
from mmlcore.optimizers import SGD

X = np.random.default_rng(0).standard_normal((20, 2))
Y = X[:, :1] - X[:, 1:]


class Fake:
    """A model whose weights are the number of the epoch."""

    def __init__(self, rate=1.0):
        self.optimizer = SimpleNamespace(learning_rate=rate)
        self.stop_training, self.epoch, self.saved, self.restored = False, 0, [], None

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.restored = weights

    def save(self, path):
        self.saved.append(path)

    def save_weights(self, path):
        self.saved.append("weights " + path)


def run(callback, values, monitor="val_loss"):
    """Epochs with these values; returns the model and how many were run."""
    model = Fake()
    callback.set_model(model)
    callback.on_train_begin({})
    rates = []
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(epoch, {monitor: value})
        rates.append(model.optimizer.learning_rate)
        if model.stop_training:
            break
    callback.on_train_end({})
    return model, rates


@pytest.mark.parametrize(
    ("options", "values", "epochs", "best"),
    [
        ({}, [3, 2, 2.5, 1], 3, 1),
        ({"patience": 1}, [3, 2, 2.5, 1], 3, 1),
        ({"patience": 3}, [3, 2, 2.5, 2.1, 1, 4, 5, 6, 7], 8, 4),
        ({"min_delta": 0.5, "patience": 2}, [3, 2.8, 2.4, 2.3, 2.2, 1], 5, 2),
        ({"mode": "max"}, [1, 2, 1.5], 3, 1),
        ({"monitor": "val_accuracy"}, [0.5, 0.6, 0.55], 3, 1),
        ({"baseline": 1.0, "patience": 1}, [3, 2, 1.5], 2, 0),
        ({"start_from_epoch": 3}, [1, 2, 3, 4, 3, 5], 6, 4),
        ({}, [1, float("nan")], 2, 0),
    ],
)
def test_early_stopping(options, values, epochs, best):
    callback = EarlyStopping(**options)
    model, seen = run(callback, values, options.get("monitor", "val_loss"))
    assert len(seen) == epochs
    assert callback.stopped_epoch == epochs - 1
    assert callback.best_epoch == best
    assert model.restored is None


def test_best_weights_come_back():
    model, _ = run(EarlyStopping(patience=2, restore_best_weights=True), [3, 1, 2, 2, 2, 2])
    assert model.restored == 1
    model, _ = run(EarlyStopping(patience=9, restore_best_weights=True), [3, 1, 2])  # not stopped: the best too
    assert model.restored == 1


def test_in_a_fit_the_best_weights_are_those_of_the_best_epoch():
    class Weights(Callback):
        def __init__(self):
            self.seen = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append(self.model.theta.copy())

    model = Sequential([Dense(1, input_dim=2)], dtype="float64", seed=0)
    model.compile(SGD(0.9), "mse")
    weights, stop = Weights(), EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    history = model.fit(X, Y, epochs=200, verbose=0, validation_split=0.5, callbacks=[weights, stop])
    best = int(np.argmin(history.history["val_loss"]))
    assert stop.best_epoch == best
    np.testing.assert_array_equal(model.theta, weights.seen[best])


def test_checkpoints_of_every_epoch_and_of_the_best():
    model, _ = run(ModelCheckpoint("m-{epoch:02d}-{val_loss:.1f}"), [3, 1, 2])
    assert model.saved == ["m-01-3.0", "m-02-1.0", "m-03-2.0"]
    model, _ = run(ModelCheckpoint("best", save_best_only=True, save_weights_only=True), [3, 1, 2, 0.5])
    assert model.saved == ["weights best"] * 3


def test_a_checkpoint_can_be_loaded(tmp_path):
    pytest.importorskip("safetensors")
    model = Sequential([Dense(1, input_dim=2)], seed=0)
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=3, verbose=0, callbacks=ModelCheckpoint(tmp_path / "model-{epoch}"))
    again = load(tmp_path / "model-3")
    np.testing.assert_array_equal(again.theta, model.theta)
    assert again.optimizer.iterations == 3


def test_plateaus_lower_the_rate():
    _, rates = run(ReduceLROnPlateau(factor=0.5, patience=2, min_lr=0.2), [3, 2, 2, 2, 2, 2, 2, 2, 1])
    assert rates == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2]
    _, rates = run(ReduceLROnPlateau(factor=0.5, patience=1, cooldown=2), [1, 1, 1, 1, 1, 1])
    assert rates == [1, 0.5, 0.5, 0.25, 0.25, 0.125]


def test_schedules_of_one_and_two_arguments():
    _, rates = run(LearningRateScheduler(lambda epoch, rate: rate / 2), [1, 1, 1])
    assert rates == [0.5, 0.25, 0.125]
    _, rates = run(LearningRateScheduler(lambda epoch: 0.1 * (epoch + 1)), [1, 1])
    assert rates == [0.1, 0.2]
    with pytest.raises(TypeError, match=r"^LearningRateScheduler: schedule must be a function, got 0.1$"):
        LearningRateScheduler(0.1)
    with pytest.raises(TypeError, match=r"unsupported operand"):  # the function's own error, not one about arguments
        run(LearningRateScheduler(lambda epoch, rate: None + rate), [1])


def test_grow_and_shrink():
    _, rates = run(GrowShrink(2.0, 0.25), [4, 3, 5, 5, 1], monitor="loss")
    assert rates == [2, 4, 1, 0.25, 0.5]


def test_grow_and_shrink_finds_a_rate_by_itself():
    # DRP: least squares from a rate a thousand times too small
    model = Sequential([Dense(1, input_dim=2)], dtype="float64", seed=0)
    model.compile(SGD(1e-4), "mse")
    history = model.fit(X, Y, batch_size=20, epochs=150, verbose=0, callbacks=GrowShrink())
    assert history.history["loss"][-1] < 1e-3
    assert model.optimizer.learning_rate > 1e-2


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: EarlyStopping(patience=-1), "EarlyStopping: patience must be a non-negative integer, got -1"),
        (lambda: EarlyStopping(mode="up"), "EarlyStopping: mode must be one of 'min', 'max', got 'up'"),
        (lambda: EarlyStopping(min_delta=-1), "EarlyStopping: min_delta must be a number of at least 0, got -1"),
        (lambda: ReduceLROnPlateau(factor=1.0), r"ReduceLROnPlateau: factor must be a number in \(0, 1\), got 1.0"),
        (lambda: GrowShrink(grow=0.5), "GrowShrink: grow must be a finite number of at least 1, got 0.5"),
        (lambda: GrowShrink(shrink=1), r"GrowShrink: shrink must be a number in \(0, 1\), got 1"),
        (lambda: run(EarlyStopping("val_acc"), [1]), "EarlyStopping: monitor must be one of 'val_loss', got 'val_acc'"),
    ],
)
def test_arguments_are_checked(make, text):
    with pytest.raises(ValueError, match=f"^{text}$"):
        make()
