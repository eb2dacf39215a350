"""Likelihoods in nats: those of the distributions, from logits too, planned as differentiated."""

import numpy as np
import pytest

from mmlcore import stats, value_and_grad
from mmlcore.layers import Dense
from mmlcore.losses import BernoulliLikelihood, GaussianLikelihood
from mmlcore.models import Sequential

RNG = np.random.default_rng(0)


def test_bernoulli_is_the_negative_log_likelihood():
    t, p = (RNG.random((5, 7)) < 0.5).astype(float), RNG.uniform(0.05, 0.95, (5, 7))
    expected = -stats.Bernoulli(p).logpmf(t).sum(axis=1).mean()
    assert float(BernoulliLikelihood()(t, p)) == pytest.approx(expected, rel=1e-12)
    logits = np.log(p / (1 - p))
    assert float(BernoulliLikelihood(from_logits=True)(t, logits)) == pytest.approx(expected, rel=1e-12)


def test_gaussian_is_the_negative_log_likelihood_up_to_its_constant():
    t, p = RNG.standard_normal((2, 5, 7))
    expected = -stats.Normal(p, 1).logpdf(t).sum(axis=1).mean() - 3.5 * np.log(2 * np.pi)
    assert float(GaussianLikelihood()(t, p)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [BernoulliLikelihood(), BernoulliLikelihood(True), GaussianLikelihood()])
def test_plan_and_tape(loss, dtype, weighted):
    t, p = RNG.random((9, 5)).astype(dtype), RNG.uniform(0.1, 0.9, (9, 5)).astype(dtype)
    weights = RNG.uniform(0, 2, 9).astype(dtype) if weighted else None
    gradient = np.empty_like(p)
    plan = loss.plan(t, p, gradient, weights)
    plan.call()
    value, taped = value_and_grad(lambda p: loss(t, p, weights))(p)
    assert plan.value[0] == value
    np.testing.assert_array_equal(gradient, taped)


def test_a_sigmoid_is_joined_with_the_loss():
    model = Sequential([Dense(3, "sigmoid")], seed=0)
    model.compile("sgd", BernoulliLikelihood())
    model.build((None, 2))
    assert model._fused_loss().from_logits
    x = np.full((1, 2), 1e4, np.float32)
    assert np.isfinite(model.evaluate(x, np.ones((1, 3))))
    assert BernoulliLikelihood(True).before("sigmoid") is None
    assert BernoulliLikelihood().before("relu") is None
