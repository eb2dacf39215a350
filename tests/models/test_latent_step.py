"""The auto-encoder's step: planned, recorded and taped give one gradient, that of the formulas."""

import numpy as np
import pytest

from mmlcore import _kernels, models, optimizers, stats
from mmlcore.autodiff import value_and_grad
from mmlcore.layers import Dense, Dropout, Layer
from mmlcore.models import capture
from mmlcore.models.latent_step import Parts, centres_of, code_divergence, flat

RNG = np.random.default_rng(0)
X = RNG.random((23, 6))
Y = RNG.integers(-1, 3, 23)


class Identity(Layer):
    """One without a plan."""

    def call(self, inputs):
        return inputs * 1.0


def made(*before, kind=models.SemiSupervisedVAE, dtype="float64", **options):
    encoder = [*before, Dense(8, "tanh", kernel_regularizer="l2")]
    model = kind(encoder, [Dense(8, "relu"), Dense(6, "sigmoid")], 2, dtype=dtype, seed=0, **options)
    model.compile(optimizers.Adam(0.01))
    model.build((None, 6))
    if kind is models.SemiSupervisedVAE:
        model._expect(Y)
        model._centres[...] = [[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]
    return model


def test_the_divergence_is_that_of_the_distributions():
    code, centre = RNG.standard_normal((4, 6)), RNG.standard_normal(3)
    for row, got in zip(code, code_divergence(code, centre), strict=True):
        p = stats.MultivariateNormal(row[:3], np.diag(np.exp(row[3:])))
        q = stats.MultivariateNormal(centre, np.eye(3))
        assert got == pytest.approx(float(stats.kl_divergence(p, q).value), rel=1e-10)


def test_the_divergence_by_monte_carlo():
    mean, log_variance, centre = np.array([0.5, -1.0]), np.array([0.3, -0.8]), np.array([1.0, 1.0])
    p = [stats.Normal(m, np.exp(v / 2)) for m, v in zip(mean, log_variance, strict=True)]
    z = np.stack([part.rvs(200_000, random_state=i) for i, part in enumerate(p)], axis=1)
    logs = sum(part.logpdf(z[:, j]) - stats.Normal(centre[j], 1.0).logpdf(z[:, j]) for j, part in enumerate(p))
    error = logs.std() / np.sqrt(len(logs))
    exact = code_divergence(np.concatenate([mean, log_variance])[None], centre)[0]
    assert abs(logs.mean() - exact) < 4 * error


def test_centres_of_labels_that_have_none():
    np.testing.assert_array_equal(centres_of(np.array([-1, 0, 5]), np.array([[3.0]])), [[0], [3], [0]])
    assert centres_of(np.array([0, 1]), np.empty((0, 2))).shape == (2, 2)


def test_samples_become_rows():
    assert flat(np.zeros((2, 3))).shape == (2, 3)
    assert flat(np.zeros((2, 3, 4, 1))).shape == (2, 12)


def test_parts_are_means_and_begin_anew():
    parts = Parts.zero()
    parts.reconstruction[0], parts.divergence[0] = 6.0, 3.0
    assert parts.take(3) == {"reconstruction": 2.0, "kl": 1.0}
    assert parts.take(3) == {"reconstruction": 0.0, "kl": 0.0}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [models.VariationalAutoEncoder, models.SemiSupervisedVAE])
def test_planned_and_taped_gradients_agree(kind, weighted):
    weights = RNG.uniform(0, 2, len(X)) if weighted else None
    gradients, values = [], []
    for before in ([], [Identity()]):
        model = made(*before, kind=kind)
        step = model.training_step(X, Y, weights)
        assert (step.obstacle is None) == (not before)
        step()
        gradients.append(model.gradient.copy())
        values.append(float(step.value[0]))
        parts = model._parts.take(len(X))
        penalty = 0.01 * float((made(kind=kind).layers[0].kernel ** 2).sum())
        assert parts["reconstruction"] + parts["kl"] + penalty == pytest.approx(values[-1], rel=1e-12)
    assert values[0] == pytest.approx(values[1], rel=1e-13)
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-10, atol=1e-12)


def test_the_gradient_is_that_of_the_formula():
    model = made()
    step = model.training_step(X, Y)
    hidden, code = model.layers[0], model.layers[1]
    wide, last = model.layers[3:]
    start = model.theta.copy()
    shapes = [w.shape for w in model.get_weights()]
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    noise = np.empty((len(X), 2))
    _kernels.random_normal(noise, 0.0, 1.0, model.layers[2].key, np.zeros(1, np.int64))
    centres = centres_of(Y, model.centres)

    def loss(theta):
        w1, b1, w2, b2, w3, b3, w4, b4 = (
            theta[a:b].reshape(shape) for a, b, shape in zip(ends[:-1], ends[1:], shapes, strict=True)
        )
        coded = np.tanh(X @ w1 + b1) @ w2 + b2
        mean, log_variance = coded[:, :2], coded[:, 2:]
        z = mean + np.exp(0.5 * log_variance) * noise
        logits = np.maximum(z @ w3 + b3, 0.0) @ w4 + b4
        reconstruction = np.sum(np.log1p(np.exp(-logits)) + (1 - X) * logits) / len(X)
        kl = 0.5 * np.sum(np.exp(log_variance) - 1 - log_variance + (mean - centres) ** 2) / len(X)
        return reconstruction + kl + 0.01 * np.sum(w1**2)

    value, gradient = value_and_grad(loss)(start)
    assert (hidden.units, code.units, wide.units, last.units) == (8, 4, 8, 6)
    step()
    assert float(step.value[0]) == pytest.approx(float(value), rel=1e-12)
    np.testing.assert_allclose(model.gradient, gradient, rtol=1e-9, atol=1e-12)


def test_a_recorded_step_draws_anew_and_is_the_step():
    by_hand, recorded = made(Dropout(0.2)), made(Dropout(0.2))
    step = by_hand.training_step(X, Y)
    for _ in range(6):
        step()
    captured = capture(recorded.training_step(X, Y))
    captured(times=5)
    np.testing.assert_array_equal(by_hand.theta, recorded.theta)
    assert recorded.layers[3].draw[0] == 6
    np.testing.assert_array_equal(by_hand._parts.divergence, recorded._parts.divergence)


def test_beta_and_centres_are_read_at_every_step():
    model = made()
    captured = capture(model.training_step(X, Y))
    model.optimizer.constants[0] = 0.0  # θ stays
    captured()
    before = float(captured.steps[0].value[0])
    model.beta = 0.0
    captured()
    without = float(captured.steps[0].value[0])
    model.beta = 1.0
    model._centres[...] = 100.0
    captured()
    assert without < before < float(captured.steps[0].value[0]) - 1000
