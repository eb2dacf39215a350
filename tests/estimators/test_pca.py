"""PCA: the SVD, the covariance and scikit-learn agree; pieces and weights are exact."""

import numpy as np
import pytest

from mmlcore.estimators import PCA

decomposition = pytest.importorskip("sklearn.decomposition")
datasets = pytest.importorskip("sklearn.datasets")

LOADERS = {
    "diabetes": datasets.load_diabetes,
    "cancer": datasets.load_breast_cancer,
    "wine": datasets.load_wine,
    "iris": datasets.load_iris,
    "digits": datasets.load_digits,
}
NAMES = ("explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_", "noise_variance_")


def same(ours, theirs, rtol=1e-6):
    for name in NAMES:
        a, b = getattr(ours, name), getattr(theirs, name)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.max(np.abs(b), initial=0), err_msg=name)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("solver", ["full", "covariance_eigh", "arpack", "randomized"])
@pytest.mark.parametrize("whiten", [False, True])
def test_scikit_learn_s_components(name, solver, whiten):
    X = LOADERS[name]().data
    X = (X - X.mean(0)) / np.maximum(X.std(0), 1e-3) + 5
    ours = PCA(3, svd_solver=solver, whiten=whiten, random_state=0).fit(X)
    theirs = decomposition.PCA(3, svd_solver="full", whiten=whiten).fit(X)
    assert ours.n_components_ == theirs.n_components_ == 3
    same(ours, theirs)
    np.testing.assert_allclose(ours.components_, theirs.components_, atol=1e-6)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=1e-5)
    back = theirs.inverse_transform(theirs.transform(X))
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(X)), back, atol=1e-5)
    theirs.set_params(whiten=False)  # theirs is another model's where whitened; ours does not depend on it
    np.testing.assert_allclose(ours.get_covariance(), theirs.get_covariance(), atol=1e-6)
    np.testing.assert_allclose(ours.get_precision(), theirs.get_precision(), rtol=1e-4, atol=1e-4)
    assert ours.score(X) == pytest.approx(theirs.score(X), rel=1e-6)


@pytest.mark.parametrize("wanted", [None, 0.5, 0.9999, "mle", 0, 2])
def test_the_number_of_components_is_scikit_learn_s(wanted):
    X = datasets.load_wine().data
    for solver in ("full", "auto"):
        ours, theirs = (module.PCA(wanted, svd_solver=solver).fit(X) for module in (_ours(), decomposition))
        assert ours.n_components_ == theirs.n_components_
        same(ours, theirs)


def _ours():
    from mmlcore import estimators

    return estimators


@pytest.mark.parametrize("shape", [(60, 5), (5, 60)])
def test_the_variance_of_the_data_is_shared_out(shape):
    X = np.random.default_rng(0).standard_normal(shape)
    for solver in ("full", "covariance_eigh"):
        model = PCA(svd_solver=solver).fit(X)
        np.testing.assert_allclose(model.explained_variance_.sum(), X.var(0, ddof=1).sum())
        np.testing.assert_allclose(model.explained_variance_ratio_.sum(), 1)
        np.testing.assert_allclose(model.inverse_transform(model.transform(X)), X, atol=1e-10)
        np.testing.assert_allclose(model.components_ @ model.components_.T, np.eye(min(shape)), atol=1e-10)


def test_pieces_are_the_whole():
    X, rng = datasets.load_breast_cancer().data, np.random.default_rng(0)
    whole, pieces = PCA(4, svd_solver="covariance_eigh").fit(X), PCA(4)
    for rows in np.array_split(rng.permutation(len(X)), [3, 50, 51, 300]):
        pieces.partial_fit(X[rows])
    same(pieces, whole, 1e-9)
    np.testing.assert_allclose(pieces.components_, whole.components_, atol=1e-8)
    assert pieces.n_samples_ == len(X)
    on = PCA(4, svd_solver="covariance_eigh").fit(X[:300]).partial_fit(X[300:])
    same(on, whole, 1e-9)


@pytest.mark.parametrize("solver", ["full", "covariance_eigh", "randomized"])
def test_weights_count_as_copies(solver):
    rng = np.random.default_rng(1)
    X, weights = rng.standard_normal((80, 4)) @ np.diag([4.0, 3, 2, 1]) + 10, rng.integers(0, 4, 80)
    one = PCA(2, svd_solver=solver, random_state=0).fit(X, sample_weight=weights)
    other = PCA(2, svd_solver=solver, random_state=0).fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(one.components_, other.components_, atol=1e-8)
    np.testing.assert_allclose(one.explained_variance_, other.explained_variance_, rtol=1e-8)


@pytest.mark.parametrize("scale", [1e-100, 1e100])
@pytest.mark.parametrize("solver", ["full", "covariance_eigh"])
def test_scales_and_offsets(scale, solver):
    X = np.random.default_rng(2).standard_normal((50, 3)) * [3, 2, 1]
    plain, scaled = PCA(svd_solver=solver).fit(X), PCA(svd_solver=solver).fit(X * scale)
    np.testing.assert_allclose(scaled.components_, plain.components_, atol=1e-10)
    np.testing.assert_allclose(scaled.singular_values_, plain.singular_values_ * scale, rtol=1e-10)
    far = PCA(svd_solver=solver).fit(X + 1e6)
    np.testing.assert_allclose(far.explained_variance_, plain.explained_variance_, rtol=1e-8)


def test_hard_data_give_finite_numbers():
    for X in (np.ones((5, 3)), np.ones((1, 3)), np.eye(3)[:2], np.repeat(np.eye(2), 3, axis=0)):
        for solver in ("full", "covariance_eigh"):
            model = PCA(svd_solver=solver).fit(X)
            for name in NAMES:
                assert np.isfinite(getattr(model, name)).all(), name
            assert np.isfinite(PCA(1, whiten=True, svd_solver=solver).fit_transform(X)).all()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"n_components": 5}, r"n_components=5 must be between 0 and min\(n_samples, n_features\)=3"),
        ({"n_components": 3, "svd_solver": "arpack"}, "strictly less than"),
        ({"n_components": 0.5, "svd_solver": "randomized"}, "cannot be a string or a share"),
        ({"n_components": 1.5}, "The 'n_components' parameter of PCA must be"),
    ],
)
def test_what_cannot_be_is_refused(options, text):
    with pytest.raises(ValueError, match=text):
        PCA(**options).fit(np.eye(4)[:, :3])
    with pytest.raises(ValueError, match="only supported if n_samples >= n_features"):
        PCA("mle").fit(np.eye(4)[:3])
