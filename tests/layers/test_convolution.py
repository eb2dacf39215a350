"""Convolutional layers: Keras's shapes, plans that give the numbers of `call` bit for bit, saving, errors."""

import numpy as np
import pytest

from mmlcore import ops
from mmlcore.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePooling1D,
    GlobalMaxPooling2D,
    MaxPooling2D,
    MaxPooling3D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)
from mmlcore.models import Sequential
from mmlcore.models.gradients import PlannedGradient
from mmlcore.models.saving import load

RNG = np.random.default_rng(0)

NETWORKS = {
    "pictures": (
        (9, 8, 3),
        lambda: [
            Conv2D(17, 3, padding="same", activation="relu"),
            MaxPooling2D(2),
            Conv2D(6, (2, 3), strides=(1, 2), activation="elu", groups=1, use_bias=False),
            Flatten(),
        ],
    ),
    "channels first": (
        (3, 9, 8),
        lambda: [
            Conv2D(4, 3, padding=1, dilation_rate=2, activation="tanh", data_format="channels_first"),
            MaxPooling2D(3, 2, data_format="channels_first"),
            DepthwiseConv2D(2, data_format="channels_first", depth_multiplier=2, activation="sigmoid"),
            Flatten(),
        ],
    ),
    "sequences": (
        (11, 4),
        lambda: [ZeroPadding1D((2, 0)), Conv1D(6, 3, groups=2, activation="relu"), GlobalAveragePooling1D()],
    ),
    "volumes": ((4, 5, 4, 2), lambda: [Conv3D(5, 2, padding="same"), MaxPooling3D(2), Flatten()]),
    "up and down": (
        (5, 4, 2),
        lambda: [
            DepthwiseConv2D(3, padding="same", activation="relu"),
            UpSampling2D(2),
            BatchNormalization(),
            Conv2DTranspose(3, 3, strides=2, padding="same", activation="tanh"),
            ZeroPadding2D(1),
            GlobalMaxPooling2D(),
        ],
    ),
}


def trained(name, how, dtype="float32"):
    shape, layers = NETWORKS[name]
    x, y = np.random.default_rng(1).random((7, *shape)), np.random.default_rng(2).random((7, 2))
    model = Sequential([*layers(), Dense(2)], dtype=dtype, seed=0)
    model.compile("adam", "mse")
    with pytest.MonkeyPatch.context() as patch:
        if how == "taped":
            patch.setattr(PlannedGradient, "of", lambda *arguments: "not wanted")
        model.fit(x, y, batch_size=4, epochs=2, verbose=0, capture=how == "captured")
    assert (model.not_captured is None) == (how == "captured")
    return model, model.predict(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NETWORKS)
def test_captured_planned_and_taped_steps_give_the_same_bits(name, dtype):
    (first, predicted), *others = [trained(name, how, dtype) for how in ("captured", "planned", "taped")]
    for model, prediction in others:
        np.testing.assert_array_equal(model.theta, first.theta)
        np.testing.assert_array_equal(prediction, predicted)


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_and_loaded_and_one_row(name, tmp_path):
    pytest.importorskip("safetensors")
    model, predicted = trained(name, "captured")
    path = tmp_path / "model"
    model.save(path)
    again = load(path)
    x = np.random.default_rng(1).random((7, *NETWORKS[name][0]))
    np.testing.assert_array_equal(again.predict(x), predicted)
    np.testing.assert_allclose(again.predict(x[:1]), predicted[:1], rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "inputs", "outputs", "weights"),
    [
        (Conv2D(16, 3), (2, 28, 28, 1), (2, 26, 26, 16), [(3, 3, 1, 16), (16,)]),
        (Conv2D(16, 3, 2, "same", "channels_first"), (2, 4, 7, 7), (2, 16, 4, 4), [(3, 3, 4, 16), (16,)]),
        (Conv2D(6, 3, groups=2), (2, 5, 5, 4), (2, 3, 3, 6), [(3, 3, 2, 6), (6,)]),
        (Conv1D(4, 5, padding=((3, 1),)), (2, 10, 3), (2, 10, 4), [(5, 3, 4), (4,)]),
        (Conv3D(4, (1, 2, 3)), (0, 4, 4, 4, 2), (0, 4, 3, 2, 4), [(1, 2, 3, 2, 4), (4,)]),
        (DepthwiseConv2D(3, depth_multiplier=2), (2, 5, 5, 4), (2, 3, 3, 8), [(3, 3, 4, 2), (8,)]),
        (Conv2DTranspose(8, 3, strides=2), (2, 5, 5, 4), (2, 11, 11, 8), [(3, 3, 8, 4), (8,)]),
    ],
)
def test_shapes(layer, inputs, outputs, weights):
    y = layer(np.zeros(inputs))
    assert y.shape == outputs
    assert [weight.shape for weight in layer.weights] == weights
    assert layer.compute_output_shape((None, *inputs[1:])) == (None, *outputs[1:])


