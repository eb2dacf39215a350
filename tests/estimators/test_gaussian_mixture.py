"""GaussianMixture: scikit-learn's result from the same start, a likelihood that never falls, weights as copies."""

import warnings

import numpy as np
import pytest

from mmlcore.estimators import ConvergenceWarning, GaussianMixture

mixture = pytest.importorskip("sklearn.mixture")
datasets = pytest.importorskip("sklearn.datasets")

KINDS = ("full", "tied", "diag", "spherical")
KIND = pytest.mark.parametrize("kind", KINDS)


@KIND
@pytest.mark.parametrize("load", [datasets.load_iris, datasets.load_wine])
@pytest.mark.parametrize("start", ["kmeans", "random"])
def test_scikit_learn_s_mixture_from_the_same_start(kind, load, start):
    X = load().data
    X = (X - X.mean(0)) / X.std(0)
    options = {"covariance_type": kind, "random_state": 0, "init_params": start}
    ours, theirs = GaussianMixture(3, **options).fit(X), mixture.GaussianMixture(3, **options).fit(X)
    assert ours.n_iter_ == theirs.n_iter_
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "lower_bound_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-6, atol=1e-8, err_msg=name)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-8)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X), rtol=1e-8)
    for name in ("score", "bic", "aic"):
        assert getattr(ours, name)(X) == pytest.approx(getattr(theirs, name)(X))


