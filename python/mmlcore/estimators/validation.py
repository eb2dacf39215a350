"""Data at the border of an estimator: arrays, data frames, CSR matrices in; float32 or float64 matrices out.

The messages are scikit-learn's. Nothing is stored on the estimator before all of the data has been checked.
"""

import warnings
from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray
from mmlcore.estimators.exceptions import DataConversionWarning, shared
from mmlcore.estimators.sparse_rows import PIECE, SparseRows

__all__ = [
    "as_column",
    "as_labels",
    "as_matrix",
    "as_targets",
    "as_weights",
    "check_features",
    "check_names",
    "check_number",
    "feature_names",
    "remember_features",
    "require_finite",
    "require_same_length",
    "validate_fit",
    "validate_predict",
]

_RESHAPE = (
    "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) "
    "if it contains a single sample."
)


def as_matrix(
    estimator: Any, X: Any, *, finite: bool = True, min_samples: int = 1, sparse_rows: bool = False
) -> FloatArray:
    """`X` as a two-dimensional float32 or float64 array, without a copy where it is one.

    Parameters
    ----------
    estimator : Estimator
        Its name is in the messages; its class says whether sparse matrices are taken (they are made dense).
    X : array_like, data frame, DLPack exporter or sparse matrix, shape (n, d)
    finite : bool
        Refuse NaN and infinity.
    min_samples : int
    sparse_rows : bool
        A large sparse matrix with more rows than columns comes as `SparseRows`, which is not dense; infinity in it is
        refused in any case, and NaN where the estimator does not allow it.

    Raises
    ------
    ValueError
        If it is complex, not of two dimensions, has too few rows, no columns, NaN or infinity.
    TypeError
        If it is sparse and the estimator takes none, or holds what is no number.
    """
    name = type(estimator).__name__
    array: Any = _as_sparse_rows(estimator, X) if sparse_rows and estimator._takes_sparse else None
    if array is None:
        array = _numbers(_plain(estimator, X))
    if array.ndim < 2:
        what = "scalar" if array.ndim == 0 else "1D"
        raise ValueError(f"Expected 2D array, got {what} array instead:\narray={array}.\n{_RESHAPE}")
    if array.ndim > 2:
        raise ValueError(f"Found array with dim {array.ndim}, while dim <= 2 is required by {name}.")
    n, d = array.shape
    if n < min_samples:
        raise ValueError(
            f"Found array with {n} sample(s) (shape={array.shape}) while a minimum of {min_samples} is required "
            f"by {name}."
        )
    if d < 1:
        raise ValueError(
            f"Found array with {d} feature(s) (shape={array.shape}) while a minimum of 1 is required by {name}."
        )
    if finite and type(array) is np.ndarray:
        require_finite(array, "X", name)
    return array


def _as_sparse_rows(estimator: Any, X: Any) -> SparseRows | None:
    """None for what is not sparse, or so small that it may as well be dense."""
    if not hasattr(X, "tocsr") or len(X.shape) != 2:
        return None
    n, d = X.shape
    if n <= d or n * d <= PIECE or X.dtype.kind == "c":
        return None
    matrix = X.tocsr()
    if matrix.dtype not in (np.float32, np.float64):
        matrix = matrix.astype(np.float64)
    numbers = matrix.data[~np.isnan(matrix.data)] if estimator._allows_nan else matrix.data
    require_finite(numbers, "X", type(estimator).__name__)
    return SparseRows(matrix)


def _plain(estimator: Any, X: Any) -> Any:
    """`X` as a NumPy array of whatever dtype."""
    if type(X) is np.ndarray:
        return X
    if hasattr(X, "toarray"):  # scipy.sparse
        if not estimator._takes_sparse:
            raise TypeError(
                "Sparse data was passed for X, but dense data is required. Use '.toarray()' to convert to a dense "
                "numpy array."
            )
        return X.toarray()
    if hasattr(X, "__dlpack__") and not hasattr(X, "__array__"):
        return np.from_dlpack(X)
    array = np.asarray(X)
    if array.dtype == object and hasattr(X, "to_numpy") and hasattr(X, "dtypes"):
        return X.to_numpy(dtype=np.float64, na_value=np.nan)  # pandas' own dtypes
    return array


def _numbers(array: Any) -> FloatArray:
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{array}\n")
    if array.dtype in (np.float64, np.float32):
        native = array.dtype.newbyteorder("=")
        return array if array.dtype == native and type(array) is np.ndarray else np.asarray(array).astype(native)
    return array.astype(np.float32 if array.dtype == np.float16 else np.float64)


