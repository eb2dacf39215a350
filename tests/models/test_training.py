"""One pass over the data: every batch once, logs weighted by samples."""

import re

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from mmlcore import losses, metrics, ops
from mmlcore.callbacks import Callback, CallbackList
from mmlcore.layers import (
    ELU,
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    GaussianNoise,
    LayerNormalization,
    LeakyReLU,
    ReLU,
    Reshape,
    Softmax,
)
from mmlcore.models import Sequential
from mmlcore.models.gradients import PlannedGradient, TapeGradient
from mmlcore.models.parameters import Parameters
from mmlcore.models.steps import TrainingStep
from mmlcore.models.training import Epochs, RunningLogs, chunk_rows
from mmlcore.optimizers import SGD, Adam, StepDecay

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
    optimizer = SGD(0.0)
    optimizer.build(parameters.theta)
    return layer, TrainingStep([layer], False, layer.call, losses.get("mse"), parameters, optimizer)


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
    Epochs(step, x, y, None, batch_size, ops.tanh, callbacks).run(RNG.permutation(samples), logs)

    assert logs.read() == pytest.approx({"loss": expected, "mse": tanh_error}, rel=1e-12)
    if watching:
        assert [batch for batch, _ in batches.seen] == [0, 1, 2]
        assert batches.seen[-1][1] == pytest.approx(expected, rel=1e-12)
        assert batches.progress == [batch_size, 2 * batch_size, samples]


def test_without_metrics_outputs_are_not_kept():
    layer, step = still_step()
    x, y = RNG.standard_normal((10, 3)), RNG.standard_normal((10, 2))
    logs = RunningLogs([])
    Epochs(step, x, y, None, 4, None, CallbackList([])).run(np.arange(10), logs)
    expected = ((x @ layer.kernel + layer.bias - y) ** 2).mean()
    assert logs.read() == pytest.approx({"loss": expected}, rel=1e-12)


# A recorded step is the step: captured, planned and taped training agree bit for bit.


def weighted(values):
    """A regulariser of the user's own."""
    return 0.01 * ops.sum(ops.square(ops.square(values)))


ARCHITECTURES = {
    "drp": (lambda: [Dense(32, "sigmoid"), Dense(64, "sigmoid"), Dense(2)], "mse"),
    "mixed": (lambda: [Dense(5, "relu", use_bias=False), Dense(4, "tanh"), Dense(2, "sigmoid")], "huber"),
    "dropout": (lambda: [Dropout(0.2), Dense(7, "relu"), Dropout(0.5), Dense(2)], "mse"),
    "noise": (lambda: [GaussianNoise(0.3), Dense(7, "tanh"), GaussianNoise(0.1), Dense(2)], "mae"),
    "normalised": (
        lambda: [Dense(7), BatchNormalization(), Activation("relu"), LayerNormalization(), Dense(2)],
        "mse",
    ),
    "shapes": (lambda: [Reshape((3, 1)), Dense(4, "tanh"), BatchNormalization(), Flatten(), Dense(2)], "mse"),
    "penalties": (
        lambda: [Dense(7, "tanh", kernel_regularizer="l1_l2"), Dense(2, bias_regularizer="l2")],
        "mse",
    ),
    "constraints": (
        lambda: [Dense(7, "tanh", kernel_constraint="max_norm"), Dense(2, kernel_constraint="non_neg")],
        "mse",
    ),
    "inner softmax": (lambda: [Dense(7, "softmax"), Dense(5, "log_softmax"), Softmax(), Dense(2)], "mse"),
    "leaky": (lambda: [Dense(7, "selu"), Dense(5, "leaky_relu"), LeakyReLU(0.1), ELU(), ReLU(), Dense(2)], "mse"),
    "sequence": (
        lambda: [Reshape((3, 1)), Dense(4, "tanh"), Dense(3, "softmax")],
        "sparse_categorical_crossentropy",
    ),
    "softplus": (lambda: [Dense(7, "softplus"), Activation("exponential"), Dense(2)], "mse"),
    "sparse softmax": (lambda: [Dense(7, "tanh"), Dense(2, "softmax")], "sparse_categorical_crossentropy"),
    "logits": (lambda: [Dense(2, "log_softmax")], "negative_log_likelihood"),
    "frozen": (lambda: [Dense(5, "tanh", trainable=False), Dense(5, "tanh"), Dense(2)], "mse"),
}

