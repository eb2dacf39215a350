"""Loops of one's own: steps recorded and replayed bit for bit, refused where they are more than kernel calls."""

import numpy as np
import pytest

from mmlcore.layers import Dense, Dropout
from mmlcore.models import Sequential, capture
from mmlcore.optimizers import Adam

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((2, 50, 8, 3)).astype(np.float32)


def network(*layers):
    model = Sequential(layers or [Dense(5, "tanh"), Dropout(0.3), Dense(3)], seed=0)
    model.compile(Adam(0.01), "mse")
    return model


def test_a_loop_of_one_s_own_is_the_model_s_own():
    one, two, three = network(), network(), network()
    x, y = X[0].copy(), Y[0].copy()
    step = captured = None
    for batch, target in zip(X, Y, strict=True):
        loss = one.train_on_batch(batch, target)
        x[...], y[...] = batch, target
        if step is None:
            step = two.training_step(x, y)
            step()
            captured = capture(three.training_step(x, y))
        else:
            step()
            captured()
        assert loss == step.value[0] == captured.steps[0].value[0]
    np.testing.assert_array_equal(one.theta, two.theta)
    np.testing.assert_array_equal(one.theta, three.theta)
    assert len(captured) > 5


def test_many_at_once():
    one, two = network(), network()
    for model in (one, two):
        model.build((None, 3))
    for _ in range(20):
        one.train_on_batch(X[0], Y[0])
    capture(two.training_step(X[0], Y[0]))(times=19)
    np.testing.assert_array_equal(one.theta, two.theta)
    assert two.optimizer.iterations == 20


def test_a_model_s_step_that_cannot_be_recorded_says_why():
    step = network(Dense(4, np.square), Dense(3)).training_step(X[0], Y[0])
    with pytest.raises(
        ValueError, match=r"^capture: steps must be made of kernel calls alone, got layer 'dense' \(Dense"
    ):
        capture(step)


def test_arrays_must_be_those_that_are_read():
    model = network()
    for x, y, name in ((X[0].astype(float), Y[0], "x"), (X[0].tolist(), Y[0], "x"), (X[0], Y[0][:, ::-1], "y")):
        with pytest.raises(
            ValueError, match=rf"^training_step: {name} must be a C-contiguous array of float32 and shape"
        ):
            model.training_step(x, y)


def test_two_models_that_learn_in_turn():
    pairs = [(network(), network(Dense(3, "relu"))) for _ in range(2)]
    steps = [tuple(m.training_step(X[i], Y[i]) for i, m in enumerate(pair)) for pair in pairs]
    captured = capture(*steps[0])
    captured(times=4)
    for _ in range(5):
        for step in steps[1]:
            step()
    for one, two in zip(*pairs, strict=True):
        np.testing.assert_array_equal(one.theta, two.theta)


def test_other_functions_are_refused():
    with pytest.raises(
        TypeError, match=r"^capture: steps must be those that model.training_step\(x, y\) returns, got <"
    ):
        capture(lambda: None)


def test_labels_stay_where_they_are():
    labels = np.random.default_rng(1).integers(0, 3, 8)
    one, two = (Sequential([Dense(3, "softmax")], seed=0) for _ in range(2))
    for model in (one, two):
        model.compile("adam", "sparse_categorical_crossentropy")
    step = capture(one.training_step(X[0], labels))
    labels[:] = labels[::-1].copy()
    step()
    two.train_on_batch(X[0], labels[::-1])
    two.train_on_batch(X[0], labels)
    np.testing.assert_array_equal(one.theta, two.theta)
    with pytest.raises(
        ValueError, match=r"^training_step: y must be a C-contiguous array of int64 and shape \(8,\), got"
    ):
        one.training_step(X[0], labels.astype(np.int32))
