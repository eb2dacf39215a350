"""The character language model: learns, writes, stops and goes on as if it had never stopped."""

import numpy as np
import pytest

from mmlcore.models import CharLM
from mmlcore.models.language_text import Corpus
from mmlcore.optimizers import PiecewiseConstantDecay

TEXT = "the cat sat on the mat, the dog sat on the log; λόγος ἦν.\n" * 12
SIZES = {"seq_length": 10, "batch_size": 6, "learning_rate": 0.01}


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_it_learns_a_text_by_heart_and_writes_it(cell):
    model = CharLM(hidden=32, layers=2, cell=cell, seed=0)
    history = model.fit(TEXT, epochs=40, **SIZES)
    assert history["loss"][-1] < 0.1 * history["loss"][0]
    assert model.evaluate(TEXT) == pytest.approx(history["loss"][-1], abs=0.1)
    assert model.sample(20, temperature=0, prime="the cat sat on the ma") == "t, the dog sat on th"


def test_sampling_repeats_itself_and_respects_its_arguments():
    model = CharLM(hidden=8, layers=1)
    model.fit(TEXT, epochs=1, **SIZES)
    text = model.sample(50, seed=3)
    assert len(text) == 50
    assert set(text) <= set(model.vocabulary)
    assert model.sample(50, seed=3) == text != model.sample(50, seed=4)
    assert model.sample(20, top_k=1, seed=0) == model.sample(20, temperature=0) == model.sample(20, top_p=1e-9, seed=1)
    assert model.sample(0) == ""


def test_training_loss_and_gradient_are_those_of_the_layers():
    """One step from a state of zeros against the tape over ordinary layers on one-hot vectors."""
    from mmlcore import grad, ops
    from mmlcore.losses import sparse_categorical_crossentropy

    model = CharLM(hidden=5, layers=2, cell="lstm", seed=1, dtype="float64")
    model.fit(TEXT[:61], epochs=0, **SIZES)
    theta = model.theta.copy()
    model.fit(TEXT[:61], epochs=1, clip=None, **SIZES)
    ids = Corpus.from_text(TEXT[:61]).ids
    x, y = np.eye(len(model.vocabulary))[ids[:60].reshape(6, 10)], ids[1:].reshape(6, 10).astype(int)

    def loss(theta):
        model._parameters.theta[...] = 0  # whatever stands there is not what is computed with
        start, values = 0, []
        for view in model._parameters.views:
            values.append(ops.reshape(theta[start : start + view.size], view.shape))
            start += view.size
        model._parameters.bind(values)
        h = x
        for layer in model._layers:
            h = layer.call(h)
        logits = model._decoder.call(h)
        model._parameters.bind(model._parameters.views)
        return ops.mean(sparse_categorical_crossentropy(y.ravel(), ops.reshape(logits, (60, -1)), from_logits=True))

    gradient = model._parameters.gradient.copy()
    assert model.history["loss"][0] == pytest.approx(float(loss(theta)), rel=1e-12)
    np.testing.assert_allclose(gradient, grad(loss)(theta), rtol=0, atol=1e-13)


def test_what_is_held_back_is_the_end_of_every_part():
    """Characters that stand in the held back pieces alone: never learned, and the pieces are what is measured."""
    text = "".join("ab" * 45 + "c" * 10 for _ in range(8))
    model = CharLM(hidden=8, layers=1, seed=0)
    options = {"seq_length": 9, "batch_size": 8, "learning_rate": 0.03, "epochs": 20, "val_fraction": 0.1}
    spread = model.fit(text, val_parts=8, **options)
    assert spread["loss"][-1] < 0.1
    assert spread["val_loss"][-1] > 3  # c was never seen
    assert model.evaluate("ab" * 50) < 0.1
    assert CharLM(hidden=8, layers=1, seed=0).fit(text, **options)["val_loss"][-1] < 1  # here it was


def test_weight_decay_shrinks_the_weights():
    lengths = []
    for weight_decay in (0.0, 1.0):
        model = CharLM(hidden=8, layers=1, seed=0)
        model.fit(TEXT, epochs=3, weight_decay=weight_decay, **SIZES)
        lengths.append(np.linalg.norm(model.theta))
    assert lengths[1] < 0.9 * lengths[0]
    zero = CharLM(hidden=8, layers=1, seed=0)
    zero.fit(TEXT, epochs=1, weight_decay=50.0, **(SIZES | {"learning_rate": 0.02}))  # (1 - η λ) = 0: only Adam's step
    assert np.abs(zero.theta).max() <= 0.07


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_interrupted_saved_loaded_and_resumed_bit_for_bit(cell, tmp_path):
    make = {"hidden": 8, "layers": 2, "cell": cell, "dropout": 0.2, "seed": 5, "recurrent_dropout": 0.1}
    whole = CharLM(**make)
    whole.fit(TEXT, epochs=4, val_fraction=0.1, **SIZES)

    model = CharLM(**make)

    def stop(done, steps, loss):
        if model.epochs == 2 and done == steps // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.fit(TEXT, epochs=4, val_fraction=0.1, on_step=stop, **SIZES)
    model.save(tmp_path / "model")
    again = CharLM.load(tmp_path / "model")
    with pytest.raises(ValueError, match="fit: seq_length must be as before, until the epoch is complete"):
        again.fit(TEXT, epochs=4, val_fraction=0.1, **(SIZES | {"seq_length": 5}))
    with pytest.raises(ValueError, match="fit: text must be as before"):
        again.fit(TEXT[:-2] + "\n\n", epochs=4, val_fraction=0.1, **SIZES)
    again.fit(TEXT, epochs=4, val_fraction=0.1, **SIZES)
    np.testing.assert_array_equal(again.theta, whole.theta)
    assert again.history == whole.history
    assert again.sample(30, seed=0) == whole.sample(30, seed=0)


