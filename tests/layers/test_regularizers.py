"""Penalties: values, derivatives, names; outputs too."""

import numpy as np
import pytest

from mmlcore import check_grads
from mmlcore.layers import Dense, regularizers
from mmlcore.layers.regularizers import L1, L1L2, L2
from mmlcore.models import Sequential
from mmlcore.optimizers import SGD

W = np.random.default_rng(0).standard_normal((4, 3))


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        (L1(0.1), 0.1 * np.abs(W).sum()),
        (L2(0.1), 0.1 * (W**2).sum()),
        (L1L2(0.1, 0.2), 0.1 * np.abs(W).sum() + 0.2 * (W**2).sum()),
        (L1L2(), 0.0),
    ],
)
def test_values_and_derivatives(penalty, expected):
    assert float(penalty(W)) == pytest.approx(expected, rel=1e-12)
    check_grads(lambda w: penalty(w) + 0 * w.sum(), (W,), order=2)


def test_names():
    assert repr(regularizers.get("l1_l2", "f", "a")) == "<L1L2 l1=0.01 l2=0.01>"
    assert regularizers.get(None, "f", "a") is None
    with pytest.raises(ValueError, match=r"^Dense: kernel_regularizer must be one of 'l1', 'l2', 'l1_l2', got 'l3'$"):
        Dense(1, kernel_regularizer="l3")
    with pytest.raises(ValueError, match=r"^L2: l2 must be a finite number of at least 0, got -1$"):
        L2(-1)


def test_activity_is_penalised_a_sample():
    x, y = np.random.default_rng(1).standard_normal((2, 10, 2))
    plain, penalised = (
        Sequential([Dense(2, activity_regularizer=penalty)], dtype="float64", seed=0) for penalty in (None, "l2")
    )
    losses = []
    for model in (plain, penalised):
        model.compile(SGD(0.0), "mse")
        losses.append(model.train_on_batch(x, y))
    outputs = plain.predict(x)
    assert losses[1] - losses[0] == pytest.approx(0.01 * (outputs**2).sum() / 10, rel=1e-9)


@pytest.mark.parametrize("penalty", ["l1", "l2"])
def test_the_loss_of_training_and_evaluation_have_it(penalty):
    x, y = np.random.default_rng(1).standard_normal((2, 10, 2))
    model = Sequential([Dense(2, kernel_regularizer=penalty)], dtype="float64", seed=0)
    model.compile(SGD(0.0), "mse")
    history = model.fit(x, y, batch_size=10, verbose=0)
    assert history.history["loss"][0] == pytest.approx(model.evaluate(x, y), rel=1e-12)
    w = model.layers[0].kernel
    extra = 0.01 * (np.abs(w) if penalty == "l1" else w**2).sum()
    assert model.evaluate(x, y) == pytest.approx(((model.predict(x) - y) ** 2).mean() + extra, rel=1e-12)


def test_l1_makes_zeros_and_l2_small_weights():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 10))
    y = x[:, :1]
    kernels = {}
    for penalty in (None, L1(0.3), L2(0.3)):
        model = Sequential([Dense(1, kernel_regularizer=penalty)], dtype="float64", seed=0)
        model.compile(SGD(0.01), "mse")
        model.fit(x, y, batch_size=200, epochs=600, verbose=0)
        kernels[type(penalty).__name__] = model.layers[0].kernel.ravel()
    assert (np.abs(kernels["L1"][1:]) < 0.01).all()
    assert kernels["L1"][0] == pytest.approx(1 - 0.15, abs=0.05)  # soft threshold λ/2
    assert kernels["L2"][0] == pytest.approx(1 / 1.3, abs=0.05)
    assert kernels["NoneType"][0] == pytest.approx(1, abs=0.01)
