"""Semi-supervised: unsupervised first, then centres that follow the classes, are centred and drift apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore import models, optimizers
from mmlcore.callbacks import Callback, ModelCheckpoint
from mmlcore.layers import Dense, Layer
from mmlcore.models import SemiSupervisedVAE, VariationalAutoEncoder
from mmlcore.models.semi_supervised_vae import drifted, spread

RNG = np.random.default_rng(0)
Y = np.arange(120) % 4
X = (3 * np.eye(4)[Y] + 0.1 * RNG.standard_normal((120, 4))).astype(np.float32)


class Unplanned(Layer):
    def call(self, inputs):
        return inputs * 1.0


def made(seed=0, **options):
    model = SemiSupervisedVAE(
        [Dense(24, "relu")], [Dense(24, "relu"), Dense(4)], likelihood="gaussian", seed=seed, **options
    )
    model.compile(optimizers.Adam(0.01))
    return model


def distances(points):
    return np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))


def test_points_are_centred_and_drift_apart():
    points = RNG.standard_normal((7, 2)) + 5
    centred = points - points.mean(axis=0)
    np.testing.assert_allclose(drifted(points, 0.0, 10.0), centred, rtol=1e-12)
    np.testing.assert_allclose(drifted(points, 1.0, 10.0), 10 * spread(centred), rtol=1e-12)
    np.testing.assert_allclose(drifted(points, 0.25, 10.0), 0.75 * centred + 2.5 * spread(centred), rtol=1e-12)


@given(st.sets(st.integers(-(10**9) + 1, 10**9), min_size=2, max_size=30), st.floats(0.01, 100))
def test_on_a_circle_the_angles_are_equal_and_the_order_stays(billionths, length):
    angles = np.pi * np.sort(list(billionths)) / 1e9
    n = len(angles)
    placed = spread(length * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    np.testing.assert_allclose(np.linalg.norm(placed, axis=1), 1, rtol=1e-12)
    after = np.arctan2(placed[:, 1], placed[:, 0])
    np.testing.assert_allclose(np.diff(after) % (2 * np.pi), 2 * np.pi / n, rtol=1e-9)
    turned = np.exp(1j * n * after)[0] / np.exp(1j * (angles.sum() - np.pi * (n - 1)))
    assert abs(turned - 1) < 1e-6  # the mean of the angles stays


def test_on_a_circle_classes_in_one_place_part():
    for points in (np.zeros((4, 2)), np.ones((4, 2)), np.tile([[1.0, 0.0], [0.0, 1.0]], (2, 1))):
        placed = distances(spread(points)) + 9 * np.eye(4)
        np.testing.assert_allclose(placed.min(axis=1), np.sqrt(2), rtol=1e-12)


def test_in_space_and_on_a_line():
    tetrahedron = distances(spread(RNG.standard_normal((4, 3)))) + 9 * np.eye(4)
    np.testing.assert_allclose(tetrahedron.min(axis=1), np.sqrt(8 / 3), rtol=0.01)
    np.testing.assert_array_equal(spread(np.array([[0.3], [-1.0], [0.1]])), [[1], [-1], [0]])
    for points in (np.zeros((1, 2)), np.zeros((3, 2)), np.zeros((1, 1)), np.zeros((0, 2))):
        assert np.isfinite(spread(points)).all()


def test_classes_are_learned_and_drawn():
    model = made()
    model.fit(X, Y, epochs=60, verbose=0)
    assert model.score(X, Y) == 1.0
    assert model.not_captured is None
    for k in range(4):
        assert (model.sample(20, class_label=k, scale=0.5, seed=0).argmax(axis=1) == k).mean() > 0.9
    assert set(model.sample(80, seed=1).argmax(axis=1).tolist()) == {0, 1, 2, 3}
    np.testing.assert_allclose(model.centres.mean(axis=0), 0, atol=0.1)


def test_the_first_epochs_are_those_of_a_model_without_labels():
    model = made(warmup=3)
    plain = VariationalAutoEncoder([Dense(24, "relu")], [Dense(24, "relu"), Dense(4)], likelihood="gaussian", seed=0)
    plain.compile(optimizers.Adam(0.01))
    for one in (model, plain):
        one.fit(X, Y, epochs=3, verbose=0)
    np.testing.assert_array_equal(model.theta, plain.theta)
    assert model.epochs_done == 3
    assert model.centres.any()


def test_centres_follow_the_class_means():
    model = made(warmup=0, drift=0.25)
    seen = []

    class Watch(Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((model.centres, drifted(model.centroids, 0.25, 10.0)))

    model.fit(X, Y, epochs=3, callbacks=Watch(), verbose=0)
    for centres, expected in seen:
        np.testing.assert_array_equal(centres, expected)


def test_unlabelled_samples_train_the_unsupervised_part():
    some = np.where(np.arange(120) < 24, Y, -1)
    model = made()
    history = model.fit(X, some, epochs=80, verbose=0).history
    assert history["reconstruction"][-1] < history["reconstruction"][0] / 2
    assert model.score(X, Y) > 0.9
    none = made(warmup=0)
    none.fit(X, np.full(120, -1), epochs=2, verbose=0)
    assert none.centres.size == 0
    assert none.centroids is None
    without = made(warmup=0)
    without.fit(X, epochs=2, verbose=0)
    np.testing.assert_array_equal(without.theta, none.theta)


def test_classes_with_gaps_and_new_ones():
    model = made(warmup=0)
    model.fit(X[Y < 2], 2 * Y[Y < 2], epochs=2, verbose=0)
    assert model.centres.shape == (3, 2)
    assert not model.centres[1].any()
    assert set(model.predict(X).tolist()) <= {0, 2}
    model.fit(X, Y, epochs=2, verbose=0)
    assert model.centres.shape == (4, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch_size": 0},
        {"epochs": -1},
        {"validation_split": 1.0},
        {"validation_data": (X[:, :2], Y)},
        {"sample_weight": [1.0]},
        {"callbacks": "none"},
        {"seed": "none"},
    ],
)
def test_wrong_arguments_beside_new_classes_leave_the_centres_as_they_were(wrong):
    model = made(warmup=0)
    model.fit(X[Y < 2], Y[Y < 2], epochs=1, verbose=0)
    before, weights, history = model.centres, model._beta.copy(), model.history
    with pytest.raises((TypeError, ValueError)):
        model.fit(X, Y, verbose=0, **wrong)
    with pytest.raises((TypeError, ValueError)):
        model.training_step(X, Y, np.ones(3, np.float32))
    np.testing.assert_array_equal(model.centres, before)
    np.testing.assert_array_equal(model._beta, weights)
    assert model.history is history


def test_a_step_that_cannot_be_recorded_is_refused_before_anything_changes():
    model = SemiSupervisedVAE([Unplanned(), Dense(8)], [Dense(4)], likelihood="gaussian", warmup=0, seed=0)
    model.fit(X[Y < 2], Y[Y < 2], epochs=1, verbose=0)
    before, history = model.centres, model.history
    with pytest.raises(ValueError, match=r"^fit: capture must be False or 'auto' for this model, got True: layer"):
        model.fit(X, Y, verbose=0, capture=True)
    np.testing.assert_array_equal(model.centres, before)
    assert model.history is history


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_resumed_exactly_in_either_phase(tmp_path, stop):
    pytest.importorskip("safetensors")
    whole, half = made(seed=2, warmup=3), made(seed=2, warmup=3)
    whole.fit(X, Y, epochs=7, verbose=0)
    half.fit(X, Y, epochs=stop, verbose=0)
    half.save(tmp_path / "model")
    again = models.load(tmp_path / "model")
    assert (again.warmup, again.drift, again.epochs_done) == (3, 0.5, stop)
    assert again.evaluate(X, Y, verbose=0) == half.evaluate(X, Y, verbose=0)
    again.fit(X, Y, epochs=7, initial_epoch=stop, verbose=0)
    np.testing.assert_array_equal(again.theta, whole.theta)
    np.testing.assert_array_equal(again.centres, whole.centres)
    np.testing.assert_array_equal(again.sample(3), whole.sample(3))


def test_a_checkpoint_in_the_middle_goes_on_as_the_training_did(tmp_path):
    pytest.importorskip("safetensors")
    whole = made(seed=1, warmup=1)
    path = str(tmp_path / "model-{epoch}")
    whole.fit(X, Y, epochs=4, callbacks=ModelCheckpoint(path), verbose=0)
    again = models.load(tmp_path / "model-2")
    again.fit(X, Y, epochs=4, initial_epoch=2, verbose=0)
    np.testing.assert_array_equal(again.theta, whole.theta)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"warmup": -1}, "warmup must be"),
        ({"drift": 1.5}, "drift must be a number from 0 to 1"),
        ({"radius": -1.0}, "radius must be"),
    ],
)
def test_bad_arguments(options, text):
    with pytest.raises(ValueError, match=f"^SemiSupervisedVAE: {text}"):
        made(**options)
