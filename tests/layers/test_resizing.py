"""Zeros around images and points repeated, against NumPy's pad and repeat."""

import numpy as np
import pytest

from mmlcore import check_grads, layers

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("first", [False, True])
def test_values(ndim, first):
    x = RNG.random((2, *(3, 4, 2)[:ndim], 3))
    turned, options = (np.moveaxis(x, -1, 1), {"data_format": "channels_first"}) if first else (x, {})
    back = lambda y: np.moveaxis(y, 1, -1) if first else y  # noqa: E731
    pairs = ((1, 0), (2, 3), (0, 1))[:ndim]
    padding = pairs[0] if ndim == 1 else pairs
    pad = getattr(layers, f"ZeroPadding{ndim}D")(padding, **options)
    np.testing.assert_array_equal(back(pad(turned)), np.pad(x, ((0, 0), *pairs, (0, 0))))
    up = getattr(layers, f"UpSampling{ndim}D")((2, 3, 1)[:ndim], **options)
    expected = x
    for axis, factor in enumerate((2, 3, 1)[:ndim]):
        expected = np.repeat(expected, factor, axis + 1)
    np.testing.assert_array_equal(back(up(turned)), expected)
    check_grads(pad.call, (turned,), order=1)
    check_grads(up.call, (turned,), order=1)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="ZeroPadding2D: padding must be a non-negative integer"):
        layers.ZeroPadding2D(-1)
    with pytest.raises(ValueError, match="ZeroPadding2D: padding must be a number, or"):
        layers.ZeroPadding2D("same")
    with pytest.raises(ValueError, match="UpSampling2D: size must be a positive integer"):
        layers.UpSampling2D(0)
