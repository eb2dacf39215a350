"""Hooks are called in order, and batch hooks only when somebody listens."""

from mmlcore.callbacks import Callback, CallbackList, EpochLines, History, ProgressBar


class Recorder(Callback):
    def __init__(self, name, calls):
        self.name, self.calls = name, calls

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append((self.name, epoch, logs))


def test_every_callback_is_called_in_order():
    calls = []
    callbacks = CallbackList([Recorder("a", calls), Callback(), Recorder("b", calls)])
    callbacks.call("on_epoch_end", 3, {"loss": 1.0})
    assert calls == [("a", 3, {"loss": 1.0}), ("b", 3, {"loss": 1.0})]


def test_each_learns_whom_it_watches():
    callback = Callback()
    CallbackList([callback]).prepare("a model", {"epochs": 2})
    assert callback.model == "a model"
    assert callback.params == {"epochs": 2}


def test_only_overridden_batch_hooks_count():
    class Batches(Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    assert CallbackList([Batches()]).watches_batches
    assert not CallbackList([Recorder("a", []), History(), EpochLines(), ProgressBar()]).watches_batches


def test_the_base_has_keras_s_hooks_and_they_do_nothing():
    callback = Callback()
    for hook in ("on_train_begin", "on_train_end"):
        assert getattr(callback, hook)({}) is None
    for hook in (
        "on_epoch_begin",
        "on_epoch_end",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_train_progress",
    ):
        assert getattr(callback, hook)(0, {}) is None
