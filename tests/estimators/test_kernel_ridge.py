"""Kernel ridge regression: scikit-learn's numbers; a linear kernel is ridge without intercept."""

import numpy as np
import pytest

from mmlcore.estimators import KernelRidge, Ridge

rng = np.random.default_rng(0)


@pytest.mark.parametrize("kernel", ["linear", "rbf", "poly", "laplacian"])
@pytest.mark.parametrize("weighted", [True, False])
def test_agrees_with_scikit_learn(kernel, weighted):
    kernel_ridge = pytest.importorskip("sklearn.kernel_ridge")
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    w = rng.random(40) if weighted else None
    options = {"alpha": [0.1, 2.0], "kernel": kernel, "gamma": 0.4}
    ours, theirs = KernelRidge(**options).fit(X, y, w), kernel_ridge.KernelRidge(**options).fit(X, y, w)
    np.testing.assert_allclose(ours.dual_coef_, theirs.dual_coef_, rtol=1e-8, atol=1e-11)
    new = rng.normal(size=(7, 3))
    np.testing.assert_allclose(ours.predict(new), theirs.predict(new), rtol=1e-8)


def test_linear_kernel_is_ridge():
    X, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    np.testing.assert_allclose(
        KernelRidge(0.5).fit(X, y).predict(X), Ridge(0.5, fit_intercept=False).fit(X, y).predict(X), rtol=1e-9
    )


def test_precomputed():
    X, y = rng.normal(size=(20, 4)), rng.normal(size=20)
    whole = KernelRidge(0.5).fit(X, y)
    given = KernelRidge(0.5, kernel="precomputed").fit(X @ X.T, y)
    np.testing.assert_allclose(given.predict(X @ X.T), whole.predict(X), rtol=1e-10)
    with pytest.raises(ValueError, match="Precomputed kernel must be a square matrix"):
        given.fit(X, y)


def test_a_singular_kernel_is_solved_by_singular_values():
    X = np.ones((5, 1))
    np.testing.assert_allclose(KernelRidge(0).fit(X, np.full(5, 3.0)).predict(X), 3.0)


def test_numbers_of_penalties():
    with pytest.raises(ValueError, match="do not correspond"):
        KernelRidge([1.0, 2.0]).fit(np.ones((3, 1)), np.ones(3))
