"""MLPRegressor: one output or several, the x² of the document."""

import numpy as np
import pytest

from mmlcore.estimators import MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::mmlcore.estimators.ConvergenceWarning")


def test_the_square_is_learnt():
    X = np.linspace(-1, 1, 200)[:, None]
    model = MLPRegressor((32, 64), max_iter=200, learning_rate_init=0.01, random_state=0).fit(X, X[:, 0] ** 2)
    assert model.score(X, X[:, 0] ** 2) > 0.99
    assert model.predict(X).shape == (200,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_several_outputs(dtype):
    X = np.random.default_rng(0).standard_normal((100, 3)).astype(dtype)
    y = np.column_stack([X.sum(1), X[:, 0] - X[:, 1]])
    model = MLPRegressor((20,), activation="identity", max_iter=300, learning_rate_init=0.01, random_state=0).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.predict(X).dtype == model.coefs_[0].dtype == dtype
    assert model.score(X, y) > 0.95
    again = MLPRegressor((20,), random_state=0).partial_fit(X, y).partial_fit(X, y)
    assert again.n_iter_ == 2
