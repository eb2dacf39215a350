"""Images moved."""

import numpy as np
import pytest

from mmlcore.datasets import shifted_copies

X = np.arange(1, 33, dtype=np.float32).reshape(2, 16)


def test_every_place_once():
    moved, labels = shifted_copies(X, [3, 5], by=1)
    assert moved.shape == (18, 16)
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(labels, [3, 5] * 9)
    np.testing.assert_array_equal(moved[8:10], X)  # the middle place
    image, up = X[0].reshape(4, 4), moved[14].reshape(4, 4)
    np.testing.assert_array_equal(up[:3], image[1:])
    assert not up[3].any()
    assert len(np.unique(moved, axis=0)) == 18


def test_images_stay_images_and_nothing_may_move():
    moved, _ = shifted_copies(np.ones((2, 3, 5)), [0, 1], by=2)
    assert moved.shape == (50, 3, 5)
    np.testing.assert_array_equal(shifted_copies(X, [0, 1], by=0)[0], X)


@pytest.mark.parametrize(
    ("x", "y", "by", "text"),
    [
        (X[:, :15], [0, 1], 1, "x must be square images"),
        (X[0], [0], 1, "x must be square images"),
        (X, [0], 1, "with as many y"),
        (X, [0, 1], -1, "by must be"),
    ],
)
def test_bad_arguments(x, y, by, text):
    with pytest.raises(ValueError, match=f"^shifted_copies: .*{text}"):
        shifted_copies(x, y, by)
