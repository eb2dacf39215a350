"""The dense layer is activation(x W + b), in both dtypes, fused or not."""

import numpy as np
import pytest

from mmlcore import check_grads, ops
from mmlcore.layers import Dense, activations

RNG = np.random.default_rng(0)


def built(*args, dtype=np.float64, features=5, **kwargs):
    layer = Dense(*args, **kwargs)
    layer.prepare((None, features), dtype, seed=1)
    return layer


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_formula(name, dtype):
    layer = built(7, activation=name, dtype=dtype)
    layer.bias = RNG.standard_normal(7).astype(dtype)
    x = RNG.standard_normal((9, 5)).astype(dtype)
    expected = activations.get(name, "f")(x.astype(np.float64) @ layer.kernel + layer.bias.astype(np.float64))
    got = layer(x)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, expected, rtol=1e-12 if dtype == np.float64 else 2e-5, atol=1e-6)
    np.testing.assert_allclose(layer.activate(layer.preactivation(x)), got, rtol=1e-6)


@pytest.mark.parametrize("name", [n for n in activations.ACTIVATIONS if n != "relu"])
def test_gradients_of_everything(name):
    layer = built(3, activation=name)

    def outputs(x, kernel, bias):
        layer.kernel, layer.bias = kernel, bias
        return layer.call(x)

    args = (RNG.standard_normal((4, 5)), RNG.standard_normal((5, 3)), RNG.standard_normal(3))
    check_grads(outputs, args, order=2)


def test_without_bias():
    layer = built(2, use_bias=False)
    assert layer.weight_names == ["kernel"]
    x = RNG.standard_normal((3, 5))
    np.testing.assert_allclose(layer(x), x @ layer.kernel)


def test_weights_shapes_and_counts():
    layer = built(32, features=1)
    assert [w.shape for w in layer.weights] == [(1, 32), (32,)]
    assert layer.count_params() == 64
    assert layer.output_shape == (None, 32)
    assert not layer.bias.any()
    assert Dense(3, input_dim=4).input_shape == (None, 4)


@pytest.mark.parametrize("units", [0, -1, 2.0, "3", True, None])
def test_units_must_be_a_positive_integer(units):
    with pytest.raises(ValueError, match=r"^Dense: units must be a positive integer, got "):
        Dense(units)


def test_bad_arguments_name_themselves():
    with pytest.raises(ValueError, match=r"^Dense: input_dim must be a positive integer, got 0$"):
        Dense(1, input_dim=0)
    with pytest.raises(TypeError, match=r"^Dense: input_shape must be a tuple, such as \(64,\), got 5$"):
        Dense(1, input_shape=5)
    for size in (-5, "a", None):
        with pytest.raises(ValueError, match=rf"^Dense: input_shape must be a positive integer, got {size!r}$"):
            Dense(1, input_shape=(size,))
    with pytest.raises(ValueError, match=r"^Dense: activation must be one of 'linear', .*, got 'rleu'$"):
        Dense(1, activation="rleu")
    with pytest.raises(ValueError, match=r"^Dense: bias_initializer must be one of 'zeros'.*, got 'nil'$"):
        Dense(1, bias_initializer="nil")
    with pytest.raises(ValueError, match=r"^Dense: inputs must be shape \(n, features\), got shape \(None,\)$"):
        Dense(1)(np.zeros(4))


def test_a_function_as_activation_is_differentiated_too():
    layer = built(2, activation=lambda z: ops.sin(z) * z)
    check_grads(layer.call, (RNG.standard_normal((3, 5)),), order=1)
