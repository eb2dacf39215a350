"""A chain of layers: growing it, its shapes, its errors."""

import copy
import pickle
import runpy

import numpy as np
import pytest

from mmlcore import grad
from mmlcore.layers import LSTM, Activation, Dense, Layer
from mmlcore.models import Sequential


def test_adding_keeps_the_weights_that_are_there():
    model = Sequential(seed=0)
    model.add(Dense(4, input_dim=3))
    kernel = model.layers[0].kernel.copy()
    first_theta = model.theta
    model.add(Dense(2))
    assert model.theta.size == first_theta.size + 4 * 2 + 2
    np.testing.assert_array_equal(model.layers[0].kernel, kernel)
    assert all(np.shares_memory(w, model.theta) for layer in model.layers for w in layer.weights)
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 2))


def test_layers_without_a_shape_wait_for_it():
    model = Sequential([Activation("relu"), Dense(2)])
    assert not model.built
    with pytest.raises(ValueError, match=r"^Sequential: model must be built, got one whose number of inputs"):
        _ = model.theta
    model.build((None, 5))
    assert model.count_params() == 12
    model.build((7, 5))
    with pytest.raises(ValueError, match=r"^build: input_shape must be \(None, 5\), got \(None, 6\)$"):
        model.build((None, 6))


def test_equal_seeds_give_equal_models_and_numpy_s_global_seed_works():
    def make(seed):
        return Sequential([Dense(4, input_dim=3), Dense(2)], seed=seed).theta

    np.testing.assert_array_equal(make(3), make(3))
    assert not np.array_equal(make(3), make(4))
    np.random.seed(1)  # noqa: NPY002
    first = make(None)
    np.random.seed(1)  # noqa: NPY002
    np.testing.assert_array_equal(make(None), first)


def test_outputs_are_the_layers_one_after_another():
    model = Sequential([Dense(4, activation="tanh", input_dim=3), Dense(2, activation="softmax")], dtype="float64")
    x = np.random.default_rng(0).standard_normal((5, 3))
    w, b, u, c = model.get_weights()
    z = np.exp(np.tanh(x @ w + b) @ u + c)
    np.testing.assert_allclose(model(x), z / z.sum(axis=1, keepdims=True), rtol=1e-12)
    np.testing.assert_allclose(model.predict(x), model(x))


def test_a_model_can_be_differentiated_with_respect_to_its_inputs():
    model = Sequential([Dense(4, activation="tanh", input_dim=3), Dense(1)], dtype="float64", seed=0)
    x = np.random.default_rng(0).standard_normal((1, 3))
    w, b, u, _ = model.get_weights()
    expected = ((1 - np.tanh(x @ w + b) ** 2) * u.T) @ w.T
    np.testing.assert_allclose(grad(lambda x: model(x).sum())(x), expected, rtol=1e-12)


def test_names_are_unique():
    model = Sequential([Dense(1), Dense(1), Activation("relu"), Dense(1)])
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "activation", "dense_2"]
    with pytest.raises(ValueError, match=r"^Sequential.add: layer must be of a name that is not taken, got 'dense'$"):
        model.add(Dense(1, name="dense"))
    assert len(model.layers) == 4


def test_layers_refused_leave_the_model_alone():
    class Picky(Layer):
        def compute_output_shape(self, input_shape):
            raise ValueError("Picky: inputs must be perfect")

    model = Sequential([Dense(2, input_dim=1)])
    theta = model.theta
    for layer, error, text in [
        (np.tanh, TypeError, r"^Sequential.add: layer must be a Layer, got <ufunc 'tanh'>$"),
        (Dense, TypeError, r"^Sequential.add: layer must be a Layer, got <class"),
        (
            model.layers[0],
            ValueError,
            r"^Sequential.add: layer must be new, got 'dense', which has weights already$",
        ),
        (Picky(), ValueError, "perfect"),
    ]:
        with pytest.raises(error, match=text):
            model.add(layer)
    assert len(model.layers) == 1
    assert model.theta is theta

    twice = Dense(2)
    with pytest.raises(ValueError, match=r"^Sequential.add: layer must be new, got 'dense', which is in a model$"):
        Sequential([twice, twice])


def test_two_models_cannot_share_a_layer():
    shared = Dense(2)
    first = Sequential([shared])
    with pytest.raises(ValueError, match=r"^Sequential.add: layer must be new, got 'dense', which is in a model$"):
        Sequential([shared])
    first.build((None, 3))
    assert first.predict(np.ones((1, 3))).shape == (1, 2)


def bad_weights(shape, rng):
    return np.zeros(3)


def test_a_layer_that_cannot_be_built_is_not_added():
    for model in (Sequential(), Sequential([Dense(4, input_dim=4)])):
        bad = Dense(1, input_dim=4, kernel_initializer=bad_weights)
        before = model.layers, model.input_shape, model.output_shape, model.built
        for _ in range(2):
            with pytest.raises(ValueError, match=r"^initializer: values must be shape \(4, 1\), got shape \(3,\)$"):
                model.add(bad)
        assert (model.layers, model.input_shape, model.output_shape, model.built) == before
        bad.kernel_initializer = "ones"
        model.add(bad)
        assert model.count_params() == 5 + 20 * (len(model.layers) - 1)


