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


def test_units_of_the_columns_do_not_count():
    random = np.random.default_rng(0)
    X = np.abs(random.standard_normal((60, 4)))
    y = X @ [1.0, 2.0, 0.0, 4.0] + 0.1 * random.standard_normal(60)
    plain = nonnegative_least_squares(Gram(4, 1).update(X, y), False).coef
    for exponent in (4, 8):
        units = np.array([10.0**-exponent, 1, 10.0**exponent, 1])
        coef = nonnegative_least_squares(Gram(4, 1).update(X * units, y), False).coef
        np.testing.assert_allclose(coef * units, plain, rtol=1e-9, atol=1e-12)
