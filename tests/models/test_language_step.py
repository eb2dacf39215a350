"""The buffers of a language model: the chunks of a text, and its loss in parts or in one."""

import numpy as np
import pytest

from mmlcore.models import CharLM
from mmlcore.models.language_step import Evaluation, fill, mean_loss
from mmlcore.models.language_text import Corpus

TEXT = "a recording of one step, replayed for all that follow. " * 20


def test_chunks_follow_each_other_in_every_part():
    ids = np.arange(31)
    rows, x, y = ids[:30].reshape(3, 10), np.empty((4, 3)), np.empty(12, np.int64)
    fill(x, y, rows, ids, 10, 4)
    np.testing.assert_array_equal(x, [[4, 14, 24], [5, 15, 25], [6, 16, 26], [7, 17, 27]])
    np.testing.assert_array_equal(y.reshape(4, 3), x + 1)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_the_loss_does_not_depend_on_the_chunks(cell):
    model = CharLM(hidden=8, layers=2, cell=cell, dtype="float64")
    model.fit(TEXT, epochs=1, seq_length=10, batch_size=5)
    ids = Corpus.from_text(TEXT).ids[:1001]
    losses = [Evaluation(model._layers, model._decoder, steps, 1, np.float64)(ids) for steps in (1, 50, 1000)]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-12)
    parts = Evaluation(model._layers, model._decoder, 20, 10, np.float64)(ids)
    assert parts == pytest.approx(losses[0], rel=0.1)
    assert np.isnan(Evaluation(model._layers, model._decoder, 20, 10, np.float64)(ids[:100]))


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
def test_the_mean_loss_is_of_every_character(cell):
    model = CharLM(hidden=8, layers=2, cell=cell, dtype="float64")
    model.fit(TEXT, epochs=1, seq_length=10, batch_size=5)
    parts = (model._layers, model._decoder)
    ids = Corpus.from_text(TEXT).ids[:200]
    whole = Evaluation(*parts, 199, 1, np.float64)(ids)
    for steps in (199, 100, 150, 1):
        assert mean_loss(*parts, ids, steps, 1, np.float64) == pytest.approx(whole, rel=1e-12)
    first = Evaluation(*parts, 66, 1, np.float64)
    pieces = [66 * first(ids[:67]), 66 * first(ids[66:133]), 67 * Evaluation(*parts, 67, 1, np.float64)(ids[132:])]
    assert mean_loss(*parts, ids, 20, 3, np.float64) == pytest.approx(sum(pieces) / 199, rel=1e-12)
    assert model.evaluate(TEXT[:200]) == pytest.approx(whole, rel=1e-12)
