"""The optimality conditions of least squares with β ≥ 0."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmlcore.estimators.nonnegative import nonnegative_least_squares
from mmlcore.estimators.statistics import Gram


@given(st.integers(0, 200))
def test_complementary_slackness(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(20, 5)), rng.normal(size=20)
    beta = nonnegative_least_squares(Gram(5, 1).update(X, y), False).coef[0]
    gradient = X.T @ (X @ beta - y)
    assert (beta >= 0).all()
    assert (gradient >= -1e-9).all()
    np.testing.assert_allclose(beta * gradient, 0, atol=1e-9)