OPTIMIZERS = {
    "sgd": lambda: SGD(0.05),
    "everything": lambda: Adam(
        StepDecay(0.05, 3, 0.5), weight_decay=0.01, clipnorm=0.5, global_clipnorm=0.7, average="ema"
    ),
}


def train(layers, loss, optimizer, x, y, how, *, dtype="float64", seed=0, weights=None, batch_size=3, epochs=3):
    model = Sequential(layers(), dtype=dtype, seed=seed)
    model.compile(optimizer(), loss, metrics=["mae" if y.dtype.kind == "f" else "accuracy"])
    with pytest.MonkeyPatch.context() as patch:
        if how == "taped":
            patch.setattr(PlannedGradient, "of", lambda *arguments: "not wanted")
        history = model.fit(
            x, y, batch_size=batch_size, epochs=epochs, verbose=0, sample_weight=weights, capture=how == "captured"
        )
    assert (model.not_captured is None) == (how == "captured")
    kind = TapeGradient if how == "taped" else PlannedGradient
    assert {type(step._gradient) for step in model._training_step()._steps.values()} == {kind}
    state = [model.theta, model.gradient, model.optimizer.slots, *model._theta.states()]
    state += [np.array([getattr(layer, "draw", np.zeros(1))[0] for layer in model.layers])]
    return history.history, state


def assert_same(runs):
    first = runs[0]
    for other in runs[1:]:
        assert first[0] == other[0]
        for a, b in zip(first[1], other[1], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_captured_planned_and_taped_steps_give_the_same_bits(name, optimizer, dtype):
    layers, loss = ARCHITECTURES[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 3))
    y = rng.standard_normal((8, 2))
    if loss in ("sparse_categorical_crossentropy", "negative_log_likelihood"):
        y = rng.integers(0, 2, (8, 3) if name == "sequence" else 8)
    weights = rng.uniform(0, 2, y.shape if name == "sequence" else 8) if optimizer == "everything" else None
    assert_same(
        [
            train(layers, loss, OPTIMIZERS[optimizer], x, y, how, dtype=dtype, weights=weights)
            for how in ("captured", "planned", "taped")
        ]
    )


a_layer = st.one_of(
    st.tuples(
        st.just(Dense),
        st.fixed_dictionaries(
            {
                "units": st.integers(1, 40),
                "activation": st.sampled_from(
                    ["linear", "relu", "sigmoid", "tanh", "softplus", "selu", "leaky_relu", "softmax", "log_softmax"]
                ),
                "use_bias": st.booleans(),
                "kernel_regularizer": st.sampled_from([None, "l1", "l2"]),
            }
        ),
    ),
    st.tuples(st.just(Dropout), st.fixed_dictionaries({"rate": st.floats(0, 0.9)})),
    st.tuples(st.just(GaussianNoise), st.fixed_dictionaries({"stddev": st.floats(0, 1)})),
    st.tuples(st.sampled_from([BatchNormalization, LayerNormalization, Flatten]), st.just({})),
    st.tuples(st.just(Activation), st.fixed_dictionaries({"activation": st.sampled_from(["relu", "tanh"])})),
)


