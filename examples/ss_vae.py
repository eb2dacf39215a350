"""G3, the semi-supervised variational auto-encoder: classes held to centres of their own (Notes 11.4, figures 11.6-9).

One epoch without labels, then (11.4): after every epoch the centres are the mean codes of the classes, centred about
the origin and drifted apart. Trained on the first 5 000 images of MNIST, each in nine places, moved by up to a pixel;
tested on the first 5 000 test images by the nearest centroid. The Notes have 99.9 % in training and 90 % in test.

--data FOLDER holds the four IDX files; without it MMLCORE_DATA/mnist. Where there is neither, and with --quick, the
8×8 digits of the package take MNIST's place.
"""

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

from mmlcore.datasets import load_digits, load_mnist, shifted_copies
from mmlcore.layers import Conv2D, Dense, Dropout, Flatten, Layer, Reshape
from mmlcore.models import SemiSupervisedVAE
from mmlcore.optimizers import Adam, CosineDecay

SAMPLES, BATCH, EPOCHS = 5000, 128, 20


def data(folder: Path | None, quick: bool) -> tuple[str, Any, Any]:
    """Name, training and test images with labels."""
    folder = folder or Path(os.environ.get("MMLCORE_DATA", ".")) / "mnist"
    if quick or not folder.is_dir():
        return "digits (8×8)", *load_digits()
    return "MNIST", *load_mnist(folder)


def network(pixels: int, steps: int, seed: int) -> SemiSupervisedVAE:
    """Convolutions that halve the image twice, four dense layers to the code; two dense layers back."""
    side = round(pixels**0.5)
    encoder: list[Layer] = [
        Reshape((side, side, 1)),
        Conv2D(32, 5 if side > 8 else 3, strides=2, activation="relu"),
        Conv2D(64, 3, strides=2 if side > 8 else 1, activation="relu"),
        Flatten(),
        Dropout(0.2),
        Dense(256, "relu"),
        Dense(128, "relu"),
        Dense(64, "relu"),
    ]
    decoder: list[Layer] = [Dense(128, "relu"), Dense(512, "relu"), Dense(pixels, "sigmoid")]
    model = SemiSupervisedVAE(encoder, decoder, warmup=1, drift=1.0, seed=seed)
    model.compile(Adam(CosineDecay(1e-3, steps)))
    return model


def picture(model: SemiSupervisedVAE, train: tuple[Any, Any], test: tuple[Any, Any], file: str) -> None:
    """The planes of training and test images, samples of every class, the grid."""
    from matplotlib.figure import Figure

    from mmlcore import plot

    figure: Any = Figure(figsize=(12, 12), layout="constrained")
    (training, testing), (samples, grid) = figure.subplots(2, 2)
    plot.LatentDisplay.from_model(model, *train).plot(training).ax_.set_title("training images")
    plot.LatentDisplay.from_model(model, *test).plot(testing).ax_.set_title("test images")
    plot.ClassSamplesDisplay.from_model(model).plot(samples)
    plot.DecodedGridDisplay.from_model(model, n=20).plot(grid)
    figure.savefig(file)


def main() -> None:
    """Train, print the accuracies, say how well the samples are recognised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=1, help="models; the median counts")
    parser.add_argument("--quick", action="store_true", help="the digits of the package, three epochs")
    parser.add_argument("--plot", metavar="FILE")
    arguments = parser.parse_args()

    name, *sets = data(arguments.data, arguments.quick)
    x, y, x_test, y_test = (array[:SAMPLES] for pair in sets for array in pair)
    epochs = 3 if arguments.quick else EPOCHS
    print(f"{name}: {len(x)} training and {len(x_test)} test images, the Notes have 99.9 % and 90 %")
    moved, labels = shifted_copies(x, y, by=1 if name == "MNIST" else 0)
    scores = []
    for seed in range(arguments.seeds):
        model = network(x.shape[1], epochs * -(-len(moved) // BATCH), seed)
        start = time.perf_counter()
        model.fit(moved, labels, batch_size=BATCH, epochs=epochs, verbose=0)
        seconds = time.perf_counter() - start
        model.update_centroids(x, y)
        scores.append((model.score(x, y), model.score(x_test, y_test)))
        print(f"seed {seed}: training accuracy {scores[-1][0]:.4f}, test accuracy {scores[-1][1]:.4f}, {seconds:.1f} s")
    train, test = (statistics.median(column) for column in zip(*scores, strict=True))
    print(f"median training accuracy {train:.4f}, test accuracy {test:.4f}")
    kept = [(model.predict(model.sample(100, k, scale=0.5, seed=k)) == k).mean() for k in range(10)]
    print(
        "samples that are taken for their class again: " + ", ".join(f"{k} {share:.0%}" for k, share in enumerate(kept))
    )
    if arguments.plot:
        picture(model, (x, y), (x_test, y_test), arguments.plot)
        print(f"wrote {arguments.plot}")


if __name__ == "__main__":
    main()
