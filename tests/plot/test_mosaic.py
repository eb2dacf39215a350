"""Images side by side."""

import numpy as np
import pytest

from mmlcore.plot.mosaic import as_images, mosaic


def test_every_image_is_in_its_place():
    images = np.arange(7 * 6.0).reshape(7, 2, 3)
    joined = mosaic(images, columns=3, gap=2)
    assert joined.shape == (3 * 2 + 2 * 2, 3 * 3 + 2 * 2)
    for i, image in enumerate(images):
        row, column = 4 * (i // 3), 5 * (i % 3)
        np.testing.assert_array_equal(joined[row : row + 2, column : column + 3], image)
    assert np.isnan(joined).sum() == joined.size - images.size


def test_rows_of_pixels_and_channels_are_images():
    assert as_images("f", "x", np.zeros((3, 12)), (3, 4)).shape == (3, 3, 4)
    assert as_images("f", "x", np.zeros((3, 4, 5, 1))).shape == (3, 4, 5)


@pytest.mark.parametrize("shape", [(3, 12), (3,), (2, 4, 4, 3), (0, 16)])
def test_what_is_no_image_is_refused(shape):
    with pytest.raises(ValueError, match=r"^f: x must be images of shape \(n, rows, columns\), or rows of pixels"):
        as_images("f", "x", np.zeros(shape))
