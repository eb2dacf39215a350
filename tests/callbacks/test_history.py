"""The record of what happened."""

from mmlcore.callbacks import History


def test_curves_and_rows():
    history = History()
    history.on_train_begin()
    history.on_epoch_end(4, {"loss": 2.0, "val_loss": 3.0})
    history.on_epoch_end(5, {"loss": 1.0, "val_loss": 2.5})
    assert history.epoch == [4, 5]
    assert history.history == {"loss": [2.0, 1.0], "val_loss": [3.0, 2.5]}
    assert history.rows() == [
        {"epoch": 4, "loss": 2.0, "val_loss": 3.0},
        {"epoch": 5, "loss": 1.0, "val_loss": 2.5},
    ]


def test_a_new_training_starts_a_new_record():
    history = History()
    history.on_epoch_end(0, {"loss": 2.0})
    history.on_train_begin()
    assert history.history == {}
    assert history.epoch == []
    assert history.rows() == []
