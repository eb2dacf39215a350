"""Models as their users see them: gradients, fit against NumPy and torch, predict, weights, errors."""

import numpy as np
import pytest

import mmlcore
from mmlcore.layers import Activation, BatchNormalization, Concatenate, Dense, Dropout
from mmlcore.models import Model, Sequential
from mmlcore.optimizers import SGD, Adam

RNG = np.random.default_rng(0)
X = RNG.standard_normal((50, 3))
Y = np.sin(X.sum(axis=1, keepdims=True))
LABELS = RNG.integers(0, 4, 50)


def network(outputs=1, last=None, hidden="sigmoid", dtype="float64", seed=0, features=3):
    layers = [
        Dense(6, activation=hidden, input_dim=features),
        Dense(5, activation="tanh"),
        Dense(outputs, last),
    ]
    return Sequential(layers, dtype=dtype, seed=seed)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


CASES = [
    ("mse", None, 1, Y),
    ("mae", None, 1, Y),
    ("binary_crossentropy", "sigmoid", 1, (Y > 0).astype(float)),
    ("categorical_crossentropy", "softmax", 4, np.eye(4)[LABELS]),
    ("sparse_categorical_crossentropy", "softmax", 4, LABELS),
    (
        "sparse_categorical_crossentropy",
        "sigmoid",
        4,
        LABELS,
    ),  # probabilities that no activation makes stable
]
IDS = [f"{loss}-{last}" for loss, last, _, _ in CASES]


@pytest.mark.parametrize(("loss", "last", "outputs", "y"), CASES, ids=IDS)
def test_gradient_of_the_whole_network_against_finite_differences(loss, last, outputs, y):
    model = network(outputs, last)
    model.compile(SGD(0.0), loss)
    model.train_on_batch(X, y)
    gradient, theta = model.gradient.copy(), model.theta
    for i in range(theta.size):
        step, kept = 1e-6, theta[i]
        theta[i] = kept + step
        above = model.evaluate(X, y)
        theta[i] = kept - step
        below = model.evaluate(X, y)
        theta[i] = kept
        assert gradient[i] == pytest.approx((above - below) / (2 * step), abs=1e-7)


@pytest.mark.parametrize(("loss", "last", "outputs", "y"), CASES[:5], ids=IDS[:5])
def test_gradient_of_the_whole_network_against_torch(loss, last, outputs, y):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    theirs = {
        "mse": functional.mse_loss,
        "mae": functional.l1_loss,
        "binary_crossentropy": functional.binary_cross_entropy_with_logits,
        "categorical_crossentropy": functional.cross_entropy,
        "sparse_categorical_crossentropy": functional.cross_entropy,
    }
    model = network(outputs, last)
    model.compile(SGD(0.0), loss)
    value = model.train_on_batch(X, y)

    w = [torch.tensor(weight, requires_grad=True) for weight in model.get_weights()]
    hidden = torch.tanh(torch.sigmoid(torch.tensor(X) @ w[0] + w[1]) @ w[2] + w[3])
    theirs_value = theirs[loss](hidden @ w[4] + w[5], torch.tensor(y))
    theirs_value.backward()
    assert value == pytest.approx(theirs_value.item(), rel=1e-12)
    np.testing.assert_allclose(model.gradient, np.concatenate([v.grad.numpy().ravel() for v in w]), atol=1e-10)


