"""Images with predictions."""

import numpy as np
import pytest

from mmlcore.plot import ImagesDisplay

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

IMAGES = np.arange(5 * 64.0).reshape(5, 8, 8)


def test_titles_say_what_was_predicted_and_what_was_right():
    display = ImagesDisplay.from_predictions(IMAGES, [0, 1, 2, 3, 4], [0, 7, 2, 3, 9]).plot(Figure(), columns=3)
    assert [ax.get_title() for ax in display.axes_] == ["0", "7, not 1", "2", "3", "9, not 4"]
    assert [ax.title.get_color() for ax in display.axes_] == ["black", "red", "black", "black", "red"]
    np.testing.assert_array_equal(display.axes_[1].images[0].get_array(), IMAGES[1])
    assert len(display.figure_.axes) == 6


@pytest.mark.parametrize(("images", "labels"), [(IMAGES, [0]), (IMAGES[0], range(8)), (IMAGES[:0], [])])
def test_shapes_are_checked(images, labels):
    with pytest.raises(ValueError, match=r"^ImagesDisplay: images must be shape \(n, rows, columns\), with as many"):
        ImagesDisplay(images, labels, labels)
