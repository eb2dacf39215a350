"""Data in blocks: what is learnt is that of all rows at once."""

import tracemalloc
import warnings

import numpy as np
import pytest

from mmlcore.estimators import (
    PCA,
    ElasticNet,
    GaussianMixture,
    Lasso,
    LinearRegression,
    LogisticRegression,
    MinMaxScaler,
    Ridge,
    StandardScaler,
    TruncatedSVD,
    sparse_rows,
)
from mmlcore.estimators.streams import is_stream


def data(n=240, d=5, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)).astype(dtype) @ rng.standard_normal((d, d)).astype(dtype) + 3
    y = X @ rng.standard_normal(d).astype(dtype) + 1 + 0.1 * rng.standard_normal(n).astype(dtype)
    return X, y, rng.integers(1, 4, n).astype(dtype)


def cut(*arrays, at=(60, 61, 150)):
    return zip(*[np.split(array, at) for array in arrays], strict=True)


class Blocks:
    """Something that can be iterated over again."""

    def __init__(self, *arrays):
        self.arrays = arrays

    def __iter__(self):
        return cut(*self.arrays)


MODELS = [
    (LinearRegression(), "coef_", "intercept_", 1e-9),
    (LinearRegression(fit_intercept=False), "coef_", "rank_", 1e-9),
    (Ridge(alpha=2.0), "coef_", "intercept_", 1e-9),
    (Lasso(alpha=0.05, tol=1e-14), "coef_", "intercept_", 1e-9),
    (ElasticNet(alpha=0.05, tol=1e-14, fit_intercept=False), "coef_", "dual_gap_", 1e-9),
    (PCA(3), "components_", "explained_variance_", 1e-8),
    (PCA(0.9), "components_", "noise_variance_", 1e-7),
    (TruncatedSVD(2, algorithm="arpack"), "components_", "singular_values_", 1e-7),
    (StandardScaler(), "mean_", "scale_", 1e-10),
]


@pytest.mark.parametrize(("model", "one", "other", "tolerance"), MODELS)
@pytest.mark.parametrize("weighted", [False, True])
def test_blocks_are_the_whole(model, one, other, tolerance, weighted):
    X, y, w = data()
    arrays, blocks = ((X, y, w), cut(X, y, w)) if weighted else ((X, y), cut(X, y))
    whole = type(model)(**model.get_params()).fit(arrays[0], arrays[1], **({"sample_weight": w} if weighted else {}))
    streamed = model.fit(blocks)
    assert streamed is model
    for name in (one, other):
        np.testing.assert_allclose(getattr(streamed, name), getattr(whole, name), rtol=tolerance, atol=tolerance)
    assert streamed.n_features_in_ == X.shape[1]


def test_blocks_without_targets():
    X = data()[0]
    whole, streamed = MinMaxScaler().fit(X), MinMaxScaler().fit(iter(np.split(X, 4)))
    np.testing.assert_array_equal(streamed.data_min_, whole.data_min_)
    np.testing.assert_array_equal(streamed.data_max_, whole.data_max_)
    assert streamed.n_samples_seen_ == len(X)
    np.testing.assert_allclose(PCA(2).fit(iter([X[:9], X[9:]])).mean_, X.mean(axis=0))
    assert not is_stream(X)
    assert not is_stream([X])


