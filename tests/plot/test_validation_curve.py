"""Scores over a parameter."""

import numpy as np
import pytest

from mmlcore.estimators import Ridge, cross_val_score
from mmlcore.plot import ValidationCurveDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def test_means_of_the_folds():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 3))
    y = X @ [1.0, 2.0, 3.0] + rng.standard_normal(40)
    alphas = [1e-3, 1.0, 1e3]
    display = ValidationCurveDisplay.from_estimator(Ridge(), X, y, param_name="alpha", param_range=alphas, cv=4)
    display.plot(Figure().subplots())
    expected = [cross_val_score(Ridge(alpha=alpha), X, y, cv=4).mean() for alpha in alphas]
    np.testing.assert_allclose(display.lines_["test"].get_ydata(), expected)
    assert display.best == alphas[int(np.argmax(expected))]
    assert display.ax_.get_xscale() == "log"


def test_training_scores_are_a_second_line():
    display = ValidationCurveDisplay("kind", ["a", "b"], [[0.1], [0.2]], [[0.3], [0.4]]).plot(Figure().subplots())
    assert list(display.lines_) == ["test", "train"]
    assert display.best == "b"
    with pytest.raises(ValueError, match=r"scores must be of shape \(2, folds\)"):
        ValidationCurveDisplay("n", [1, 2], [[1.0]])
