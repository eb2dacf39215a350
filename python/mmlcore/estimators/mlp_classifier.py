"""Classification by a multi-layer perceptron."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import models
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import check_is_fitted, unchanged_on_failure
from mmlcore.estimators.mixins import Classifier, accuracy
from mmlcore.estimators.mlp import MLP
from mmlcore.estimators.parameters import DICT, NONE, Constraint, OneOf
from mmlcore.estimators.validation import (
    as_matrix,
    as_weights,
    check_features,
    remember_features,
    require_same_length,
    validate_fit,
)

__all__ = ["MLPClassifier"]


class MLPClassifier(Classifier, MLP):
    """A network of dense layers with softmax (of two classes and of several labels: sigmoid) outputs and cross-entropy.

    scikit-learn's parameters and starting weights, mmlcore's networks: an epoch is one recorded step, replayed.

    Parameters
    ----------
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, \
shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping, validation_fraction, \
beta_1, beta_2, epsilon, n_iter_no_change, max_fun
        As scikit-learn's; nothing is printed.
    dropout : float
        The share of the hidden units that is dropped at random in training.
    batch_normalization : bool
        Normalise the inputs of the activations over each batch.
    class_weight : dict, "balanced" or None
        By which the samples of a class count; "balanced": n / (classes · samples of the class).

    Attributes
    ----------
    classes_ : ndarray
    loss_, best_loss_, loss_curve_ : float, float, list
        Cross-entropy and penalty α/2 ‖W‖² / batch.
    validation_scores_, best_validation_score_ : list, float
        With `early_stopping`: accuracy after every epoch; None without.
    coefs_, intercepts_ : lists of ndarray
        The weights, views of the network's own.
    n_iter_, n_layers_, n_outputs_, out_activation_, t_, n_features_in_, feature_names_in_

    Raises
    ------
    ValueError
        From `fit`: for parameters out of range, data that are not finite, targets that are no classes.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` came before the loss stopped falling.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import MLPClassifier
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> model = MLPClassifier((8,), solver="lbfgs", alpha=1e-5, activation="tanh", random_state=1)
    >>> model.fit(X, [0, 1, 1, 0]).predict(X)
    array([0, 1, 1, 0])
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        **MLP._constraints,
        "class_weight": [DICT, OneOf("balanced"), NONE],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: Any = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        batch_normalization: bool = False,
        class_weight: Any = None,
    ) -> None:
        self.hidden_layer_sizes, self.activation, self.solver = hidden_layer_sizes, activation, solver
        self.alpha, self.batch_size, self.learning_rate = alpha, batch_size, learning_rate
        self.learning_rate_init, self.power_t, self.max_iter = learning_rate_init, power_t, max_iter
        self.shuffle, self.random_state, self.tol, self.verbose = shuffle, random_state, tol, verbose
        self.warm_start, self.momentum, self.nesterovs_momentum = warm_start, momentum, nesterovs_momentum
        self.early_stopping, self.validation_fraction, self.beta_1 = early_stopping, validation_fraction, beta_1
        self.beta_2, self.epsilon, self.n_iter_no_change, self.max_fun = beta_2, epsilon, n_iter_no_change, max_fun
        self.dropout, self.batch_normalization, self.class_weight = dropout, batch_normalization, class_weight

    # ---- targets ----

    def _outputs(self, y: Any) -> tuple[int, str, float]:
        if self._multilabel:
            return y.shape[1], "sigmoid", 1 / y.shape[1]
        return (1, "sigmoid", 1.0) if len(self.classes_) <= 2 else (len(self.classes_), "softmax", 1.0)

    @property
    def _loss(self) -> str:
        several = len(self.classes_) > 2 and not self._multilabel
        return "sparse_categorical_crossentropy" if several else "binary_crossentropy"

    def _targets(self, codes: Any, dtype: Any) -> Any:
        """As the loss wants them."""
        if self._multilabel:
            return codes.astype(dtype)
        return codes if len(self.classes_) > 2 else codes[:, None].astype(dtype)

    def _weights(self, codes: Any, weights: Any, dtype: Any) -> Any:
        """The weights of the samples times those of their classes."""
        if self.class_weight is None or self._multilabel:
            return weights
        by_class = np.ones(len(self.classes_))
        if isinstance(self.class_weight, dict):
            for number, label in enumerate(self.classes_.tolist()):
                by_class[number] = self.class_weight.get(label, 1.0)
        else:
            counts = np.bincount(codes, weights, minlength=len(by_class))
            by_class = counts.sum() / (np.count_nonzero(counts) * np.maximum(counts, np.finfo(float).tiny))
        own = by_class[codes].astype(dtype)
        return own if weights is None else weights * own

    # ---- fitting ----

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on the rows of `X` with labels `y`, (n,), or (n, labels) of 0 and 1."""
        self._check_parameters()
        with unchanged_on_failure(self):
            if _is_multilabel(y):
                x = as_matrix(self, X)
                codes = np.asarray(y)
                require_same_length(x, codes)
                weights = as_weights(sample_weight, x)
                remember_features(self, X, x)
                classes = np.arange(codes.shape[1])
            else:
                x, (classes, codes), weights = validate_fit(self, X, y, sample_weight, targets="labels")
            self._multilabel = codes.ndim == 2
            if self.warm_start and hasattr(self, "_network") and not np.array_equal(classes, self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
            self.classes_ = classes
            weights = self._weights(codes, weights, x.dtype)
            return self._train(x, self._targets(codes, x.dtype), weights)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One more epoch over the rows of `X`; the first call must name all `classes`.

        Raises
        ------
        AttributeError
            With ``solver="lbfgs"``, which needs all data at once.
        """
        if self.solver == "lbfgs":
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        self._check_parameters()
        first = not hasattr(self, "classes_")
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        with unchanged_on_failure(self):
            x = as_matrix(self, X)
            if not first:
                check_features(self, X, x)
                if classes is not None and not np.array_equal(self.classes_, np.unique(classes)):
                    raise ValueError(
                        f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {self.classes_!r}"
                    )
            known = np.unique(classes) if first else self.classes_
            codes, weights = self._codes_among(y, known, x), as_weights(sample_weight, x)
            if first:
                remember_features(self, X, x)
                self.classes_, self._multilabel = known, codes.ndim == 2
            weights = self._weights(codes, weights, x.dtype)
            return self._train(x, self._targets(codes, x.dtype), weights, incremental=True)

    def _codes_among(self, y: Any, classes: Any, x: FloatArray) -> Any:
        if _is_multilabel(y):
            require_same_length(x, y)
            return np.asarray(y)
        labels = np.asarray(y).reshape(-1)
        require_same_length(x, labels)
        if unknown := sorted(set(np.unique(labels).tolist()) - set(classes.tolist())):
            raise ValueError(f"`y` has classes not in `self.classes_`: {unknown}")
        return np.searchsorted(classes, labels).astype(np.int64)

    def _held_back(self, y: Any, random: np.random.RandomState) -> Any:
        """A share of every class."""
        codes = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
        if codes.ndim == 2:
            return super()._held_back(y, random)
        chosen = []
        for label in np.unique(codes):
            rows = random.permutation(np.flatnonzero(codes == label))
            if len(rows) < 2:
                raise ValueError(
                    "The least populated class in y has only 1 member, which is too few for early_stopping."
                )
            chosen.append(rows[: min(max(1, round(self.validation_fraction * len(rows))), len(rows) - 1)])
        return np.concatenate(chosen)

    def _validation_score(self, network: models.Sequential, x: FloatArray, y: Any, weights: Any) -> float:
        outputs = network.predict(x)
        if y.ndim == 2:
            return float(np.average((outputs > 0.5).astype(y.dtype) == y))
        return accuracy(y, outputs.argmax(axis=1), weights)

    # ---- answering ----

    def predict_proba(self, X: Any) -> FloatArray:
        """P(class | x), shape (n, classes)."""
        outputs = self._predicted(X)
        if not self._multilabel and outputs.shape[1] == 1:
            return np.hstack([1 - outputs, outputs])
        return outputs

    def predict_log_proba(self, X: Any) -> FloatArray:
        """The logarithms of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithms: FloatArray = np.log(self.predict_proba(X))
        return logarithms

    def predict(self, X: Any) -> Any:
        """The most likely label of every row, or 0 and 1 for each of several."""
        check_is_fitted(self)
        outputs = self._predicted(X)
        if self._multilabel:
            return (outputs > 0.5).astype(int)
        codes = (outputs[:, 0] > 0.5).astype(int) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        return self.classes_[np.minimum(codes, len(self.classes_) - 1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The fraction of rows that are predicted right, of several labels in all of them."""
        if not _is_multilabel(y):
            return super().score(X, y, sample_weight)
        right = (self.predict(X) == np.asarray(y)).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _is_multilabel(y: Any) -> bool:
    """Whether `y` has several columns of 0 and 1."""
    if y is None or hasattr(y, "toarray"):
        return False
    array = y if isinstance(y, np.ndarray) else np.asarray(y)
    return array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind in "biuf" and bool(np.isin(array, (0, 1)).all())
