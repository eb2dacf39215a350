"""A denoising auto-encoder: it sees images with noise, and learns to give back those without (beyond Notes 11.2).

The noise is a layer, in front of the encoder while it learns. The test images get noise of their own; the mean squared
error that remains is set against that of the noise itself.

--data FOLDER holds MNIST's four IDX files; without it MMLCORE_DATA/mnist. Where there is neither, and with --quick, the
8×8 digits of the package take MNIST's place.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from mmlcore.datasets import load_digits, load_mnist
from mmlcore.layers import Dense, GaussianNoise
from mmlcore.models import AutoEncoder

SAMPLES, CODE, EPOCHS = 5000, 64, 20


def network(pixels: int, noise: float) -> AutoEncoder:
    """A hidden layer on both sides of a code of 64 numbers."""
    encoder = [GaussianNoise(noise), Dense(512, "relu"), Dense(CODE, "relu")]
    return AutoEncoder(encoder, [Dense(512, "relu"), Dense(pixels, "sigmoid")], seed=0)


def main() -> None:
    """Train and print how much of the noise is taken away."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--noise", type=float, default=0.4, help="standard deviation of what is added to a pixel")
    parser.add_argument("--quick", action="store_true", help="the digits of the package, five epochs")
    parser.add_argument("--plot", metavar="FILE")
    arguments = parser.parse_args()

    folder = arguments.data or Path(os.environ.get("MMLCORE_DATA", ".")) / "mnist"
    sets: Any = load_digits() if arguments.quick or not folder.is_dir() else load_mnist(folder)
    x, x_test = sets[0][0][:SAMPLES], sets[1][0][:SAMPLES]
    model = network(x.shape[1], arguments.noise)
    start = time.perf_counter()
    model.fit(x, batch_size=64, epochs=5 if arguments.quick else EPOCHS, verbose=0)
    seconds = time.perf_counter() - start

    rng = np.random.default_rng(0)
    noisy = x_test + (arguments.noise * rng.standard_normal(x_test.shape)).astype(x_test.dtype)
    clean = model.reconstruct(noisy)
    before, after = float(((noisy - x_test) ** 2).mean()), float(((clean - x_test) ** 2).mean())
    print(f"{len(x)} training images, {seconds:.1f} s of training")
    print(f"mean squared error of {len(x_test)} test images with noise {before:.4f}, without it again {after:.4f}")
    if arguments.plot:
        from matplotlib.figure import Figure

        from mmlcore import plot

        figure: Any = Figure(figsize=(10, 3), layout="constrained")
        plot.ReconstructionsDisplay(x_test[:12], clean[:12], seen=noisy[:12]).plot(figure.subplots())
        figure.savefig(arguments.plot)
        print(f"wrote {arguments.plot}")


if __name__ == "__main__":
    main()
