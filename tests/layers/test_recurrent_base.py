"""What recurrent layers share: sequences, states, masks, arguments."""

import numpy as np
import pytest

from mmlcore.layers import GRU, LSTM, SimpleRNN
from mmlcore.layers.context import context
from recurrent_layers import LAYERS, X, built


@LAYERS
def test_sequences_states_and_directions(cls):
    layer = built(cls, return_sequences=True, return_state=True)
    y, h, *c = layer(X)
    assert y.shape == (6, 5, 4)
    assert len(c) == (cls is LSTM)
    np.testing.assert_array_equal(y[:, -1], h)
    for options, expected in (
        ({"return_sequences": False}, h),
        ({"go_backwards": True}, layer(X[:, ::-1])[0]),
    ):
        other = cls(4, **({"return_sequences": True} | options))
        other.prepare((None, 5, 3), np.float64, seed=0)
        other.set_weights(layer.weights)
        np.testing.assert_array_equal(other(X), expected)
    half, *state = layer(X[:, :2])
    np.testing.assert_allclose(layer(X[:, 2:], initial_state=state)[0], y[:, 2:], rtol=0, atol=1e-15)
    assert half.shape == (6, 2, 4)


@LAYERS
def test_masked_steps_do_not_count(cls):
    layer = built(cls, return_sequences=True)
    lengths = np.array([5, 1, 3, 0, 2, 4])
    y = layer(X, mask=np.arange(5) < lengths[:, None])
    for row, length in enumerate(lengths):
        if length:
            np.testing.assert_allclose(y[row, :length], layer(X[row : row + 1, :length])[0], rtol=0, atol=1e-14)
        last = y[row, length - 1] if length else np.zeros(4)
        np.testing.assert_array_equal(y[row, length:], np.tile(last, (5 - length, 1)))


@LAYERS
def test_a_stateful_layer_goes_on_where_it_stopped(cls):
    whole = built(cls, return_sequences=True)
    layer = built(cls, return_sequences=True, stateful=True)
    layer.set_weights(whole.weights)
    y = whole(X)
    for _ in range(2):
        parts = [layer(X[:, :3]), layer(X[:, 3:])]
        np.testing.assert_allclose(np.concatenate(parts, axis=1), y, rtol=0, atol=1e-15)
        layer.reset_states()
    with pytest.raises(ValueError, match="inputs must be a batch of 6, got 4"):
        layer(X[:4])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTM(0), "LSTM: units must be a positive integer, got 0"),
        (lambda: SimpleRNN(2, "selu"), "SimpleRNN: activation must be one of 'tanh', 'relu', got 'selu'"),
        (lambda: GRU(2, reset_after=False), "GRU: reset_after must be True, got False"),
        (lambda: GRU(2, dropout=1.0), r"GRU: dropout must be a number in \[0, 1\), got 1.0"),
        (lambda: LSTM(2)(np.zeros((2, 3))), r"LSTM: inputs must be shape \(n, steps, features\)"),
        (lambda: LSTM(2)(X, mask=np.ones((6, 4))), r"LSTM: mask must be shape \(6, 5\), got shape \(6, 4\)"),
        (lambda: built(LSTM)(np.zeros((2, 3))), r"LSTM: inputs must be shape \(n, steps, features\)"),
        (
            lambda: built(GRU)(np.zeros((2, 3)), mask=np.ones((2, 3))),
            r"GRU: inputs must be shape \(n, steps, features\)",
        ),
        (lambda: built(GRU)(np.zeros((2, 0, 3))), "GRU: inputs must be .* with at least one step"),
        (lambda: SimpleRNN(2)(np.zeros((2, 0, 3))), "SimpleRNN: inputs must be .* with at least one step"),
        (lambda: LSTM(4)(X, initial_state=[np.zeros((6, 4))]), "LSTM: initial_state must be 2 of them, got 1"),
        (lambda: GRU(4)(X, initial_state=2 * [np.zeros((6, 4))]), "GRU: initial_state must be 1 of them, got 2"),
        (
            lambda: built(SimpleRNN, use_bias=False).set_torch_weights(np.ones((4, 3)), np.ones((4, 4)), np.ones(4)),
            "SimpleRNN.set_torch_weights: bias_ih, bias_hh must be None for a layer without a bias, got biases",
        ),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match="^" + message):
        make()


def test_the_error_of_another_batch_says_what_reset_states_does():
    layer = built(GRU, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match=r"got 4; .* also after reset_states\(\)$"):
        layer(X[:4])


@LAYERS
def test_activities_are_penalised_with_masks_and_states_too(cls):
    layer = built(cls, activity_regularizer="l2", return_state=True)
    state = [np.zeros((6, 4))] * (1 + (cls is LSTM))
    found = []
    for options in ({}, {"mask": np.ones((6, 5), bool)}, {"initial_state": state}):
        with context(training=True, losses=[]) as around:
            layer(X, **options)
        found.append(float(around.losses[0]))
    assert found[0] > 0
    np.testing.assert_allclose(found, found[0], rtol=1e-14)
