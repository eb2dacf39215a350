"""The network of an MLP estimator, and what watches its training: scikit-learn's stopping rules around our `fit`."""

import itertools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from mmlcore import layers, models, optimizers
from mmlcore._arrays import FloatArray
from mmlcore.callbacks import Callback
from mmlcore.estimators.exceptions import ConvergenceWarning, shared
from mmlcore.estimators.randomness import as_seed
from mmlcore.layers.regularizers import L2
from mmlcore.optimize import minimize

__all__ = [
    "Watch",
    "best_weights",
    "build_network",
    "dense_layers",
    "minimise_network",
    "optimizer_of",
    "untrained_on_failure",
]

ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


def build_network(
    estimator: Any, inputs: int, outputs: int, last: str, dtype: Any, penalty: float, random: np.random.RandomState
) -> models.Sequential:
    """Dense layers with batch normalisation and dropout between them, the weights drawn in scikit-learn's order.

    `penalty` times the squares of the kernels is added to the loss.
    """
    l2 = L2(penalty) if penalty else None
    hidden = np.atleast_1d(np.asarray(estimator.hidden_layer_sizes, dtype=int)).tolist()
    chain: list[layers.Layer] = []
    for number, units in enumerate(hidden):
        activation = ACTIVATIONS[estimator.activation]
        start = inputs if number == 0 else None
        if estimator.batch_normalization:
            chain.append(layers.Dense(units, use_bias=True, kernel_regularizer=l2, input_dim=start))
            chain += [layers.BatchNormalization(), layers.Activation(activation)]
        else:
            chain.append(layers.Dense(units, activation, kernel_regularizer=l2, input_dim=start))
        if estimator.dropout:
            chain.append(layers.Dropout(estimator.dropout))
    start = None if hidden else inputs
    chain.append(layers.Dense(outputs, last, kernel_regularizer=l2, input_dim=start))
    sizes = [inputs, *hidden, outputs]
    factor = 2.0 if estimator.activation == "logistic" else 6.0
    drawn = []
    for fan_in, fan_out in itertools.pairwise(sizes):
        bound = np.sqrt(factor / (fan_in + fan_out))
        drawn.append((random.uniform(-bound, bound, (fan_in, fan_out)), random.uniform(-bound, bound, fan_out)))
    network = models.Sequential(chain, dtype=np.dtype(dtype).name, seed=as_seed(random))
    for layer, (kernel, bias) in zip(dense_layers(network), drawn, strict=True):
        layer.kernel[:], layer.bias[:] = kernel, bias
    return network


def dense_layers(network: models.Sequential) -> list[Any]:
    """The layers that have kernels."""
    return [layer for layer in network.layers if isinstance(layer, layers.Dense)]


def optimizer_of(estimator: Any, scale: float) -> optimizers.Optimizer:
    """The optimiser; `scale` is how many times scikit-learn's gradient ours is."""
    rate = estimator.learning_rate_init
    if estimator.solver == "adam":
        return optimizers.Adam(rate, estimator.beta_1, estimator.beta_2, epsilon=estimator.epsilon * scale)
    nesterov = estimator.nesterovs_momentum and estimator.momentum > 0
    return optimizers.SGD(rate / scale, momentum=estimator.momentum, nesterov=nesterov)


