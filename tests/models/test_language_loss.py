"""The loss on a text: every character given those before it, however the text is cut."""

import numpy as np
import pytest

from mmlcore.models import CharLM
from mmlcore.models.language_loss import _pieces, mean_loss
from mmlcore.models.language_text import Corpus

TEXT = "to be, or not to be: that is the question. " * 80
IDS = Corpus.from_text(TEXT).ids


def trained(cell="lstm"):
    model = CharLM(hidden=8, layers=2, cell=cell, dtype="float64")
    model.fit(TEXT, epochs=1, seq_length=10, batch_size=5)
    return model


def losses(model, ids):
    """Of ids[1:], in one go from zeros, by the layers themselves."""
    h = np.eye(len(model.vocabulary))[ids[:-1]][None]
    for layer in model._layers:
        h = layer.call(h)
    logits = model._decoder.call(h[0])
    return np.log(np.exp(logits).sum(1)) - logits[np.arange(len(logits)), ids[1:]]


def of(model, ids, spans):
    return mean_loss(model._layers, model._decoder, ids, spans, np.float64)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("n", [2, 100, 101, 102, 250, 1999])
def test_a_short_text_is_read_in_one_go(cell, n):
    model = trained(cell)
    assert of(model, IDS[:n], [(1, n)]) == pytest.approx(losses(model, IDS[:n]).mean(), rel=1e-12)
    assert model.evaluate(TEXT[:n]) == pytest.approx(losses(model, IDS[:n]).mean(), rel=1e-12)


def test_pieces_start_with_the_state_that_the_100_characters_before_them_leave():
    model = trained()
    pieces = _pieces([(1, 3001)])
    assert pieces == [(1, 1001), (1001, 2001), (2001, 3001)]
    expected = [losses(model, IDS[max(begin - 101, 0) : end])[begin - end :] for begin, end in pieces]
    assert of(model, IDS, [(1, 3001)]) == pytest.approx(np.concatenate(expected).mean(), rel=1e-12)


def test_spans_are_given_what_stands_before_them():
    model = trained()
    spans = [(101, 130), (400, 401), (777, 1000)]  # read side by side, of unequal lengths
    expected = [losses(model, IDS[begin - 101 : end])[100:] for begin, end in spans]
    assert of(model, IDS, spans) == pytest.approx(np.concatenate(expected).mean(), rel=1e-12)
    assert of(model, IDS, [(60, 90)]) == pytest.approx(losses(model, IDS[59:90]).mean(), rel=1e-12)  # too few: zeros


def test_many_spans_are_read_fifty_at_a_time():
    model = trained()
    spans = [(20 * i + 110, 20 * i + 113) for i in range(120)]
    expected = [losses(model, IDS[begin - 101 : end])[100:] for begin, end in spans]
    assert of(model, IDS, spans) == pytest.approx(np.concatenate(expected).mean(), rel=1e-12)
