"""Variational auto-encoders: the loss is reconstruction and divergence, codes are distributions, samples are drawn."""

import numpy as np
import pytest

from mmlcore import models, optimizers, stats
from mmlcore.callbacks import Callback
from mmlcore.layers import Conv2D, Dense, Dropout, Flatten, Reshape
from mmlcore.models import VariationalAutoEncoder

RNG = np.random.default_rng(0)
Y = np.arange(120) % 3
X = (RNG.random((120, 8)) < np.array([0.95, 0.5, 0.05, 0.95, 0.5, 0.05, 0.95, 0.5])).astype(float)
X[Y == 1] = 1 - X[Y == 1]


def made(likelihood="bernoulli", seed=0, **options):
    return VariationalAutoEncoder(
        [Dense(16, "tanh")], [Dense(16, "tanh"), Dense(8, "sigmoid")], 2, likelihood, seed=seed, **options
    )


def test_the_loss_is_the_sum_of_its_parts():
    for likelihood, beta in (("bernoulli", 1.0), ("gaussian", 0.5), ("mse", 1 / 8)):
        history = made(likelihood, beta=beta).fit(X, epochs=3, validation_data=X[:20], verbose=0).history
        for prefix in ("", "val_"):
            total, rest, kl = (np.array(history[prefix + name]) for name in ("loss", "reconstruction", "kl"))
            np.testing.assert_allclose(total, rest + beta * kl, rtol=1e-5)
        assert history["loss"][-1] < history["loss"][0]


def test_the_reported_divergence_is_that_of_the_posteriors():
    model = made(dtype="float64")
    model.fit(X, epochs=20, verbose=0)
    mean, variance = model.posterior(X)
    np.testing.assert_array_equal(mean, model.encode(X))
    prior = stats.MultivariateNormal(np.zeros(2), np.eye(2))
    posteriors = [stats.MultivariateNormal(m, np.diag(v)) for m, v in zip(mean, variance, strict=True)]
    each = [float(stats.kl_divergence(posterior, prior).value) for posterior in posteriors]
    measured = model.evaluate(X, return_dict=True)
    assert measured["kl"] == pytest.approx(np.mean(each), rel=1e-10)
    p = model.reconstruct(X)
    expected = -stats.Bernoulli(p).logpmf(X).sum(axis=1).mean()
    assert measured["reconstruction"] == pytest.approx(expected, rel=1e-5)


def test_beta_decides_between_the_parts():
    free, held = (made(beta=beta).fit(X, epochs=60, verbose=0).history for beta in (0.01, 10.0))
    assert held["kl"][-1] < 0.05 < free["kl"][-1]
    assert free["reconstruction"][-1] < held["reconstruction"][-1]


def test_beta_may_be_warmed_up_by_a_callback():
    class WarmUp(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.beta = min(1.0, epoch / 5)

    model = made()
    history = model.fit(X, epochs=3, callbacks=WarmUp(), verbose=0).history
    assert history["loss"][0] == pytest.approx(history["reconstruction"][0], rel=1e-6)
    expected = history["reconstruction"][2] + 0.4 * history["kl"][2]
    assert history["loss"][2] == pytest.approx(expected, rel=1e-5)
    assert model.not_captured is None


@pytest.mark.parametrize("d", [1, 2, 5])
def test_any_dimension_of_the_code(d):
    model = VariationalAutoEncoder([Dense(8, "relu")], [Dense(8, "sigmoid")], d, seed=0)
    model.fit(X, epochs=1, verbose=0)
    assert model.encode(X).shape == (120, d)
    assert model.sample(4, seed=1).shape == (4, 8)


def test_samples_are_decoded_draws_from_the_prior():
    model = made()
    model.fit(X, Y, epochs=2, verbose=0)
    np.testing.assert_array_equal(model.sample(3, seed=5), model.sample(3, seed=5))
    np.testing.assert_allclose(model.sample(2, scale=0), model.decode(np.zeros((2, 2))), rtol=1e-6)
    about = model.decode(model.centroids[1:2])
    np.testing.assert_allclose(model.sample(1, class_label=1, scale=0), about, rtol=1e-6)
    own = model.sample(3)
    assert (own != model.sample(3)).any()
    unlabelled = made()
    unlabelled.build((None, 8))
    assert unlabelled.sample(2).shape == (2, 8)


def test_encoding_is_deterministic_and_training_is_not():
    model = made()
    model.fit(X, epochs=1, verbose=0)
    np.testing.assert_array_equal(model.encode(X), model.encode(X))
    step = model.training_step(np.ascontiguousarray(X, np.float32))
    model.optimizer.constants[0] = 0.0
    values = []
    for _ in range(2):
        step()
        values.append(float(step.value[0]))
    assert values[0] != values[1]


def test_convolutions_on_both_sides():
    x = RNG.random((24, 8, 8, 1))
    model = VariationalAutoEncoder(
        [Conv2D(4, 3, activation="relu", strides=2), Flatten()], [Dense(64, "sigmoid"), Reshape((8, 8, 1))], seed=0
    )
    history = model.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert model.not_captured is None
    assert model.sample(2, seed=0).shape == (2, 8, 8, 1)


def test_resumed_exactly(tmp_path):
    pytest.importorskip("safetensors")
    one, other = (
        VariationalAutoEncoder([Dropout(0.2), Dense(8, "relu")], [Dense(8, "sigmoid")], 3, "gaussian", 0.5, seed=3)
        for _ in range(2)
    )
    for model in (one, other):
        model.compile(optimizers.Adam(0.01))
        model.fit(X, Y, epochs=2, verbose=0)
    other.save(tmp_path / "model")
    again = models.load(tmp_path / "model")
    assert (again.beta, again.likelihood, again.latent_dim) == (0.5, "gaussian", 3)
    histories = [model.fit(X, Y, epochs=2, verbose=0).history for model in (one, again)]
    assert histories[0] == histories[1]
    np.testing.assert_array_equal(one.theta, again.theta)
    np.testing.assert_array_equal(one.sample(4), again.sample(4))


def test_a_damaged_description_is_refused(tmp_path):
    pytest.importorskip("safetensors")
    from mmlcore.models import saving

    model = made()
    model.fit(X, Y, epochs=1, verbose=0)
    description = saving._description(model)
    tensors = saving._tensors(model, training=True)
    own = description["own"]
    for bad in ({}, {**own, "encoder": 7}, {**own, "classes": 9}, {**own, "arguments": {"beta": -1}}):
        saving._write(tmp_path / "bad", tensors, {**description, "own": bad})
        with pytest.raises(ValueError, match=r" must be "):
            models.load(tmp_path / "bad")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"latent_dim": 0}, "latent_dim must be"),
        ({"likelihood": "poisson"}, "likelihood must be one of 'bernoulli', 'gaussian', 'mse', got 'poisson'"),
        ({"beta": -1}, "beta must be a finite number of at least 0"),
        ({"beta": float("nan")}, "beta must be a finite number of at least 0"),
    ],
)
def test_bad_arguments(options, text):
    with pytest.raises(ValueError, match=f"^VariationalAutoEncoder: {text}"):
        VariationalAutoEncoder([Dense(2)], [Dense(2)], **options)


def test_bernoulli_wants_probabilities():
    with pytest.raises(ValueError, match=r"^fit: x must be between 0 and 1 for the loss 'bernoulli'"):
        made().fit(2 * X, verbose=0)