class Watch(Callback):
    """After every epoch: the loss curve, the validation score, the learning rate, and whether it is time to stop.

    Parameters
    ----------
    estimator : the estimator, whose curves are extended
    scale : float
        Our loss over scikit-learn's.
    held_back : tuple or None
        What the estimator's `_validation_score` is to be measured on.
    samples : int
        In an epoch.
    stops : bool
        Whether the number of epochs without progress counts.
    """

    def __init__(self, estimator: Any, scale: float, held_back: Any, samples: int, stops: bool) -> None:
        self.estimator, self.scale, self.held_back = estimator, scale, held_back
        self.samples, self.stops = samples, stops
        self.kept: Any = None

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        own = self.estimator
        own.n_iter_ += 1
        own.t_ += self.samples
        own.loss_ = (logs or {})["loss"] / self.scale
        own.loss_curve_.append(own.loss_)
        if self.held_back is not None:
            self._look_at_score()
        else:
            self._count(own.loss_ <= own.best_loss_ - own.tol)
            own.best_loss_ = min(own.best_loss_, own.loss_)
        if own.solver == "sgd" and own.learning_rate == "invscaling":
            rate = own.learning_rate_init / (own.t_ + 1) ** own.power_t
            self.model.optimizer.learning_rate = rate / self.scale
        if self.stops and own._no_improvement_count > own.n_iter_no_change and not self._slower():
            own._converged = True
            self.model.stop_training = True

    def _look_at_score(self) -> None:
        own = self.estimator
        score = own._validation_score(self.model, *self.held_back)
        own.validation_scores_.append(score)
        self._count(score >= own.best_validation_score_ + own.tol)
        if score > own.best_validation_score_:
            own.best_validation_score_ = score
            self.kept = self.model.get_weights()

    def _count(self, progress: bool) -> None:
        self.estimator._no_improvement_count = 0 if progress else self.estimator._no_improvement_count + 1

    def _slower(self) -> bool:
        """Go on with a fifth of the learning rate where it is adaptive and still large enough."""
        own = self.estimator
        if own.solver != "sgd" or own.learning_rate != "adaptive":
            return False
        rate = self.model.optimizer.learning_rate * self.scale
        if rate <= 1e-6:
            return False
        self.model.optimizer.learning_rate = rate / 5 / self.scale
        own._no_improvement_count = 0
        return True


def best_weights(network: models.Sequential, watch: Watch) -> None:
    """Give the network the weights of its best validation score."""
    if watch.kept is not None:
        network.set_weights(watch.kept)


@contextmanager
def untrained_on_failure(estimator: Any) -> Iterator[None]:
    """Take back what training has done to the estimator's network, in place, where the block fails."""
    network, random = estimator._network, estimator._random
    optimizer, drawn, order = network.optimizer, random.get_state(), network._rng().bit_generator.state
    weights, slots, clock = network.get_weights(), optimizer.slots.copy(), optimizer.clock.copy()
    curves = [curve for curve in (estimator.loss_curve_, estimator.validation_scores_) if curve is not None]
    lengths = [len(curve) for curve in curves]
    try:
        yield
    except BaseException:
        network.set_weights(weights)
        if optimizer.slots.shape == slots.shape:  # a network that is new is dropped with its optimiser
            optimizer.slots[...] = slots
        optimizer.clock[...] = clock
        random.set_state(drawn)
        network._rng().bit_generator.state = order
        for curve, length in zip(curves, lengths, strict=True):
            del curve[length:]
        raise


def minimise_network(
    estimator: Any, network: models.Sequential, x: FloatArray, y: Any, weights: Any, scale: float
) -> None:
    """L-BFGS on the loss of all data at once."""
    assert network.optimizer is not None
    network.optimizer.learning_rate = 0.0
    step = network.training_step(x, y, weights)
    theta = network.theta

    def loss_and_gradient(point: FloatArray) -> tuple[float, FloatArray]:
        theta[:] = point
        step()
        return float(step.value[0]), network.gradient.astype(np.float64)

    def seen(result: Any) -> None:
        estimator.loss_curve_.append(float(result.fun) / scale)

    result = minimize(
        loss_and_gradient,
        theta.astype(np.float64),
        "lbfgs",
        jac=True,
        tol=estimator.tol * scale,
        max_iter=min(estimator.max_iter, estimator.max_fun),
        callback=seen,
    )
    theta[:] = result.x
    estimator.n_iter_, estimator.t_ = int(result.nit), int(result.nit) * len(x)
    estimator.loss_ = float(result.fun) / scale
    estimator.best_loss_ = estimator.loss_
    if not result.success:
        warnings.warn(
            f"lbfgs stopped after {result.nit} iterations: {result.message}. Increase the number of iterations to "
            "improve the convergence (max_iter), or scale the data.",
            shared(ConvergenceWarning),
            stacklevel=6,
        )
