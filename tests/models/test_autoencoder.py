"""Auto-encoders: they learn to give back, classify by centroids, and are models like any other."""

import pickle

import numpy as np
import pytest

from mmlcore import callbacks, layers, losses, models, optimizers
from mmlcore.layers import Conv2D, Dense, Dropout, Flatten, GaussianNoise, Reshape
from mmlcore.models import AutoEncoder, Sequential

RNG = np.random.default_rng(0)
Y = np.arange(90) % 3
X = (0.8 * np.eye(6)[Y] + 0.2 * RNG.random((90, 6))).astype(np.float32)


def made(seed=0, **options):
    return AutoEncoder([Dense(16, "tanh"), Dense(2)], [Dense(16, "tanh"), Dense(6)], seed=seed, **options)


def test_it_learns_what_a_chain_with_the_same_targets_learns():
    model, chain = made(), Sequential([Dense(16, "tanh"), Dense(2), Dense(16, "tanh"), Dense(6)], seed=0)
    chain.compile("adam", "mse")
    ours = model.fit(X, Y, epochs=5, verbose=0).history["loss"]
    theirs = chain.fit(X, X, epochs=5, verbose=0).history["loss"]
    assert ours == theirs
    np.testing.assert_array_equal(model.theta, chain.theta)
    np.testing.assert_array_equal(model.reconstruct(X), chain.predict(X))
    assert model.not_captured is None


def test_code_and_reconstruction():
    model = made()
    model.fit(X, Y, epochs=150, verbose=0)
    code = model.encode(X)
    assert code.shape == (90, 2)
    np.testing.assert_allclose(model.decode(code), model.reconstruct(X), rtol=1e-5, atol=1e-6)
    assert model.evaluate(X) == pytest.approx(float(((model.reconstruct(X) - X) ** 2).mean()), rel=1e-5)
    assert model.evaluate(X) < 0.01
    assert model.score(X, Y) > 0.95
    assert [len(model.encoder), len(model.decoder)] == [2, 2]


def test_the_centroids_are_the_mean_codes():
    model = made()
    labels = np.where(np.arange(90) < 60, Y, -1)
    model.fit(X, labels, epochs=2, verbose=0)
    codes = model.encode(X[:60])
    for k in range(3):
        np.testing.assert_allclose(model.centroids[k], codes[Y[:60] == k].mean(axis=0), rtol=1e-4)
        np.testing.assert_allclose(model.spreads[k], codes[Y[:60] == k].std(axis=0), rtol=1e-3)
    distances = ((model.encode(X)[:, None] - model.centroids) ** 2).sum(axis=2)
    np.testing.assert_array_equal(model.predict(X), distances.argmin(axis=1))
    assert model.score(X, labels) == np.mean(model.predict(X[:60]) == Y[:60])


def test_held_out_samples_have_no_part_in_the_centroids():
    model = made()
    history = model.fit(X, Y, epochs=1, validation_split=0.5, verbose=0).history
    np.testing.assert_allclose(model.centroids[0], model.encode(X[:45])[Y[:45] == 0].mean(axis=0), rtol=1e-4)
    assert "val_loss" in history
    assert model.fit(X, epochs=1, validation_data=X[:9], verbose=0).history["val_loss"][0] > 0


def test_samples_are_drawn_about_centroids():
    model = made()
    model.fit(X, Y, epochs=100, verbose=0)
    drawn = model.sample(5, class_label=1, seed=0)
    assert drawn.shape == (5, 6)
    np.testing.assert_array_equal(drawn, model.sample(5, class_label=1, seed=0))
    assert (model.sample(5, 1, seed=1) != drawn).any()
    np.testing.assert_allclose(model.sample(1, 1, scale=0), model.decode(model.centroids[1:2]), rtol=1e-6)
    assert set(model.sample(60, seed=0)[:, :3].argmax(axis=1).tolist()) == {0, 1, 2}


@pytest.mark.parametrize("noise", [Dropout(0.3), GaussianNoise(0.3)])
def test_denoising_targets_are_the_clean_inputs(noise):
    model = AutoEncoder([noise, Dense(16, "tanh"), Dense(2)], [Dense(16, "tanh"), Dense(6)], seed=0)
    history = model.fit(X, epochs=150, verbose=0).history["loss"]
    assert model.evaluate(X) < 0.02 < history[0]
    assert model.not_captured is None


def test_images_and_convolutions():
    x = RNG.random((20, 6, 6, 1))
    model = AutoEncoder(
        [Conv2D(4, 3, activation="relu"), Flatten(), Dense(2)], [Dense(36, "sigmoid"), Reshape((6, 6, 1))], seed=0
    )
    model.compile("adam", losses.BernoulliLikelihood())
    history = model.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert model.reconstruct(x).shape == x.shape
    p = model.reconstruct(x).reshape(20, -1).astype(float)
    t = x.reshape(20, -1)
    expected = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum(axis=1).mean()
    assert model.evaluate(x) == pytest.approx(expected, rel=1e-5)


def test_captured_or_not_the_same_bits():
    one, other = made(), made()
    one.fit(X, Y, epochs=3, verbose=0)
    other.fit(X, Y, epochs=3, verbose=0, capture=False)
    np.testing.assert_array_equal(one.theta, other.theta)


