"""What reviews found: sizes at the end of the range, weights at any size, refits that fail late."""

import pickle
import warnings

import numpy as np
import pytest

from mmlcore.estimators import (
    PCA,
    BayesianRidge,
    GaussianMixture,
    KernelRidge,
    KMeans,
    LinearRegression,
    LinearSVC,
    LogisticRegression,
    MinMaxScaler,
    MLPClassifier,
    MLPRegressor,
    RBFFeatures,
    RidgeCV,
    StandardScaler,
    TruncatedSVD,
)
from mmlcore.estimators.ridge_cv import leave_one_out_errors

SIZES = [
    (x, y)
    for x in (1e-300, 1e-200, 1e-160, 1.0, 1e160, 1e300)
    for y in (1e-200, 1.0, 1e200)
    if abs(np.log10(y) - np.log10(x)) <= 300  # otherwise the coefficients themselves leave the range
]


@pytest.mark.parametrize("rows", [50, 3])
@pytest.mark.parametrize(("x_size", "y_size"), SIZES)
def test_least_squares_of_any_size(rows, x_size, y_size):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, 3))
    y = X @ [1.0, 2.0, 3.0] + 0.5
    expected = LinearRegression().fit(X, y)
    for method in ("fit", "partial_fit"):
        if method == "partial_fit" and max(x_size, y_size, 1 / x_size, 1 / y_size) > 1e250:
            continue  # sums of squares over many blocks have no second look
        model = getattr(LinearRegression(), method)(X * x_size, y * y_size)
        np.testing.assert_allclose(model.coef_ / y_size * x_size, expected.coef_, rtol=1e-9)
        np.testing.assert_allclose(model.intercept_ / y_size, expected.intercept_, rtol=1e-9)


@pytest.mark.parametrize("size", [1e-36, 1e-30, 1e-23, 1e-16, 1e16, 1e25])
def test_least_squares_of_any_size_in_float32(size):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 3)).astype(np.float32)
    y = X @ np.float32([1, 2, 3])
    model = LinearRegression().fit(X * np.float32(size), y)
    np.testing.assert_allclose(model.predict(X * np.float32(size)), y, atol=1e-4)
    np.testing.assert_allclose(model.coef_.astype(float) * size, [1, 2, 3], rtol=1e-4)


def test_a_scaler_meets_pieces_that_weigh_nothing():
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(0)
    X, w = rng.standard_normal((30_000, 50)), np.ones(30_000)
    w[:25_000] = 0
    X[np.abs(X) < 1.5] = 0
    expected = StandardScaler(with_mean=False).fit(X[25_000:])
    for given in (X, sparse.csr_array(X)):
        found = StandardScaler(with_mean=False).fit(given, sample_weight=w)
        np.testing.assert_allclose(found.var_, expected.var_, rtol=1e-10)
        np.testing.assert_allclose(found.mean_, expected.mean_, rtol=1e-9)


def test_the_complete_decomposition_of_wide_data_keeps_no_large_matrix():
    X = np.random.default_rng(0).standard_normal((5, 400))
    assert len(pickle.dumps(PCA().fit(X))) < 4 * X.nbytes
    tall = PCA(svd_solver="full").fit(X.T[:, :3])
    np.testing.assert_allclose(tall.partial_fit(X.T[:, :3]).mean_, X.T[:, :3].mean(axis=0))


@pytest.mark.parametrize("model", [PCA(2), TruncatedSVD(2)], ids=lambda value: type(value).__name__)
def test_rows_that_are_refused_are_not_taken_in(model):
    X = np.random.default_rng(0).standard_normal((12, 3))
    model.partial_fit(X)
    before = model.components_.copy()
    with pytest.raises(ValueError, match="partial_fit: X must be of finite squares"):
        model.partial_fit(np.full((2, 3), 1e200))
    np.testing.assert_array_equal(model.components_, before)
    whole = type(model)(2).partial_fit(np.vstack([X, X[:5] + 1]))
    np.testing.assert_allclose(abs(model.partial_fit(X[:5] + 1).components_), abs(whole.components_), rtol=1e-9)
    new = TruncatedSVD(9)
    with pytest.raises(ValueError, match="n_components"):
        new.partial_fit(X)
    assert not hasattr(new, "n_features_in_")


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("weight", [1e-16, 1e-100, 1e6])
def test_a_mixture_knows_no_unit_of_weight(kind, weight):
    X = np.random.default_rng(0).standard_normal((60, 2)) + np.repeat([[0.0], [6.0]], 30, axis=0)
    plain = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
    scaled = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X, sample_weight=np.full(60, weight))
    for name in ("weights_", "means_", "covariances_"):
        np.testing.assert_allclose(getattr(scaled, name), getattr(plain, name), rtol=1e-7)


def test_a_mixture_whose_shape_was_changed_takes_no_more_rows():
    X = np.random.default_rng(0).standard_normal((40, 2))
    for change in ({"n_components": 3}, {"covariance_type": "diag"}):
        model = GaussianMixture(2, random_state=0).partial_fit(X).set_params(**change)
        with pytest.raises(ValueError, match="partial_fit: n_components and covariance_type must be those"):
            model.partial_fit(X)


def test_k_means_refuses_centres_that_are_no_numbers():
    X = np.random.default_rng(0).standard_normal((9, 2))
    for centres in ([[np.nan, 0.0], [1.0, 1.0]], lambda X, k, random_state: np.full((k, 2), np.nan)):
        with pytest.raises(ValueError, match="Input init contains NaN"):
            KMeans(2, init=centres, n_init=1).fit(X)


