"""PCA, TruncatedSVD, mixtures, k-means and perceptrons beside scikit-learn's, from the same starts."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from harness import Case, close, main
from sklearn import cluster, decomposition, mixture, neural_network

from mmlcore import estimators


def components(model: Any) -> Any:
    """The space that the components span, as its projector's effect on fixed vectors: signs do not count."""
    probe = np.random.default_rng(1).standard_normal((model.components_.shape[1], 3))
    return model.components_.T @ (model.components_ @ probe)


def ratings(items: int, users: int) -> Any:
    """Sparse-looking ratings of a few tastes, as MovieLens 1M's: 5 % given, 1 to 5."""
    rng = np.random.default_rng(0)
    likes = rng.standard_normal((items, 8)) @ rng.standard_normal((8, users))
    return np.where(rng.random((items, users)) < 0.05, np.clip(np.round(3.5 + likes / 3), 1, 5), 0.0)


def decompositions(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    n, d = (2000, 20) if quick else (100_000, 100)
    x = rng.standard_normal((n, d)) @ (rng.standard_normal((d, d)) / d**0.5) + 3
    both = {
        "mmlcore": lambda: components(estimators.PCA(10).fit(x)),
        "scikit-learn": lambda: components(decomposition.PCA(10).fit(x)),
    }
    yield Case(f"PCA k=10 {n}x{d}", both, close(1e-7), repeat=5)
    k, shape = (5, (300, 200)) if quick else (50, (6040, 3706))
    r = ratings(*shape)
    both = {
        "mmlcore": lambda: estimators.TruncatedSVD(k, random_state=0).fit(r).singular_values_,
        "scikit-learn": lambda: decomposition.TruncatedSVD(k, random_state=0).fit(r).singular_values_,
    }
    yield Case(f"TruncatedSVD k={k} {shape[0]}x{shape[1]}", both, close(2e-2), repeat=3)


def clusters(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    n = 2000 if quick else 160_000
    x = rng.standard_normal((n, 16)) + 2 * rng.standard_normal((8, 16))[rng.integers(8, size=n)]
    for kind in ("full", "diag"):
        options: Any = {"covariance_type": kind, "max_iter": 10, "tol": 0.0, "random_state": 0}
        both = {
            "mmlcore": lambda o=options: estimators.GaussianMixture(8, **o).fit(x).means_,
            "scikit-learn": lambda o=options: mixture.GaussianMixture(8, **o).fit(x).means_,
        }
        yield Case(f"GaussianMixture {kind} {n}x16 k=8, 10 iterations", both, close(1e-6), repeat=3)
    n = 2000 if quick else 200_000
    y = rng.standard_normal((n, 16))
    options = {"random_state": 0, "n_init": 1, "max_iter": 30}
    both = {
        "mmlcore": lambda: estimators.KMeans(32, **options).fit(y).inertia_,
        "scikit-learn": lambda: cluster.KMeans(32, **options).fit(y).inertia_,
    }
    yield Case(f"KMeans {n}x16 k=32, 30 iterations", both, close(1e-6), repeat=3)


def perceptrons(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    n = 2000 if quick else 60_000
    centres = rng.random((10, 784))
    labels = rng.integers(10, size=n)
    for dtype in (np.float32, np.float64):
        x = np.clip(centres[labels] + 0.3 * rng.standard_normal((n, 784)), 0, 1).astype(dtype)
        options: Any = {"hidden_layer_sizes": (128, 64), "batch_size": 128, "max_iter": 1, "random_state": 0}
        both = {
            "mmlcore": lambda o=options, x=x: (
                estimators.MLPClassifier(**o).fit(x, labels).score(x[:1000], labels[:1000])
            ),
            "scikit-learn": lambda o=options, x=x: (
                neural_network.MLPClassifier(**o).fit(x, labels).score(x[:1000], labels[:1000])
            ),
        }
        yield Case(f"MLPClassifier 784-128-64-10 {np.dtype(dtype)}, one epoch of {n}", both, close(0.1), repeat=3)


def cases(quick: bool) -> Iterator[Case]:
    """All of them; that ten iterations do not converge is meant."""
    warnings.simplefilter("ignore")
    yield from decompositions(quick)
    yield from clusters(quick)
    yield from perceptrons(quick)


if __name__ == "__main__":
    main("estimators_models", cases)
