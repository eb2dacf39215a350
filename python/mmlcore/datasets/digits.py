"""The 1797 handwritten 8×8 digits of the UCI repository, embedded in the package (see DIGITS.md)."""

import os.path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["load_digits"]

Arrays = tuple[NDArray[Any], NDArray[Any]]

_TEST_EVERY = 5  # of every five images of a digit, in the order of the file, the fifth is a test image


def _is_test(targets: NDArray[Any]) -> NDArray[np.bool_]:
    """Which images are test images: every fifth of each class, so the split is stratified by construction."""
    test = np.zeros(targets.shape, bool)
    for digit in np.unique(targets):
        test[np.flatnonzero(targets == digit)[_TEST_EVERY - 1 :: _TEST_EVERY]] = True
    return test


@overload
def load_digits(split: Literal[True] = True) -> tuple[Arrays, Arrays]: ...
@overload
def load_digits(split: Literal[False]) -> Arrays: ...
def load_digits(split: bool = True) -> tuple[Arrays, Arrays] | Arrays:
    """Handwritten digits: 1797 images of 8×8 pixels in 10 classes.

    Parameters
    ----------
    split : bool
        True: training and test set, ready for a network. False: everything as it was published.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        With ``split=True``. `x`: float32 of shape (n, 64), pixels divided by 16 into [0, 1], rows of the
        image one after another. `y`: int64 of shape (n,). 1442 training and 355 test images: the test set
        is every fifth image of each digit, in the order of the file. The split never changes.
    images, targets
        With ``split=False``. `images`: uint8 of shape (1797, 8, 8), values 0 to 16.
        `targets`: int64 of shape (1797,).

    Notes
    -----
    The writers of training and test images are the same people, as in any random split of this file.

    References
    ----------
    E. Alpaydin, C. Kaynak (1998). Optical Recognition of Handwritten Digits. UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49. Licence: CC BY 4.0.

    Examples
    --------
    >>> (x_train, y_train), (x_test, y_test) = load_digits()
    >>> x_train.shape, x_train.dtype, x_test.shape
    ((1442, 64), dtype('float32'), (355, 64))
    >>> images, targets = load_digits(split=False)
    >>> images.shape, targets[:10].tolist()
    ((1797, 8, 8), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    with np.load(os.path.join(os.path.dirname(__file__), "digits.npz")) as archive:
        images, targets = archive["images"], archive["targets"].astype(np.int64)
    if not split:
        return images, targets

    x = images.reshape(-1, 64).astype(np.float32) / 16
    test = _is_test(targets)
    return (x[~test], targets[~test]), (x[test], targets[test])
