"""Recurrent layers: PyTorch's weights, saving, learning what only a memory can know."""

import numpy as np
import pytest

from mmlcore.layers import GRU, LSTM, Dense, SimpleRNN
from mmlcore.models import Sequential, load
from recurrent_layers import LAYERS, X, built


@LAYERS
def test_stacked_layers_learn_which_sequences_began_with_a_one(cls):
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, (400, 12, 1)).astype(np.float32)
    y = x[:, 0]
    model = Sequential([cls(12, return_sequences=True), cls(12), Dense(1, "sigmoid")], seed=1)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.01
    model.fit(x, y, epochs=25, batch_size=40, verbose=0, capture=True)
    assert model.evaluate(x, y)[1] > 0.95


def test_the_forget_gate_starts_open():
    layer = LSTM(3)
    layer.prepare((None, 2, 2), np.float64, seed=0)
    np.testing.assert_array_equal(layer.bias, np.repeat([0.0, 1.0, 0.0, 0.0], 3))
    layer = LSTM(3, unit_forget_bias=False)
    layer.prepare((None, 2, 2), np.float64, seed=0)
    assert not layer.bias.any()


@LAYERS
def test_weights_from_torch(cls):
    torch = pytest.importorskip("torch")
    module = {SimpleRNN: torch.nn.RNN, LSTM: torch.nn.LSTM, GRU: torch.nn.GRU}[cls](3, 4, batch_first=True).double()
    layer = built(cls, return_sequences=True)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    layer.set_torch_weights(*[getattr(module, name).detach().numpy() for name in names])
    np.testing.assert_allclose(layer(X), module(torch.tensor(X))[0].detach().numpy(), rtol=0, atol=1e-10)
    with pytest.raises(ValueError, match="set_torch_weights: layer must be built"):
        cls(4).set_torch_weights(np.zeros((4, 3)), np.zeros((4, 4)))


def test_saved_and_loaded(tmp_path):
    pytest.importorskip("safetensors")
    layers = [LSTM(4, dropout=0.2, return_sequences=True), GRU(3, return_sequences=True), SimpleRNN(2, "relu")]
    model = Sequential(layers, seed=0)
    x = X.astype(np.float32)
    y = model.predict(x)
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.predict(x), y)
    assert again.layers[2].cell == "relu"


@pytest.mark.parametrize("cls", [LSTM, GRU])
def test_an_activation_is_not_taken_for_a_flag(cls):
    with pytest.raises(TypeError, match="positional argument"):
        cls(10, "relu")
