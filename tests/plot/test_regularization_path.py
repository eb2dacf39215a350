"""Coefficients over penalties."""

import numpy as np
import pytest

from mmlcore.estimators import Ridge
from mmlcore.plot import RegularizationPathDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def test_a_line_for_every_coefficient():
    X = np.random.default_rng(0).standard_normal((30, 3))
    alphas = [0.1, 1.0, 10.0]
    display = RegularizationPathDisplay.from_estimator(Ridge(), X, X @ [1.0, 2.0, 0.0], alphas, names=list("abc"))
    display.plot(Figure().subplots())
    assert [line.get_label() for line in display.lines_] == list("abc")
    for alpha, coefs in zip(alphas, display.coefs.T, strict=True):
        np.testing.assert_allclose(coefs, Ridge(alpha=alpha).fit(X, X @ [1.0, 2.0, 0.0]).coef_)
    assert display.ax_.get_xscale() == "log"


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"must be \(m,\) and \(d, m\)"):
        RegularizationPathDisplay([1.0, 2.0], [[1.0]])
