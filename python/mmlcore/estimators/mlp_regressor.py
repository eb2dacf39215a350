"""Regression by a multi-layer perceptron."""

from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import losses, models, ops
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import unchanged_on_failure
from mmlcore.estimators.mixins import Regressor, r2
from mmlcore.estimators.mlp import MLP
from mmlcore.estimators.parameters import Constraint, OneOf
from mmlcore.estimators.validation import validate_fit

__all__ = ["MLPRegressor", "PoissonDeviance"]


class PoissonDeviance(losses.Loss):
    """Half the deviance of Poisson distributions, ŷ - y + y log(y / ŷ), of targets of at least 0.

    >>> float(PoissonDeviance()(np.ones((1, 1)), np.ones((1, 1))))
    0.0
    """

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number a sample."""
        entropy = y_true * np.log(np.where(y_true > 0, y_true, 1))
        return ops.mean(y_pred - y_true * ops.log(y_pred) + (entropy - y_true), axis=-1)


class MLPRegressor(Regressor, MLP):
    """A network of dense layers with linear outputs and half the squared error, or exponential ones and the deviance.

    scikit-learn's parameters and starting weights, mmlcore's networks: an epoch is one recorded step, replayed.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, power_t, max_iter, \
shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, early_stopping, validation_fraction, \
beta_1, beta_2, epsilon, n_iter_no_change, max_fun
        As scikit-learn's; nothing is printed.
    dropout : float
        The share of the hidden units that is dropped at random in training.
    batch_normalization : bool
        Normalise the inputs of the activations over each batch.

    Attributes
    ----------
    loss_, best_loss_, loss_curve_ : float, float, list
        ½ (y - ŷ)², summed over outputs, and penalty α/2 ‖W‖² / batch.
    validation_scores_, best_validation_score_ : list, float
        With `early_stopping`: R² after every epoch; None without.
    coefs_, intercepts_ : lists of ndarray
        The weights, views of the network's own.
    n_iter_, n_layers_, n_outputs_, out_activation_, t_, n_features_in_, feature_names_in_

    Raises
    ------
    ValueError
        From `fit`: for parameters out of range, or data that are not finite.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` came before the loss stopped falling.

    References
    ----------
    DRP, the listing of the x² network.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore.estimators import MLPRegressor
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> y = X[:, 0] ** 2
    >>> model = MLPRegressor(hidden_layer_sizes=(16,), solver="lbfgs", activation="tanh", max_iter=500, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.99
    True
    """

    _multi_output = True
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        **MLP._constraints,
        "loss": [OneOf("squared_error", "poisson")],
    }

    def __init__(
        self,
        loss: str = "squared_error",
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
    ) -> None:
        self.loss, self.hidden_layer_sizes, self.activation = loss, hidden_layer_sizes, activation
        self.solver, self.alpha, self.batch_size, self.learning_rate = solver, alpha, batch_size, learning_rate
        self.learning_rate_init, self.power_t, self.max_iter = learning_rate_init, power_t, max_iter
        self.shuffle, self.random_state, self.tol, self.verbose = shuffle, random_state, tol, verbose
        self.warm_start, self.momentum, self.nesterovs_momentum = warm_start, momentum, nesterovs_momentum
        self.early_stopping, self.validation_fraction, self.beta_1 = early_stopping, validation_fraction, beta_1
        self.beta_2, self.epsilon, self.n_iter_no_change, self.max_fun = beta_2, epsilon, n_iter_no_change, max_fun
        self.dropout, self.batch_normalization = dropout, batch_normalization

    @property
    def _loss(self) -> Any:
        return "mse" if self.loss == "squared_error" else PoissonDeviance()

    def _outputs(self, y: Any) -> tuple[int, str, float]:
        if self.loss == "poisson":
            return y.shape[1], "exponential", 1 / y.shape[1]
        return y.shape[1], "linear", 2 / y.shape[1]

    def _require_counts(self, targets: FloatArray) -> None:
        if self.loss == "poisson" and (targets < 0).any():
            raise ValueError("Some value(s) of y are out of the valid range of the loss 'poisson'.")

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on the rows of `X` with targets `y`, (n,) or (n, outputs)."""
        self._check_parameters()
        with unchanged_on_failure(self):
            x, targets, weights = validate_fit(self, X, y, sample_weight, targets="multi")
            self._require_counts(targets)
            self._flat = targets.ndim == 1
            return self._train(x, targets.reshape(len(x), -1), weights)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One more epoch over the rows of `X`.

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
        first = not hasattr(self, "_network")
        with unchanged_on_failure(self):
            x, targets, weights = validate_fit(self, X, y, sample_weight, targets="multi", reset=first)
            self._require_counts(targets)
            if first:
                self._flat = targets.ndim == 1
            return self._train(x, targets.reshape(len(x), -1), weights, incremental=True)

    def _validation_score(self, network: models.Sequential, x: FloatArray, y: Any, weights: Any) -> float:
        return r2(y, network.predict(x), weights)

    def predict(self, X: Any) -> FloatArray:
        """The network's outputs, shape (n,), or (n, outputs) where `y` had columns."""
        outputs = self._predicted(X)
        return outputs[:, 0] if self._flat else outputs
