"""Mini-batches."""

import numpy as np
import pytest

from mmlcore import optimizers
from mmlcore.optimize import minimize

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3))
Y = X @ [1.0, 2.0, 3.0]


def loss(w, X, y):
    return np.mean((X @ w - y) ** 2)


@pytest.mark.parametrize("name", sorted(optimizers.OPTIMIZERS) if hasattr(optimizers, "OPTIMIZERS") else ["adam"])
def test_every_optimiser_descends(name):
    r = minimize(
        loss, np.zeros(3), "minibatch", data=(X, Y), optimizer=name, learning_rate=0.05, max_iter=30, random_state=1
    )
    assert r.fun < loss(np.zeros(3), X, Y)


def test_one_epoch_by_hand_and_online():
    r = minimize(
        loss, np.zeros(3), "minibatch", data=(X, Y), batch_size=20, learning_rate=0.1, max_iter=1, random_state=4
    )
    w, order = np.zeros(3), np.random.default_rng(4).permutation(60)
    for rows in order.reshape(3, 20):
        w = w - 0.1 * 2 * X[rows].T @ (X[rows] @ w - Y[rows]) / 20
    np.testing.assert_allclose(r.x, w, rtol=1e-12)
    online = minimize(loss, np.zeros(3), "sgd", data=(X, Y), learning_rate=0.05, random_state=0)
    assert online.success
    np.testing.assert_allclose(online.x, [1, 2, 3], rtol=1e-5)


def test_errors():
    with pytest.raises(ValueError, match="minimize: data must be"):
        minimize(loss, np.zeros(3), "sgd")
    with pytest.raises(ValueError, match="minimize: data must be arrays of one length"):
        minimize(loss, np.zeros(3), "sgd", data=(X, Y[:5]))
    with pytest.raises(ValueError, match="minimize: optimizer must be one of"):
        minimize(loss, np.zeros(3), "sgd", data=(X, Y), optimizer="fast")