@KIND
def test_the_likelihood_never_falls(kind):
    X = np.random.default_rng(0).random((400, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianMixture(5, covariance_type=kind, max_iter=60, tol=0.0, reg_covar=0.0, random_state=1).fit(X)
    assert len(model.lower_bounds_) == model.n_iter_
    assert np.diff(model.lower_bounds_).min() > -1e-10


@KIND
def test_weights_count_as_copies(kind):
    rng = np.random.default_rng(2)
    X, weights = rng.standard_normal((120, 2)), rng.integers(0, 4, 120)
    X[:60] += 5
    copies = np.repeat(X, weights, axis=0)
    options = {"covariance_type": kind, "means_init": [[0.0, 0.0], [5.0, 5.0]], "random_state": 0, "tol": 1e-6}
    one, other = GaussianMixture(2, **options).fit(X, sample_weight=weights), GaussianMixture(2, **options).fit(copies)
    for name in ("weights_", "means_", "covariances_", "lower_bound_"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-8, atol=1e-8)
    assert one.score(X, sample_weight=weights) == pytest.approx(other.score(copies), rel=1e-8)


@KIND
def test_starts_that_are_given_are_scikit_learn_s(kind):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((200, 2))
    factor = rng.standard_normal((2, 2, 2))
    full = factor @ np.swapaxes(factor, 1, 2) + np.eye(2)
    precisions = {"full": full, "tied": full[0], "diag": np.einsum("kii->ki", full), "spherical": full[:, 0, 0]}[kind]
    given = {"weights_init": [0.3, 0.7], "means_init": X[:2], "precisions_init": precisions, "covariance_type": kind}
    ours = GaussianMixture(2, **given, random_state=0, max_iter=200).fit(X)
    theirs = mixture.GaussianMixture(2, **given, random_state=0, max_iter=200).fit(X)
    np.testing.assert_allclose(ours.means_, theirs.means_, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.lower_bound_, theirs.lower_bound_, rtol=1e-10)


@KIND
def test_pieces_are_learnt_one_after_the_other(kind):
    rng = np.random.default_rng(8)
    X = rng.permutation(np.vstack([rng.standard_normal((600, 2)), rng.standard_normal((300, 2)) * 0.7 + [6, 3]]))
    one = GaussianMixture(2, covariance_type=kind, random_state=0).partial_fit(X)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        step = GaussianMixture(2, covariance_type=kind, random_state=0, max_iter=1, tol=0.0).fit(X)
    np.testing.assert_allclose(one.means_, step.means_, rtol=1e-12)
    np.testing.assert_allclose(one.covariances_, step.covariances_, rtol=1e-12)

    whole, pieces = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X), None
    for rows in np.array_split(X, 9):
        pieces = (pieces or GaussianMixture(2, covariance_type=kind, random_state=0)).partial_fit(rows)
    order = np.argsort(pieces.means_[:, 0])
    reference = np.argsort(whole.means_[:, 0])
    np.testing.assert_allclose(pieces.means_[order], whole.means_[reference], atol=0.05)
    np.testing.assert_allclose(pieces.weights_[order], whole.weights_[reference], atol=0.01)
    assert pieces.score(X) == pytest.approx(whole.score(X), abs=0.01)
    before = whole.means_.copy()
    whole.partial_fit(X[:50])  # the other rows are not forgotten
    np.testing.assert_allclose(whole.means_, before, atol=0.1)


@KIND
@pytest.mark.parametrize("X", [np.repeat([[1.0, 2.0], [3.0, 4.0]], 5, axis=0), np.ones((6, 2)), np.eye(5)[:3]])
def test_singular_data_are_said_and_give_finite_numbers(kind, X):
    with pytest.warns(ConvergenceWarning, match="singular"):
        model = GaussianMixture(2, covariance_type=kind, reg_covar=0.0, random_state=0, means_init=X[[0, -1]]).fit(X)
    for name in ("means_", "covariances_", "precisions_", "lower_bound_"):
        assert np.isfinite(getattr(model, name)).all(), name


@KIND
def test_scales_change_nothing(kind):
    rng = np.random.default_rng(4)
    X = np.vstack([rng.standard_normal((80, 2)), rng.standard_normal((80, 2)) + 6])
    plain = GaussianMixture(2, covariance_type=kind, reg_covar=0.0, random_state=0).fit(X)
    for scale in (1e-90, 1e90):
        scaled = GaussianMixture(
            2, covariance_type=kind, reg_covar=0.0, random_state=0, means_init=plain.means_ * scale
        )
        scaled.fit(X * scale)
        np.testing.assert_array_equal(scaled.predict(X * scale), plain.predict(X))
        np.testing.assert_allclose(scaled.means_ / scale, plain.means_, rtol=1e-2)


@KIND
@pytest.mark.parametrize("X", [np.eye(4) * 1e200, np.eye(4, dtype=np.float32) * np.float32(1e30)])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_squares_out_of_range_are_refused(kind, X):
    with pytest.raises(ValueError, match="the squares of X leave the range of its dtype"):
        GaussianMixture(2, covariance_type=kind, init_params="random", random_state=0).fit(X)


def test_a_mean_that_moves_far_keeps_the_covariance_s_digits():
    rng = np.random.default_rng(5)
    X = np.vstack([rng.standard_normal((100, 1)) * 1e-6, 1e3 + rng.standard_normal((100, 1)) * 1e-6])
    model = GaussianMixture(
        2, reg_covar=0.0, means_init=[[400.0], [600.0]], precisions_init=[[[1.0]], [[1.0]]], tol=1e-9
    )
    model.fit(X)
    np.testing.assert_allclose(model.covariances_.ravel(), [X[:100].var(), X[100:].var()], rtol=1e-6)


def test_single_precision_is_kept_and_near():
    X = datasets.load_iris().data
    one, other = (GaussianMixture(3, random_state=0).fit(X.astype(dtype)) for dtype in (np.float32, np.float64))
    assert one.means_.dtype == one.predict_proba(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(one.means_, other.means_, rtol=1e-3)


def test_warm_starts_go_on_and_max_iter_is_said():
    X = np.random.default_rng(6).standard_normal((300, 2))
    model = GaussianMixture(3, max_iter=2, warm_start=True, tol=0.0, random_state=0)
    bounds = []
    for _ in range(3):
        with pytest.warns(ConvergenceWarning, match="did not converge"):
            bounds += model.fit(X).lower_bounds_
    assert np.diff(bounds).min() > 0


def test_draws_have_the_mixture_s_moments():
    X = np.vstack(
        [np.random.default_rng(7).standard_normal((200, 2)), np.full((200, 2), 9.0) + np.eye(2)[[0, 1] * 100]]
    )
    for kind in KINDS:
        model = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
        drawn, component = model.sample(4000)
        np.testing.assert_allclose(drawn.mean(0), X.mean(0), atol=0.3)
        assert (model.predict(drawn) == component).mean() > 0.99
    with pytest.raises(ValueError, match="Invalid value for 'n_samples': 0"):
        model.sample(0)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"weights_init": [0.5, 0.6]}, "should be normalized"),
        ({"weights_init": [-0.5, 1.5]}, r"in the range \[0, 1\]"),
        ({"means_init": [[0.0]]}, r"'means' should have the shape of \(2, 2\)"),
        ({"precisions_init": [1.0, -1.0], "covariance_type": "spherical"}, "should be positive"),
    ],
)
def test_starts_that_do_not_fit_are_refused(options, text):
    with pytest.raises(ValueError, match=text):
        GaussianMixture(2, **options).fit(np.eye(4)[:, :2])
    with pytest.raises(ValueError, match="Expected n_samples >= n_components but got n_components = 9, n_samples = 4"):
        GaussianMixture(9).fit(np.eye(4))
