"""Embedding: rows of a table, learned where they are used."""

import numpy as np
import pytest

from mmlcore.layers import Dense, Embedding, Flatten
from mmlcore.models import Sequential

WORDS = np.random.default_rng(0).integers(0, 10, (40, 3))


def test_rows_of_the_table():
    layer = Embedding(10, 4)
    y = layer(WORDS)
    assert y.shape == (40, 3, 4)
    np.testing.assert_array_equal(y, layer.embeddings[WORDS])
    assert np.isnan(layer([[10.0]])).all()


@pytest.mark.parametrize("capture", [True, False])
def test_it_learns_and_rows_without_use_stay(capture):
    model = Sequential([Embedding(12, 4), Flatten(), Dense(1)], seed=0)
    model.compile("adam", "mse")
    y = WORDS.sum(axis=1) / 10
    model.build((None, 3))
    before = model.layers[0].embeddings.copy()
    first = model.evaluate(WORDS, y)
    model.fit(WORDS, y, epochs=100, batch_size=8, verbose=0, capture=capture)
    assert model.evaluate(WORDS, y) < 0.1 * first
    np.testing.assert_array_equal(model.layers[0].embeddings[10:], before[10:])


@pytest.mark.parametrize("arguments", [(0, 2), (2, 0), (1.5, 2), (2**24 + 1, 2)])
def test_sizes_are_checked(arguments):
    with pytest.raises(ValueError, match=r"^Embedding: (input|output)_dim must be "):
        Embedding(*arguments)
