"""Shares of the variance."""

import numpy as np
import pytest

from mmlcore.estimators import PCA
from mmlcore.plot import ExplainedVarianceDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def test_bars_and_their_running_sum():
    model = PCA().fit(np.random.default_rng(0).standard_normal((50, 4)))
    display = ExplainedVarianceDisplay.from_estimator(model).plot(Figure().subplots())
    np.testing.assert_allclose([bar.get_height() for bar in display.bars_], model.explained_variance_ratio_)
    assert display.line_.get_ydata()[-1] == pytest.approx(1)


def test_the_fewest_components_of_a_share():
    display = ExplainedVarianceDisplay([0.6, 0.3, 0.1])
    assert [display.components_for(share) for share in (0.5, 0.6, 0.7, 0.95, 2.0)] == [1, 1, 2, 3, 3]
    with pytest.raises(ValueError, match="ratios must be a vector"):
        ExplainedVarianceDisplay([[1.0]])
