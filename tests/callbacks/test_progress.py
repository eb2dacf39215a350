"""Progress: a bar on a terminal, a line an epoch elsewhere, nothing on standard output."""

import io
import re
import sys

import pytest

from mmlcore.callbacks import EpochLines, ProgressBar, progress, reporter

LOGS = {"loss": 0.123456, "accuracy": 0.5}


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(callback, epochs=2):
    callback.set_params({"epochs": epochs, "samples": 100})
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for done in (50, 100):
            callback.on_train_progress(done, LOGS)
        callback.on_epoch_end(epoch, LOGS)
    callback.on_train_end(LOGS)


def test_lines(capsys):
    run(EpochLines())
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(
        r"Epoch 1/2 - \d+\.\d\ds - loss: 0\.1235 - accuracy: 0\.5\n"
        r"Epoch 2/2 - \d+\.\d\ds - loss: 0\.1235 - accuracy: 0\.5\n",
        err,
    )


def test_bar_ends_each_epoch_with_its_line(monkeypatch, capsys):
    monkeypatch.setattr(progress, "_REDRAW_SECONDS", 0.0)
    run(ProgressBar())
    out, err = capsys.readouterr()
    assert out == ""
    first, second, rest = err.split("\n")
    assert rest == ""
    drawn = first.split("\r")
    assert drawn[1].startswith("Epoch 1/2 [============............] - loss: 0.1235")
    assert drawn[2].startswith("Epoch 1/2 [========================]")
    shown = drawn[3].rstrip()
    assert re.fullmatch(r"Epoch 1/2 - \d+\.\d\ds - loss: 0\.1235 - accuracy: 0\.5", shown)
    assert len(drawn[3]) == len(drawn[2])  # nothing of the bar is left behind
    assert second.startswith("\rEpoch 2/2")


def test_bar_is_drawn_seldom(capsys):
    bar = ProgressBar()
    bar.set_params({"epochs": 1, "samples": 1000})
    bar.on_train_begin()
    bar.on_epoch_begin(0)
    for done in range(1000):
        bar.on_train_progress(done, LOGS)
    assert capsys.readouterr().err.count("\r") <= 2


def test_auto_looks_at_the_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert [type(c) for c in reporter("auto", "fit")] == [ProgressBar]
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert [type(c) for c in reporter("auto", "fit")] == [EpochLines]
    monkeypatch.setattr(sys, "stderr", None)
    assert reporter("auto", "fit") == []
    assert reporter(0, "fit") == []


@pytest.mark.parametrize("verbose", [3, "loud", None])
def test_other_values_are_refused(verbose):
    with pytest.raises(ValueError, match=r"^fit: verbose must be 0, 1, 2 or 'auto', got "):
        reporter(verbose, "fit")
