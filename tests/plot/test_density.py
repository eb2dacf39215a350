"""Densities and distribution functions as curves, probabilities as stems."""

import numpy as np
import pytest

from mmlcore import stats
from mmlcore.plot import DensityDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


@pytest.mark.parametrize("kind", ["pdf", "cdf", "sf", "logpdf"])
def test_the_curve_is_the_distribution_s(kind):
    p, ax = stats.Gamma(2.0, 3.0), Figure().subplots()
    display = DensityDisplay.from_distribution(p, kind=kind).plot(ax=ax, color="red")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    x, y = display.line_.get_data()
    np.testing.assert_allclose(y, getattr(p, kind)(x))
    np.testing.assert_allclose(p.cdf(x[[0, -1]]), [0.001, 0.999])
    assert display.line_.get_color() == "red"


def test_probabilities_are_stems_and_their_sums_steps():
    p = stats.Binomial(5, 0.3)
    display = DensityDisplay.from_distribution(p).plot(Figure().subplots())
    assert display.line_.get_linestyle() == "None"
    assert display.values.sum() == pytest.approx(1, abs=0.003)
    steps = DensityDisplay.from_distribution(p, kind="cdf").plot(Figure().subplots())
    assert steps.line_.get_drawstyle() == "steps-post"


def test_draws_are_a_histogram_of_area_one():
    p = stats.Normal(1.0, 2.0)
    display = DensityDisplay.from_distribution(p, samples=p.rvs(500, 0)).plot(Figure().subplots(), bins=20)
    bars = display.ax_.patches
    assert len(bars) == 20
    assert sum(bar.get_width() * bar.get_height() for bar in bars) == pytest.approx(1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="distribution must be of one variable, without a batch"):
        DensityDisplay.from_distribution(stats.Normal([0.0, 1.0]))
    with pytest.raises(ValueError, match="distribution must be of one variable, without a batch"):
        DensityDisplay.from_distribution(stats.MultivariateNormal(cov=np.eye(2)))
    with pytest.raises(ValueError, match="kind must be one of 'pdf'"):
        DensityDisplay.from_distribution(stats.Normal(), kind="ppf")
    with pytest.raises(ValueError, match="two vectors of one length"):
        DensityDisplay([1.0, 2.0], [1.0])


def test_a_mixture_of_discrete_distributions_is_discrete():
    p = stats.Mixture([0.5, 0.5], [stats.Binomial(5, 0.3), stats.Binomial(9, 0.8)])
    display = DensityDisplay.from_distribution(p).plot(Figure().subplots())
    assert display.discrete
    np.testing.assert_array_equal(display.x, np.arange(10.0))
    assert display.line_.get_linestyle() == "None"
    nested = stats.Mixture([0.5, 0.5], [p, stats.Bernoulli(0.5)])
    assert DensityDisplay.from_distribution(nested, x=[0, 1]).discrete
    assert not DensityDisplay.from_distribution(stats.Mixture([1.0], [stats.Normal()]), x=[0, 1]).discrete


def test_bars_of_whole_numbers_stand_on_them():
    p = stats.Binomial(50, 0.3)
    draws = p.rvs(500, 0)
    display = DensityDisplay.from_distribution(p, samples=draws).plot(Figure().subplots())
    for bar in display.ax_.patches:
        middle = bar.get_x() + 0.5
        assert bar.get_width() == 1
        assert bar.get_height() == pytest.approx(np.mean(draws == middle))
    fewer = DensityDisplay.from_distribution(p, samples=draws).plot(Figure().subplots(), bins=4)
    assert len(fewer.ax_.patches) == 4


@pytest.mark.parametrize(("kind", "highest"), [("cdf", -1), ("sf", 0)])
def test_draws_beside_a_distribution_function_are_cumulative(kind, highest):
    p = stats.Normal()
    display = DensityDisplay.from_distribution(p, kind=kind, samples=p.rvs(500, 0)).plot(Figure().subplots(), bins=20)
    heights = [bar.get_height() for bar in display.ax_.patches]
    assert heights[highest] == pytest.approx(1)
    assert heights == sorted(heights, reverse=kind == "sf")


def test_labels_are_shown():
    p = stats.Normal()
    plain = DensityDisplay.from_distribution(p).plot(Figure().subplots())
    assert plain.ax_.get_legend() is None
    named = DensityDisplay.from_distribution(p, samples=p.rvs(9, 0)).plot(Figure().subplots(), label="p")
    assert {text.get_text() for text in named.ax_.get_legend().get_texts()} == {"draws", "p"}