def require_finite(array: Any, what: str, owner: str = "") -> None:
    """Refuse NaN and infinity.

    >>> require_finite(np.array([1.0, np.nan]), "y")
    Traceback (most recent call last):
    ...
    ValueError: Input y contains NaN.
    """
    if array.dtype.kind != "f" or array.size == 0:
        return
    try:
        _kernels.require_finite(array, what)
    except FloatingPointError:
        pass
    else:
        return
    if np.isnan(array).any():
        advice = f"\n{owner} does not accept missing values encoded as NaN natively." if owner else ""
        raise ValueError(f"Input {what} contains NaN.{advice}")
    raise ValueError(f"Input {what} contains infinity or a value too large for {array.dtype!r}.")


def require_same_length(*arrays: Any) -> None:
    """Refuse arrays of different numbers of rows."""
    lengths = [len(array) for array in arrays if array is not None]
    if len(set(lengths)) > 1:
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {lengths}")


def as_weights(sample_weight: Any, X: FloatArray) -> FloatArray | None:
    """Weights of the rows of `X`, in its dtype; None stays None, a number becomes one for each row.

    Raises
    ------
    ValueError
        If they are not one for each row, negative, NaN or infinite, or all zero.
    """
    if sample_weight is None:
        return None
    weights = _numbers(np.asarray(sample_weight)).astype(X.dtype, copy=False)
    if weights.ndim == 0:
        weights = np.full(len(X), weights)
    if weights.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar, got {weights.ndim}D array. Expected either a scalar value "
            f"or a 1D array of length {len(X)}."
        )
    if weights.shape != (len(X),):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(len(X),)}!")
    require_finite(weights, "sample_weight")
    if (weights < 0).any():
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not weights.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weights


def as_targets(estimator: Any, y: Any, X: FloatArray, *, multi_output: bool = False) -> FloatArray:
    """Real targets of the rows of `X`, in its dtype: shape (n,), or (n, k) with `multi_output`."""
    y = _given(estimator, y)
    array = _numbers(y if type(y) is np.ndarray else np.asarray(y)).astype(X.dtype, copy=False)
    array = array if multi_output and array.ndim == 2 else as_column(array)
    require_same_length(X, array)
    require_finite(array, "y")
    return array


def _given(estimator: Any, y: Any) -> Any:
    if y is None:
        raise ValueError(
            f"This {type(estimator).__name__} estimator requires y to be passed, but the target y is None."
        )
    if hasattr(y, "toarray"):
        raise TypeError("Sparse data was passed for y, but dense data is required.")
    return np.from_dlpack(y) if hasattr(y, "__dlpack__") and not hasattr(y, "__array__") else y


def as_column(y: Any) -> Any:
    """`y` with one axis; a column vector is taken with a warning."""
    if y.ndim == 1:
        return y
    if y.ndim == 2 and y.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected. Please change the shape of y to "
            "(n_samples, ), for example using ravel().",
            shared(DataConversionWarning),
            stacklevel=4,
        )
        return y[:, 0]
    raise ValueError(f"y should be a 1d array, got an array of shape {y.shape} instead.")


def as_labels(estimator: Any, y: Any, X: FloatArray) -> tuple[Any, Any]:
    """The classes, sorted, and for each row of `X` the number of its class (int64).

    Raises
    ------
    ValueError
        If `y` is missing, has more than one column, another length, NaN, or real numbers that are no classes.
    """
    y = _given(estimator, y)
    labels = as_column(y if type(y) is np.ndarray else np.asarray(y))
    require_same_length(X, labels)
    kind = "continuous"
    if labels.dtype.kind == "c":
        raise ValueError(f"Complex data not supported\n{labels}\n")
    if labels.dtype.kind == "f":
        require_finite(labels, "y")
        valid = bool((labels == np.floor(labels)).all())
    elif labels.dtype == object:
        if any(value is None or value != value for value in labels):
            raise ValueError("Input y contains NaN.")
        kind, valid = "unknown", all(isinstance(value, str) for value in labels)
    else:
        valid = labels.dtype.kind in "iubUS"
    if not valid:
        raise ValueError(
            f"Unknown label type: {kind}. Maybe you are trying to fit a classifier, which expects discrete classes "
            "on a regression target with continuous values."
        )
    return _classes_and_codes(labels)


def _classes_and_codes(labels: Any) -> tuple[Any, Any]:
    if labels.dtype.kind in "iu" and labels.size:
        low, high = int(labels.min()), int(labels.max())
        if high - low < 4 * labels.size + 1024 and high < 2**63:  # count instead of sorting
            offsets = labels.astype(np.int64) - low
            seen = np.bincount(offsets) > 0
            return (np.flatnonzero(seen) + low).astype(labels.dtype), (np.cumsum(seen) - 1)[offsets]
    classes, codes = np.unique(labels, return_inverse=True)
    return classes, codes.reshape(-1).astype(np.int64, copy=False)


