"""Paths over contours."""

import sys

import numpy as np
import pytest

from mmlcore.optimize import minimize
from mmlcore.plot import ContourPathDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def bowl(p):
    return p[0] ** 2 + 3 * p[1] ** 2


def test_the_lines_are_the_iterates_and_the_values_the_function_s():
    result = minimize(bowl, [2.0, 1.0], "gradient_descent", learning_rate=0.1, max_iter=4, track=True)
    ax = Figure().subplots()
    display = ContourPathDisplay.from_result(bowl, {"descent": result}, grid=7).plot(ax=ax, color="red")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    line = display.lines_["descent"]
    np.testing.assert_array_equal(line.get_xydata(), result.path)
    assert line.get_color() == "red"
    x, y = np.meshgrid(display.x, display.y)
    np.testing.assert_allclose(display.values, bowl([x, y]))
    assert display.x[0] < min(p[0] for p in result.path) < max(p[0] for p in result.path) < display.x[-1]


def test_limits_without_a_path_and_values_that_are_not_finite():
    def half(p):
        return np.log(p[0]) if p[0] > 0 else np.inf

    display = ContourPathDisplay.from_function(half, xlim=(-1, 1), ylim=(0, 2), grid=5).plot(ax=Figure().subplots())
    assert display.ax_.get_xlim() == (-1, 1)
    assert display.lines_ == {}
    one = ContourPathDisplay.from_function(bowl, [[0.0, 1.0], [1.0, 1.0]], grid=5).plot(Figure().subplots(), log=False)
    assert list(one.lines_) == ["path"]
    assert one.y[0] < 1 < one.y[-1]  # a margin beside points of one height


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="xlim must be given where there is no path"):
        ContourPathDisplay.from_function(bowl)
    with pytest.raises(ValueError, match=r"paths must be of shape \(n, 2\)"):
        ContourPathDisplay.from_function(bowl, {"a": np.zeros((4, 3))})
    with pytest.raises(ValueError, match="results must be made with track=True"):
        ContourPathDisplay.from_result(bowl, minimize(bowl, [1.0, 1.0]))
    with pytest.raises(ValueError, match="values must be of shape"):
        ContourPathDisplay(np.zeros(2), np.zeros(3), np.zeros((2, 3)), {})


def test_missing_matplotlib_names_the_extra(monkeypatch):
    display = ContourPathDisplay.from_function(bowl, xlim=(0, 1), ylim=(0, 1), grid=3)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"mmlcore\[plot\]"):
        display.plot()
