"""Saved and loaded: the same predictions, the same further training bit for bit; bad files are refused."""

import json
import struct

import numpy as np
import pytest

from mmlcore import layers, losses, models, optimizers
from mmlcore.layers import (
    Activation,
    BatchNormalization,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    LayerNormalization,
    Reshape,
)
from mmlcore.models import Model, Sequential, load

pytest.importorskip("safetensors")

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((2, 30, 6))
LABELS = RNG.integers(0, 6, 30)


def everything():
    return [
        Reshape((2, 3)),
        Dense(4, "gelu", kernel_regularizer="l1_l2", bias_regularizer=layers.regularizers.L2(0.1)),
        Flatten(),
        Dropout(0.3),
        Dense(
            8,
            kernel_initializer=layers.initializers.Orthogonal(2.0),
            use_bias=False,
            kernel_constraint=layers.constraints.MaxNorm(3.0),
        ),
        BatchNormalization(momentum=0.8),
        Activation("relu"),
        GaussianNoise(0.1, seed=4),
        LayerNormalization(epsilon=0.01),
        Dense(6, name="head", trainable=True, bias_initializer=layers.initializers.Constant(0.5)),
    ]


def train(model, epochs):
    return model.fit(X, Y, batch_size=7, epochs=epochs, verbose=0).history


OPTIMIZERS = {
    **optimizers.OPTIMIZERS,
    "momentum": lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True),
    "schedule": lambda: optimizers.Adam(optimizers.Warmup(optimizers.CosineDecay(0.1, 20), 5), global_clipnorm=1.0),
    "piecewise": lambda: optimizers.RMSprop(
        optimizers.PiecewiseConstantDecay([3, 9], [0.1, 0.01, 0.001]), centered=True
    ),
    "averaged": lambda: optimizers.Lion(average="mean", weight_decay=0.01),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_goes_on_bit_for_bit(name, dtype, tmp_path):
    straight, stopped = (Sequential(everything(), dtype=dtype, seed=1) for _ in range(2))
    for model in (straight, stopped):
        model.compile(OPTIMIZERS[name](), losses.Huber(0.5), ["mae", "mse"])
    train(straight, 3)
    expected = train(straight, 4)
    train(stopped, 3)
    stopped.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert train(again, 4) == expected
    np.testing.assert_array_equal(again.theta, straight.theta)
    np.testing.assert_array_equal(again.optimizer.slots, straight.optimizer.slots)
    for a, b in zip(again.get_weights(), straight.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    if straight.optimizer.averaged is not None:
        np.testing.assert_array_equal(again.optimizer.averaged, straight.optimizer.averaged)


def test_architecture_and_configuration_are_the_same(tmp_path):
    model = Sequential(everything(), name="all of them", dtype="float64", seed=0)
    model.build((None, 6))
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert (again.name, again.dtype, again.input_shape) == (model.name, model.dtype, model.input_shape)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    for a, b in zip(again.layers, model.layers, strict=True):
        assert repr(a.get_config()) == repr(b.get_config())
    assert again.loss is None
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_integers_frozen_layers_and_labels(tmp_path):
    model = Sequential([Embedding(9, 3, trainable=False), Flatten(), Dense(6, "softmax")], seed=0)
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    words = RNG.integers(0, 9, (30, 2))
    model.fit(words, LABELS, verbose=0)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert [layer.trainable for layer in again.layers] == [False, True, True]
    one, two = (m.fit(words, LABELS, verbose=0, epochs=3).history for m in (model, again))
    assert one == two


class Twice(layers.Layer):
    def __init__(self, factor=2.0, **options):
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor


def square(z):
    return z * z


class Two(Model):
    def __init__(self, **options):
        super().__init__(dtype="float64", **options)
        self.a, self.b, self.join, self.out = Dense(3, "tanh"), Dropout(0.5), Concatenate(), Dense(6)

    def call(self, x):
        return self.out(self.join([self.a(x), self.b(x)]))


def test_parts_of_one_s_own_need_to_be_named(tmp_path):
    model = Sequential([Twice(3.0), Dense(6, square)], seed=0)
    model.compile("adam", "mse")
    train(model, 1)
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"^load: custom_objects must be a dictionary with 'Twice', got \[\]$"):
        load(tmp_path / "model")
    again = load(tmp_path / "model", {"Twice": Twice, "square": square})
    assert again.layers[0].factor == 3.0
    assert train(again, 2) == train(model, 2)


def test_subclasses(tmp_path):
    model = Two(seed=0)
    model.compile("adam", "mse")
    train(model, 2)
    model.save(tmp_path / "model")
    with pytest.raises(ValueError, match=r"^load: custom_objects must be a dictionary with 'Two', got \[\]$"):
        load(tmp_path / "model")
    again = load(tmp_path / "model", {"Two": Two})
    assert train(again, 2) == train(model, 2)
    np.testing.assert_array_equal(again.theta, model.theta)


