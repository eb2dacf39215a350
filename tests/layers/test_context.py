"""The surroundings of a call: changed for a block, seen by what it calls, restored after errors."""

import numpy as np
import pytest

from mmlcore.layers import Dense, Layer
from mmlcore.layers.context import context, now
from mmlcore.models import Sequential


def test_blocks_nest_and_end():
    with context(training=True):
        with context(training=False) as inner:
            assert not now().training
            assert inner is now()
        assert now().training
    assert not now().training
    with pytest.raises(ValueError, match="out"), context(training=True):
        raise ValueError("out")
    assert not now().training


class Watching(Layer):
    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, inputs):
        self.seen.append(now().training)
        return inputs


def test_training_is_on_in_fit_and_off_elsewhere():
    layer = Watching()
    model = Sequential([layer, Dense(1)], seed=0)
    model.compile("sgd", "mse")
    x = np.ones((4, 2))
    model.fit(x, x[:, :1], verbose=0)
    assert layer.seen == [True]
    model.predict(x)
    model.evaluate(x, x[:, :1])
    assert layer.seen[1:] == [False, False]


def test_a_layer_may_add_to_the_loss():
    class Costly(Layer):
        def call(self, inputs):
            self.add_loss(7.0)
            return inputs

    model = Sequential([Costly(), Dense(1)], seed=0)
    model.compile("sgd", "mse")
    x = np.ones((4, 2))
    plain = Sequential([Dense(1)], seed=0)
    plain.compile("sgd", "mse")
    assert model.train_on_batch(x, x[:, :1]) == pytest.approx(plain.train_on_batch(x, x[:, :1]) + 7, rel=1e-6)