def test_depthwise_is_each_channel_alone():
    layer = DepthwiseConv2D(3, depth_multiplier=2, padding="same", bias_initializer="ones")
    x = RNG.normal(size=(2, 5, 6, 3))
    y = layer(x)
    for c in range(3):
        alone = ops.conv(x[..., c : c + 1], layer.kernel[:, :, c : c + 1], padding="same") + 1
        np.testing.assert_allclose(y[..., 2 * c : 2 * c + 2], alone, rtol=1e-12)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Conv2D(0, 3), "Conv2D: filters must be a positive integer"),
        (lambda: Conv2D(4, (3, 3, 3)), "Conv2D: kernel_size must be a number or 2 numbers"),
        (lambda: Conv2D(4, 3, strides=0), "Conv2D: strides must be a positive integer"),
        (lambda: Conv2D(4, 3, padding="causal"), "Conv2D: padding must be one of 'valid', 'same'"),
        (lambda: Conv2D(4, 3, data_format="NHWC"), "Conv2D: data_format must be one of"),
        (lambda: Conv2D(4, 3, groups=3), "Conv2D: groups must be a divisor of the 4 filters"),
        (lambda: Conv2D(4, 3, groups=2)(np.zeros((1, 5, 5, 3))), "Conv2D: groups must be a divisor of 3 channels"),
        (lambda: Conv2D(4, 3, activation="step"), "Conv2D: activation must be one of"),
        (lambda: Conv2D(4, 3)(np.zeros((1, 5, 5))), "Conv2D: inputs must be of shape"),
        (lambda: Conv2D(4, 3)(np.zeros((1, 2, 5, 1))), "Conv2D: inputs must be at least as large as the kernel"),
        (lambda: DepthwiseConv2D(3, depth_multiplier=0), "DepthwiseConv2D: depth_multiplier must be a positive"),
        (lambda: Conv2DTranspose(3, 3, groups=3), "Conv2DTranspose: groups must be 1, got 3"),
        (lambda: Conv2DTranspose(3, 3, padding=1), "Conv2DTranspose: padding must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()


@pytest.mark.parametrize(
    "layer", [Conv2D(6, 3), Conv2D(6, 3, groups=3), DepthwiseConv2D(3), Conv2DTranspose(6, 3)], ids=repr
)
def test_a_built_layer_refuses_other_channels(layer):
    layer(np.ones((1, 5, 5, 3)))
    with pytest.raises(ValueError, match="must be"):
        layer(RNG.standard_normal((1, 5, 5, 6)))
    with pytest.raises(ValueError, match="must be"):
        layer(RNG.standard_normal((1, 5, 5, 1)))


@pytest.mark.parametrize("make", [lambda: Conv2D(6, 3), lambda: DepthwiseConv2D(3), lambda: MaxPooling2D(3)])
def test_a_built_layer_refuses_small_images_as_a_new_one_does(make):
    small, layer = np.ones((1, 2, 5, 3)), make()
    layer(np.ones((1, 5, 5, 3)))
    messages = []
    for one in (make(), layer):
        with pytest.raises(ValueError, match="inputs must be at least as large as the") as caught:
            one(small)
        messages.append(str(caught.value).replace("None", "1"))
    assert messages[0] == messages[1]


def test_windows_given_as_arrays_are_saved(tmp_path):
    two = np.array([2, 2])
    layers = [
        ZeroPadding2D(np.array([[1, 0], [2, 1]]), input_shape=(6, 6, 1)),
        Conv2D(2, two, strides=two, padding=np.array([1, np.int64(1)])),
        MaxPooling2D(two, strides=np.array([1, 2])),
    ]
    model = Sequential(layers, seed=0)
    model.save(tmp_path / "model")
    x = RNG.standard_normal((2, 6, 6, 1))
    np.testing.assert_array_equal(load(tmp_path / "model").predict(x), model.predict(x))
