"""TruncatedSVD: the leading triplets, of sparse matrices too, in pieces and with weights."""

import numpy as np
import pytest

from mmlcore.estimators import TruncatedSVD

decomposition = pytest.importorskip("sklearn.decomposition")
sparse = pytest.importorskip("scipy.sparse")
datasets = pytest.importorskip("sklearn.datasets")

X = datasets.load_digits().data[:600]
ALGORITHMS = pytest.mark.parametrize("algorithm", ["randomized", "arpack", "power", "block_power"])


@ALGORITHMS
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix, sparse.csc_array])
def test_the_leading_triplets(algorithm, container):
    data = container(X)
    ours = TruncatedSVD(4, algorithm=algorithm, random_state=0)
    coordinates = ours.fit_transform(data)
    theirs = decomposition.TruncatedSVD(4, algorithm="arpack", random_state=0).fit(X)
    np.testing.assert_allclose(ours.singular_values_, theirs.singular_values_, rtol=1e-6)
    np.testing.assert_allclose(ours.components_, theirs.components_ * _signs(ours, theirs), atol=1e-5)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=1e-5)
    np.testing.assert_allclose(ours.explained_variance_ratio_, theirs.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(ours.transform(data), coordinates, atol=1e-8)
    np.testing.assert_allclose(ours.inverse_transform(coordinates), coordinates @ ours.components_, atol=1e-10)


def _signs(ours, theirs):
    return np.sign(np.sum(ours.components_ * theirs.components_, axis=1, keepdims=True))


def test_pieces_are_the_whole():
    whole, pieces = TruncatedSVD(5, algorithm="arpack").fit(X), TruncatedSVD(5)
    for rows in np.array_split(np.arange(len(X)), 4):
        pieces.partial_fit(X[rows])
    np.testing.assert_allclose(pieces.singular_values_, whole.singular_values_, rtol=1e-9)
    np.testing.assert_allclose(pieces.components_, whole.components_, atol=1e-7)
    np.testing.assert_allclose(pieces.explained_variance_, whole.explained_variance_, rtol=1e-7)
    np.testing.assert_allclose(pieces.explained_variance_ratio_, whole.explained_variance_ratio_, rtol=1e-7)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_matrix])
def test_weights_count_as_copies(container):
    weights = np.random.default_rng(0).integers(0, 4, len(X))
    one = TruncatedSVD(3, algorithm="arpack").fit(container(X), sample_weight=weights)
    other = TruncatedSVD(3, algorithm="arpack").fit(np.repeat(X, weights, axis=0))
    for name in ("components_", "singular_values_", "explained_variance_", "explained_variance_ratio_"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-8, atol=1e-8, err_msg=name)


def test_more_components_than_rows_are_orthonormal():
    model = TruncatedSVD(4).fit(np.eye(5)[:2] * [[3.0], [2.0]])
    np.testing.assert_allclose(model.components_ @ model.components_.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(model.singular_values_, [3, 2, 0, 0], atol=1e-12)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"n_components\(9\) must be <= n_features\(2\)"):
        TruncatedSVD(9).fit(np.ones((3, 2)))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        TruncatedSVD(1).fit(sparse.csr_matrix([[np.nan, 1.0]]))
    with pytest.raises(ValueError, match="is expecting 64 features as input"):
        TruncatedSVD(1).fit(X).transform(sparse.csr_matrix([[1.0, 1.0]]))
