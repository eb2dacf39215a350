"""What comes in, and what is refused in scikit-learn's words."""

import warnings

import numpy as np
import pytest

from mmlcore import estimators
from mmlcore.estimators import LogisticRegression, RBFFeatures, Ridge
from mmlcore.estimators.validation import as_matrix, as_weights, require_finite

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(12, 3)), rng.normal(size=12)


class Exporter:
    """An array of another library, of which only DLPack is known."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_containers():
    wanted = Ridge().fit(X, Y).coef_
    for given in (X.tolist(), np.asfortranarray(X), X[::-1][::-1], Exporter(X), X.astype(object), X.astype(">f8")):
        np.testing.assert_allclose(Ridge().fit(given, Y).coef_, wanted, rtol=1e-12)
    locked = X.copy()
    locked.flags.writeable = False
    np.testing.assert_array_equal(Ridge().fit(locked, Y).coef_, wanted)


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    model = Ridge().fit(frame, pandas.Series(Y))
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    own = frame.convert_dtypes()
    np.testing.assert_allclose(Ridge().fit(own, Y).coef_, model.coef_)
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        Ridge().fit(frame.rename(columns={"a": 1}), Y)
    refit = model.fit(X, Y)
    assert not hasattr(refit, "feature_names_in_")
    with pytest.warns(UserWarning, match="X has feature names, but Ridge was fitted without"):
        refit.predict(frame)


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    assert Ridge().fit(frame, Y).feature_names_in_.tolist() == ["a", "b"]


def test_dtypes():
    assert as_matrix(Ridge(), np.float16([[1]])).dtype == np.float32
    assert as_matrix(Ridge(), np.float32([[1]])).dtype == np.float32
    assert as_matrix(Ridge(), [[1, 2]]).dtype == np.float64


BAD = [
    (X[:, 0], Y),
    (3.0, Y),
    (np.ones((2, 2, 2)), [1, 2]),
    (np.ones((0, 2)), []),
    (np.ones((3, 0)), [1, 2, 3]),
    (np.array([[np.inf], [1.0]]), [1, 2]),
    (X, Y[:-1]),
    (X, None),
    (X, np.append(Y[:-1], np.nan)),
    (X, np.ones((12, 2, 1))),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_refusals_are_scikit_learns(case):
    linear_model = pytest.importorskip("sklearn.linear_model")
    said = []
    for cls in (linear_model.Ridge, Ridge):
        model = cls()
        with pytest.raises(ValueError, match=r".") as caught:
            model.fit(*BAD[case])
        said.append(str(caught.value).replace("dtype('float64')", "float64").replace("float64", "F"))
        assert cls is linear_model.Ridge or not hasattr(model, "n_features_in_")
    assert said[1] == said[0] or case == 9


def test_nan_and_complex_numbers():
    with pytest.raises(ValueError, match="Input X contains NaN"):
        Ridge().fit(np.where(X > 1, np.nan, X), Y)
    with pytest.raises(ValueError, match="Complex data not supported"):
        Ridge().fit(X + 1j, Y)
    with pytest.raises(ValueError, match="Input y contains infinity"):
        require_finite(np.array([np.inf]), "y")


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones((12, 2)), "Sample weights must be 1D array or scalar, got 2D array"),
        (np.ones(5), r"sample_weight.shape == \(5,\), expected \(12,\)!"),
        (-np.ones(12), "Negative values in data passed to `sample_weight`"),
        (np.zeros(12), "Sample weights must contain at least one non-zero number"),
        (np.full(12, np.nan), "Input sample_weight contains NaN"),
    ],
)
def test_bad_weights(weights, said):
    model = Ridge()
    with pytest.raises(ValueError, match=said):
        model.fit(X, Y, weights)
    assert not hasattr(model, "n_features_in_")


def test_one_weight_for_all():
    np.testing.assert_array_equal(as_weights(2, X), np.full(12, 2.0))
    assert as_weights(None, X) is None


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (Y, "Unknown label type: continuous"),
        ([0, "a"] * 6, None),
        (np.array([0, "a"] * 6, dtype=object), "Unknown label type: unknown"),
        ([np.nan, 1.0] * 6, "Input y contains NaN"),
        (np.ones((12, 2)), "y should be a 1d array"),
        ([0, 1], "inconsistent numbers of samples"),
    ],
)
def test_labels(labels, said):
    if said is None:
        assert LogisticRegression().fit(X, labels).classes_.tolist() == ["0", "a"]
        return
    with pytest.raises(ValueError, match=said):
        LogisticRegression().fit(X, labels)


def test_a_column_of_targets_warns():
    with pytest.warns(estimators.DataConversionWarning, match="A column-vector y was passed"):
        LogisticRegression().fit(X, (Y > 0)[:, None])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Ridge().fit(X, Y[:, None]).coef_.shape == (1, 3)


def test_sparse_matrices_where_they_are_not_taken():
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="Sparse data was passed"):
        RBFFeatures().fit(sparse.csr_array(X))
