"""The embedded digits are the published ones, and their split is stratified and fixed."""

from importlib.resources import files

import numpy as np
import pytest

from mmlcore.datasets import load_digits


def test_values_and_order_are_those_of_scikit_learn():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    theirs = sklearn_datasets.load_digits()
    images, targets = load_digits(split=False)
    assert images.dtype == np.uint8
    assert targets.dtype == np.int64
    np.testing.assert_array_equal(images, theirs.images)
    np.testing.assert_array_equal(targets, theirs.target)


def test_split_partitions_the_file():
    images, targets = load_digits(split=False)
    (x_train, y_train), (x_test, y_test) = load_digits()
    rows = np.concatenate([x_train, x_test]) * 16
    labels = np.concatenate([y_train, y_test])
    ours = sorted((int(t), r.astype(np.uint8).tobytes()) for t, r in zip(labels, rows, strict=True))
    theirs = sorted((int(t), r.tobytes()) for t, r in zip(targets, images.reshape(-1, 64), strict=True))
    assert ours == theirs


def test_split_is_stratified_and_fixed():
    (x_train, y_train), (x_test, y_test) = load_digits()
    share = np.bincount(y_test) / (np.bincount(y_test) + np.bincount(y_train))
    np.testing.assert_allclose(share, 0.2, atol=0.005)
    assert len(y_test) == 355
    assert y_test[:12].tolist() == [5, 0, 9, 8, 7, 1, 2, 6, 3, 4, 0, 2]
    again = load_digits()
    np.testing.assert_array_equal(again[0][0], x_train)
    np.testing.assert_array_equal(again[1][0], x_test)


def test_arrays_are_ready_for_a_network():
    for x, y in load_digits():
        assert x.dtype == np.float32
        assert x.flags.c_contiguous
        assert y.dtype == np.int64
        assert x.min() == 0
        assert x.max() == 1


def test_attribution_ships_and_the_file_is_small():
    folder = files("mmlcore.datasets")
    assert len(folder.joinpath("digits.npz").read_bytes()) <= 100_000
    text = folder.joinpath("DIGITS.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("Alpaydin", "Kaynak", "UCI", "CC BY 4.0", "What was changed"))
