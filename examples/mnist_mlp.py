"""F3, MNIST: one softmax layer, and a network with a hidden layer of 20, as in the Notes' notebook 8.

--data FOLDER holds the four IDX files; without it MMLCORE_DATA/mnist. Where there is neither, and with --quick, the
8×8 digits of the package take MNIST's place.
"""

import argparse
import os
import time
from pathlib import Path

from mmlcore.datasets import load_digits, load_mnist
from mmlcore.layers import Dense
from mmlcore.models import Sequential

NETWORKS = {"softmax layer": (), "hidden layer of 20": (20,)}


def network(hidden: tuple[int, ...]) -> Sequential:
    """Hidden layers of rectifiers, then ten probabilities."""
    layers = [Dense(units, "relu") for units in hidden]
    model = Sequential([*layers, Dense(10, "softmax")], seed=0)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train both and print their accuracies on the test images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="the digits of the package")
    arguments = parser.parse_args()

    folder = arguments.data or Path(os.environ.get("MMLCORE_DATA", ".")) / "mnist"
    if arguments.quick or not folder.is_dir():
        name, data = "digits (8×8)", load_digits()
    else:
        name, data = "MNIST", load_mnist(folder)
    (x, y), (x_test, y_test) = data
    print(f"{name}: {len(x)} training and {len(x_test)} test images of {x.shape[1]} pixels")
    for title, hidden in NETWORKS.items():
        model = network(hidden)
        start = time.perf_counter()
        model.fit(x, y, batch_size=32, epochs=arguments.epochs, seed=0, verbose=0)
        seconds = time.perf_counter() - start
        loss, accuracy = model.evaluate(x_test, y_test)
        print(f"{title}: test accuracy {accuracy:.4f}, loss {loss:.4f}, {seconds:.1f} s for {arguments.epochs} epochs")


if __name__ == "__main__":
    main()