def two_epochs_in_numpy(weights, x, y, orders, batch_size, rate, val):
    """SGD on the mean squared error of a sigmoid-tanh-linear network, and its history."""
    w1, b1, w2, b2, w3, b3 = (w.astype(np.float64) for w in weights)
    history = {"loss": [], "mae": [], "val_loss": [], "val_mae": []}

    def outputs(x):
        h1 = sigmoid(x @ w1 + b1)
        h2 = np.tanh(h1 @ w2 + b2)
        return h1, h2, h2 @ w3 + b3

    for order in orders:
        squared, absolute = 0.0, 0.0
        for start in range(0, len(x), batch_size):
            xb, yb = x[order[start : start + batch_size]], y[order[start : start + batch_size]]
            h1, h2, out = outputs(xb)
            squared += ((out - yb) ** 2).mean() * len(xb)
            absolute += np.abs(out - yb).mean() * len(xb)
            d3 = 2 * (out - yb) / out.size
            d2 = d3 @ w3.T * (1 - h2**2)
            d1 = d2 @ w2.T * h1 * (1 - h1)
            for w, g in [(w3, h2.T @ d3), (b3, d3.sum(0)), (w2, h1.T @ d2), (b2, d2.sum(0)), (w1, xb.T @ d1)]:
                w -= rate * g
            b1 -= rate * d1.sum(0)
        history["loss"].append(squared / len(x))
        history["mae"].append(absolute / len(x))
        error = outputs(val[0])[2] - val[1]
        history["val_loss"].append((error**2).mean())
        history["val_mae"].append(np.abs(error).mean())
    return history, np.concatenate([w.ravel() for w in (w1, b1, w2, b2, w3, b3)])


@pytest.mark.parametrize(("dtype", "rtol"), [("float64", 1e-10), ("float32", 1e-4)])
@pytest.mark.parametrize("shuffle", [True, False])
def test_two_epochs_against_numpy(dtype, rtol, shuffle):
    model = network(dtype=dtype)
    model.compile(SGD(0.1), "mean_squared_error", metrics=["mae"])
    rng = np.random.default_rng(7)
    orders = [rng.permutation(50) if shuffle else np.arange(50) for _ in range(2)]
    expected, theta = two_epochs_in_numpy(model.get_weights(), X, Y, orders, 16, 0.1, (X[:9], Y[:9]))

    record = model.fit(
        X, Y, batch_size=16, epochs=2, verbose=0, validation_data=(X[:9], Y[:9]), shuffle=shuffle, seed=7
    )

    assert list(record.history) == ["loss", "mae", "val_loss", "val_mae"]
    for name, values in expected.items():
        np.testing.assert_allclose(record.history[name], values, rtol=rtol, err_msg=name)
    np.testing.assert_allclose(model.theta, theta, rtol=rtol, atol=rtol)
    assert record.epoch == [0, 1]
    assert model.history is record


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("threads", [1, 2])
def test_equal_seeds_give_equal_bits(optimizer, threads):
    mmlcore.set_num_threads(threads)
    runs = []
    for _ in range(2):
        model = network(4, "softmax", hidden="relu", dtype="float32", seed=3)
        model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
        runs.append((model.fit(X, LABELS, epochs=3, verbose=0).history, model.theta))
    assert runs[0][0] == runs[1][0]
    np.testing.assert_array_equal(runs[0][1], runs[1][1])


def test_one_and_two_threads_agree_to_rounding():
    thetas = []
    x = np.random.default_rng(1).standard_normal((2000, 64))
    for threads in (1, 2):
        mmlcore.set_num_threads(threads)
        model = Sequential([Dense(300, "tanh", input_dim=64), Dense(200, "tanh"), Dense(1)], dtype="float64", seed=0)
        model.compile(SGD(0.05), "mse")
        model.fit(x, x[:, 0] * x[:, 1], epochs=2, batch_size=500, verbose=0)
        thetas.append(model.theta)
    np.testing.assert_allclose(thetas[0], thetas[1], rtol=1e-9, atol=1e-12)


def test_the_stable_loss_trains_where_probabilities_are_lost():
    # logits of ±500: softmax in float32 is exactly 0 and 1, and only the fused form has a gradient
    model = Sequential([Dense(2, "softmax", use_bias=False, input_dim=1)], seed=0)
    model.compile(SGD(1.0), "sparse_categorical_crossentropy", ["accuracy"])
    model.set_weights([[[500.0, -500.0]]])
    loss, accuracy = model.evaluate([1.0], [1])
    assert (loss, accuracy) == (pytest.approx(1000.0), 0.0)
    model.train_on_batch([1.0], [1])
    np.testing.assert_allclose(model.gradient, [1.0, -1.0])
    np.testing.assert_allclose(model.predict([1.0]), [[1.0, 0.0]])


