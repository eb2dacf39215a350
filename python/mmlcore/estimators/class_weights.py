"""Weights of the classes, as weights of the rows."""

from typing import Any

import numpy as np

from mmlcore._arrays import FloatArray

__all__ = ["weights_of_rows"]


def weights_of_rows(class_weight: Any, classes: Any, codes: Any, sample_weight: FloatArray | None, dtype: Any) -> Any:
    """The weight of every row: that of its class times its own; None where all are one.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        "balanced": n / (k n_c), n_c the (weighted) number of rows of the class.
    classes : ndarray, shape (k,)
    codes : ndarray of int, shape (n,)
        The number of each row's class.
    sample_weight : ndarray, shape (n,), or None
    dtype : dtype

    Returns
    -------
    ndarray, shape (n,), or None

    Raises
    ------
    ValueError
        If a dictionary names a class that is not there and leaves out one that is, or its weights are negative, not
        finite or all zero.

    Examples
    --------
    >>> weights_of_rows({0: 2.0}, np.array([0, 1]), np.array([0, 1, 1]), None, float)
    array([2., 1., 1.])
    """
    if class_weight is None:
        return sample_weight
    if isinstance(class_weight, str):
        counts = np.bincount(codes, weights=sample_weight, minlength=len(classes)).astype(np.float64)
        of_class = counts.sum() / (len(classes) * np.where(counts > 0, counts, 1))
    else:
        listed = classes.tolist()
        left = [name for name in listed if name not in class_weight]
        if left and any(name not in listed for name in class_weight):
            raise ValueError(f"The classes, {left}, are not in class_weight")
        of_class = np.asarray([class_weight.get(name, 1.0) for name in listed], np.float64)
        if not (np.isfinite(of_class) & (of_class >= 0)).all() or not of_class.any():
            raise ValueError(
                f"The weights of class_weight must be finite and not negative, one above 0, got {class_weight}"
            )
    weights = of_class[codes].astype(dtype)
    return weights if sample_weight is None else weights * sample_weight