def test_a_schedule_is_followed_step_by_step_and_goes_on_after_loading(tmp_path):
    def rated(learning_rate):
        return {**SIZES, "learning_rate": learning_rate}

    constant, scheduled = CharLM(hidden=8, layers=1), CharLM(hidden=8, layers=1)
    constant.fit(TEXT, epochs=2, **rated(0.01))
    steps = constant.optimizer.iterations // 2
    scheduled.fit(TEXT, epochs=2, **rated(PiecewiseConstantDecay([2 * steps], [0.01, 0.0])))
    np.testing.assert_array_equal(scheduled.theta, constant.theta)
    scheduled.save(tmp_path / "model")
    again = CharLM.load(tmp_path / "model")
    again.fit(TEXT, epochs=3, **rated(PiecewiseConstantDecay([2 * steps - 1], [0.01, 0.0])))
    np.testing.assert_array_equal(again.theta, constant.theta)  # a rate of 0 from the third epoch on
    assert again.optimizer.iterations == 3 * steps


def test_an_interrupt_while_the_validation_loss_is_measured_loses_nothing(monkeypatch):
    whole, model = CharLM(hidden=8, layers=1), CharLM(hidden=8, layers=1)
    whole.fit(TEXT, epochs=2, val_fraction=0.1, **SIZES)

    def interrupted(ids, spans):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(model, "_loss_of", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.fit(TEXT, epochs=2, val_fraction=0.1, **SIZES)
    model.fit(TEXT, epochs=2, val_fraction=0.1, **SIZES)
    np.testing.assert_array_equal(model.theta, whole.theta)
    assert model.history == whole.history


def test_epoch_by_epoch_is_the_same_as_at_once():
    at_once, one_by_one = CharLM(hidden=8, layers=1), CharLM(hidden=8, layers=1)
    at_once.fit(TEXT, epochs=3, **SIZES)
    for epoch in range(3):
        one_by_one.fit(TEXT, epochs=epoch + 1, **SIZES)
    np.testing.assert_array_equal(one_by_one.theta, at_once.theta)


def test_an_untrained_model_knows_nothing():
    model = CharLM(hidden=8, layers=1, dtype="float64")
    for call in (model.sample, lambda: model.save("x"), lambda: model.evaluate("a"), lambda: model.theta):
        with pytest.raises(ValueError, match=r"^CharLM\.\w+: model must be trained"):
            call()
    model.fit(TEXT, epochs=0, **SIZES)
    assert model.evaluate(TEXT) == pytest.approx(np.log(len(model.vocabulary)), abs=0.2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CharLM(hidden=0), "CharLM: hidden must be a positive integer"),
        (lambda: CharLM(cell="elman"), "CharLM: cell must be one of 'lstm', 'gru', 'rnn', got 'elman'"),
        (lambda: CharLM(dropout=1.0), r"CharLM: dropout must be a number in \[0, 1\)"),
        (lambda: CharLM(recurrent_dropout=-0.1), r"CharLM: recurrent_dropout must be a number in \[0, 1\)"),
        (lambda: CharLM().fit("ab" * 2000, val_parts=0), "fit: val_parts must be a positive integer"),
        (
            lambda: CharLM().fit("ab" * 2000, weight_decay=-1),
            "AdamW: weight_decay must be a finite number of at least 0",
        ),
        (lambda: CharLM().fit("ab" * 20), "fit: text must be of at least 2501 characters"),
        (lambda: CharLM().fit("a" * 3000), "CharLM: text must be of at least two different characters, got 1"),
        (lambda: CharLM().fit("ab" * 2000, val_fraction=1.0), r"fit: val_fraction must be a number in \[0, 1\)"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match="^" + message):
        make()


def test_bad_samples():
    model = CharLM(hidden=4, layers=1)
    model.fit(TEXT, epochs=0, **SIZES)
    for arguments, message in (
        ({"temperature": -1.0}, "sample: temperature must be a finite number of at least 0"),
        ({"top_p": 0.0}, r"sample: top_p must be a number in \(0, 1\]"),
        ({"length": -1}, "sample: length must be a non-negative integer"),
        ({"prime": "Z"}, "Corpus: text must be of the model's characters, got 'Z'"),
    ):
        with pytest.raises(ValueError, match=message):
            model.sample(**arguments)
