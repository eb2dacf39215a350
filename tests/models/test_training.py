"""The loop: chunks in order, one gradient and one update a step, logs weighted by samples."""

import numpy as np
import pytest

from mmlcore import losses, metrics, ops
from mmlcore.callbacks import Callback, CallbackList
from mmlcore.layers import Dense
from mmlcore.models.parameters import Parameters
from mmlcore.models.training import Chunks, RunningLogs, TrainingStep, chunk_rows, train_epoch
from mmlcore.optimizers import SGD

RNG = np.random.default_rng(0)


def test_chunks_are_about_a_megabyte_of_whole_batches():
    rows = chunk_rows(32, row_bytes=36)
    assert rows % 32 == 0
    assert 0.9 * 2**20 < rows * 36 <= 2**20
    assert chunk_rows(50_000, row_bytes=36) == 50_000
    assert chunk_rows(32, row_bytes=0) % 32 == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rows", [1, 3, 10, 100])
def test_chunks_visit_the_rows_in_order(rows, dtype):
    x, y = RNG.standard_normal((10, 2)).astype(dtype), np.arange(10)
    order = RNG.permutation(10)
    chunks = Chunks(x, y, rows)
    for _ in range(2):
        pieces = [(a.copy(), b.copy()) for a, b in chunks.of(order)]
        np.testing.assert_array_equal(np.concatenate([a for a, _ in pieces]), x[order])
        np.testing.assert_array_equal(np.concatenate([b for _, b in pieces]), y[order])
    assert all(np.shares_memory(a, x) for a, _ in chunks.of(None))


def linear_step(rate=0.1):
    layer = Dense(2)
    layer.prepare((None, 3), np.float64, seed=0)
    parameters = Parameters([layer], np.float64)
    optimizer = SGD(rate)
    optimizer.build(parameters.theta)
    return layer, parameters, TrainingStep(layer.call, losses.get("mse"), parameters, optimizer)


def test_a_step_is_gradient_descent_on_the_batch():
    layer, parameters, step = linear_step()
    x, y = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
    kernel, bias = layer.kernel.copy(), layer.bias.copy()
    residual = x @ kernel + bias - y

    loss, outputs = step(x, y)

    assert loss == pytest.approx((residual**2).mean(), rel=1e-12)
    np.testing.assert_allclose(outputs, residual + y, rtol=1e-12)
    np.testing.assert_allclose(layer.kernel, kernel - 0.1 * 2 * x.T @ residual / 16, rtol=1e-12)
    np.testing.assert_allclose(layer.bias, bias - 0.1 * 2 * residual.sum(axis=0) / 16, rtol=1e-12)
    assert layer.kernel is parameters.views[0]


def test_an_interrupted_step_leaves_theta_and_the_layers_as_they_were():
    layer, parameters, _ = linear_step()

    def interrupted(y_true, y_pred):
        raise KeyboardInterrupt

    step = TrainingStep(layer.call, losses.FunctionLoss(interrupted), parameters, SGD())
    before = parameters.theta.copy()
    with pytest.raises(KeyboardInterrupt):
        step(np.ones((2, 3)), np.ones((2, 2)))
    np.testing.assert_array_equal(parameters.theta, before)
    assert layer.kernel is parameters.views[0]


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


def test_an_epoch_visits_every_batch_and_the_remainder():
    layer, _, step = linear_step(rate=0.0)  # θ stands still, so the order does not matter
    x, y = RNG.standard_normal((10, 3)), RNG.standard_normal((10, 2))
    expected = ((x @ layer.kernel + layer.bias - y) ** 2).mean()

    for rows, watching in ((4, True), (8, False)):
        batches = Batches()
        callbacks = CallbackList([batches] if watching else [])
        logs = RunningLogs([metrics.MeanSquaredError("mse")])
        train_epoch(step, Chunks(x, y, rows).of(RNG.permutation(10)), 4, logs, ops.tanh, callbacks)
        assert logs.read()["loss"] == pytest.approx(expected, rel=1e-12)
        tanh_error = ((np.tanh(x @ layer.kernel + layer.bias) - y) ** 2).mean()
        assert logs.read()["mse"] == pytest.approx(tanh_error, rel=1e-12)
        if watching:
            assert [batch for batch, _ in batches.seen] == [0, 1, 2]
            assert batches.seen[-1][1] == pytest.approx(expected, rel=1e-12)
            assert batches.progress == [4, 8, 10]
