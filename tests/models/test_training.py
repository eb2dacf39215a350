"""One pass over the data: every batch once, logs weighted by samples."""

import numpy as np
import pytest

from mmlcore import losses, metrics, ops
from mmlcore.callbacks import Callback, CallbackList
from mmlcore.layers import Dense
from mmlcore.models.parameters import Parameters
from mmlcore.models.steps import TrainingStep
from mmlcore.models.training import Epochs, RunningLogs, chunk_rows
from mmlcore.optimizers import SGD

RNG = np.random.default_rng(0)


def test_chunks_are_about_a_megabyte_of_whole_batches():
    rows = chunk_rows(32, row_bytes=36)
    assert rows % 32 == 0
    assert 0.9 * 2**20 < rows * 36 <= 2**20
    assert chunk_rows(50_000, row_bytes=36) == 50_000
    assert chunk_rows(32, row_bytes=0) % 32 == 0


def test_logs_weight_batches_by_their_samples():
    mae = metrics.MeanAbsoluteError("mae")
    logs = RunningLogs([mae])
    assert logs.read() == {"loss": 0.0, "mae": 0.0}
    logs.add_loss(1.0, 3)
    logs.add_loss(5.0, 1)
    logs.add_outputs(np.zeros((4, 1)), np.array([[1.0], [1], [1], [9]]))
    assert logs.read() == {"loss": 2.0, "mae": 3.0}


class Batches(Callback):
    def __init__(self):
        self.seen, self.progress = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((batch, logs["loss"]))

    def on_train_progress(self, done, logs=None):
        self.progress.append(done)


def still_step():
    """A linear model whose θ stands still, so that the order of the batches does not matter."""
    layer = Dense(2)
    layer.prepare((None, 3), np.float64, seed=0)
    parameters = Parameters([layer], np.float64)
    return layer, TrainingStep([layer], False, layer.call, losses.get("mse"), parameters, SGD(0.0))


@pytest.mark.parametrize("watching", [True, False])
@pytest.mark.parametrize("samples", [10, 100_000])
def test_an_epoch_visits_every_batch_and_the_remainder(watching, samples):
    layer, step = still_step()
    x, y = RNG.standard_normal((samples, 3)), RNG.standard_normal((samples, 2))
    batch_size = 4 * samples // 10
    expected = ((x @ layer.kernel + layer.bias - y) ** 2).mean()
    tanh_error = ((np.tanh(x @ layer.kernel + layer.bias) - y) ** 2).mean()

    batches = Batches()
    callbacks = CallbackList([batches] if watching else [])
    logs = RunningLogs([metrics.MeanSquaredError("mse")])
    Epochs(step, x, y, batch_size, ops.tanh, callbacks).run(RNG.permutation(samples), logs)

    assert logs.read() == pytest.approx({"loss": expected, "mse": tanh_error}, rel=1e-12)
    if watching:
        assert [batch for batch, _ in batches.seen] == [0, 1, 2]
        assert batches.seen[-1][1] == pytest.approx(expected, rel=1e-12)
        assert batches.progress == [batch_size, 2 * batch_size, samples]


def test_without_metrics_outputs_are_not_kept():
    layer, step = still_step()
    x, y = RNG.standard_normal((10, 3)), RNG.standard_normal((10, 2))
    logs = RunningLogs([])
    Epochs(step, x, y, 4, None, CallbackList([])).run(np.arange(10), logs)
    expected = ((x @ layer.kernel + layer.bias - y) ** 2).mean()
    assert logs.read() == pytest.approx({"loss": expected}, rel=1e-12)
