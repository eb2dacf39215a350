"""Classes as points in the plane of codes: labels with gaps, means, the nearest."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message

__all__ = ["as_labels", "chosen", "nearest", "of_classes"]

_MOST_CLASSES = 1 << 16


def as_labels(function: str, argument: str, y: Any, n: int) -> NDArray[np.int64]:
    """`y` as `n` labels; None and -1 stand for samples without one.

    >>> as_labels("fit", "y", None, 2), as_labels("fit", "y", [1.0, -1.0], 2)
    (array([-1, -1]), array([ 1, -1]))
    """
    if y is None:
        return np.full(n, -1, np.int64)
    array = np.asarray(y)
    if array.shape != (n,):
        raise ValueError(message(function, argument, f"{n} labels, one a sample", f"shape {array.shape}"))
    if array.dtype.kind not in "iuf":
        raise TypeError(message(function, argument, "integers", str(array.dtype)))
    wrong = ~((array >= -1) & (array < _MOST_CLASSES) & (array == np.floor(array)))
    if wrong.any():
        row = int(np.argmax(wrong))
        expectation = f"labels from 0 to {_MOST_CLASSES - 1}, or -1"
        raise ValueError(message(function, argument, expectation, f"{array[row]:g} at row {row}"))
    return np.ascontiguousarray(array, np.int64)


def of_classes(codes: NDArray[Any], labels: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean and standard deviation of the codes of each class, NaN for a class without.

    >>> means, spreads = of_classes(np.array([[0.0], [2.0], [5.0]]), np.array([0, 0, 2]))
    >>> means.ravel(), spreads.ravel()
    (array([ 1., nan,  5.]), array([ 1., nan,  0.]))
    """
    classes = int(labels.max()) + 1
    counts = np.bincount(labels, minlength=classes).astype(np.float64)
    counts[counts == 0] = np.nan

    def mean(values: NDArray[Any]) -> NDArray[np.float64]:
        columns = [np.bincount(labels, column, minlength=classes) / counts for column in values.T]
        return np.stack(columns, axis=1)

    means = mean(codes)
    return means.astype(codes.dtype), np.sqrt(mean((codes - means[labels]) ** 2)).astype(codes.dtype)


def nearest(codes: NDArray[Any], centroids: NDArray[Any]) -> NDArray[np.int64]:
    """The row of `centroids` nearest to each code; the first of several.

    >>> nearest(np.array([[0.9], [4.0]]), np.array([[1.0], [np.nan], [5.0]]))
    array([0, 2])
    """
    present = np.flatnonzero(~np.isnan(centroids[:, 0]))
    points = centroids[present].astype(np.float64)
    middle = points.mean(axis=0)  # distances between large numbers would lose their digits
    codes, points = codes - middle, points - middle
    closeness = codes @ points.T - 0.5 * (points**2).sum(axis=1)
    return present[np.argmax(closeness, axis=1)]


def chosen(centroids: NDArray[Any], class_label: int | None, n: int, rng: "np.random.Generator") -> NDArray[np.int64]:
    """`n` rows of `centroids`: that of the label, or any that are known.

    >>> chosen(np.zeros((3, 2)), 1, 2, np.random.default_rng(0))
    array([1, 1])
    """
    known = np.flatnonzero(~np.isnan(centroids[:, 0]))
    if class_label is None:
        return known[rng.integers(len(known), size=n)]
    if class_label not in known.tolist():
        expectation = f"a class with a centroid, one of {known.tolist()}"
        raise ValueError(message("sample", "class_label", expectation, repr(class_label)))
    return np.full(n, int(class_label))
