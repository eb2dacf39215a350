"""SVDRecommender: the document's recipe behind an estimator."""

import numpy as np
import pytest

from mmlcore.estimators import SVDRecommender
from mmlcore.recommend import similar_items


def ratings(items=40, users=60):
    rng = np.random.default_rng(0)
    taste, kind = rng.integers(2, size=users), np.arange(items) % 2
    liked = np.where(kind[:, None] == taste, 5, 1)
    return np.where(rng.random((items, users)) < 0.5, liked, 0), taste, kind


@pytest.mark.parametrize("method", ["randomized", "auto", "full"])
def test_similar_items_are_those_of_the_function(method):
    R, _, kind = ratings()
    model = SVDRecommender(5, method=method).fit(R)
    found, expected = model.similar(3, top=8), similar_items(R, 3, top=8, k=5, method=method)
    np.testing.assert_array_equal(found.items, expected.items)
    np.testing.assert_allclose(found.similarity, expected.similarity, rtol=1e-6)
    assert (kind[SVDRecommender(1, method=method).fit(R).similar(3, top=8).items] == kind[3]).all()


def test_recommendations_are_unrated_and_to_the_taste():
    R, taste, kind = ratings()
    model = SVDRecommender(2, method="full").fit(R)
    for user in range(5):
        items, scores = model.recommend(user, top=5)
        assert (R[items, user] == 0).all()
        assert (kind[items] == taste[user]).mean() >= 0.8
        assert (np.diff(scores) <= 0).all()
        np.testing.assert_allclose(scores, model.scores(user)[items])
    full = SVDRecommender(40, method="full").fit(R)
    np.testing.assert_allclose(full.scores(np.arange(60)), R, atol=1e-4)


def test_what_cannot_be_is_refused():
    model = SVDRecommender(1).fit([[1, 2], [0, 0], [3, 1]])
    for call, text in (
        (lambda: model.similar(1), "top must be from 1 to 3, got 10"),
        (lambda: model.similar(1, 2), "similar: item must be an item with ratings, got 1"),
        (lambda: model.similar(3, 2), "item must be from 0 to 2, got 3"),
        (lambda: model.recommend(2, 2), "recommend: user must be from 0 to 1, got 2"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
    assert len(model.recommend(0, 3).items) == 1
