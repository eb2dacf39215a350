"""Learning curves."""

import pytest

from mmlcore.callbacks import History
from mmlcore.plot import HistoryDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def history(**last):
    record = History()
    record.on_epoch_end(0, {"loss": 2.0, "mae": 1.0, **last})
    record.on_epoch_end(1, {"loss": 1.0, "mae": 0.5, **last})
    return record


def test_curves_are_the_history_s_with_epochs_from_one():
    ax = Figure().subplots()
    display = HistoryDisplay.from_history(history(val_loss=3.0)).plot(ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    training, validation = ax.lines
    assert training.get_xdata().tolist() == [1, 2]
    assert training.get_ydata().tolist() == [2.0, 1.0]
    assert validation.get_ydata().tolist() == [3.0, 3.0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


def test_without_validation_there_is_one_curve():
    display = HistoryDisplay.from_history(history()).plot("mae", ax=Figure().subplots())
    assert len(display.ax_.lines) == 1


def test_unknown_curves_list_the_known_ones():
    with pytest.raises(ValueError, match=r"^HistoryDisplay.plot: name must be one of 'loss', 'mae', got 'acc'$"):
        HistoryDisplay.from_history(history()).plot("acc")
