"""Large sparse matrices give what dense ones give, and are never dense as a whole."""

import tracemalloc

import numpy as np
import pytest

from mmlcore.estimators import (
    PCA,
    ElasticNet,
    Lasso,
    LinearRegression,
    LinearSVC,
    LinearSVR,
    LogisticRegression,
    Ridge,
    StandardScaler,
    lasso_path,
    sparse_rows,
    validation,
)
from mmlcore.estimators.sparse_rows import SparseRows, pieces, sparse_scatter
from mmlcore.estimators.statistics import Gram

sparse = pytest.importorskip("scipy.sparse")


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of 64 numbers: 12 rows of 5."""
    monkeypatch.setattr(sparse_rows, "PIECE", 64)
    monkeypatch.setattr(validation, "PIECE", 64)


def data(n=90, d=5, dtype=np.float64, density=0.4):
    rng = np.random.default_rng(0)
    X = sparse.random(n, d, density, random_state=0, format="csr", dtype=dtype)
    y = (X @ rng.standard_normal(d) + 0.3 * rng.standard_normal(n)).astype(dtype)
    return X, y, rng.integers(1, 4, n).astype(dtype)


def test_rows_and_products():
    X = data()[0]
    rows, dense = SparseRows(X), X.toarray()
    np.testing.assert_array_equal(rows[3:7], dense[3:7])
    np.testing.assert_array_equal(rows[::9], dense[::9])
    np.testing.assert_allclose(rows.times(np.arange(5.0)), dense @ np.arange(5.0))
    np.testing.assert_allclose(rows.transposed_times(dense[:, :2]), dense.T @ dense[:, :2])
    np.testing.assert_array_equal(np.vstack([part for part, _ in pieces(rows, None)]), dense)


MODELS = [
    LinearRegression(),
    LinearRegression(fit_intercept=False),
    LinearRegression(positive=True),
    Ridge(alpha=0.5),
    Lasso(alpha=0.01, tol=1e-12),
    ElasticNet(alpha=0.01, tol=1e-12),
    ElasticNet(alpha=0.0),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("density", [0.1, 0.4])
def test_regression(model, weighted, container, density, small_pieces):
    X, y, w = data(n=180, density=density)
    weights = w if weighted else None
    ours = type(model)(**model.get_params()).fit(container(X), y, weights)
    dense = type(model)(**model.get_params()).fit(X.toarray(), y, weights)
    np.testing.assert_allclose(ours.coef_, dense.coef_, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours.intercept_, dense.intercept_, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours.predict(container(X)), dense.predict(X.toarray()), atol=1e-9)


def test_collinear_columns_go_through_qr(small_pieces):
    X, y, _ = data()
    X = sparse.hstack([X, X[:, :1]]).tocsr()
    ours, dense = LinearRegression().fit(X, y), LinearRegression().fit(X.toarray(), y)
    assert ours.rank_ == dense.rank_ == 5
    np.testing.assert_allclose(ours.coef_, dense.coef_, atol=1e-9)


@pytest.mark.parametrize("solver", ["lbfgs", "irls", "newton-cg", "gradient_descent"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_logistic_regression(solver, classes, weighted, small_pieces):
    X, y, w = data()
    labels = np.digitize(y, np.quantile(y, np.arange(1, classes) / classes))
    options = {"solver": solver, "tol": 1e-6 if solver == "gradient_descent" else 1e-9, "max_iter": 5000}
    ours = LogisticRegression(**options).fit(X, labels, w if weighted else None)
    dense = LogisticRegression(**options).fit(X.toarray(), labels, w if weighted else None)
    np.testing.assert_allclose(ours.coef_, dense.coef_, atol=2e-6)
    np.testing.assert_allclose(ours.decision_function(X), dense.decision_function(X.toarray()), atol=1e-5)
    np.testing.assert_array_equal(ours.predict(X), dense.predict(X.toarray()))


@pytest.mark.parametrize("solver", ["covariance_eigh", "full"])
@pytest.mark.parametrize("density", [0.1, 0.4])
def test_principal_components(solver, density, small_pieces):
    X, _, w = data(density=density)
    for weights in (None, w):
        ours = PCA(3, svd_solver=solver).fit(X, sample_weight=weights)
        dense = PCA(3, svd_solver=solver).fit(X.toarray(), sample_weight=weights)
        np.testing.assert_allclose(ours.explained_variance_, dense.explained_variance_, rtol=1e-9)
        np.testing.assert_allclose(ours.transform(X), dense.transform(X.toarray()), atol=1e-8)


@pytest.mark.parametrize("density", [0.08, 0.4])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False}, {"dual": True, "tol": 1e-10, "max_iter": 20000}])
@pytest.mark.parametrize("weighted", [False, True])
def test_support_vectors(density, options, weighted, small_pieces):
    X, y, w = data(n=200, density=density)
    weights = w if weighted else None
    for model, targets, more in (
        (LinearSVC, np.digitize(y, [-0.3, 0.3]), {}),
        (LinearSVC, y > 0, {}),
        (LinearSVR, y, {"loss": "squared_epsilon_insensitive"}),
    ):
        ours = model(random_state=0, **options, **more).fit(X, targets, weights)
        dense = model(random_state=0, **options, **more).fit(X.toarray(), targets, weights)
        np.testing.assert_allclose(ours.coef_, dense.coef_, atol=1e-8)
        np.testing.assert_allclose(ours.intercept_, dense.intercept_, atol=1e-8)


def test_scaler_path_and_predictions(small_pieces):
    X, y, w = data()
    for weights in (None, w):
        ours = StandardScaler(with_mean=False).fit(X, sample_weight=weights)
        dense = StandardScaler(with_mean=False).fit(X.toarray(), sample_weight=weights)
        np.testing.assert_allclose(ours.scale_, dense.scale_, rtol=1e-12)
        np.testing.assert_allclose(ours.transform(X).toarray(), dense.transform(X.toarray()), rtol=1e-12)
    np.testing.assert_allclose(lasso_path(X, y)[1], lasso_path(X.toarray(), y)[1], atol=1e-9)
    model = LinearSVC().fit(X.toarray(), y > 0)
    np.testing.assert_allclose(model.decision_function(X), model.decision_function(X.toarray()), atol=1e-12)


def test_sums_of_products_are_the_dense_ones():
    X, y, w = data(n=300, density=0.1)
    for weights in (None, w):
        found = sparse_scatter(SparseRows(X), y[:, None], weights)
        dense = Gram(5, 1).update(X.toarray(), y, weights)
        for ours, theirs in zip(found, (dense.weight, dense.mean, dense.scatter), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    X = sparse.lil_array(X)
    X[:, 2] = 1e6 + np.arange(300) % 2  # a column whose mean is large beside its spread
    assert sparse_scatter(SparseRows(X.tocsr()), y[:, None], None) is None
    gram = Gram(5, 1).update(SparseRows(X.tocsr()), y)
    assert abs(gram.scatter[2, 2] - 75) < 1e-6


def test_dtype_and_refusals(small_pieces):
    X, y, _ = data(dtype=np.float32)
    assert Ridge().fit(X, y).coef_.dtype == np.float32
    assert Ridge().fit(X.astype(np.int64), y.astype(np.float64)).coef_.dtype == np.float64
    X = X.astype(np.float64)
    X.data[3] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        Ridge().fit(X, y)
    with np.errstate(invalid="ignore"):
        scaler = StandardScaler(with_mean=False).fit(X)
    np.testing.assert_allclose(scaler.scale_, StandardScaler(with_mean=False).fit(X.toarray()).scale_)
    X.data[3] = np.inf
    for model in (Ridge(), StandardScaler(with_mean=False), LogisticRegression()):
        with pytest.raises(ValueError, match="Input X contains infinity"):
            model.fit(X, y > 0)


@pytest.mark.parametrize(
    "model", [Ridge(), Lasso(alpha=1e-4), LogisticRegression(), StandardScaler(with_mean=False), PCA(3)]
)
def test_never_dense_as_a_whole(model):
    X = sparse.random(100_000, 100, 0.01, random_state=0, format="csr")
    y = np.asarray(X[:, 0].toarray()[:, 0] > 0, np.float64)
    tracemalloc.start()
    model.fit(X, y)
    model.predict(X) if hasattr(model, "predict") else model.transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.shape[0] * X.shape[1] * 8 / 2
