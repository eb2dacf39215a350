"""What regressors, classifiers, transformers and clusterers have in common: scores, tags, names of what comes out."""

import warnings
from typing import Any

import numpy as np

from mmlcore.estimators.base import check_is_fitted
from mmlcore.estimators.exceptions import UndefinedMetricWarning, shared
from mmlcore.estimators.output import SetOutput, names_in
from mmlcore.estimators.validation import require_same_length

__all__ = [
    "Classifier",
    "Clusterer",
    "Density",
    "NumberedFeatures",
    "Regressor",
    "SameFeatures",
    "Transformer",
    "accuracy",
    "r2",
]


def r2(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    """The coefficient of determination 1 - Σ w (y - ŷ)² / Σ w (y - ȳ)², averaged over outputs.

    A constant target gives 1 for a perfect prediction and 0 for another.

    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    y, p = (np.asarray(array, np.float64) for array in (y_true, y_pred))
    y, p = y.reshape(len(y), -1), p.reshape(len(p), -1)
    require_same_length(y, p, sample_weight)
    if len(y) < 2:
        warnings.warn(
            "R^2 score is not well-defined with less than two samples.", shared(UndefinedMetricWarning), stacklevel=3
        )
        return float("nan")
    w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    left = w @ np.square(y - p)
    total = w @ np.square(y - np.average(y, axis=0, weights=w))
    constant = total == 0
    scores = np.where(constant, np.where(left == 0, 1.0, 0.0), 1 - left / np.where(constant, 1, total))
    return float(scores.mean())


def accuracy(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    """The (weighted) fraction of labels that are predicted right.

    >>> accuracy(["a", "b"], ["a", "a"])
    0.5
    """
    y, p = np.asarray(y_true), np.asarray(y_pred)
    y = y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y
    require_same_length(y, p, sample_weight)
    return float(np.average(y == p, weights=None if sample_weight is None else np.asarray(sample_weight)))


class Regressor:
    """Estimators whose `predict` answers with real numbers."""

    _multi_output = False

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the predictions for `X`, as `sklearn.metrics.r2_score`."""
        return r2(y, self.predict(X), sample_weight)  # type: ignore[attr-defined]

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        tags.target_tags.required, tags.target_tags.multi_output = True, self._multi_output
        return tags


class Classifier:
    """Estimators whose `predict` answers with one of `classes_`."""

    classes_: Any

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The fraction of rows of `X` whose label is predicted right."""
        return accuracy(y, self.predict(X), sample_weight)  # type: ignore[attr-defined]

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type, tags.classifier_tags, tags.target_tags.required = "classifier", ClassifierTags(), True
        return tags


class Transformer(SetOutput):
    """Estimators with `transform`."""

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """`fit`, then `transform` of the same data."""
        fitted = self.fit(X, **fit_params) if y is None else self.fit(X, y, **fit_params)  # type: ignore[attr-defined]
        return fitted.transform(X)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import TransformerTags

        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.transformer_tags = TransformerTags(preserves_dtype=["float64", "float32"])
        return tags


class SameFeatures:
    """Transformers whose features come out under the names they went in with."""

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The names of the features, an array of str objects."""
        check_is_fitted(self)
        return names_in(self, input_features)


class NumberedFeatures:
    """Transformers whose features are new: pca0, pca1, …; a subclass has `_n_features_out`."""

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """The class's name in lower case with a number, an array of str objects."""
        check_is_fitted(self)
        names_in(self, input_features)  # which only have to be right
        prefix = type(self).__name__.lower()
        return np.asarray([f"{prefix}{i}" for i in range(self._n_features_out)], dtype=object)  # type: ignore[attr-defined]


class Clusterer:
    """Estimators that put every row into one of several clusters."""

    labels_: Any

    def fit_predict(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """`fit`, then the cluster of every row."""
        self.fit(X, **fit_params)  # type: ignore[attr-defined]
        return self.labels_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type = "clusterer"
        if tags.transformer_tags is not None:
            tags.transformer_tags.preserves_dtype = []
        return tags


class Density:
    """Estimators of a probability density."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.estimator_type = "density_estimator"
        return tags
