"""The page about a classifier: curves, and its mistakes first."""

import numpy as np
import pytest

from mmlcore.callbacks import History
from mmlcore.plot import training_report

pytest.importorskip("matplotlib")


def test_mistakes_come_first():
    history = History()
    history.on_epoch_end(0, {"loss": 1.0, "accuracy": 0.5})
    y_true = np.arange(40) % 10
    y_pred = y_true.copy()
    y_pred[[17, 33]] = 0
    figure = training_report(history, np.zeros((40, 8, 8)), y_true, y_pred)
    titles = [ax.get_title() for ax in figure.axes[2:-1]]
    assert titles[:3] == ["0, not 7", "0, not 3", "0"]
    assert len(titles) == 24
    assert [ax.get_ylabel() for ax in figure.axes[:2]] == ["loss", "accuracy"]
    assert figure.subfigs[1].get_suptitle() == "2 of 40 wrong"
    assert figure.axes[-1].get_xlabel() == "predicted"


def test_filters_and_maps_are_drawn_below():
    history = History()
    history.on_epoch_end(0, {"loss": 1.0, "accuracy": 0.5})
    y = np.arange(30) % 10
    maps = np.zeros((16, 8, 8))
    figure = training_report(history, np.zeros((30, 8, 8)), y, y, np.ones((16, 3, 3)), maps)
    assert [part.get_suptitle() for part in figure.subfigs[1].subfigs] == ["filters", "feature maps"]
    assert [len(part.axes) for part in figure.subfigs[1].subfigs] == [16, 16]
