"""Labels with gaps, means of classes, the nearest of points."""

import numpy as np
import pytest

from mmlcore.models.centroids import as_labels, chosen, nearest, of_classes

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("y", "error", "text"),
    [
        ([0, 1], ValueError, "y must be 3 labels"),
        ([[0], [1], [2]], ValueError, "y must be 3 labels"),
        ([0, 1, -2], ValueError, "y must be labels from 0 to 65535, or -1, got -2 at row 2"),
        ([0, 0.5, 1], ValueError, "got 0.5 at row 1"),
        ([0, np.nan, 1], ValueError, "got nan at row 1"),
        ([0, 1, 10**9], ValueError, "at row 2"),
        (["a", "b", "c"], TypeError, "y must be integers"),
    ],
)
def test_labels_that_are_none(y, error, text):
    with pytest.raises(error, match=f"^fit: .*{text}|^fit: {text}"):
        as_labels("fit", "y", y, 3)


def test_labels_of_any_number_type():
    for dtype in (np.uint8, np.int32, np.float32):
        labels = as_labels("fit", "y", np.array([2, 0, 1], dtype), 3)
        assert labels.dtype == np.int64
        np.testing.assert_array_equal(labels, [2, 0, 1])


def test_means_and_deviations_are_numpys():
    codes, labels = RNG.standard_normal((50, 3)), RNG.integers(0, 4, 50)
    labels[labels == 2] = 3
    means, spreads = of_classes(codes, labels)
    for k in (0, 1, 3):
        np.testing.assert_allclose(means[k], codes[labels == k].mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(spreads[k], codes[labels == k].std(axis=0), rtol=1e-12)
    assert np.isnan(means[2]).all()


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_the_nearest_is_that_of_all_distances(shift):
    codes, centroids = RNG.standard_normal((200, 2)) + shift, RNG.standard_normal((7, 2)) + shift
    distances = ((codes[:, None] - centroids) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest(codes, centroids), distances.argmin(axis=1))


def test_classes_without_data_are_never_chosen():
    centroids = np.array([[0.0], [np.nan], [1.0]])
    assert set(chosen(centroids, None, 100, RNG).tolist()) == {0, 2}
    assert set(nearest(RNG.standard_normal((50, 1)), centroids).tolist()) == {0, 2}
    for wrong in (1, 3, -1, "2"):
        with pytest.raises(ValueError, match=r"^sample: class_label must be a class with a centroid, one of \[0, 2\]"):
            chosen(centroids, wrong, 1, RNG)