def test_a_build_that_fails_can_be_tried_again():
    model = Sequential([Dense(2), Dense(1, kernel_initializer=bad_weights)])
    with pytest.raises(ValueError, match=r"^initializer: values"):
        model.build((None, 4))
    assert not model.built
    assert not model.layers[0].built
    model.layers[1].kernel_initializer = "ones"
    model.build((None, 7))
    assert model.count_params() == 7 * 2 + 2 + 2 + 1


@pytest.mark.parametrize(
    ("input_shape", "error", "text"),
    [
        (5, TypeError, r"a tuple, such as \(None, 64\), got 5$"),
        ((), TypeError, r"a tuple, such as \(None, 64\), got \(\)$"),
        ((None, -5), ValueError, "a positive integer, got -5$"),
        ((None, "a"), ValueError, "a positive integer, got 'a'$"),
    ],
)
def test_shapes_to_build_for(input_shape, error, text):
    with pytest.raises(error, match=r"^build: input_shape must be " + text):
        Sequential([Dense(2)]).build(input_shape)


def test_an_empty_model_says_so():
    with pytest.raises(
        ValueError, match=r"^Sequential: model must be at least one layer, got none; call add\(layer\)$"
    ):
        Sequential().predict([[1.0]])


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent_and_go_on_alike(duplicate):
    x = np.linspace(-1, 1, 40)
    model = Sequential([Dense(8, activation="tanh", input_dim=1), Dense(1)], seed=0)
    model.compile("adam", "mse", ["mae"])
    model.fit(x, x**2, epochs=2, verbose=0)
    twin = duplicate(model)
    np.testing.assert_array_equal(twin.theta, model.theta)
    assert not np.shares_memory(twin.theta, model.theta)
    first = model.fit(x, x**2, epochs=2, verbose=0).history
    assert twin.fit(x, x**2, epochs=2, verbose=0).history == first
    np.testing.assert_array_equal(twin.theta, model.theta)


LISTING = """
import numpy as np
from numpy import loadtxt
from keras.models import Sequential
from keras.layers import Dense

# load the dataset

f = lambda x : x*x #Defining the function
LOWER_LIMIT = -10 # Inclusive limit
UPPER_LIMIT = 10 # Exclusive limit

X = np.random.randint( low=LOWER_LIMIT , high=UPPER_LIMIT , size=( 10000 , 1 ) )

# Convert the data type to float32
X = X.astype( np.float32 )

y_function = np.vectorize( f )
Y = y_function( X ) #Creating vector of y values
# define the keras model
model = Sequential()
model.add(Dense(32, input_dim=1, activation='sigmoid')) #NOTE 1: Sigmoid activation
model.add(Dense(64, activation='sigmoid'))
model.add(Dense(1))
# compile the keras model
model.compile(loss='mean_squared_error', optimizer='SGD', metrics=['mae']) #NOTE 2: Different Metric 'mae' instead of
# 'accuracy'. See article 1.

# fit the keras model on the dataset
model.fit(X, Y, epochs=500, batch_size=200)

#Evaluating the model
LOW = -10
HIGH = 10
test_size = 10000

sample_X = np.random.randint(LOW,HIGH,test_size, dtype = int) #Creating the training input
sample_X.reshape(-1,1) #This is just making sure things are formatted nicely, ignore this
sample_Y = np.vectorize(f)(sample_X) #True 'desired' outputs

predictions = model.predict( sample_X ) #Making predictions with the model
rounded_pred = np.round( predictions )
rounded_pred = rounded_pred.astype(int) #Rounding things and converting to a nice datatype
"""


def test_the_drp_listing_runs_as_printed(capsys):
    # MISSION E6; with fewer epochs, so it learns less (examples/square_function.py has the accuracies)
    state: dict = {}
    exec(LISTING.replace("keras.", "mmlcore.").replace("epochs=500", "epochs=20"), state)
    assert capsys.readouterr().err.count("mae: ") == 20
    assert state["rounded_pred"].shape == (10000, 1)
    loss = state["model"].history.history["loss"]
    assert loss[-1] < 0.5 * loss[0]


def test_the_drp_listing_learns_the_square(repository):
    """MISSION E6 at full length: 95.06 % right, from three of at most ten seeds.

    After 500 epochs the listing either rounds nearly everything right or sits on a plateau; which seeds do what
    changes with the instruction set. Of 60 seeds 38 succeeded (Keras: 18 of 25). With p = 0.63 fewer than three
    of ten succeed with probability Σ_{k<3} C(10,k) p^k (1-p)^(10-k) = 0.00005 + 0.0008 + 0.0063 = 0.7 %, whereas
    a network that does not learn rounds hardly one number in ten right, whatever the seed.
    """
    listing = runpy.run_path(str(repository / "examples" / "square_function.py"))["listing"]
    right = 0
    for seed in range(10):
        np.random.seed(seed)  # noqa: NPY002
        right += listing(10_000, 500, verbose=0) >= 0.9506
        if right == 3:
            return
    pytest.fail(f"{right} of 10 seeds")


def test_a_layer_that_returns_its_state_is_refused():
    model = Sequential()
    with pytest.raises(ValueError, match=r"Sequential.add: layer must be without return_state, got one with it"):
        model.add(LSTM(4, return_state=True))
    assert not model.layers
