"""Rows on the margin determine w; wrong rows are noticed."""

import numpy as np

from mmlcore.estimators.margin_polish import polished


def test_a_rough_answer_becomes_exact():
    X, y = np.array([[1.0], [-1.0], [3.0]]), np.array([1.0, -1.0, 1.0])
    a = np.array([0.45, 0.5, 0.0])
    np.testing.assert_allclose(polished(np.array([0.99]), a, X, y, np.ones(3), None), [1.0])


def test_rows_on_the_wrong_side_are_noticed():
    X, y = np.array([[1.0], [0.1]]), np.array([1.0, 1.0])
    assert polished(np.array([1.0]), np.array([0.5, 0.0]), X, y, np.ones(2), None) is None


def test_regression_without_insensitivity():
    X, y = np.array([[1.0], [2.0]]), np.array([2.0, 4.0])
    np.testing.assert_allclose(polished(np.array([1.9]), np.array([0.1, 0.2]), X, y, np.ones(2), 0.0), [2.0])
