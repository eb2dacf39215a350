"""Pairs of images and reconstructions; samples of classes."""

import numpy as np
import pytest

from mmlcore.layers import Dense
from mmlcore.models import AutoEncoder
from mmlcore.plot import ClassSamplesDisplay, ReconstructionsDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

X = np.random.default_rng(0).random((30, 16)).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    model = AutoEncoder([Dense(2)], [Dense(16, "sigmoid")], seed=0)
    model.fit(X, 2 * (np.arange(30) % 2), epochs=1, verbose=0)
    return model


def test_images_stand_above_what_they_became(model):
    display = ReconstructionsDisplay.from_model(model, X, n=5).plot(Figure().subplots())
    drawn = display.ax_.images[0].get_array()
    assert drawn.shape == (9, 24)
    np.testing.assert_array_equal(drawn[:4, 5:9], X[1].reshape(4, 4))
    np.testing.assert_allclose(drawn[5:, 5:9], model.reconstruct(X[:5])[1].reshape(4, 4), rtol=1e-6)


def test_what_was_seen_stands_between():
    display = ReconstructionsDisplay(X[:2], X[:2], seen=X[2:4]).plot(Figure().subplots())
    np.testing.assert_array_equal(display.ax_.images[0].get_array()[5:9, :4], X[2].reshape(4, 4))


def test_a_row_for_each_class_that_is_known(model):
    display = ClassSamplesDisplay.from_model(model, n=3).plot(Figure().subplots())
    assert display.labels == [0, 2]
    assert display.images.shape == (2, 3, 4, 4)
    again = ClassSamplesDisplay.from_model(model, n=3)
    np.testing.assert_array_equal(display.images, again.images)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match=r"^ReconstructionsDisplay: images must be of the shape of their"):
        ReconstructionsDisplay(X[:2], X[:3])
    with pytest.raises(ValueError, match=r"^ClassSamplesDisplay: images must be"):
        ClassSamplesDisplay(np.zeros((2, 3, 4, 4)), [0])
    with pytest.raises(ValueError, match=r"^ClassSamplesDisplay: model must be one that knows classes"):
        ClassSamplesDisplay.from_model(AutoEncoder([Dense(2)], [Dense(16)]))