def test_weights_alone(tmp_path):
    one, two = Sequential(everything(), seed=0), Sequential(everything(), seed=1)
    for model in (one, two):
        model.compile("sgd", "mse")
        train(model, 1)
    one.save_weights(tmp_path / "weights")
    two.load_weights(tmp_path / "weights")
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    other = Sequential([Dense(2)], seed=0)
    other.build((None, 6))
    before = other.theta.copy()
    with pytest.raises(
        ValueError, match=r"^load_weights: path must be a model saved by mmlcore, got shape .* for theta"
    ):
        other.load_weights(tmp_path / "weights")
    np.testing.assert_array_equal(other.theta, before)
    with pytest.raises(ValueError, match="path must be a model saved by mmlcore"):
        load(tmp_path / "weights")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    model = Sequential([Dense(2)], seed=0)
    model.build((None, 3))
    path = tmp_path / "model"
    model.save(path)
    before = path.read_bytes()
    model.theta[:] = 0

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(models.replacing.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        model.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_not_built_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match=r"^Sequential: model must be built, got one whose number of inputs"):
        Sequential([Dense(2)]).save(tmp_path / "model")


@pytest.fixture
def saved(tmp_path):
    model = Sequential([Dense(4, "tanh"), Dropout(0.5), BatchNormalization(), Dense(6)], seed=0)
    model.compile("adam", "mse")
    train(model, 1)
    model.save(tmp_path / "model")
    return tmp_path / "model"


REFUSED = r"^load: (path must be a model saved by mmlcore|custom_objects must be|\w+)"


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 50, 500, -1, -100])
def test_truncated_files(saved, kept):
    data = saved.read_bytes()
    saved.write_bytes(data[:kept])
    with pytest.raises(ValueError, match=r"^load: path must be a model saved by mmlcore, got a file that safetensors"):
        load(saved)


@pytest.mark.parametrize("content", [b"\x80\x04\x95pickle", b"PK\x03\x04" + bytes(100), b"\xff" * 64, b"{}" * 40])
def test_foreign_files(saved, content):
    saved.write_bytes(content)
    with pytest.raises(ValueError, match=r"^load: path must be a model saved by mmlcore, got "):
        load(saved)


def test_a_safetensors_file_of_somebody_else(tmp_path):
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros(3)}, tmp_path / "theirs")
    with pytest.raises(ValueError, match=r"^load: path must be a model saved by mmlcore, got a file of another kind$"):
        load(tmp_path / "theirs")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")


def rewrite(path, change):
    """Change the description in the header of a saved file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    description = json.loads(header["__metadata__"]["mmlcore"])
    change(description)
    header["__metadata__"]["mmlcore"] = json.dumps(description)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


HOSTILE = {
    "version": lambda d: d.update(version=99),
    "no layers": lambda d: d.pop("layers"),
    "another class": lambda d: d["layers"][0].update({"class": "os.system"}),
    "a class of the package": lambda d: d["layers"][0].update({"class": "models.Sequential"}),
    "arguments": lambda d: d["layers"][0]["config"].update(shell=True),
    "huge": lambda d: d["layers"][0]["config"].update(units=10**12),
    "huge embedding": lambda d: d["layers"].insert(
        0, {"class": "layers.Embedding", "config": {"input_dim": 10**7, "output_dim": 10**7}}
    ),
    "negative": lambda d: d["layers"][0]["config"].update(units=-1),
    "text": lambda d: d["layers"][0]["config"].update(units="4"),
    "wider": lambda d: d["layers"][0]["config"].update(units=5),
    "input shape": lambda d: d.update(input_shape=[None, "x"]),
    "input shape huge": lambda d: d.update(input_shape=[None, 10**15]),
    "input shape none": lambda d: d.update(input_shape=None),
    "dtype": lambda d: d.update(dtype="object"),
    "other dtype": lambda d: d.update(dtype="float64"),
    "keys": lambda d: d.update(keys=["x"] * 4),
    "too few keys": lambda d: d.update(keys=[]),
    "rng": lambda d: d.update(rng={"bit_generator": "MT19937"}),
    "rng state": lambda d: d["rng"].update(state={"state": "-1"}),
    "optimizer": lambda d: d["compile"].update(optimizer="sgd; rm"),
    "optimizer of another kind": lambda d: d["compile"].update(
        optimizer={"class": "optimizers.SGD", "config": {"momentum": 0.5}}
    ),
    "loss": lambda d: d["compile"].update(loss={"class": "layers.Dense", "config": {"units": 3}}),
    "deep": lambda d: d["layers"][0]["config"].update(units=[[[[[[1]]]]]]),
    "a list": lambda d: d.update(layers=[1, 2, 3]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_descriptions(saved, name):
    rewrite(saved, HOSTILE[name])
    with pytest.raises(ValueError, match=r"^\w[\w.]*: \w+ must be "):
        load(saved)


def test_missing_and_wrong_tensors(saved):
    from safetensors import safe_open
    from safetensors.numpy import save_file

    with safe_open(saved, framework="numpy") as file:
        metadata, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name in tensors:
        rest = {key: value for key, value in tensors.items() if key != name}
        for changed in (rest, {**rest, name: np.zeros((3, 3))}, {**rest, name: tensors[name].astype(np.int8)}):
            if name.startswith("optimizer.") and changed is rest:
                continue
            save_file(changed, saved, metadata)
            with pytest.raises(ValueError, match=r"^load: path must be a model saved by mmlcore, got "):
                load(saved)


def test_without_safetensors_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    monkeypatch.setitem(__import__("sys").modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match=r"pip install 'mmlcore\[io\]'"):
        load(tmp_path / "model")