def feature_names(X: Any) -> Any:
    """The names of a data frame's columns as an array of str objects, or None where there are none.

    Raises
    ------
    TypeError
        If some names are strings and others are not.
    """
    columns = getattr(X, "columns", None)
    if columns is None or callable(columns):
        return None
    names = np.asarray(list(columns), dtype=object)
    if names.size == 0:
        return None
    types = sorted({type(name).__qualname__ for name in names})
    if "str" in types and len(types) > 1:
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your input has "
            f"{types} as feature name / column name types. If you want feature names to be stored and validated, "
            "you must convert them all to strings, by using X.columns = X.columns.astype(str) for example. "
            "Otherwise you can remove feature / column names from your input data, or convert them all to a "
            "non-string data type."
        )
    return names if types == ["str"] else None


def remember_features(estimator: Any, X: Any, matrix: FloatArray) -> None:
    """Store the number of the features, and their names if they have any."""
    names = feature_names(X)
    estimator.n_features_in_ = matrix.shape[1]
    if names is not None:
        estimator.feature_names_in_ = names
    elif hasattr(estimator, "feature_names_in_"):
        del estimator.feature_names_in_


def check_names(estimator: Any, X: Any) -> None:
    """Refuse other names of features than those of `fit`; warn where only one of the two had names."""
    owner = type(estimator).__name__
    names, fitted = feature_names(X), getattr(estimator, "feature_names_in_", None)
    if names is not None and fitted is None:
        warnings.warn(f"X has feature names, but {owner} was fitted without feature names", UserWarning, stacklevel=4)
    elif names is None and fitted is not None:
        warnings.warn(
            f"X does not have valid feature names, but {owner} was fitted with feature names",
            UserWarning,
            stacklevel=4,
        )
    elif names is not None and fitted is not None and (len(names) != len(fitted) or (names != fitted).any()):
        raise ValueError(_other_names(list(names), list(fitted)))


def check_features(estimator: Any, X: Any, matrix: FloatArray) -> None:
    """Refuse features of other names, or another number of them, than those of `fit`."""
    check_names(estimator, X)
    check_number(estimator, matrix)


def check_number(estimator: Any, matrix: FloatArray) -> None:
    """Refuse another number of features than that of `fit`."""
    owner = type(estimator).__name__
    if matrix.shape[1] != estimator.n_features_in_:
        raise ValueError(
            f"X has {matrix.shape[1]} features, but {owner} is expecting {estimator.n_features_in_} features as input."
        )


def _other_names(names: list[str], fitted: list[str]) -> str:
    def listed(some: set[str]) -> str:
        first = sorted(some)[:5]
        return "".join(f"- {name}\n" for name in first) + ("- ...\n" if len(some) > 5 else "")

    unseen, missing = set(names) - set(fitted), set(fitted) - set(names)
    text = "The feature names should match those that were passed during fit.\n"
    if unseen:
        text += "Feature names unseen at fit time:\n" + listed(unseen)
    if missing:
        text += "Feature names seen at fit time, yet now missing:\n" + listed(missing)
    if not unseen and not missing:
        text += "Feature names must be in the same order as they were in fit.\n"
    return text


def validate_fit(
    estimator: Any,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    targets: str | None = None,
    reset: bool = True,
    finite: bool = True,
    min_samples: int = 1,
    remember: bool = True,
    sparse_rows: bool = False,
) -> tuple[FloatArray, Any, FloatArray | None]:
    """The data of `fit` and `partial_fit`, checked, and the features remembered.

    Parameters
    ----------
    estimator : Estimator
    X, y, sample_weight
        As the user gave them.
    targets : {None, "real", "multi", "labels"}
        What y is: nothing, real numbers of shape (n,), also (n, k), or class labels.
    reset : bool
        The features are new; otherwise they must be those that the estimator knows.
    finite, min_samples
        As in `as_matrix`.
    remember : bool
        Store the features now; otherwise the estimator does, once it knows the rest to be right.
    sparse_rows : bool
        As in `as_matrix`.

    Returns
    -------
    X : ndarray, shape (n, d), float32 or float64
    y : None; ndarray of X's dtype; for "labels" the pair (classes, codes)
    sample_weight : ndarray, shape (n,), or None
    """
    if not reset:
        check_names(estimator, X)  # before the numbers: pandas fills columns of other names with NaN
    matrix = as_matrix(estimator, X, finite=finite, min_samples=min_samples, sparse_rows=sparse_rows)
    if not reset:
        check_number(estimator, matrix)
    checked: Any = None
    if targets == "labels":
        checked = as_labels(estimator, y, matrix)
    elif targets is not None:
        checked = as_targets(estimator, y, matrix, multi_output=targets == "multi")
    weights = as_weights(sample_weight, matrix)
    if reset and remember:
        remember_features(estimator, X, matrix)
    return matrix, checked, weights


def validate_predict(estimator: Any, X: Any, *, sparse_rows: bool = False) -> FloatArray:
    """The data of `predict`, `transform` and the like, after `check_is_fitted`."""
    check_names(estimator, X)
    matrix = as_matrix(estimator, X, sparse_rows=sparse_rows)
    check_number(estimator, matrix)
    return matrix
