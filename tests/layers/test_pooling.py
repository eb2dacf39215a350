"""Pooling layers: shapes and values; their plans are compared with `call` in test_convolution.py."""

import numpy as np
import pytest

from mmlcore import layers

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("ndim", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Max", "Average"])
def test_windows_and_whole_images(kind, ndim):
    x = RNG.random((2, *(4, 6, 8)[:ndim], 3))
    fold = np.max if kind == "Max" else np.mean
    pooled = getattr(layers, f"{kind}Pooling{ndim}D")()(x)
    split = x.reshape(2, *(m for n in x.shape[1:-1] for m in (n // 2, 2)), 3)
    expected = fold(split, axis=tuple(range(2, 2 * ndim + 1, 2)))
    np.testing.assert_allclose(pooled, expected, rtol=1e-14)

    whole = fold(x, axis=tuple(range(1, ndim + 1)))
    layer = getattr(layers, f"Global{kind}Pooling{ndim}D")
    np.testing.assert_allclose(layer()(x), whole, rtol=1e-13)
    turned = layer("channels_first", keepdims=True)(np.moveaxis(x, -1, 1))
    assert turned.shape == (2, 3, *(1,) * ndim)
    np.testing.assert_allclose(turned.reshape(2, 3), whole, rtol=1e-13)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: layers.MaxPooling2D(0), "MaxPooling2D: pool_size must be a positive integer"),
        (lambda: layers.MaxPooling2D(2, padding=1), "MaxPooling2D: padding must be one of"),
        (lambda: layers.MaxPooling2D(2, data_format="x"), "MaxPooling2D: data_format must be one of"),
        (lambda: layers.MaxPooling2D(3)(np.zeros((1, 2, 5, 1))), "MaxPooling2D: inputs must be at least as large"),
        (lambda: layers.GlobalMaxPooling2D()(np.zeros((1, 2, 0, 1))), "GlobalMaxPooling2D: inputs must be not empty"),
    ],
)
def test_what_does_not_fit_is_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()
