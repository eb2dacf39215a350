"""The two parts of the loss."""

import pytest

from mmlcore.callbacks import History
from mmlcore.plot import LossPartsDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def test_each_part_has_its_axes():
    history = History()
    for epoch in range(3):
        history.on_epoch_end(epoch, {"reconstruction": 10.0 - epoch, "kl": 1.0 + epoch, "val_kl": 2.0})
    left, right = LossPartsDisplay.from_history(history).plot(Figure()).axes_
    assert list(left.lines[0].get_xdata()) == [1, 2, 3]
    assert list(left.lines[0].get_ydata()) == [10, 9, 8]
    assert [line.get_label() for line in right.lines] == ["training", "validation"]


def test_a_loss_of_one_part_is_refused():
    history = History()
    history.on_epoch_end(0, {"loss": 1.0})
    with pytest.raises(ValueError, match=r"^LossPartsDisplay: history must be that of a variational auto-encoder"):
        LossPartsDisplay.from_history(history)
