"""Logs in files, and hooks that are functions."""

import csv
import sys

import numpy as np
import pytest

from mmlcore.callbacks import CSVLogger, LambdaCallback, TensorBoard
from mmlcore.callbacks.base import CallbackList
from mmlcore.layers import Dense
from mmlcore.models import Sequential

X = np.random.default_rng(0).standard_normal((20, 2))


def fit(callback, epochs=2, **options):
    model = Sequential([Dense(1, input_dim=2)], seed=0)
    model.compile("sgd", "mse", ["mae"])
    return model.fit(X, X[:, :1], epochs=epochs, verbose=0, callbacks=callback, **options)


def test_a_line_an_epoch(tmp_path):
    history = fit(CSVLogger(tmp_path / "log.csv"), validation_split=0.5)
    rows = list(csv.DictReader((tmp_path / "log.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    for name in ("loss", "mae", "val_loss", "val_mae"):
        assert [float(row[name]) for row in rows] == history.history[name]


def test_appending(tmp_path):
    path = tmp_path / "log.csv"
    fit(CSVLogger(path, separator=";"))
    fit(CSVLogger(path, separator=";", append=True))
    lines = path.read_text().splitlines()
    assert [line.split(";")[0] for line in lines] == ["epoch", "0", "1", "0", "1"]
    fit(CSVLogger(path))
    assert len(path.read_text().splitlines()) == 3


def test_functions_as_hooks_and_only_those_given_cost():
    seen = []
    fit(
        LambdaCallback(
            on_epoch_begin=lambda epoch, logs: seen.append(epoch), on_train_end=lambda logs: seen.append("end")
        )
    )
    assert seen == [0, 1, "end"]
    assert not CallbackList([LambdaCallback(on_epoch_end=print)]).watches_batches
    assert CallbackList([LambdaCallback(on_train_batch_end=print)]).watches_batches
    with pytest.raises(ValueError, match=r"^LambdaCallback: hooks must be of on_train_begin, .*, got on_epoch$"):
        LambdaCallback(on_epoch=print)


class Writer:
    made: list["Writer"] = []  # noqa: RUF012

    def __init__(self, folder):
        self.folder, self.scalars, self.closed = folder, [], False
        Writer.made.append(self)

    def add_scalar(self, name, value, step):
        self.scalars.append((name, value, step))

    def close(self):
        self.closed = True


def test_events_go_to_the_writer_that_is_installed(tmp_path, monkeypatch):
    module = type(sys)("tensorboardX")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    history = fit(TensorBoard(tmp_path))
    (writer,) = Writer.made
    assert writer.folder == str(tmp_path)
    assert ("epoch_loss", history.history["loss"][1], 1) in writer.scalars
    assert ("epoch_learning_rate", 0.01, 0) in writer.scalars
    assert writer.closed


def test_without_a_writer_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match=r"pip install 'mmlcore\[tensorboard\]'"):
        fit(TensorBoard(tmp_path))