def test_inputs_are_never_written_to():
    x, y = X.astype(np.float32), Y.astype(np.float32)
    x.flags.writeable = y.flags.writeable = False
    model = network(dtype="float32")
    model.compile("adam", "mse", ["mae"])
    for shuffle in (True, False):
        model.fit(x, y, verbose=0, shuffle=shuffle, validation_split=0.2)
    model.evaluate(x, y)
    model.predict(x)
    np.testing.assert_array_equal(x, X.astype(np.float32))


def test_learning_goes_on_between_fits_and_a_new_compile_starts_the_optimiser_anew():
    def trained(*epochs):
        model = network()
        model.compile("adam", "mse")
        for n in epochs:
            model.fit(X, Y, epochs=n, verbose=0)
        return model

    np.testing.assert_array_equal(trained(3).theta, trained(1, 2).theta)
    model = trained(2)
    assert model.optimizer.iterations == 4
    model.compile("adam", "mse")
    assert model.optimizer.iterations == 0


def test_an_assigned_weight_is_trained():
    model = Sequential([Dense(1, input_dim=3)], dtype="float64")
    model.compile(SGD(0.1), "mse")
    for _ in range(2):  # before and after the step is planned
        model.layers[0].kernel = np.ones((3, 1), np.float32)
        model.fit(X, X @ [[2.0], [0.0], [-1.0]], epochs=60, verbose=0)
        np.testing.assert_allclose(model.predict(np.eye(3)), [[2.0], [0.0], [-1.0]], atol=1e-3)


def test_a_reset_optimiser_starts_anew():
    model, fresh = network(), network()
    model.compile("adam", "mse")
    model.fit(X, Y, epochs=2, verbose=0)
    model.optimizer.reset()
    fresh.compile("adam", "mse")
    fresh.set_weights(model.get_weights())
    model.fit(X, Y, verbose=0, seed=1)
    fresh.fit(X, Y, verbose=0, seed=1)
    np.testing.assert_array_equal(model.theta, fresh.theta)


def test_an_optimiser_cannot_be_shared_by_growing_a_model():
    adam, twin = Adam(), Adam()
    model, expected = network(), network()
    model.compile(adam, "mse")
    expected.compile(twin, "mse")
    model.fit(X, Y, verbose=0)
    expected.fit(X, Y, verbose=0)
    other = Sequential()
    other.compile(adam, "mse")
    other.add(Dense(1, input_dim=3))
    with pytest.raises(ValueError, match=r"^compile: optimizer must be a new one for every model, got Adam in use"):
        other.fit(X, Y, verbose=0)
    model.fit(X, Y, verbose=0)
    expected.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.theta, expected.theta)
    assert adam.iterations == 4


def test_learning_rate_changes_between_steps():
    model = network()
    model.compile(SGD(0.1), "mse")
    model.train_on_batch(X, Y)
    model.optimizer.learning_rate = 0.0
    before = model.theta.copy()
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(model.theta, before)


def test_layers_added_after_training_are_trained_too():
    model = network()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.add(Dense(1))
    before = model.theta.copy()
    model.fit(X, Y, verbose=0)
    assert (model.theta != before).all()


def test_a_model_without_weights_predicts_but_does_not_learn():
    model = Sequential([Activation("tanh")], dtype="float64")
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.predict(X), np.tanh(X))
    with pytest.raises(ValueError, match=r"^fit: model must be one with weights to learn, got none$"):
        model.fit(X, X, verbose=0)


