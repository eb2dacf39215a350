"""What the tests of recurrent layers share."""

import numpy as np
import pytest

from mmlcore.layers import GRU, LSTM, SimpleRNN

LAYERS = pytest.mark.parametrize("cls", [SimpleRNN, LSTM, GRU])
X = np.random.default_rng(0).standard_normal((6, 5, 3))


def built(cls, units=4, dtype=np.float64, **options):
    """A layer for X, its weights moved away from where they start."""
    rng = np.random.default_rng(units)
    layer = cls(units, **options)
    layer.prepare((None, 5, 3), dtype, seed=0)
    for weight in layer.weights:
        weight += 0.1 * rng.standard_normal(weight.shape)
    return layer
