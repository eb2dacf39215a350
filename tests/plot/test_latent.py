"""The plane of codes."""

import numpy as np
import pytest

from mmlcore.layers import Dense
from mmlcore.models import AutoEncoder
from mmlcore.plot import DecodedGridDisplay, LatentDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

X = np.random.default_rng(0).random((30, 16)).astype(np.float32)
Y = np.arange(30) % 3


@pytest.fixture(scope="module")
def model():
    model = AutoEncoder([Dense(2)], [Dense(16, "sigmoid")], seed=0)
    model.fit(X, Y, epochs=1, verbose=0)
    return model


def test_points_have_their_places_and_classes_their_names(model):
    labels = np.where(np.arange(30) < 20, Y, -1)
    display = LatentDisplay.from_model(model, X, labels).plot(Figure().subplots())
    grey, coloured, *centroids = display.ax_.collections
    np.testing.assert_allclose(grey.get_offsets(), model.encode(X)[20:], rtol=1e-6)
    np.testing.assert_allclose(coloured.get_offsets(), model.encode(X)[:20], rtol=1e-6)
    assert len(centroids) == 3
    assert [text.get_text() for text in display.ax_.texts] == ["0", "1", "2"]


def test_codes_without_labels():
    display = LatentDisplay(np.zeros((4, 2))).plot(Figure().subplots())
    assert len(display.ax_.collections) == 1


def test_the_grid_is_the_plane_decoded(model):
    display = DecodedGridDisplay.from_model(model, (-1, 1, -2, 2), n=3)
    assert display.images.shape == (3, 3, 4, 4)
    corner = model.decode([[-1.0, 2.0]])[0].reshape(4, 4)  # upper left
    np.testing.assert_allclose(display.images[0, 0], corner, rtol=1e-5)
    drawn = display.plot(Figure().subplots()).ax_.images[0]
    assert drawn.get_extent() == [-1, 1, -2, 2]
    assert drawn.get_array().shape == (14, 14)


def test_the_grid_holds_the_centroids(model):
    z1, z2, z3, z4 = DecodedGridDisplay.from_model(model, n=2).extent
    assert (model.centroids[:, 0] > z1).all()
    assert (model.centroids[:, 0] < z2).all()
    assert (model.centroids[:, 1] > z3).all()
    assert (model.centroids[:, 1] < z4).all()


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"^LatentDisplay: codes must be shape \(n, 2 or more\), with n labels"):
        LatentDisplay(np.zeros((3, 1)))
    with pytest.raises(ValueError, match=r"^LatentDisplay: codes"):
        LatentDisplay(np.zeros((3, 2)), [0, 1])
    with pytest.raises(ValueError, match=r"^DecodedGridDisplay: images must be shape"):
        DecodedGridDisplay(np.zeros((3, 4, 4)), (0, 1, 0, 1))
