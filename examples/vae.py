"""G2, the variational auto-encoder: the loss of (11.3), codes grouped about the origin (Notes 11.3, figures 11.4-5).

Trained on the first 5 000 images of MNIST and tested on the first 5 000 test images, classified by the nearest centroid
of the training codes; the Notes have 55 %. The divergence (11.3) is checked against draws from the codes.

--data FOLDER holds the four IDX files; without it MMLCORE_DATA/mnist. Where there is neither, and with --quick, the
8×8 digits of the package take MNIST's place.
"""

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from mmlcore.callbacks import History
from mmlcore.datasets import load_digits, load_mnist
from mmlcore.layers import Activation, BatchNormalization, Dense, Dropout, Layer
from mmlcore.models import VariationalAutoEncoder
from mmlcore.optimizers import Adam

SAMPLES, BATCH, EPOCHS = 5000, 64, 40


def data(folder: Path | None, quick: bool) -> tuple[str, Any, Any]:
    """Name, training and test images with labels."""
    folder = folder or Path(os.environ.get("MMLCORE_DATA", ".")) / "mnist"
    if quick or not folder.is_dir():
        return "digits (8×8)", *load_digits()
    return "MNIST", *load_mnist(folder)


def network(pixels: int, seed: int) -> VariationalAutoEncoder:
    """Rectifiers down to the code and up again, with normalised batches and dropout in the encoder.

    Pixels are normal with variance 0.02: that is β, beside ½ Σ (x - x̂)², the likelihood of variance 1.
    """
    encoder: list[Layer] = []
    for units in (512, 256):
        encoder += [Dense(units), BatchNormalization(), Activation("relu")]
    encoder.insert(3, Dropout(0.3))
    decoder = [Dense(256, "relu"), Dense(512, "relu"), Dense(pixels, "sigmoid")]
    model = VariationalAutoEncoder(encoder, decoder, latent_dim=2, likelihood="gaussian", beta=0.02, seed=seed)
    model.compile(Adam(1e-3))
    return model


def divergence_by_draws(model: VariationalAutoEncoder, x: Any, draws: int = 2000) -> tuple[float, float]:
    """Mean of log p(z) - log q(z) over draws z from the code p of every image, q = N(0, 1); and its standard error."""
    mean, variance = (part[:, None].astype(float) for part in model.posterior(x))
    noise = np.random.default_rng(0).standard_normal((len(x), draws, mean.shape[2]))
    z = mean + np.sqrt(variance) * noise
    logs = 0.5 * (z**2 - noise**2 - np.log(variance)).sum(axis=2)
    return float(logs.mean()), float(logs.std() / np.sqrt(logs.size))


def picture(model: VariationalAutoEncoder, history: History, x: Any, y: Any, file: str) -> None:
    """The loss in its parts, images and reconstructions, the plane and what it is decoded to."""
    from matplotlib.figure import Figure

    from mmlcore import plot

    figure: Any = Figure(figsize=(12, 10), layout="constrained")
    top, middle, bottom = figure.subfigures(3, 1, height_ratios=(2, 1, 4))
    plot.LossPartsDisplay.from_history(history).plot(top)
    plot.ReconstructionsDisplay.from_model(model, x).plot(middle.subplots())
    left, right = bottom.subplots(1, 2)
    plot.LatentDisplay.from_model(model, x, y).plot(left)
    plot.DecodedGridDisplay.from_model(model, (-2, 2, -2, 2)).plot(right)
    figure.savefig(file)


def main() -> None:
    """Train and print the accuracies and the parts of the loss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--seeds", type=int, default=1, help="models; the median counts")
    parser.add_argument("--quick", action="store_true", help="the digits of the package, five epochs")
    parser.add_argument("--plot", metavar="FILE")
    arguments = parser.parse_args()

    name, *sets = data(arguments.data, arguments.quick)
    x, y, x_test, y_test = (array[:SAMPLES] for pair in sets for array in pair)
    epochs = 5 if arguments.quick else EPOCHS
    print(f"{name}: {len(x)} training and {len(x_test)} test images, chance is 10 %, the Notes have 55 %")
    scores = []
    for seed in range(arguments.seeds):
        model = network(x.shape[1], seed)
        start = time.perf_counter()
        history = model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
        seconds = time.perf_counter() - start
        scores.append(model.score(x_test, y_test))
        parts = model.evaluate(x_test, return_dict=True)
        nats = parts["reconstruction"] / model.beta
        print(
            f"seed {seed}: reconstruction {nats:.2f} nats, divergence {parts['kl']:.2f} nats, "
            f"training accuracy {model.score(x, y):.4f}, test accuracy {scores[-1]:.4f}, {seconds:.1f} s"
        )
    print(f"median test accuracy {statistics.median(scores):.4f}")
    exact = model.evaluate(x_test[:200], return_dict=True)["kl"]
    drawn, error = divergence_by_draws(model, x_test[:200])
    print(f"divergence of 200 codes by (11.3): {exact:.4f}; by draws: {drawn:.4f} ± {error:.4f}")
    if arguments.plot:
        picture(model, history, x, y, arguments.plot)
        print(f"wrote {arguments.plot}")


if __name__ == "__main__":
    main()