@pytest.mark.parametrize("intercept", [True, False])
def test_leaving_one_out_of_weighted_rows_is_leaving_one_copy_out(intercept):
    rng = np.random.default_rng(0)
    X, w = rng.standard_normal((20, 3)), rng.integers(0, 4, 20)
    y = X @ [1.0, -1.0, 0.5] + rng.standard_normal(20)
    alphas = np.array([0.01, 1.0, 100.0])
    weighted = leave_one_out_errors(X, y[:, None], w.astype(float), alphas, intercept)
    copies = leave_one_out_errors(np.repeat(X, w, axis=0), np.repeat(y, w)[:, None], None, alphas, intercept)
    np.testing.assert_allclose(np.repeat(weighted, w, axis=0), copies, rtol=1e-8)
    one = RidgeCV(alphas, fit_intercept=intercept).fit(X, y, w)
    other = RidgeCV(alphas, fit_intercept=intercept).fit(np.repeat(X, w, axis=0), np.repeat(y, w))
    assert one.alpha_ == other.alpha_
    np.testing.assert_allclose(one.best_score_, other.best_score_)
    np.testing.assert_allclose(one.coef_, other.coef_)


REFUSED = "samples|class|components|infinity|NaN|penalties|too large|centers|empty|poisson"
CLASSES = np.arange(12) % 2
LATE = [
    (KMeans(3, n_init=1, random_state=0), None, np.zeros((2, 4)), None),
    (GaussianMixture(3, random_state=0), None, np.zeros((2, 4)), None),
    (LogisticRegression(), CLASSES, np.zeros((12, 4)), np.zeros(12, int)),
    (LinearSVC(), CLASSES, np.zeros((12, 4)), np.zeros(12, int)),
    (PCA(2), None, np.zeros((1, 4)), None),
    (StandardScaler(), None, np.full((3, 4), np.inf), None),
    (MinMaxScaler(), None, np.full((3, 4), np.inf), None),
    (LinearRegression(), np.zeros(12), np.full((9, 4), np.nan), np.zeros(9)),
    (KernelRidge(alpha=[1.0, 2.0]), np.zeros((12, 2)), np.zeros((9, 4)), np.zeros(9)),
    (RidgeCV(cv=5), np.arange(12.0), np.zeros((3, 4)), np.zeros(3)),
    (BayesianRidge(), np.arange(12.0), np.full((9, 4), 1e200), np.arange(9.0)),
    (RBFFeatures(centers=np.zeros((3, 2))), None, np.zeros((9, 4)), None),
    (MLPClassifier(hidden_layer_sizes=2, max_iter=2, warm_start=True), CLASSES, np.zeros((12, 4)), CLASSES + 1),
    (MLPRegressor(hidden_layer_sizes=2, max_iter=2, early_stopping=True), np.zeros(12), np.zeros((1, 4)), np.zeros(1)),
    (MLPRegressor(hidden_layer_sizes=2, max_iter=2, loss="poisson"), np.zeros(12), np.zeros((9, 4)), np.full(9, -1.0)),
]


def test_a_mixture_is_what_it_was_after_a_wrong_start():
    X = np.random.default_rng(0).standard_normal((12, 3))
    model = GaussianMixture(2, random_state=0).fit(X).set_params(means_init=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="means"):
        model.fit(np.ones((12, 4)))
    assert model.n_features_in_ == 3
    model.predict(X)


@pytest.mark.parametrize(("model", "y", "late_X", "late_y"), LATE, ids=lambda value: type(value).__name__)
def test_a_refit_that_fails_late_leaves_the_features_as_they_were(model, y, late_X, late_y):
    X = np.random.default_rng(0).standard_normal((12, 2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
        before = dict(vars(model))
        with pytest.raises(
            ValueError, match=r"samples|class|components|infinity|NaN|penalties|too large|centers|empty|poisson"
        ):
            model.fit(late_X, late_y)
    assert model.n_features_in_ == 2
    assert vars(model).keys() == before.keys()
    assert all(value is before[name] for name, value in vars(model).items())
    (model.predict if hasattr(model, "predict") else model.transform)(X)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_training_that_fails_late_is_taken_back(solver):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 2)), rng.standard_normal(30)
    options = {"hidden_layer_sizes": 4, "max_iter": 5, "random_state": 0, "solver": solver}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, twin = (MLPRegressor(**options).fit(X, y) for _ in range(2))
        with pytest.raises(ValueError, match="non-finite"):
            model.partial_fit(X * 1e200, y * 1e200)
        for same, other in ((model, twin), (model.partial_fit(X, y), twin.partial_fit(X, y))):
            np.testing.assert_array_equal(same.predict(X), other.predict(X))
            np.testing.assert_array_equal(same.coefs_[0], other.coefs_[0])
            assert same.loss_curve_ == other.loss_curve_


def test_what_fails_late_in_mixtures_and_support_vectors():
    X = np.random.default_rng(0).standard_normal((30, 2))
    mixture = GaussianMixture(2, random_state=0).partial_fit(X)
    bound = mixture.lower_bound_
    with pytest.raises(ValueError, match="range"), np.errstate(all="ignore"):
        mixture.partial_fit(X * 1e200)
    assert mixture.lower_bound_ == bound
    new = GaussianMixture(5)
    with pytest.raises(ValueError, match="n_components"):
        new.partial_fit(X[:2])
    assert not hasattr(new, "n_features_in_")
    svc = LinearSVC().fit(X, np.arange(30) % 2)
    with pytest.raises(Exception, match="finite"), np.errstate(all="ignore"):
        svc.fit(np.full((30, 3), 1e200), np.arange(30) % 2)
    assert svc.n_features_in_ == 2
    svc.predict(X)