def test_weights_callbacks_and_stopping():
    model = made()
    stop = callbacks.EarlyStopping("loss", min_delta=1e9)
    assert len(model.fit(X, epochs=9, callbacks=stop, verbose=0).history["loss"]) < 9
    one, other = made(), made()
    one.fit(X, epochs=2, batch_size=90, sample_weight=np.repeat([1, 0], 45), shuffle=False, verbose=0)
    other.fit(X[:45], epochs=2, batch_size=90, sample_weight=np.full(45, 0.5), shuffle=False, verbose=0)
    np.testing.assert_allclose(one.theta, other.theta, rtol=1e-4, atol=1e-5)


def test_saved_and_loaded(tmp_path):
    pytest.importorskip("safetensors")
    one, other = made(), made()
    for model in (one, other):
        model.compile(optimizers.Adam(0.01), "mse")
        model.fit(X, Y, epochs=2, verbose=0)
    other.save(tmp_path / "model")
    again = models.load(tmp_path / "model")
    assert type(again) is AutoEncoder
    np.testing.assert_array_equal(again.predict(X), one.predict(X))
    np.testing.assert_array_equal(again.sample(3), one.sample(3))
    for model in (one, again):
        model.fit(X, Y, epochs=2, verbose=0)
    np.testing.assert_array_equal(again.theta, one.theta)
    np.testing.assert_array_equal(again.centroids, one.centroids)
    copied = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(copied.predict(X), one.predict(X))


class Own(AutoEncoder):
    pass


def test_a_subclass_is_loaded_with_its_class(tmp_path):
    pytest.importorskip("safetensors")
    model = Own([Dense(2)], [Dense(6)], seed=0)
    model.build((None, 6))
    model.save(tmp_path / "model")
    assert type(models.load(tmp_path / "model", {"Own": Own})) is Own
    with pytest.raises(ValueError, match=r"^load: custom_objects must be a dictionary with 'Own'"):
        models.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("encoder", "decoder", "text"),
    [
        ([], [Dense(6)], "AutoEncoder: encoder must be a list of at least one layer"),
        ([Dense(2)], Dense(6), "AutoEncoder: decoder must be a list of at least one layer"),
        ([Dense(2)], [Dense(5)], r"AutoEncoder: decoder must be one that ends in the inputs' shape \(None, 6\)"),
        ([Reshape((3, 2))], [Flatten()], "AutoEncoder: encoder must be one with a code of shape"),
    ],
)
def test_parts_that_do_not_fit(encoder, decoder, text):
    with pytest.raises(ValueError, match=f"^{text}"):
        AutoEncoder(encoder, decoder).fit(X, verbose=0)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: m.fit(X, Y[:5], verbose=0), ValueError, "fit: y must be 90 labels"),
        (lambda m: m.fit(X * np.nan, verbose=0), ValueError, "fit: x must be finite"),
        (lambda m: m.fit(iter([X]), verbose=0), TypeError, "fit: x must be an array"),
        (lambda m: m.fit(X[:, :3], verbose=0), ValueError, r"fit: x must be shape \(n, 6\)"),
        (lambda m: m.compile(metrics=["mae"]), ValueError, "compile: metrics must be left out"),
        (lambda m: m.compile(loss="hinge"), ValueError, "compile: loss must be one between numbers"),
        (lambda m: m.compile(loss=losses.MeanSquaredError("sum")), ValueError, "compile: loss must be a mean"),
        (lambda m: m.predict(X), ValueError, "predict: model must be one that knows classes"),
        (lambda m: m.sample(2), ValueError, "sample: model must be one that knows classes"),
        (lambda m: m.sample(0), ValueError, "sample: n must be"),
        (lambda m: m.sample(1, scale=-1), ValueError, "sample: scale must be"),
        (lambda m: m.score(X, None), ValueError, "score: y must be with labels"),
        (lambda m: m.update_centroids(X, np.full(90, -1)), ValueError, "update_centroids: y must be with labels"),
        (lambda m: m.decode(np.zeros((2, 3))), ValueError, r"decode: code must be shape \(n, 2\)"),
        (lambda m: m.encode(X[:, :2]), ValueError, r"encode: x must be shape \(n, 6\)"),
    ],
)
def test_bad_arguments_leave_the_model_as_it_was(call, error, text):
    model = made()
    model.build((None, 6))
    before = model.theta.copy()
    with pytest.raises(error, match=f"^{text}"):
        call(model)
    np.testing.assert_array_equal(model.theta, before)


def test_probabilities_are_checked():
    model = AutoEncoder([Dense(2)], [Dense(6, "sigmoid")], seed=0)
    model.compile("adam", "binary_crossentropy")
    with pytest.raises(ValueError, match=r"^fit: x must be between 0 and 1 for the loss 'binary_crossentropy'"):
        model.fit(X + 1, verbose=0)


def test_update_centroids_without_labels_in_fit():
    model = made()
    model.fit(X, epochs=1, verbose=0)
    assert model.centroids is None
    model.update_centroids(X, Y)
    assert model.centroids.shape == (3, 2)
    assert layers.GaussianSampling not in {type(layer) for layer in model.layers}
