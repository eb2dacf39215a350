"""Lloyd's iteration: means of the nearest points, an inertia that never rises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore.estimators.lloyd import assign, distances_to, k_means_plus_plus, lloyd


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 5), st.integers(0, 1000))
def test_centres_end_as_the_means_of_their_points(n, d, k, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((max(n, k), d))
    end = lloyd(x, None, x[:k].copy(), 300, 0.0)
    labels, distances = assign(x, end.centres)
    np.testing.assert_array_equal(labels, end.labels)
    assert end.inertia == pytest.approx(distances.sum())
    for label in np.unique(labels):
        np.testing.assert_allclose(end.centres[label], x[labels == label].mean(0), atol=1e-12)


def test_the_inertia_never_rises():
    x = np.random.default_rng(0).standard_normal((300, 3))
    inertias = [lloyd(x, None, x[:7].copy(), steps, 0.0).inertia for steps in range(1, 15)]
    assert (np.diff(inertias) <= 1e-12).all()


def test_empty_clusters_move_to_the_farthest_points():
    x = np.array([[0.0], [0.1], [5.0], [9.0]])
    end = lloyd(x, None, np.array([[0.0], [100.0], [200.0]]), 50, 0.0)
    assert sorted(end.centres[:, 0].round(6)) == [0.05, 5.0, 9.0]
    weighted = lloyd(x, np.array([1.0, 1.0, 1.0, 0.0]), np.array([[0.0], [100.0]]), 50, 0.0)
    assert sorted(weighted.centres[:, 0].round(6)) == [0.05, 5.0]  # nobody moves to a point without weight
    same = lloyd(np.ones((4, 2)), None, np.ones((3, 2)), 50, 0.0)
    np.testing.assert_array_equal(same.centres, 1)


def test_the_start_spreads():
    blobs = np.repeat(np.eye(6) * 100, 20, axis=0) + np.random.default_rng(1).standard_normal((120, 6))
    chosen = k_means_plus_plus(blobs, None, 6, np.random.RandomState(0))
    assert sorted(chosen // 20) == list(range(6))
    weights = np.repeat([1.0, 0, 0, 0, 0, 1.0], 20)
    assert set(k_means_plus_plus(blobs, weights, 2, np.random.RandomState(0)) // 20) == {0, 5}


def test_distances_to():
    nearer, potentials = distances_to(np.array([[0.0], [2.0]]), np.array([[1.0], [2.0]]), np.array([0.5, 9.0]))
    np.testing.assert_array_equal(nearer, [[0.5, 1.0], [0.5, 0.0]])
    np.testing.assert_array_equal(potentials, [1.5, 0.5])
