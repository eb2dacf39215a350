"""The multivariate normal against SciPy, from covariance, precision and factor."""

import numpy as np
import pytest
from scipy import stats as sp

from mmlcore import check_grads, linalg
from mmlcore.stats import MultivariateNormal

RNG = np.random.default_rng(0)
A = RNG.standard_normal((4, 4))
COV, MEAN, X = A @ A.T + np.eye(4), RNG.standard_normal(4), 3 * RNG.standard_normal((50, 4))


def test_d1_against_scipy_in_three_forms():
    theirs = sp.multivariate_normal(MEAN, COV)
    for ours in (
        MultivariateNormal(MEAN, COV),
        MultivariateNormal(MEAN, precision=np.linalg.inv(COV)),
        MultivariateNormal(MEAN, factor=np.linalg.cholesky(COV)),
    ):
        np.testing.assert_allclose(ours.logpdf(X), theirs.logpdf(X), rtol=1e-12)
        np.testing.assert_allclose(ours.pdf(X[0]), theirs.pdf(X[0]), rtol=1e-12)
        np.testing.assert_allclose(ours.entropy(), theirs.entropy(), rtol=1e-12)
        np.testing.assert_allclose(ours.cov(), COV, rtol=1e-10)
        np.testing.assert_allclose(ours.var(), np.diag(COV), rtol=1e-10)
    assert ours.logpdf(X.reshape(5, 10, 4)).shape == (5, 10)


def test_batches_are_single_ones_side_by_side():
    batch = MultivariateNormal(np.stack([MEAN, -MEAN]), np.stack([COV, np.eye(4)]))
    values = batch.logpdf(X[:, None])
    assert values.shape == (50, 2)
    np.testing.assert_allclose(values[:, 1], MultivariateNormal(-MEAN, np.eye(4)).logpdf(X), rtol=1e-10)
    assert batch.rvs(random_state=0).shape == (2, 4)


def test_draws_and_fit():
    x = MultivariateNormal(MEAN, COV).rvs(20_000, random_state=0)
    np.testing.assert_allclose(x.mean(0), MEAN, atol=4 * (np.diag(COV).max() / 20_000) ** 0.5)
    np.testing.assert_allclose(np.cov(x.T), COV, atol=0.05 * np.abs(COV).max())
    fit = MultivariateNormal.fit(x)
    np.testing.assert_allclose(fit.cov(), np.cov(x.T, ddof=0), rtol=1e-10)


def test_derivatives():
    check_grads(
        lambda x, m, B: MultivariateNormal(m, B @ B.T + np.eye(2)).logpdf(x),
        (X[:2, :2], MEAN[:2], A[:2, :2]),
        rtol=1e-5,
    )


def test_errors():
    with pytest.raises(ValueError, match="one of cov, precision and factor must be given"):
        MultivariateNormal(MEAN)
    with pytest.raises(linalg.LinAlgError):
        MultivariateNormal(cov=np.diag([1.0, -1.0]))
    with pytest.raises(ValueError, match="cov must be symmetric"):
        MultivariateNormal(cov=[[1.0, 0.5], [0.0, 1.0]])
    with pytest.raises(ValueError, match="logpdf: x must be of shape"):
        MultivariateNormal(cov=np.eye(2)).logpdf(np.ones(3))
