"""The recommender: the document's recipe written out, and the same items by every method."""

import numpy as np
import pytest

from mmlcore.recommend import similar_items


def made_up(items, users, seed=0):
    rng = np.random.default_rng(seed)
    likes = rng.standard_normal((items, 6)) @ rng.standard_normal((6, users)) / 2
    rated = rng.random((items, users)) < 0.3
    return np.where(rated, np.clip(np.round(3.5 + likes + 0.5 * rng.standard_normal((items, users))), 1, 5), 0).astype(
        np.uint8
    )


def recipe(ratings, item, top, k):
    """DRP, cells [11] to [15], with numpy's full decomposition."""
    normalised = ratings - np.asarray([(np.mean(ratings, 1))]).T
    _, _, v = np.linalg.svd(normalised.T / np.sqrt(ratings.shape[0] - 1))
    data = v.T[:, :k]
    magnitude = np.sqrt(np.einsum("ij, ij -> i", data, data))
    similarity = data[item] @ data.T / (magnitude[item] * magnitude)
    return np.argsort(-similarity)[:top]


@pytest.mark.parametrize("method", ["randomized", "auto", "full"])
@pytest.mark.parametrize("item", [0, 17])
def test_same_items_as_the_recipe(method, item):
    ratings = made_up(650, 700)
    found = similar_items(ratings, item, top=10, k=12, method=method)
    np.testing.assert_array_equal(found.items, recipe(ratings, item, 10, 12))
    assert found.items[0] == item
    assert found.similarity[0] == pytest.approx(1, abs=1e-6)
    assert (np.diff(found.similarity) <= 0).all()


def test_items_without_ratings_are_left_out():
    ratings = made_up(40, 60)
    ratings[5] = 0
    assert 5 not in similar_items(ratings, 0, top=40, k=5).items
    with pytest.raises(ValueError, match="similar_items: item must be an item with ratings, got 5"):
        similar_items(ratings, 5, k=5)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"item": 4}, "item must be from 0 to 3, got 4"),
        ({"item": 0, "k": 4}, "k must be from 1 to 3, got 4"),
        ({"item": 0, "k": 2, "top": 0}, "top must be from 1 to 4, got 0"),
        ({"item": 0, "k": 2, "top": 1, "method": "x"}, "method must be 'randomized', 'auto' or 'full', got 'x'"),
    ],
)
def test_bad_arguments(options, text):
    with pytest.raises(ValueError, match=f"similar_items: {text}"):
        similar_items([[5, 4, 1], [5, 5, 0], [0, 0, 5], [1, 0, 4]], **{"top": 1, "k": 2, **options})
    with pytest.raises(ValueError, match="similar_items: ratings must be a matrix"):
        similar_items([1, 2], 0)
