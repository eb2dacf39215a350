"""Multi-layer perceptrons: mmlcore's networks under scikit-learn's contract."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np

from mmlcore import models
from mmlcore._arrays import FloatArray
from mmlcore.estimators.base import Estimator, check_is_fitted
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.mlp_network import (
    ACTIVATIONS,
    Watch,
    best_weights,
    build_network,
    dense_layers,
    minimise_network,
    optimizer_of,
    untrained_on_failure,
)
from mmlcore.estimators.parameters import ARRAY, BOOLEAN, RANDOM_STATE, VERBOSE, Constraint, Interval, OneOf
from mmlcore.estimators.randomness import as_random_state
from mmlcore.estimators.validation import validate_predict

__all__ = ["MLP"]


class MLP(Estimator):
    """What the classifier and the regressor share: parameters, training, prediction."""

    _takes_sparse = True
    _loss: Any
    _random: np.random.RandomState
    _constraints: ClassVar[dict[str, list[Constraint]]] = {
        "hidden_layer_sizes": [ARRAY, Interval(int, 1, None)],
        "activation": [OneOf(*ACTIVATIONS)],
        "solver": [OneOf("lbfgs", "sgd", "adam")],
        "alpha": [Interval(float, 0, None)],
        "batch_size": [OneOf("auto"), Interval(int, 1, None)],
        "learning_rate": [OneOf("constant", "invscaling", "adaptive")],
        "learning_rate_init": [Interval(float, 0, None, "neither")],
        "power_t": [Interval(float, 0, None)],
        "max_iter": [Interval(int, 1, None)],
        "shuffle": [BOOLEAN],
        "random_state": [RANDOM_STATE],
        "tol": [Interval(float, 0, None)],
        "verbose": [VERBOSE],
        "warm_start": [BOOLEAN],
        "momentum": [Interval(float, 0, 1, "both")],
        "nesterovs_momentum": [BOOLEAN],
        "early_stopping": [BOOLEAN],
        "validation_fraction": [Interval(float, 0, 1)],
        "beta_1": [Interval(float, 0, 1)],
        "beta_2": [Interval(float, 0, 1)],
        "epsilon": [Interval(float, 0, None, "neither")],
        "n_iter_no_change": [Interval(int, 1, None), Interval(float, np.inf, np.inf, "both")],
        "max_fun": [Interval(int, 1, None)],
        "dropout": [Interval(float, 0, 1)],
        "batch_normalization": [BOOLEAN],
    }

    # ---- what a subclass says ----

    def _outputs(self, y: Any) -> tuple[int, str, float]:
        """The number of outputs, their activation, and our loss's gradient over scikit-learn's."""
        raise NotImplementedError

    def _validation_score(self, network: models.Sequential, x: FloatArray, y: Any, weights: Any) -> float:
        raise NotImplementedError

    def _held_back(self, y: Any, random: np.random.RandomState) -> Any:
        """The numbers of the rows for validation."""
        n = len(y)
        count = int(np.ceil(self.validation_fraction * n))  # type: ignore[attr-defined]
        if not 0 < count < n:
            raise ValueError(
                f"With n_samples={n} and validation_fraction={self.validation_fraction}, one of the sets is empty."  # type: ignore[attr-defined]
            )
        return random.permutation(n)[:count]

    # ---- training ----

    def _train(self, x: FloatArray, y: Any, weights: Any, *, incremental: bool = False) -> Self:
        """Train on checked data: all epochs, or one more with `incremental`."""
        self._check_more(incremental)
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
        known = hasattr(self, "_network") and (incremental or self.warm_start)  # type: ignore[attr-defined]
        random = self._random if known else as_random_state(self.random_state)  # type: ignore[attr-defined]
        train, held_back = (x, y, weights), None
        if self.early_stopping and not incremental and self.solver != "lbfgs":  # type: ignore[attr-defined]
            chosen = np.zeros(len(x), bool)
            chosen[self._held_back(y, random)] = True
            train, held_back = _rows(x, y, weights, ~chosen), _rows(x, y, weights, chosen)
        x, y, weights = train
        rows = self._rows_at_once(len(x))
        outputs, last, scale = self._outputs(y)
        mean_weight = 1.0 if weights is None else float(weights.mean(dtype=np.float64))
        if weights is not None:
            weights = (weights / mean_weight).astype(x.dtype)
        if not known:
            penalty = scale * self.alpha / (2 * rows * mean_weight)  # type: ignore[attr-defined]
            self._network = build_network(self, x.shape[1], outputs, last, x.dtype, penalty, random)
            self._network.compile(optimizer_of(self, scale), self._loss)
            self._random = random
            self._clear(held_back is not None)
        elif not incremental:
            self._clear(held_back is not None)
        with untrained_on_failure(self):
            if self.solver == "lbfgs":  # type: ignore[attr-defined]
                minimise_network(self, self._network, x.astype(self._network.dtype), y, weights, scale)
            else:
                self._run_epochs(x, y, weights, held_back, scale, rows, incremental)
        self._store(last, outputs)
        return self

    def _check_more(self, incremental: bool) -> None:
        self._check_parameters()
        sizes = np.atleast_1d(np.asarray(self.hidden_layer_sizes))  # type: ignore[attr-defined]
        if (sizes <= 0).any():
            raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes.tolist()}.")
        if incremental and self.early_stopping:  # type: ignore[attr-defined]
            raise ValueError("partial_fit does not support early_stopping=True")

    def _rows_at_once(self, n: int) -> int:
        if self.solver == "lbfgs":  # type: ignore[attr-defined]
            return n
        size = self.batch_size  # type: ignore[attr-defined]
        if size == "auto":
            return min(200, n)
        if size > n:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=5
            )
        return min(int(size), n)

    def _clear(self, validates: bool) -> None:
        self.n_iter_, self.t_, self._no_improvement_count, self._converged = 0, 0, 0, False
        self.loss_curve_: list[float] = []
        self.best_loss_: Any = None if validates else np.inf
        self.validation_scores_: Any = [] if validates else None
        self.best_validation_score_: Any = -np.inf if validates else None

    def _run_epochs(
        self, x: FloatArray, y: Any, weights: Any, held_back: Any, scale: float, rows: int, incremental: bool
    ) -> None:
        epochs = 1 if incremental else self.max_iter  # type: ignore[attr-defined]
        watch = Watch(self, scale, held_back, len(x), not incremental)
        with np.errstate(over="ignore", invalid="ignore"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "fit: the loss is", RuntimeWarning)  # an error says it below
            self._network.fit(
                x,
                y,
                batch_size=rows,
                epochs=epochs,
                verbose=0,
                callbacks=[watch],
                shuffle=self.shuffle,  # type: ignore[attr-defined]
                sample_weight=weights,
            )
        best_weights(self._network, watch)
        if not np.isfinite(self._network.theta).all():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and need to "
                "be preprocessed."
            )
        if not incremental and not self._converged:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "  # type: ignore[attr-defined]
                "converged yet.",
                shared(ConvergenceWarning),
                stacklevel=5,
            )

    def _store(self, last: str, outputs: int) -> None:
        dense = dense_layers(self._network)
        self.coefs_ = [layer.kernel for layer in dense]
        self.intercepts_ = [layer.bias for layer in dense]
        self.n_layers_, self.n_outputs_ = len(dense) + 1, outputs
        self.out_activation_ = {"sigmoid": "logistic", "linear": "identity", "exponential": "exp"}.get(last, last)

    def _predicted(self, X: Any) -> FloatArray:
        """The network's outputs, shape (n, n_outputs_)."""
        check_is_fitted(self)
        x = validate_predict(self, X)
        outputs: FloatArray = self._network.predict(x.astype(self._network.dtype, copy=False))
        return outputs


def _rows(x: FloatArray, y: Any, weights: Any, chosen: Any) -> tuple[FloatArray, Any, Any]:
    return x[chosen], y[chosen], None if weights is None else weights[chosen]