@hypothesis.settings(max_examples=40)
@hypothesis.given(
    chosen=st.lists(a_layer, max_size=4),
    features=st.integers(1, 20),
    rows=st.integers(1, 70),
    batch_size=st.integers(1, 80),
    seed=st.integers(0, 2**32),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
)
def test_any_network_is_captured_planned_and_taped_alike(chosen, features, rows, batch_size, seed, optimizer):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((rows, features)), rng.standard_normal((rows, 2))

    def layers():
        return [*(cls(**options) for cls, options in chosen), Dense(2)]

    runs = [
        train(layers, "mse", OPTIMIZERS[optimizer], x, y, how, seed=seed, batch_size=batch_size, epochs=2)
        for how in ("captured", "planned", "taped")
    ]
    assert_same(runs)


@pytest.mark.parametrize(
    ("layers", "optimizer", "loss", "why"),
    [
        ([Dense(4, np.square), Dense(2)], "sgd", "mse", r"^layer 'dense' \(Dense\) has no plan$"),
        ([Dense(4, activity_regularizer="l2"), Dense(2)], "sgd", "mse", r"^layer 'dense' \(Dense\) has no plan$"),
        ([Dense(2)], "sgd", lambda t, p: ops.sum((t - p) ** 4), r"^the loss FunctionLoss has no plan$"),
        ([Dense(2, kernel_regularizer=weighted)], "sgd", "mse", r"^a regularizer is not one of L1, L2, L1L2$"),
        ([Dense(2, kernel_constraint=np.abs)], "sgd", "mse", r"^a constraint is not one of MaxNorm, NonNeg$"),
    ],
)
def test_what_is_not_captured_says_why(layers, optimizer, loss, why):
    model = Sequential(layers, seed=0)
    model.compile(optimizer, loss)
    x, y = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
    model.fit(x, y, verbose=0)
    assert re.match(why, model.not_captured)
    with pytest.raises(ValueError, match=r"^fit: capture must be False or 'auto' for this model, got True: "):
        model.fit(x, y, verbose=0, capture=True)


def test_an_optimiser_with_a_step_of_its_own_is_not_captured():
    class Mine(SGD):
        def move(self, theta, gradient):
            theta -= 0.5 * np.sign(gradient)

    model = Sequential([Dense(2)], seed=0)
    model.compile(Mine(), "mse")
    x, y = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
    model.fit(x, y, verbose=0, epochs=3)
    assert model.not_captured == "the optimizer Mine has a step of its own"


def test_a_schedule_and_a_rate_may_be_exchanged_between_epochs():
    class Exchange(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.learning_rate = StepDecay(0.1, 2, 0.1) if epoch == 0 else 0.01

    x, y = RNG.standard_normal((8, 3)), RNG.standard_normal((8, 2))
    thetas = []
    for capture in (True, False):
        model = Sequential([Dense(2)], seed=0)
        model.compile(SGD(0.1), "mse")
        model.fit(x, y, batch_size=2, epochs=3, verbose=0, callbacks=Exchange(), capture=capture)
        thetas.append(model.theta)
    np.testing.assert_array_equal(*thetas)


def test_ctrl_c_stops_a_replay_within_a_second_and_leaves_a_usable_model(run_python):
    # the replay of one epoch would take minutes: no Python runs in it but the look at the signals
    code = """
import os, signal, threading, time
import numpy as np
from mmlcore.layers import Dense
from mmlcore.models import Sequential
x, y = np.zeros((4_000_000, 8), np.float32), np.zeros((4_000_000, 1), np.float32)
model = Sequential([Dense(256, "tanh"), Dense(256, "tanh"), Dense(1)], seed=0)
model.compile("adam", "mse")
model.fit(x[:64], y[:64], verbose=0)
threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
start = time.monotonic()
try:
    model.fit(x, y, batch_size=32, epochs=10, verbose=0)
except KeyboardInterrupt:
    assert np.isfinite(model.theta).all() and np.isfinite(model.evaluate(x[:64], y[:64]))
    assert model.history.epoch == [] and model.not_captured is None
    model.fit(x[:64], y[:64], verbose=0)
    print("stopped")
"""
    assert run_python(code) == "stopped"