def test_dtype_stays_and_targets_may_be_several():
    X, y, _ = data(dtype=np.float32)
    model = LinearRegression().fit(cut(X, np.stack([y, -y], 1)))
    assert model.coef_.dtype == np.float32
    assert model.coef_.shape == (2, 5)
    np.testing.assert_allclose(model.coef_[0], -model.coef_[1], rtol=1e-5)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_mixture_from_several_passes(kind, weighted):
    X, _, w = data()
    options = {"covariance_type": kind, "means_init": X[:3], "max_iter": 7, "tol": 0.0, "random_state": 0}
    options["precisions_init"] = {
        "full": np.stack([np.eye(5)] * 3), "tied": np.eye(5), "diag": np.ones((3, 5)), "spherical": np.ones(3),
    }[kind]  # fmt: skip
    options["weights_init"] = np.full(3, 1 / 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = GaussianMixture(3, **options).fit(X, sample_weight=w if weighted else None)
        none = np.full(len(X), None)
        streamed = GaussianMixture(3, **options).fit(Blocks(X, none, w) if weighted else Blocks(X))
    for name in ("weights_", "means_", "covariances_", "lower_bounds_"):
        np.testing.assert_allclose(getattr(streamed, name), getattr(whole, name), rtol=1e-7, atol=1e-9)


def test_several_passes_are_needed_and_said_so():
    X = data()[0]
    with pytest.raises(ValueError, match=r"GaussianMixture\.fit: X must be an object that can be iterated again"):
        GaussianMixture(2).fit(iter([X]))


def test_what_fails_late_leaves_the_estimator_as_it_was():
    X, y, _ = data()
    model = Ridge().fit(X, y)
    before = dict(vars(model))
    for wrong in (
        [(X, y), (X[:, :2], y)],
        [(X, y), (np.full_like(X, np.nan), y)],
        [],
        [(X, y, None, None)],
    ):
        with pytest.raises(ValueError, match=r"features|NaN|block"):
            model.fit(iter(wrong))
        assert vars(model) == before
    with pytest.raises(ValueError, match="y must be in the blocks"):
        model.fit(iter([X]), y)
    with pytest.raises(ValueError, match="requires y to be passed"):
        model.fit(iter([X]))


def test_the_lasso_of_blocks_refuses_what_it_cannot_solve():
    X, y, _ = data()
    with pytest.raises(ValueError, match=r"Lasso\.fit: alpha must be above 0"):
        Lasso(alpha=0).fit(cut(X, y))
    with pytest.raises(ValueError, match=r"Lasso\.fit: y must be of 1 columns"):
        Lasso().fit(iter([(X, y), (X, np.stack([y, y], 1))]))


def test_only_a_block_is_in_memory():
    rng = np.random.default_rng(0)

    def blocks():
        for _ in range(40):
            X = rng.standard_normal((5000, 20))
            yield X, X[:, 0] + 1

    tracemalloc.start()
    model = LinearRegression().fit(blocks())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert abs(model.coef_[0] - 1) < 1e-10
    assert peak < 8 * 5000 * 21 * 8  # of 40 blocks


def test_after_full_pca_further_rows_go_on_and_after_others_forget_with_a_warning():
    X = data()[0]
    model = PCA(svd_solver="full").fit(X[:100]).partial_fit(X[100:])
    whole = PCA(svd_solver="full").fit(X)
    np.testing.assert_allclose(model.explained_variance_, whole.explained_variance_, rtol=1e-9)
    np.testing.assert_allclose(model.components_, whole.components_, atol=1e-8)
    assert model.n_samples_ == len(X)
    with pytest.warns(UserWarning, match=r"PCA\.partial_fit starts anew"):
        PCA(2, svd_solver="randomized", random_state=0).fit(X).partial_fit(X)
    with pytest.warns(UserWarning, match=r"TruncatedSVD\.partial_fit starts anew"):
        TruncatedSVD(2).fit(X).partial_fit(X)
    again = TruncatedSVD(2).partial_fit(X[:50]).partial_fit(X[50:])
    np.testing.assert_allclose(again.singular_values_, TruncatedSVD(2).fit(X).singular_values_, rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        Ridge(),
        Lasso(alpha=0.01),
        LogisticRegression(),
        PCA(2),
        StandardScaler(),
        MinMaxScaler(),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_memory_map_is_never_copied_as_a_whole(model, dtype, tmp_path, monkeypatch):
    monkeypatch.setattr(sparse_rows, "PIECE", 1 << 17)
    X = np.random.default_rng(0).standard_normal((60_000, 40)).astype(dtype) * np.arange(1, 41, dtype=dtype)
    y = (X[:, 0] + X[:, 1] > 0).astype(dtype)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    whole = vars(type(model)(**model.get_params()).fit(X, y))
    tracemalloc.start()
    model.fit(mapped, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.9 * X.nbytes
    for name, value in vars(model).items():
        if name.endswith("_"):
            np.testing.assert_array_equal(value, whole[name], err_msg=name)


@pytest.mark.parametrize("model", [Ridge(), LogisticRegression(tol=1e-8)], ids=lambda value: type(value).__name__)
def test_blocks_that_weigh_nothing_count_for_nothing(model):
    X, y, w = data()
    y = (y > np.median(y)).astype(float)
    w[:60] = 0
    whole = type(model)(**model.get_params()).fit(X, y, sample_weight=w)
    found = model.fit(Blocks(X, y, w))
    np.testing.assert_allclose(found.coef_, whole.coef_, rtol=1e-5)
    with pytest.raises(ValueError, match="at least one block that weighs something"):
        model.fit(Blocks(X, y, np.zeros(len(X))))


def test_classes_that_weigh_nothing_may_have_blocks_of_their_own():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((240, 2)), np.repeat([0, 1, 1, 2], [60, 1, 89, 90])
    X[:, 0] += y
    options = {"class_weight": {0: 0, 1: 1, 2: 1}, "tol": 1e-9}
    whole = LogisticRegression(**options).fit(X, y)
    found = LogisticRegression(**options).fit(Blocks(X, y))
    np.testing.assert_allclose(found.predict_proba(X), whole.predict_proba(X), atol=1e-5)


def test_more_components_than_a_stream_has_directions():
    X = data()[0]
    with pytest.raises(ValueError, match="n_components=10 must be between 0 and"):
        PCA(10).fit(iter([X[:30], X[30:]]))
    with pytest.raises(ValueError, match="mle"):
        PCA("mle").fit(iter([X[:3]]))