def test_a_model_of_another_architecture_needs_four_methods():
    class Residual(Model):
        """x + tanh(x W + b)"""

        def __init__(self):
            super().__init__(None, "float64", seed=0)
            self.layers = [Dense(3, activation="tanh")]

        def infer_shape(self, input_shape):
            return input_shape

        def build(self, input_shape):
            self.layers[0].prepare(input_shape, self.dtype, 0)
            self.input_shape = self.output_shape = input_shape
            self._parameters = mmlcore.models.parameters.Parameters(self.layers, self.dtype)

        def _outputs(self, x):
            return x + self.layers[0].call(x)

    model = Residual()
    model.compile(SGD(0.1), "mse")
    losses = model.fit(X, 2 * X, epochs=50, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


class Wide(Model):
    """Two ways that are joined, and a list of layers."""

    def __init__(self, **options):
        super().__init__(**options)
        self.left, self.right = Dense(4, "tanh"), [Dense(5, "relu"), Dropout(0.2), BatchNormalization()]
        self.join, self.out = Concatenate(), Dense(3)

    def call(self, x):
        right = x
        for layer in self.right:
            right = layer(right)
        return self.out(self.join([self.left(x), right]))


def test_a_subclass_with_a_call_is_any_graph():
    model = Wide(seed=0, dtype="float64")
    model.compile("adam", "mse", ["mae"])
    losses = model.fit(X, 2 * X, epochs=200, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert model.not_captured == "the model is not a chain of layers"
    assert [layer.name for layer in model.layers] == [
        *("dense", "dense_1", "dropout", "batch_normalization", "concatenate", "dense_2")
    ]
    assert model.theta.size == 4 * 4 + 4 * 5 + 2 * 5 + 10 * 3
    assert model.count_params() == model.theta.size + 2 * 5
    np.testing.assert_array_equal(model.predict(X), model.predict(X))  # no dropout
    assert (model.layers[3].moving_mean != 0).any()
    again = Wide(seed=0, dtype="float64")
    again.compile("adam", "mse")
    assert again.fit(X, 2 * X, epochs=200, verbose=0).history["loss"] == losses


def test_gradients_of_a_subclass_against_finite_differences():
    model = Wide(seed=0, dtype="float64")
    model.right.pop(1)
    model.compile(SGD(0.0), "mse")
    model.train_on_batch(X, X)
    gradient, numeric = model.gradient.copy(), np.empty_like(model.theta)
    for i in range(numeric.size):
        kept, losses = model.theta[i], []
        for step in (1e-6, -1e-6):
            model.theta[i] = kept + step
            losses.append(model.train_on_batch(X, X))
        model.theta[i] = kept
        numeric[i] = (losses[0] - losses[1]) / 2e-6
    np.testing.assert_allclose(gradient, numeric, atol=1e-7)


def test_subclasses_say_what_is_missing():
    class Early(Model):
        def __init__(self):
            self.layer = Dense(1)

    with pytest.raises(
        RuntimeError, match=r"^Early: layers must be assigned afterwards, got an attribute before super"
    ):
        Early()
    with pytest.raises(NotImplementedError, match=r"^Model must define call\(self, x\)$"):
        Model().predict(X)
    shared = Dense(1)
    Sequential([shared])
    with pytest.raises(ValueError, match=r"^Model: layer must be new, got 'dense', which is in use$"):
        Model().layer = shared
    model = Wide()
    model.build((None, 3))
    with pytest.raises(ValueError, match=r"^build: input_shape must be \(None, 3\), got \(None, 4\)$"):
        model.build((None, 4))


def test_frozen_layers_stay_and_the_others_learn():
    frozen, free = Dense(4, "tanh", trainable=False), Dense(3)
    model = Sequential([frozen, free], dtype="float64", seed=0)
    model.build((None, 3))
    before = model.get_weights()
    model.compile(mmlcore.optimizers.AdamW(0.01, weight_decay=0.1, global_clipnorm=1.0), "mse")
    model.fit(X, 2 * X, epochs=5, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])
    assert (before[2] != after[2]).all()
    frozen.trainable = True
    model.compile("sgd", "mse")
    model.fit(X, 2 * X, verbose=0)
    assert (frozen.kernel != before[0]).any()
