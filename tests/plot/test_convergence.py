"""Curves of convergence."""

import numpy as np
import pytest

from mmlcore.optimize import minimize
from mmlcore.plot import ConvergenceDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def bowl(p):
    return p[0] ** 2 + 3 * p[1] ** 2 + 1


def test_distances_from_the_minimum_on_a_logarithmic_scale():
    results = {m: minimize(bowl, [2.0, 1.0], m, track=True) for m in ("bfgs", "newton")}
    ax = Figure().subplots()
    display = ConvergenceDisplay.from_result(results, minimum=0.5).plot(ax=ax)
    assert display.ax_ is ax
    assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "iteration")
    for method, line in display.lines_.items():
        np.testing.assert_allclose(line.get_ydata(), np.array(results[method].path_fun) - 0.5)
        assert line.get_xdata().tolist() == list(range(results[method].nit + 1))


def test_without_a_minimum_the_smallest_value_leaves_a_gap():
    display = ConvergenceDisplay({"f": [4.0, 2.0, 1.0]}).plot(Figure().subplots())
    np.testing.assert_array_equal(display.lines_["f"].get_ydata(), [3.0, 1.0, np.nan])
    single = ConvergenceDisplay.from_result(minimize(bowl, [2.0, 1.0], track=True))
    assert list(single.values) == ["f"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="results must be made with track=True"):
        ConvergenceDisplay.from_result(minimize(bowl, [2.0, 1.0]))
    with pytest.raises(ValueError, match="values must be vectors, at least one"):
        ConvergenceDisplay({})
