"""F5, the convolutional network of the Notes' notebook 9 on MNIST: 16, 32 and 32 filters 3×3, then ten classes.

Each convolution has a rectifier and a 2×2 maximum. Gaussian noise disturbs the training images; Adam's rate falls when
the test accuracy stands.

--data FOLDER holds the four IDX files; without it MMLCORE_DATA/mnist. Where that is not there either, and with --quick,
the 8×8 digits of the package take MNIST's place.
--plot FILE draws mistakes, filters, feature maps and the confusion matrix.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from mmlcore.callbacks import ReduceLROnPlateau
from mmlcore.datasets import load_digits, load_mnist
from mmlcore.layers import Conv2D, Dense, Flatten, GaussianNoise, MaxPooling2D
from mmlcore.models import Sequential
from mmlcore.optimizers import Adam


def network(extent: int, noise: float) -> Sequential:
    """The notebook's layers; 8×8 pixels bear two of the three maxima."""
    layers: list[Any] = [GaussianNoise(noise, input_shape=(extent, extent, 1))]
    for i, filters in enumerate((16, 32, 32)):
        layers.append(Conv2D(filters, 3, padding="same", activation="relu"))
        if extent >> (i + 1) > 1:
            layers.append(MaxPooling2D(2))
    model = Sequential([*layers, Flatten(), Dense(10, "softmax")], seed=0)
    model.compile(Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train and print the accuracies on the test images, epoch by epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--noise", type=float, default=0.1, help="standard deviation of what is added to a pixel")
    parser.add_argument("--quick", action="store_true", help="the digits of the package, five epochs")
    parser.add_argument("--plot", metavar="FILE")
    arguments = parser.parse_args()

    if arguments.data is not None and not arguments.data.is_dir():
        parser.error(f"--data must be a folder, got {arguments.data}")
    folder = arguments.data or Path(os.environ.get("MMLCORE_DATA", ".")) / "mnist"
    small = arguments.quick or not folder.is_dir()
    (x, y), (x_test, y_test) = load_digits() if small else load_mnist(folder)
    extent = 8 if small else 28
    x, x_test = (images.reshape(-1, extent, extent, 1) for images in (x, x_test))
    print(f"{'digits' if small else 'MNIST'} ({extent}×{extent}): {len(x)} training and {len(x_test)} test images")

    model = network(extent, arguments.noise)
    epochs = 5 if arguments.quick else arguments.epochs
    drop = ReduceLROnPlateau(monitor="val_accuracy", factor=0.1, patience=3)
    start = time.perf_counter()
    history = model.fit(
        x,
        y,
        batch_size=32,
        epochs=epochs,
        validation_data=(x_test, y_test),
        callbacks=[drop],
        seed=0,
        verbose=0,
    )
    seconds = time.perf_counter() - start
    accuracies = history.history["val_accuracy"]
    for epoch, accuracy in enumerate(accuracies, 1):
        print(f"epoch {epoch}: test accuracy {accuracy:.4f}")
    print(f"best {max(accuracies):.4f}; {seconds / epochs:.2f} s an epoch, the test images included")

    if arguments.plot:
        from mmlcore import plot

        predicted = model.predict(x_test).argmax(axis=1)
        shown, first = int(np.argmin(predicted == y_test)), model.layers[1]
        filters, maps = np.moveaxis(first.kernel[:, :, 0], -1, 0), np.moveaxis(first(x_test[[shown]])[0], -1, 0)
        report = plot.training_report(history, x_test[..., 0], y_test, predicted, filters, maps)
        report.savefig(arguments.plot)


if __name__ == "__main__":
    main()
