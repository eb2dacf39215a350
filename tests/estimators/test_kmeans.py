"""KMeans: scikit-learn's clusters from the same seed, weights as copies, hard data."""

import warnings

import numpy as np
import pytest

from mmlcore.estimators import ConvergenceWarning, KMeans

cluster = pytest.importorskip("sklearn.cluster")
datasets = pytest.importorskip("sklearn.datasets")

LOADERS = {"iris": (datasets.load_iris, 3), "wine": (datasets.load_wine, 3), "digits": (datasets.load_digits, 10)}


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_the_same_clusters_as_scikit_learn_from_the_same_seed(name, init):
    load, k = LOADERS[name]
    X = load().data
    ours = KMeans(k, init=init, n_init=2, random_state=3).fit(X)
    theirs = cluster.KMeans(k, init=init, n_init=2, random_state=3).fit(X)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-8, atol=1e-8)
    np.testing.assert_array_equal(ours.labels_, theirs.labels_)
    assert ours.inertia_ == pytest.approx(theirs.inertia_, rel=1e-9)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-7, atol=1e-6)
    assert ours.score(X) == pytest.approx(theirs.score(X))


def test_weights_count_as_copies():
    rng = np.random.default_rng(0)
    X, weights = rng.standard_normal((60, 3)), rng.integers(0, 4, 60)
    start = rng.standard_normal((4, 3))
    ours = KMeans(4, init=start).fit(X, sample_weight=weights)
    copies = KMeans(4, init=start).fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(ours.cluster_centers_, copies.cluster_centers_, rtol=1e-8)
    assert ours.inertia_ == pytest.approx(copies.inertia_, rel=1e-8)
    assert ours.score(X, sample_weight=weights) == pytest.approx(copies.score(np.repeat(X, weights, axis=0)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_far_offset_and_tiny_scales_change_nothing(dtype):
    rng = np.random.default_rng(1)
    X = np.repeat(np.eye(3) * 8, 30, axis=0) + rng.standard_normal((90, 3))
    plain = KMeans(3, random_state=0).fit(X.astype(dtype))
    far = KMeans(3, random_state=0).fit((X + 1000).astype(dtype))
    tiny = KMeans(3, random_state=0).fit((X * 1e-12).astype(dtype))
    np.testing.assert_array_equal(plain.labels_, far.labels_)
    np.testing.assert_array_equal(plain.labels_, tiny.labels_)
    assert plain.cluster_centers_.dtype == dtype
    np.testing.assert_array_equal(far.predict((X + 1000).astype(dtype)), far.labels_)


@pytest.mark.parametrize("X", [np.eye(3) * 1e200, np.eye(3, dtype=np.float32) * np.float32(1e30)])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_squares_out_of_range_are_refused(X):
    with pytest.raises(ValueError, match="squared distances leave the range of X's dtype"):
        KMeans(2, random_state=0).fit(X)


def test_duplicate_points_are_said():
    with pytest.warns(
        ConvergenceWarning, match=r"Number of distinct clusters \(2\) found smaller than n_clusters \(3\)"
    ):
        model = KMeans(3, random_state=0).fit([[0.0], [0.0], [1.0], [1.0]])
    assert model.inertia_ == 0


def test_starts_that_are_given():
    X = np.array([[0.0], [1.0], [10.0], [11.0]])
    assert sorted(KMeans(2, init=lambda X, k, random_state: X[[0, 3]]).fit(X).cluster_centers_[:, 0]) == [0.5, 10.5]
    with pytest.warns(RuntimeWarning, match="performing only one init in KMeans instead of n_init=3"):
        KMeans(2, init=X[:2], n_init=3).fit(X)
    with pytest.raises(ValueError, match="does not match the number of clusters 2"):
        KMeans(2, init=X[:3]).fit(X)
    with pytest.raises(ValueError, match="does not match the number of features"):
        KMeans(2, init=np.ones((2, 2))).fit(X)
    with pytest.raises(ValueError, match="n_samples=4 should be >= n_clusters=5"):
        KMeans(5).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert KMeans(4, random_state=0).fit(X).inertia_ == 0
