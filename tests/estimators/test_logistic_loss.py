"""Gradients (7.4) and (7.10) to (7.12) of the Notes, Hessians, and their approximations."""

import numpy as np
import pytest

from mmlcore.estimators.logistic_loss import BinaryLoss, Prior, SoftmaxLoss

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4))


def losses(intercept=True, dtype=np.float64):
    w = (rng.random(30) + 0.1).astype(dtype)
    for kind, classes, rows in ((BinaryLoss, 2, 1), (SoftmaxLoss, 3, 3)):
        codes = rng.integers(0, classes, 30)
        size = rows * 5
        prior = Prior(np.tile([0.5, 0.5, 0.5, 0.5, 0.0], rows), 0.1 * rng.normal(size=size))
        yield kind(X.astype(dtype), codes, classes, w, prior, intercept), 0.5 * rng.normal(size=size), codes, w


@pytest.mark.parametrize("intercept", [True, False])
def test_derivatives(intercept):
    for loss, theta, *_ in losses(intercept):
        free = np.ones(loss.size, bool)
        if not intercept:
            free[4::5] = False
            theta[4::5] = 0
        _, gradient = loss(theta)
        H, product = loss.hessian(theta), loss.times_hessian(theta)
        for i in np.flatnonzero(free):
            e = np.zeros(loss.size)
            e[i] = 1e-5
            (up, g_up), (down, g_down) = loss(theta + e), loss(theta - e)
            assert gradient[i] == pytest.approx((up - down) / 2e-5, abs=1e-8)
            np.testing.assert_allclose(H[free, i], ((g_up - g_down) / 2e-5)[free], atol=1e-8)
            np.testing.assert_allclose(product(e)[free] / 1e-5, H[free, i], atol=1e-10)
        assert (np.linalg.eigvalsh(H) <= loss.bound() + 1).all()


def test_values_of_the_formulas():
    """(7.2): Σ log(1 + e^z) - t z; (7.8): -Σ log softmax."""
    for loss, theta, codes, w in losses():
        blocks = theta.reshape(-1, 5)
        z = X @ blocks[:, :-1].T + blocks[:, -1]
        z = np.column_stack([np.zeros(30), z]) if z.shape[1] == 1 else z
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        penalty = 0.5 * (loss.prior.precision * np.square(theta - loss.prior.mean)).sum()
        wanted = (-(w * np.log(p[np.arange(30), codes])).sum() + penalty) / w.sum()
        assert loss(theta)[0] == pytest.approx(wanted, rel=1e-12)


def test_rough_solver_is_the_inverse_hessian_where_there_are_few_rows():
    loss, theta, *_ = next(losses())
    g = rng.normal(size=5)
    np.testing.assert_allclose(loss.rough_solver(theta)(g), np.linalg.solve(loss.hessian(theta), g), rtol=1e-8)


def test_large_scores_overflow_nowhere():
    for loss, theta, *_ in losses():
        value, gradient = loss(1e4 * theta)
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()


def test_float32():
    for (single, theta, *_), (double, *_) in zip(losses(dtype=np.float32), losses(), strict=True):
        assert single.X.dtype == np.float32
        assert np.isfinite(single(theta)[1]).all()
        assert single(theta)[1].dtype == double(theta)[1].dtype == np.float64
