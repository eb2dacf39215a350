"""NaNs that are left out get no gradient and spoil no other."""

import numpy as np
import pytest

from mmlcore import grad

X = np.array([[1.0, np.nan, 4.0], [2.0, 5.0, np.nan]])
FULL = np.array([1.0, 4.0])


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "max", "min", "var", "std", "cumsum", "cumprod"])
def test_the_gradient_is_that_without_the_nans(name):
    leaving, usual = getattr(np, f"nan{name}"), getattr(np, name)
    x = X[0]
    expected = grad(lambda x: np.sum(usual(x)))(FULL)
    if name == "cumsum":
        expected = np.array([3.0, 1.0])  # the sum so far is repeated where a NaN stands
    elif name == "cumprod":
        expected = np.array([6.0, 1.0])
    np.testing.assert_allclose(grad(lambda x: np.sum(leaving(x)))(x), [expected[0], 0.0, expected[1]], rtol=1e-14)


def test_along_an_axis():
    assert np.array_equal(grad(lambda x: np.sum(np.nanmean(x, axis=0)))(X), [[0.5, 0.0, 1.0], [0.5, 1.0, 0.0]])


def test_nothing_but_nans():
    x = np.array([[np.nan, 1.0], [np.nan, 2.0]])
    assert np.array_equal(grad(lambda x: np.nanmax(x, axis=0)[1])(x), [[0.0, 0.0], [0.0, 1.0]])
    kept = []
    grad(lambda x: kept.append(np.nanmax(x, axis=0)) or np.nansum(x))(x)
    assert np.isnan(np.asarray(kept[0])[0])
