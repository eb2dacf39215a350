"""Ellipses of mixtures."""

import numpy as np
import pytest

from mmlcore.estimators import GaussianMixture
from mmlcore.plot import EllipsesDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def points():
    rng = np.random.default_rng(0)
    return np.vstack([rng.standard_normal((60, 2)) * [3, 1], rng.standard_normal((40, 2)) + 9])


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_every_point_of_an_ellipse_is_as_far_in_the_covariance_s_metric(kind):
    X, ax = points(), Figure().subplots()
    model = GaussianMixture(2, covariance_type=kind, random_state=0).fit(X)
    display = EllipsesDisplay.from_estimator(model, X).plot(ax, radii=(1.0, 2.5))
    assert display.ax_ is ax
    assert len(display.points_.get_offsets()) == len(X)
    for k, ellipses in enumerate(display.ellipses_):
        for radius, ellipse in zip((1.0, 2.5), ellipses, strict=True):
            angles = np.linspace(0, 2 * np.pi, 13)
            turned = np.radians(ellipse.angle)
            flat = np.column_stack([np.cos(angles) * ellipse.width, np.sin(angles) * ellipse.height]) / 2
            rim = flat @ [[np.cos(turned), np.sin(turned)], [-np.sin(turned), np.cos(turned)]]
            distances = np.einsum("ni,ij,nj->n", rim, np.linalg.inv(display.covariances[k]), rim)
            np.testing.assert_allclose(distances, radius**2, rtol=1e-9)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"must be \(K, 2\) and \(K, 2, 2\)"):
        EllipsesDisplay([[0.0]], [[[1.0]]])
    with pytest.raises(ValueError, match="estimator must be of two features, got 3"):
        EllipsesDisplay.from_estimator(GaussianMixture().fit(np.random.default_rng(0).random((9, 3))))
