"""E6, the x² network: the listing of the DRP with `keras` replaced by `mmlcore`.

A network with two hidden layers of sigmoids learns y = x² on the integers from -10 to 9 by plain stochastic
gradient descent. With --quick the data and the epochs are fewer, and with --seeds N the whole is repeated.
"""

import argparse
import time

import numpy as np

from mmlcore.layers import Dense
from mmlcore.models import Sequential


def listing(samples: int, epochs: int, verbose: object) -> float:
    """The listing as printed (data, model, evaluation); returns the share of right answers after rounding."""
    # load the dataset
    f = lambda x: x * x  # noqa: E731  # Defining the function
    LOWER_LIMIT = -10  # Inclusive limit
    UPPER_LIMIT = 10  # Exclusive limit

    X = np.random.randint(low=LOWER_LIMIT, high=UPPER_LIMIT, size=(samples, 1))  # noqa: NPY002

    # Convert the data type to float32
    X = X.astype(np.float32)

    y_function = np.vectorize(f)
    Y = y_function(X)  # Creating vector of y values

    # define the model
    model = Sequential()
    model.add(Dense(32, input_dim=1, activation="sigmoid"))  # NOTE 1: Sigmoid activation
    model.add(Dense(64, activation="sigmoid"))
    model.add(Dense(1))
    # compile the model
    model.compile(loss="mean_squared_error", optimizer="SGD", metrics=["mae"])  # NOTE 2: 'mae' instead of 'accuracy'

    # fit the model on the dataset
    model.fit(X, Y, epochs=epochs, batch_size=200, verbose=verbose)

    # Evaluating the model
    LOW = -10
    HIGH = 10
    test_size = 10000

    sample_X = np.random.randint(LOW, HIGH, test_size, dtype=int)  # noqa: NPY002
    sample_X.reshape(-1, 1)  # This is just making sure things are formatted nicely, ignore this
    sample_Y = np.vectorize(f)(sample_X)  # True 'desired' outputs

    predictions = model.predict(sample_X)  # Making predictions with the model
    rounded_pred = np.round(predictions)
    rounded_pred = rounded_pred.astype(int)  # Rounding things and converting to a nice datatype
    return float(np.mean(rounded_pred[:, 0] == sample_Y))


def main() -> None:
    """Run the listing for every seed and print the accuracies and their median."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many seeds (default: 5)")
    parser.add_argument("--quick", action="store_true", help="one seed, 20 epochs of 1000 samples")
    arguments = parser.parse_args()

    seeds, samples, epochs = (1, 1000, 20) if arguments.quick else (arguments.seeds, 10000, 500)
    accuracies = []
    for seed in range(seeds):
        np.random.seed(seed)  # noqa: NPY002
        start = time.perf_counter()
        accuracies.append(listing(samples, epochs, verbose=0))
        print(f"seed {seed}: accuracy {accuracies[-1]:.2%} in {time.perf_counter() - start:.2f} s", flush=True)
    print(f"median of {seeds}: {np.median(accuracies):.2%}")


if __name__ == "__main__":
    main()
