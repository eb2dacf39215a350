"""Weights of classes as weights of rows."""

import numpy as np
import pytest

from mmlcore.estimators.class_weights import weights_of_rows

CODES = np.array([0, 0, 0, 1])


def test_none_leaves_the_rows_as_they_are():
    w = np.arange(4.0)
    assert weights_of_rows(None, np.arange(2), CODES, w, float) is w
    assert weights_of_rows(None, np.arange(2), CODES, None, float) is None


def test_balanced_classes_weigh_the_same():
    w = weights_of_rows("balanced", np.arange(2), CODES, None, float)
    np.testing.assert_allclose(np.bincount(CODES, w), 2.0)
    utils = pytest.importorskip("sklearn.utils")
    own = np.array([1.0, 2.0, 0.5, 1.0])
    theirs = utils.class_weight.compute_class_weight("balanced", classes=np.arange(2), y=CODES, sample_weight=own)
    np.testing.assert_allclose(weights_of_rows("balanced", np.arange(2), CODES, own, float), theirs[CODES] * own)


def test_dictionaries():
    np.testing.assert_allclose(weights_of_rows({"b": 3.0}, np.array(["a", "b"]), CODES, None, float), [1, 1, 1, 3])
    with pytest.raises(ValueError, match="are not in class_weight"):
        weights_of_rows({"c": 3.0}, np.array(["a", "b"]), CODES, None, float)


def test_classes_that_are_not_there():
    classes, codes = np.array([0, 1]), np.array([0, 1, 1])
    np.testing.assert_array_equal(weights_of_rows({0: 1, 1: 2, 2: 3}, classes, codes, None, float), [1, 2, 2])
    with pytest.raises(ValueError, match=r"^The classes, \[1\], are not in class_weight"):
        weights_of_rows({0: 1, 2: 3}, classes, codes, None, float)
    for wrong in (-1.0, np.nan):
        with pytest.raises(ValueError, match="must be finite and not negative"):
            weights_of_rows({0: 1, 1: wrong}, classes, codes, None, float)
