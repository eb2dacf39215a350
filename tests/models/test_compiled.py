"""What a compiled model checks and measures."""

import numpy as np
import pytest

import mmlcore
from mmlcore.layers import Dense
from mmlcore.models import Sequential
from mmlcore.optimizers import SGD, Adam

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))
LABELS = RNG.integers(0, 4, 50)


def network(outputs=1, last=None, dtype="float64"):
    layers = [Dense(6, "sigmoid", input_dim=3), Dense(5, "tanh"), Dense(outputs, last)]
    return Sequential(layers, dtype=dtype, seed=0)


def test_evaluate_shapes_of_the_answer():
    model = network()
    model.compile("sgd", "mse")
    loss = model.evaluate(X, Y)
    assert loss == pytest.approx(((model.predict(X) - Y) ** 2).mean(), rel=1e-12)
    model.compile("sgd", "mse", ["mae"])
    mae = np.abs(model.predict(X) - Y).mean()
    assert model.evaluate(X, Y) == pytest.approx([loss, mae], rel=1e-12)
    assert model.evaluate(X, Y, batch_size=7, return_dict=True) == pytest.approx({"loss": loss, "mae": mae})
    assert model.train_on_batch(X, Y) == pytest.approx([loss, mae], rel=1e-12)
    assert list(model.train_on_batch(X, Y, return_dict=True)) == ["loss", "mae"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_user_s_function_as_loss_gets_integers_as_they_are(dtype):
    def crossentropy(t, p):
        return mmlcore.losses.sparse_categorical_crossentropy(t, p, from_logits=True)

    def squares(t, p):
        return ((t - p) ** 2).mean(axis=-1)

    for loss, theirs, y in [
        (crossentropy, mmlcore.losses.SparseCategoricalCrossentropy(from_logits=True), LABELS),
        (squares, "mse", np.eye(4, dtype=np.uint8)[LABELS]),
    ]:
        model, expected = network(4, dtype=dtype), network(4, dtype=dtype)
        model.compile("sgd", loss)
        expected.compile("sgd", theirs)
        history = model.fit(X, y, epochs=2, verbose=0).history["loss"]
        np.testing.assert_allclose(history, expected.fit(X, y, epochs=2, verbose=0).history["loss"], rtol=1e-5)
        np.testing.assert_allclose(model.theta, expected.theta, rtol=1e-4, atol=1e-7)


def test_errors_before_compile_and_in_compile():
    model = network()
    text = r"^{}: model must be compiled, got one without loss and optimizer; call compile\(\.\.\.\) first$"
    for function in ("fit", "evaluate", "train_on_batch"):
        with pytest.raises(RuntimeError, match=text.format(function)):
            getattr(model, function)(X, Y)
    model.compile("sgd", "mse", ["mae"])
    chosen = (model.optimizer, model.loss, model.metrics)
    for arguments, text in [
        (("sdg", "mse"), r"^compile: optimizer must be one of 'sgd', 'adam', .*, got 'sdg'$"),
        (("sgd", "msr"), r"^compile: loss must be one of 'mean_squared_error', .*, got 'msr'$"),
        (("sgd",), r"^compile: loss must be one of 'mean_squared_error', .*, got None$"),
        (("sgd", "mse", ["mea"]), r"^compile: metrics must be one of 'accuracy', .*, got 'mea'$"),
        (("sgd", "mse", "mae"), r"^compile: metrics must be a list, got 'mae'$"),
        (("sgd", "mse", ["mae", "mae"]), r"^compile: metrics must be names that differ from each other and"),
    ]:
        with pytest.raises(ValueError, match=text):
            model.compile(*arguments)
    assert (model.optimizer, model.loss, model.metrics) == chosen

    with pytest.raises(ValueError, match=r"^compile: optimizer must be a new one for every model, got SGD in use"):
        network().compile(model.optimizer, "mse")


def test_data_that_do_not_fit_change_nothing():
    model = Sequential([Dense(2), Dense(1)], seed=0)
    model.compile(Adam(), "mse")
    bad = X.copy()
    bad[3, 1] = np.nan
    for x, y, error, text in [
        (X, Y[:-1], ValueError, r"^fit: y must be as long as its inputs, 50 samples, got 49 samples$"),
        (X, np.zeros((50, 2)), ValueError, r"^fit: y must be shape \(n, 1\), got shape \(50, 2\)$"),
        (bad, Y, ValueError, r"^fit: x must be finite, got NaN at row 3$"),
        (X[:0], Y[:0], ValueError, r"^fit: x must be at least one sample, got shape \(0, 3\)$"),
        (X + 0j, Y, TypeError, r"^fit: x must be real numbers, got dtype complex128$"),
        (X, None, TypeError, r"^fit: y must be real numbers, got dtype object$"),
    ]:
        with pytest.raises(error, match=text):
            model.fit(x, y, verbose=0)
        assert not model.built  # another number of features would still be possible
    model.fit(X, Y, verbose=0)
    before = model.theta.copy()
    with pytest.raises(ValueError, match=r"^fit: x must be shape \(n, 3\), got shape \(50, 2\)$"):
        model.fit(X[:, :2], Y, verbose=0)
    with pytest.raises(ValueError, match=r"^predict: x must be shape \(n, 3\), got shape \(50,\)$"):
        model.predict(X[:, 0])
    with pytest.raises(ValueError, match=r"^evaluate: y must be finite, got inf at row 0$"):
        model.evaluate(X, np.full(50, np.inf))
    np.testing.assert_array_equal(model.theta, before)


@pytest.mark.parametrize("metric", ["categorical_accuracy", "mae", "mse", "binary_accuracy"])
def test_metrics_that_cannot_take_the_targets_say_so_before_training(metric):
    model = network(4, "softmax")
    model.compile("sgd", "sparse_categorical_crossentropy", [metric])
    before = model.theta.copy()
    for function in (model.fit, model.evaluate, model.train_on_batch):
        text = rf"y must be shape \(50, 4\) for {metric}, got shape \(50,\)$"
        with pytest.raises(ValueError, match=rf"^{function.__name__}: {text}"):
            function(X, LABELS)
    np.testing.assert_array_equal(model.theta, before)


@pytest.mark.parametrize("batch_size", [None, 7, 1000])
def test_a_loss_that_is_a_sum_is_that_of_all_samples_however_they_are_cut(batch_size):
    x = RNG.standard_normal((2000, 3))
    y = x.sum(axis=1, keepdims=True)
    model = network()
    model.compile("sgd", "sum_squared_error")
    expected = ((model.predict(x) - y) ** 2).sum()
    assert model.evaluate(x, y, batch_size=batch_size) == pytest.approx(expected, rel=1e-12)


def test_labels_of_sequences():
    x, y = RNG.standard_normal((6, 5, 3)), RNG.integers(0, 4, (6, 5))
    model = Sequential([Dense(4, "softmax")], dtype="float64", seed=0)
    model.compile(SGD(0.0), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(x, y, verbose=0)
    p = model.predict(x)
    loss = -np.log(np.take_along_axis(p, y[..., None], axis=-1)).mean()
    assert model.evaluate(x, y) == pytest.approx([loss, (p.argmax(axis=-1) == y).mean()])
    assert model.evaluate(x, y[..., None]) == model.evaluate(x, y)
    mask = y > 0
    masked = model.evaluate(x, y, sample_weight=mask)[0]
    assert masked == pytest.approx(-(np.log(np.take_along_axis(p, y[..., None], axis=-1))[..., 0] * mask).mean())
    with pytest.raises(ValueError, match=r"^fit: y must be labels of shape \(n, 5\), got shape \(6,\)$"):
        model.fit(x, y[:, 0], verbose=0)
    with pytest.raises(ValueError, match=r"^fit: y must be labels from 0 to 3, got 4 at row 2$"):
        model.fit(x, np.where(np.arange(6)[:, None] == 2, 4, y), verbose=0)


def test_arguments_that_would_do_nothing_are_errors():
    model = network()
    model.compile("sgd", "mse")
    for arguments in ({"steps_per_epoch": 2}, {"validation_data": (X, Y), "validation_steps": 2}):
        with pytest.raises(ValueError, match=r"^fit: .*_(per_epoch|steps) must be left out for arrays, got 2$"):
            model.fit(X, Y, verbose=0, **arguments)
    for arguments in ({"validation_split": 0.2}, {"sample_weight": np.ones(50)}, {"batch_size": 5}):
        text = rf"^fit: {next(iter(arguments))} must be left out for batches that come by themselves"
        with pytest.raises(ValueError, match=text):
            model.fit(iter([(X, Y)]), verbose=0, **arguments)
