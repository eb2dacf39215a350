"""Divergence and negative log-likelihood against SciPy, torch and each other."""

import numpy as np
import pytest
from scipy import special, stats

from mmlcore import check_grads, grad, ops
from mmlcore.losses import (
    KLDivergence,
    NegativeLogLikelihood,
    SparseCategoricalCrossentropy,
    kl_divergence,
    negative_log_likelihood,
)

RNG = np.random.default_rng(0)
T, P = RNG.dirichlet(np.ones(4), size=(2, 6))
Z = RNG.standard_normal((6, 4))
LABELS = np.array([0, 3, 1, 2, 2, 0])


def test_divergence_against_scipy():
    np.testing.assert_allclose(kl_divergence(T, P), stats.entropy(T, P, axis=1), rtol=1e-10)
    assert float(KLDivergence()(T, T)) == pytest.approx(0, abs=1e-15)
    assert (kl_divergence(T, P) > 0).all()
    check_grads(lambda p: KLDivergence()(T, p), (P,), order=2, rtol=1e-4)


def test_divergence_is_cross_entropy_less_entropy():
    cross = -(T * np.log(P)).sum(axis=1)
    np.testing.assert_allclose(kl_divergence(T, P), cross - stats.entropy(T, axis=1), rtol=1e-10)


def test_probabilities_of_zero():
    assert float(kl_divergence([[0.0, 1.0]], [[0.0, 1.0]])[0]) == pytest.approx(0, abs=1e-12)
    assert float(kl_divergence([[1.0]], [[0.0]])[0]) == pytest.approx(-np.log(1e-7))


def test_likelihood():
    log_p = special.log_softmax(Z, axis=1)
    np.testing.assert_allclose(negative_log_likelihood(LABELS, log_p), -log_p[np.arange(6), LABELS])
    check_grads(lambda z: NegativeLogLikelihood()(LABELS, ops.log_softmax(z)), (Z,), order=2)
    torch = pytest.importorskip("torch")
    theirs = torch.nn.functional.nll_loss(torch.tensor(log_p), torch.tensor(LABELS))
    np.testing.assert_allclose(NegativeLogLikelihood()(LABELS, log_p), theirs.numpy(), rtol=1e-14)


def test_after_log_softmax_it_takes_logits():
    fused = NegativeLogLikelihood().before("log_softmax")
    assert isinstance(fused, SparseCategoricalCrossentropy)
    log_p = special.log_softmax(Z, axis=1)
    np.testing.assert_allclose(fused(LABELS, Z), NegativeLogLikelihood()(LABELS, log_p), rtol=1e-13)
    np.testing.assert_allclose(
        grad(lambda z: fused(LABELS, z))(Z),
        grad(lambda z: NegativeLogLikelihood()(LABELS, ops.log_softmax(z)))(Z),
        rtol=1e-12,
    )
    assert NegativeLogLikelihood().before("softmax") is None

    class Mine(NegativeLogLikelihood):
        def call(self, y_true, y_pred):
            return 2 * super().call(y_true, y_pred)

    assert Mine().before("log_softmax") is None
