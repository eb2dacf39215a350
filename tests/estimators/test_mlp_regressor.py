"""MLPRegressor: one output or several, the x² of the document."""

import numpy as np
import pytest

from mmlcore.estimators import MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::mmlcore.estimators.ConvergenceWarning")


def test_the_square_is_learnt():
    X = np.linspace(-1, 1, 200)[:, None]
    model = MLPRegressor(hidden_layer_sizes=(32, 64), max_iter=200, learning_rate_init=0.01, random_state=0).fit(
        X, X[:, 0] ** 2
    )
    assert model.score(X, X[:, 0] ** 2) > 0.99
    assert model.predict(X).shape == (200,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_several_outputs(dtype):
    X = np.random.default_rng(0).standard_normal((100, 3)).astype(dtype)
    y = np.column_stack([X.sum(1), X[:, 0] - X[:, 1]])
    options = {"activation": "identity", "max_iter": 300, "learning_rate_init": 0.01, "random_state": 0}
    model = MLPRegressor(hidden_layer_sizes=(20,), **options).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.predict(X).dtype == model.coefs_[0].dtype == dtype
    assert model.score(X, y) > 0.95
    again = MLPRegressor(hidden_layer_sizes=(20,), random_state=0).partial_fit(X, y).partial_fit(X, y)
    assert again.n_iter_ == 2


def test_counts_have_exponential_outputs():
    neural_network = pytest.importorskip("sklearn.neural_network")
    X = np.random.default_rng(1).standard_normal((100, 2))
    y = np.random.default_rng(2).poisson(np.exp(X[:, 0]))
    options = {"loss": "poisson", "hidden_layer_sizes": (6,), "shuffle": False, "max_iter": 5, "random_state": 0}
    ours = MLPRegressor(**options).fit(X, y)
    with pytest.warns(match="Maximum iterations"):
        theirs = neural_network.MLPRegressor(**options).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6)
    assert (ours.predict(X) > 0).all()
    assert ours.out_activation_ == theirs.out_activation_
    with pytest.raises(ValueError, match="out of the valid range of the loss 'poisson'"):
        MLPRegressor(loss="poisson").fit(X, -y)
