"""What every layer offers: weights by declaration, names, shapes, lazy building."""

import numpy as np
import pytest

from mmlcore import grad
from mmlcore.layers import Dense, Layer


class Affine(Layer):
    def build(self, input_shape):
        self.add_weight("scale", (input_shape[-1],), "ones")
        self.add_weight("shift", (input_shape[-1],), lambda shape, rng: rng.normal(size=shape))

    def call(self, inputs):
        return inputs * self.scale + self.shift


def test_a_layer_builds_itself_on_first_data_in_the_data_s_dtype():
    layer = Affine()
    assert not layer.built
    out = layer(np.ones((4, 3), np.float32))
    assert layer.built
    assert out.dtype == layer.scale.dtype == np.float32
    assert layer.weight_names == ["scale", "shift"]
    assert layer.input_shape == layer.output_shape == (None, 3)
    np.testing.assert_array_equal(out, 1 + np.tile(layer.shift, (4, 1)))
    assert layer.count_params() == 6


def test_equal_seeds_give_equal_weights():
    first, second = Affine(), Affine()
    first.prepare((None, 3), np.float64, seed=4)
    second.prepare((None, 3), np.float64, seed=4)
    np.testing.assert_array_equal(first.shift, second.shift)


def test_names_are_the_class_in_snake_case_or_the_user_s():
    assert Dense(1).name == "dense"

    class BatchScale(Layer):
        pass

    assert BatchScale().name == "batch_scale"
    assert Dense(1, name="head").name == "head"
    assert repr(Dense(1)) == "<Dense 'dense', output shape None>"


def test_a_layer_can_be_differentiated_with_respect_to_its_inputs():
    layer = Affine()
    layer(np.ones((1, 2)))
    layer.scale[:] = [2.0, 3.0]
    np.testing.assert_array_equal(grad(lambda x: layer(x).sum())(np.ones((4, 2))), np.tile([2.0, 3.0], (4, 1)))


def test_assignment_writes_into_the_weight():
    layer = Affine()
    layer(np.ones((1, 2)))
    scale = layer.scale
    layer.scale = [2, 3]
    assert layer.scale is scale
    np.testing.assert_array_equal(scale, [2.0, 3.0])
    layer.scale += 1
    np.testing.assert_array_equal(layer.get_weights()[0], [3.0, 4.0])
    with pytest.raises(ValueError, match=r"^Affine: scale must be shape \(2,\), got shape \(3,\)$"):
        layer.scale = np.ones(3)
    with pytest.raises(TypeError, match=r"^Affine: scale must be real numbers, got dtype object$"):
        layer.scale = None


def test_weights_out_and_in():
    layer = Affine()
    layer(np.ones((1, 2)))
    layer.set_weights([[1, 2], [3, 4]])
    np.testing.assert_array_equal(layer([[1.0, 1.0]]), [[4.0, 6.0]])
    weights = layer.get_weights()
    weights[0][:] = 9
    np.testing.assert_array_equal(layer.scale, [1.0, 2.0])  # copies
    with pytest.raises(ValueError, match=r"^set_weights: weights must be arrays of shapes"):
        layer.set_weights([[5, 6], [7]])
    np.testing.assert_array_equal(layer.scale, [1.0, 2.0])


def test_errors():
    with pytest.raises(NotImplementedError, match=r"^Layer must define call\(self, inputs\)$"):
        Layer()([1.0])
    with pytest.raises(ValueError, match=r"^Dense: inputs must be a batch of at least one axis, got a scalar$"):
        Dense(1)(3.0)
    with pytest.raises(TypeError, match=r"^Dense: inputs must be real numbers, got dtype complex128$"):
        Dense(1)(np.ones((2, 2), complex))

    class Wrong(Layer):
        def build(self, input_shape):
            self.add_weight("w", (1,), "sparse")

    with pytest.raises(ValueError, match=r"^Wrong.add_weight: initializer must be one of 'zeros'"):
        Wrong()([[1.0]])
