"""The networks of MLP estimators: scikit-learn's first weights, layers in order, stopping rules."""

import numpy as np
import pytest

from mmlcore import layers
from mmlcore.estimators import MLPClassifier, MLPRegressor
from mmlcore.estimators.mlp_network import build_network, dense_layers, optimizer_of

neural_network = pytest.importorskip("sklearn.neural_network")


@pytest.mark.parametrize("activation", ["relu", "logistic"])
def test_the_first_weights_are_scikit_learn_s(activation):
    model = MLPRegressor(hidden_layer_sizes=(4, 3), activation=activation)
    network = build_network(model, 2, 1, "linear", np.float64, 0.0, np.random.RandomState(5))
    theirs = neural_network.MLPRegressor(hidden_layer_sizes=(4, 3), activation=activation, random_state=5, max_iter=1)
    theirs.learning_rate_init = 1e-300
    theirs.partial_fit(np.zeros((1, 2)), [0.0])
    for layer, kernel, bias in zip(dense_layers(network), theirs.coefs_, theirs.intercepts_, strict=True):
        np.testing.assert_allclose(layer.kernel, kernel)
        np.testing.assert_allclose(layer.bias, bias)


def test_batch_normalisation_and_dropout_stand_between_the_dense_layers():
    model = MLPClassifier((5,), dropout=0.5, batch_normalization=True)
    network = build_network(model, 3, 2, "softmax", np.float32, 0.1, np.random.RandomState(0))
    kinds = [layers.Dense, layers.BatchNormalization, layers.Activation, layers.Dropout, layers.Dense]
    assert [type(layer) for layer in network.layers] == kinds
    assert all(layer.kernel_regularizer.l2 == 0.1 for layer in dense_layers(network))


def test_optimisers():
    assert optimizer_of(MLPClassifier(learning_rate_init=0.1), 2.0).learning_rate == pytest.approx(0.1)
    sgd = optimizer_of(MLPClassifier(solver="sgd", learning_rate_init=0.1, momentum=0.5), 2.0)
    assert sgd.learning_rate == pytest.approx(0.05)
    assert sgd.momentum == 0.5


def curves(**options):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), rng.standard_normal(60)
    options = {"solver": "sgd", "max_iter": 40, "random_state": 0, "learning_rate_init": 0.05, **options}
    with pytest.warns() if options.get("warns") else _nothing():
        return MLPRegressor(hidden_layer_sizes=(5,), **options).fit(X, y)


def _nothing():
    import contextlib
    import warnings

    stack = contextlib.ExitStack()
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    return stack


def test_the_learning_rate_follows_the_schedule():
    constant = curves()
    assert constant._network.optimizer.learning_rate * 2 == pytest.approx(0.05)
    falling = curves(learning_rate="invscaling", power_t=0.5)
    assert falling._network.optimizer.learning_rate * 2 == pytest.approx(0.05 / np.sqrt(falling.t_ + 1))
    adaptive = curves(learning_rate="adaptive", tol=1e3, n_iter_no_change=1, max_iter=200)
    assert adaptive._network.optimizer.learning_rate * 2 < 1e-5
    assert adaptive._converged


def test_training_stops_where_the_loss_does():
    assert curves(tol=1e9, n_iter_no_change=3).n_iter_ == 5
    endless = curves(tol=1e9, n_iter_no_change=np.inf)
    assert endless.n_iter_ == 40
