"""Certified coefficients, streams that equal one fit, and designs that determine nothing."""

import numpy as np
import pytest

from certified_regressions import PROBLEMS
from mmlcore.estimators import LinearRegression
from mmlcore.estimators.linear_regression import least_squares

rng = np.random.default_rng(0)


def digits(found, certified) -> float:
    error = np.abs(np.asarray(found) - certified) / np.abs(certified)
    return float(-np.log10(error.max() + 1e-16))


@pytest.mark.parametrize("name", PROBLEMS)
def test_certified_coefficients(name):
    X, y, certified, wanted = PROBLEMS[name]
    model = LinearRegression().fit(X, y)
    assert digits([model.intercept_, *model.coef_], certified) >= wanted
    assert model.solver_ in ("cholesky", "qr")


def test_ill_conditioned_designs_are_solved_by_qr_and_say_so():
    X, y, *_ = PROBLEMS["Wampler1"]
    assert LinearRegression().fit(X, y).solver_ == "qr"
    assert LinearRegression().fit(rng.normal(size=(30, 3)), rng.normal(size=30)).solver_ == "cholesky"


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_partial_fit_is_fit(intercept, weighted):
    X, y = rng.normal(size=(200, 5)) + 3, rng.normal(size=(200, 2))
    w = rng.random(200) if weighted else None
    whole = LinearRegression(fit_intercept=intercept).fit(X, y, w)
    pieces = LinearRegression(fit_intercept=intercept)
    for part in np.split(np.arange(200), [3, 50, 51]):
        pieces.partial_fit(X[part], y[part], None if w is None else w[part])
    np.testing.assert_allclose(pieces.coef_, whole.coef_, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(pieces.intercept_, whole.intercept_, rtol=1e-10, atol=1e-12)


def test_partial_fit_of_a_certified_problem():
    X, y, certified, _ = PROBLEMS["Longley"]
    model = LinearRegression()
    for i in range(0, 16, 4):
        model.partial_fit(X[i : i + 4], y[i : i + 4])
    assert digits([model.intercept_, *model.coef_], certified) >= 8


def test_bad_pieces_leave_everything_as_it_was():
    model = LinearRegression().partial_fit([[1.0], [2.0], [4.0]], [1.0, 2.0, 3.0])
    before = model.coef_.copy()
    for X, y in (([[np.nan]], [1.0]), ([[1.0, 2.0]], [1.0]), ([[1.0]], [[1.0, 2.0]])):
        with pytest.raises(ValueError, match=r"NaN|features|columns"):
            model.partial_fit(X, y)
    model.partial_fit([[5.0]], [5.0])
    again = LinearRegression().fit([[1.0], [2.0], [4.0], [5.0]], [1.0, 2.0, 3.0, 5.0])
    np.testing.assert_allclose(model.coef_, again.coef_, rtol=1e-12)
    assert before.shape == model.coef_.shape


def test_weights_count_copies():
    X, y, k = rng.normal(size=(20, 3)), rng.normal(size=20), rng.integers(0, 4, 20)
    weighted = LinearRegression().fit(X, y, k)
    copied = LinearRegression().fit(X.repeat(k, axis=0), y.repeat(k))
    np.testing.assert_allclose(weighted.coef_, copied.coef_, rtol=1e-10)


@pytest.mark.parametrize("shape", [(30, 4), (4, 30)])
def test_dependent_columns_give_the_shortest_solution(shape):
    sklearn_linear = pytest.importorskip("sklearn.linear_model")
    X = rng.normal(size=shape)
    X[:, 1] = 2 * X[:, 0] + 1
    X[:, 2] = 5  # constant
    y = rng.normal(size=shape[0])
    ours, theirs = LinearRegression().fit(X, y), sklearn_linear.LinearRegression().fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-10)
    assert ours.solver_ == "svd"
    assert ours.rank_ == theirs.rank_


@pytest.mark.parametrize("scale", [1e-150, 1e-8, 1e8, 1e100])
def test_scales_do_not_matter(scale):
    X, y = rng.normal(size=(50, 3)) * [1, scale, 1], rng.normal(size=50)
    unit = LinearRegression().fit(X / [1, scale, 1], y)
    np.testing.assert_allclose(LinearRegression().fit(X, y).coef_ * [1, scale, 1], unit.coef_, rtol=1e-9)


def test_means_far_from_zero_keep_their_digits():
    X, y = rng.normal(size=(1000, 3)), rng.normal(size=1000)
    shifted = X + 2.0**20  # exactly representable up to the rounding of X itself
    near = LinearRegression().fit(shifted - 2.0**20, y)
    np.testing.assert_allclose(LinearRegression().fit(shifted, y).coef_, near.coef_, rtol=1e-9)


@pytest.mark.parametrize("intercept", [True, False])
def test_nonnegative_coefficients(intercept):
    sklearn_linear = pytest.importorskip("sklearn.linear_model")
    X, y = rng.normal(size=(40, 6)), rng.normal(size=40)
    ours = LinearRegression(positive=True, fit_intercept=intercept).fit(X, y)
    theirs = sklearn_linear.LinearRegression(positive=True, fit_intercept=intercept).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-10)
    with pytest.raises(ValueError, match="positive must be False"):
        ours.partial_fit(X, y)


def test_one_sample_and_float32():
    assert LinearRegression().fit([[1.0, 2.0]], [3.0]).predict([[1.0, 2.0]]) == pytest.approx([3.0])
    X = rng.normal(size=(50, 3)).astype(np.float32)
    model = LinearRegression().fit(X, X @ np.float32([1, 2, 3]))
    assert model.coef_.dtype == np.float32
    assert model.predict(X).dtype == np.float32
    np.testing.assert_allclose(model.coef_, [1, 2, 3], rtol=1e-5)


def test_memmap_and_blocks_of_it(tmp_path):
    path = tmp_path / "x.dat"
    X, y = rng.normal(size=(500, 4)), rng.normal(size=500)
    np.memmap(path, np.float64, "w+", shape=X.shape)[:] = X
    mapped = np.memmap(path, np.float64, "r", shape=X.shape)
    whole = LinearRegression().fit(mapped, y)
    pieces = LinearRegression()
    for start in range(0, 500, 100):
        pieces.partial_fit(mapped[start : start + 100], y[start : start + 100])
    np.testing.assert_allclose(pieces.coef_, whole.coef_, rtol=1e-10)


def test_least_squares_refuses_infinity():
    with pytest.raises(ValueError, match="infinity"):
        least_squares(np.array([[np.inf], [1.0]]), np.ones((2, 1)), None, True)
