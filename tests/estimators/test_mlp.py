"""What the MLP estimators share: scikit-learn's path from the same start, weights, warm starts, early stopping."""

import pickle
import warnings

import numpy as np
import pytest

from mmlcore.estimators import ConvergenceWarning, MLPClassifier, MLPRegressor

neural_network = pytest.importorskip("sklearn.neural_network")
datasets = pytest.importorskip("sklearn.datasets")

pytestmark = pytest.mark.filterwarnings("ignore::mmlcore.estimators.ConvergenceWarning")


def problem(kind):
    if kind == "regression":
        X, y = datasets.load_diabetes(return_X_y=True)
        return X[:400] * 20, (y[:400] - 150) / 80
    X, y = datasets.load_wine(return_X_y=True) if kind == "classes" else datasets.load_iris(return_X_y=True)
    X, y = (X, y) if kind == "classes" else (X[:100], y[:100])
    return (X - X.mean(0)) / X.std(0), y


@pytest.mark.parametrize("kind", ["regression", "classes", "two"])
@pytest.mark.parametrize(
    "options",
    [
        {"solver": "adam", "batch_size": 50},
        {"solver": "sgd", "batch_size": 25, "learning_rate_init": 0.01},
        {"solver": "sgd", "nesterovs_momentum": False, "activation": "tanh", "batch_size": 100},
        {"solver": "adam", "activation": "logistic", "hidden_layer_sizes": (7, 5), "batch_size": 20, "alpha": 1.0},
    ],
)
def test_scikit_learn_s_path_from_the_same_start(kind, options):
    X, y = problem(kind)
    n = len(X) // 100 * 100  # whole batches: scikit-learn's penalty of a part of one differs
    options = {"shuffle": False, "max_iter": 8, "random_state": 0, "hidden_layer_sizes": (10,), "tol": 0, **options}
    name = "MLPRegressor" if kind == "regression" else "MLPClassifier"
    ours = {"MLPRegressor": MLPRegressor, "MLPClassifier": MLPClassifier}[name](**options).fit(X[:n], y[:n])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(neural_network, name)(**options).fit(X[:n], y[:n])
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-6)
    for one, other in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-5, atol=1e-6)
    for attribute in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_"):
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute


@pytest.mark.parametrize("estimator", [MLPRegressor, MLPClassifier])
def test_weights_count_as_copies_in_full_batches(estimator):
    X, y = problem("regression" if estimator is MLPRegressor else "classes")
    X, y = X[:60], y[:60]
    weights = np.random.default_rng(0).integers(0, 4, 60)
    weights[np.unique(y, return_index=True)[1][:3]] = 1  # every class stays
    options = {"hidden_layer_sizes": (4,), "activation": "tanh", "batch_size": 300, "max_iter": 20, "random_state": 0}
    copies = np.repeat(np.arange(60), weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one = estimator(**options).fit(X, y, sample_weight=weights)
        other = estimator(**options).fit(X[copies], y[copies])
    np.testing.assert_allclose(one.loss_curve_, other.loss_curve_, rtol=1e-8)
    np.testing.assert_allclose(one.coefs_[0], other.coefs_[0], rtol=1e-7, atol=1e-8)


def test_lbfgs_finds_a_stationary_point():
    X, y = problem("regression")
    X, y = X[:120], y[:120]
    options = {"solver": "lbfgs", "hidden_layer_sizes": (3,), "activation": "tanh", "random_state": 0, "alpha": 1.0}
    ours = MLPRegressor(**options, max_iter=1000, tol=1e-5).fit(X, y)
    theirs = neural_network.MLPRegressor(**options, max_iter=1000, tol=1e-5).fit(X, y)
    assert ours.loss_ <= theirs.loss_ * 1.1
    assert (np.diff(ours.loss_curve_) <= 1e-12).all()
    with pytest.raises(AttributeError, match="only available for stochastic optimizers"):
        ours.partial_fit(X, y)


def test_partial_fit_is_an_epoch_of_fit():
    X, y = problem("classes")
    options = {"hidden_layer_sizes": (5,), "shuffle": False, "random_state": 1}
    whole = MLPClassifier(**options, max_iter=6).fit(X, y)
    steps = MLPClassifier(**options)
    for _ in range(6):
        steps.partial_fit(X, y, classes=[0, 1, 2])
    np.testing.assert_array_equal(steps.coefs_[0], whole.coefs_[0])
    assert steps.loss_curve_ == whole.loss_curve_


@pytest.mark.parametrize("estimator", [MLPRegressor, MLPClassifier])
def test_early_stopping_keeps_the_best_weights(estimator):
    X, y = problem("regression" if estimator is MLPRegressor else "classes")
    model = estimator(
        hidden_layer_sizes=(20,), early_stopping=True, n_iter_no_change=5, max_iter=100, random_state=0
    ).fit(X, y)
    assert max(model.validation_scores_) == model.best_validation_score_
    assert len(model.validation_scores_) == model.n_iter_ == len(model.loss_curve_)
    assert model.best_loss_ is None
    with pytest.raises(ValueError, match="does not support early_stopping"):
        model.partial_fit(X, y)


def test_warm_starts_go_on():
    X, y = problem("regression")
    model = MLPRegressor(hidden_layer_sizes=(5,), warm_start=True, max_iter=5, random_state=0).fit(X, y)
    before = model.loss_
    assert model.fit(X, y).loss_ < before


def test_dropout_and_batch_normalisation_learn():
    X, y = problem("classes")
    model = MLPClassifier(
        (30,), dropout=0.2, batch_normalization=True, max_iter=60, random_state=0, learning_rate_init=0.01
    )
    assert model.fit(X, y).score(X, y) > 0.95
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_the_step_is_captured():
    X, y = problem("classes")
    assert MLPClassifier((5,), max_iter=2).fit(X, y)._network.not_captured is None


def test_numbers_that_run_away_are_an_error():
    X, y = problem("regression")
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        MLPRegressor(hidden_layer_sizes=(5,), solver="sgd", learning_rate_init=1e200, max_iter=5).fit(X * 1e100, y)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes must be > 0, got \[5, 0\]"):
        MLPRegressor(hidden_layer_sizes=(5, 0)).fit(X, y)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        MLPRegressor(hidden_layer_sizes=(5,), max_iter=2).fit(X, y)
