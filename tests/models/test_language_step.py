"""The buffers of a language model: the chunks of a text, dropout, interrupts."""

import numpy as np
import pytest

from mmlcore.models import CharLM
from mmlcore.models.language_step import fill
from mmlcore.models.language_text import Corpus

TEXT = "a recording of one step, replayed for all that follow. " * 20


def test_chunks_follow_each_other_in_every_part():
    ids = np.arange(31)
    rows, x, y = ids[:30].reshape(3, 10), np.empty((4, 3)), np.empty(12, np.int64)
    fill(x, y, rows, ids, 10, 4)
    np.testing.assert_array_equal(x, [[4, 14, 24], [5, 15, 25], [6, 16, 26], [7, 17, 27]])
    np.testing.assert_array_equal(y.reshape(4, 3), x + 1)


def test_an_interrupt_waits_for_the_end_of_the_first_step():
    import signal

    from mmlcore.models.language_step import uninterrupted

    reached = []

    def step():
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            reached.append(True)

    with pytest.raises(KeyboardInterrupt):
        step()
    assert reached


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_recurrent_dropout_is_that_of_the_layers(cell):
    """A chunk's loss against the same layers called with the same draw."""
    from mmlcore import _kernels, ops
    from mmlcore.losses import sparse_categorical_crossentropy

    model = CharLM(hidden=6, layers=2, cell=cell, seed=1, dtype="float64", recurrent_dropout=0.4)
    sizes = {"seq_length": 10, "batch_size": 6}
    model.fit(TEXT[:61], epochs=0, **sizes)
    ids = Corpus.from_text(TEXT[:61]).ids
    h = np.eye(len(model.vocabulary))[ids[:60].reshape(6, 10).T]
    for i, layer in enumerate(model._layers):
        keep = np.empty((6, 6))
        _kernels.dropout(keep, np.ones((6, 6)), 0.4, (model._key + 2 + i) % 2**64, np.zeros(1, np.int64))
        assert set(np.unique(keep)) == {0, 1 / 0.6}
        biases = layer._biases(layer.bias)
        states = ops.recurrent(h, layer.kernel, layer.recurrent_kernel, *biases, cell=layer.cell, keep=keep)
        h = states[:10]
    y = ids[1:].reshape(6, 10).T.ravel().astype(int)
    logits = model._decoder.call(np.reshape(h, (60, -1)))
    loss = np.mean(sparse_categorical_crossentropy(y, logits, from_logits=True))
    model.fit(TEXT[:61], epochs=1, **sizes)
    assert model.history["loss"][0] == pytest.approx(float(loss), rel=1e-12)


def test_every_chunk_draws_anew():
    model = CharLM(hidden=6, layers=1, recurrent_dropout=0.5)
    seen = []
    model.fit(
        TEXT,
        seq_length=10,
        batch_size=6,
        on_step=lambda done, steps, loss: seen.append(model._step._keeps[0].tobytes()),
    )
    assert len(set(seen)) == len(seen) > 3
