"""Answers in the plane."""

import numpy as np
import pytest

from mmlcore.estimators import KMeans, LogisticRegression
from mmlcore.plot import DecisionBoundaryDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

X = np.vstack(
    [np.random.default_rng(0).standard_normal((30, 2)), np.random.default_rng(1).standard_normal((30, 2)) + 4]
)


def test_classes_have_colours_and_borders():
    model = KMeans(3, random_state=0).fit(X)
    display = DecisionBoundaryDisplay.from_estimator(model, X, resolution=20).plot(Figure().subplots())
    grid = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    np.testing.assert_array_equal(display.response.ravel(), model.predict(grid))
    assert grid.min(axis=0) == pytest.approx(X.min(axis=0) - 0.1 * np.ptp(X, axis=0))
    assert display.border_ is not None


@pytest.mark.parametrize("method", ["decision_function", "predict_proba"])
def test_values_of_two_classes_have_the_border_zero(method):
    y = np.repeat(["a", "b"], 30)
    model = LogisticRegression().fit(X, y)
    display = DecisionBoundaryDisplay.from_estimator(model, X, response_method=method, resolution=15)
    assert not display.classes
    grid = np.column_stack([display.xx0.ravel(), display.xx1.ravel()])
    np.testing.assert_array_equal(display.response.ravel() > 0, model.predict(grid) == "b")
    assert display.plot(Figure().subplots()).border_ is not None


def test_one_answer_everywhere_has_no_border():
    flat = DecisionBoundaryDisplay(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2), int))
    assert flat.plot(Figure().subplots()).border_ is None


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="matrices of one shape"):
        DecisionBoundaryDisplay(np.zeros(2), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="X must be of two columns"):
        DecisionBoundaryDisplay.from_estimator(KMeans(1).fit(X), X[:, :1])
    with pytest.raises(ValueError, match="response_method must be one of"):
        DecisionBoundaryDisplay.from_estimator(KMeans(1).fit(X), X, response_method="transform")
