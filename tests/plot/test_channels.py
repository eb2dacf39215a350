"""Filters and feature maps in a grid."""

import numpy as np
import pytest

from mmlcore.layers import Conv2D
from mmlcore.plot import ChannelsDisplay


def test_filters_of_a_layer_and_maps_of_a_picture():
    pytest.importorskip("matplotlib")
    layer = Conv2D(5, 3)
    maps = layer(np.random.default_rng(0).random((1, 8, 8, 2)))
    display = ChannelsDisplay.from_layer(layer, channel=1).plot(columns=3)
    assert len(display.axes_) == 5
    np.testing.assert_array_equal(display.axes_[2].images[0].get_array(), layer.kernel[:, :, 1, 2])
    np.testing.assert_array_equal(ChannelsDisplay.from_maps(maps[0]).pictures[4], maps[0, :, :, 4])


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="ChannelsDisplay: pictures must be shape"):
        ChannelsDisplay(np.zeros((3, 3)))
