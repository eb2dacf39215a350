"""Scalers: scikit-learn's numbers, missing values left out, pieces and weights exact."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore.estimators import MinMaxScaler, StandardScaler

preprocessing = pytest.importorskip("sklearn.preprocessing")
sparse = pytest.importorskip("scipy.sparse")


def data(missing=False, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((40, 5)) * [1e-8, 1, 1e8, 0, 3] + [0, 1e3, 0, 7.1, -2]
    if missing:
        X[rng.random(X.shape) < 0.2] = np.nan
    return X


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("options", [{}, {"with_mean": False}, {"with_std": False}])
def test_standard_scaler_is_scikit_learn_s(missing, options):
    X = data(missing)
    ours, theirs = StandardScaler(**options).fit(X), preprocessing.StandardScaler(**options).fit(X)
    for name in ("mean_", "var_", "scale_", "n_samples_seen_"):
        a, b = getattr(ours, name), getattr(theirs, name)
        if b is None:
            assert a is None
        else:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-25, err_msg=name)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(X)), X, rtol=1e-9, atol=1e-12)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=4), st.integers(0, 99), st.booleans())
def test_pieces_are_the_whole(sizes, seed, missing):
    X = data(missing, seed)[: sum(sizes)]
    whole, pieces = StandardScaler().fit(X), StandardScaler()
    spans, spans_of = np.cumsum([0, *sizes]), MinMaxScaler()
    for start, end in itertools.pairwise(spans):
        if start < len(X):
            pieces.partial_fit(X[start:end])
            spans_of.partial_fit(X[start:end])
    for name in ("mean_", "var_", "scale_"):
        np.testing.assert_allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-9, atol=1e-12, err_msg=name)
    np.testing.assert_array_equal(spans_of.scale_, MinMaxScaler().fit(X).scale_)


def test_weights_count_as_copies():
    X, weights = data(), np.random.default_rng(1).integers(0, 4, 40)
    one, other = StandardScaler().fit(X, sample_weight=weights), StandardScaler().fit(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(one.mean_, other.mean_, rtol=1e-9)
    np.testing.assert_allclose(one.scale_, other.scale_, rtol=1e-8)


def test_sparse_matrices_are_scaled_where_they_lie():
    X = sparse.random(30, 4, 0.3, random_state=0, format="csr")
    ours, theirs = (module.StandardScaler(with_mean=False).fit(X) for module in (_ours(), preprocessing))
    scaled = ours.transform(X)
    assert sparse.issparse(scaled)
    np.testing.assert_allclose(scaled.toarray(), theirs.transform(X).toarray(), rtol=1e-10)
    np.testing.assert_allclose(ours.inverse_transform(scaled).toarray(), X.toarray())
    with pytest.raises(ValueError, match="Cannot center sparse matrices"):
        StandardScaler().fit(X)


def _ours():
    from mmlcore import estimators

    return estimators


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("options", [{}, {"feature_range": (-2, 3)}, {"clip": True}])
def test_min_max_scaler_is_scikit_learn_s(missing, options):
    X = data(missing)
    ours, theirs = MinMaxScaler(**options).fit(X), preprocessing.MinMaxScaler(**options).fit(X)
    for name in ("data_min_", "data_max_", "data_range_", "scale_", "min_", "n_samples_seen_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12, err_msg=name)
    wider = 2 * X
    np.testing.assert_allclose(ours.transform(wider), theirs.transform(wider), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(X)), X, rtol=1e-9, atol=1e-9)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="Minimum of desired feature range must be smaller"):
        MinMaxScaler((1, 1)).fit([[0.0]])
    with pytest.raises(ValueError, match="Input X contains infinity"):
        StandardScaler().fit([[np.inf]])


@pytest.mark.parametrize("scaler", [StandardScaler, MinMaxScaler])
def test_single_precision_is_kept_and_names_are(scaler):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(data(), columns=list("abcde"))
    model = scaler().fit(frame)
    assert list(model.get_feature_names_out()) == list("abcde")
    assert list(model.set_output(transform="pandas").transform(frame).columns) == list("abcde")
    assert scaler().fit_transform(data().astype(np.float32)).dtype == np.float32
