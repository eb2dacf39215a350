"""Similarities under scikit-learn's names."""

import numpy as np
import pytest

from mmlcore.estimators.kernels import KERNELS, kernel_matrix, rbf

rng = np.random.default_rng(0)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("same", [True, False])
def test_agrees_with_scikit_learn(name, same):
    pairwise = pytest.importorskip("sklearn.metrics.pairwise")
    X = rng.normal(size=(9, 4))
    Y = X if same else rng.normal(size=(5, 4))
    options = {} if name in ("linear", "cosine") else {"gamma": 0.3}
    if name in ("poly", "polynomial", "sigmoid"):
        options["coef0"] = 1.5
    if name.startswith("poly"):
        options["degree"] = 2
    theirs = pairwise.pairwise_kernels(X, Y, metric=name, **options)
    np.testing.assert_allclose(kernel_matrix(X, Y, name, 0.3, 2, 1.5, {}), theirs, rtol=1e-12, atol=1e-14)


def test_a_function_of_two_rows():
    X = rng.normal(size=(3, 2))
    found = kernel_matrix(X, X, lambda x, y, power: (x @ y) ** power, None, 3, 1, {"power": 2})
    np.testing.assert_allclose(found, (X @ X.T) ** 2)


def test_distances_far_from_zero_keep_their_digits():
    X = rng.normal(size=(6, 3)) + 1e8
    exact = np.exp(-np.square((X[:, None] - X[None]).astype(np.longdouble)).sum(axis=-1))
    np.testing.assert_allclose(rbf(X, X, 1.0), exact.astype(float), atol=1e-12)
    assert (rbf(X, X.copy(), 1.0) <= 1).all()


def test_blocks_and_their_mirror_images():
    X = rng.normal(size=(601, 3))
    K = rbf(X, X, 0.2)
    np.testing.assert_allclose(K, np.exp(-0.2 * np.square(X[:, None] - X[None]).sum(axis=-1)), rtol=1e-12)
    np.testing.assert_array_equal(K[:256, 256:], K[256:, :256].T)
    assert (K.diagonal() == 1).all()
