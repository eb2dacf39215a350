"""The command ``mmlcore vae``: a semi-supervised variational auto-encoder of handwritten digits, and its pictures."""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.datasets import load_digits, load_mnist, shifted_copies
from mmlcore.layers import Conv2D, Dense, Dropout, Flatten, Layer, Reshape
from mmlcore.models import SemiSupervisedVAE
from mmlcore.optimizers import Adam, CosineDecay

__all__ = ["add_command", "run"]

_MNIST = 784  # pixels


def add_command(commands: Any, integer: Callable[..., Any]) -> None:
    """Add ``vae`` to a parser's commands; `integer(low)` makes a type."""
    vae = commands.add_parser(
        "vae",
        help="an auto-encoder of digits that draws digits of its own",
        description="Train a semi-supervised variational auto-encoder with a code of two numbers on handwritten digits "
        "(those of MNIST in nine places, moved by up to a pixel), classify test images by the nearest centroid, and "
        "draw the plane of codes.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    where = "a folder with MNIST's four files, or 'digits' for the 8×8 ones of the package"
    vae.add_argument("--data", metavar="DIR", default="digits", help=where)
    vae.add_argument("--samples", type=integer(1), default=5000, metavar="N", help="at most so many training images")
    vae.add_argument(
        "--labels", type=integer(0), default=argparse.SUPPRESS, metavar="N", help="labelled ones (default: all)"
    )
    epochs = "passes over the training images (default: 12 of MNIST, 40 of the digits)"
    vae.add_argument("--epochs", type=integer(1), default=argparse.SUPPRESS, metavar="N", help=epochs)
    vae.add_argument("--seed", type=integer(0), default=0, metavar="N", help="of weights, noise and shuffling")
    vae.add_argument("--threads", type=integer(1), default=None, metavar="N", help="(as 'mmlcore info' says)")
    vae.add_argument("--plot", metavar="DIR", help="a folder for pictures: plane, grid, samples, reconstructions, loss")
    vae.add_argument("--out", metavar="MODEL", help="save the model as this file")


def _network(pixels: int, seed: int) -> SemiSupervisedVAE:
    """Dense layers to the code and back, of images of 28×28 behind two convolutions."""
    hidden: list[Layer] = [Dense(256, "relu"), Dense(128, "relu"), Dense(64, "relu")]
    decoder: list[Layer] = [Dense(128, "relu"), Dense(512, "relu"), Dense(pixels, "sigmoid")]
    if pixels < _MNIST:
        return SemiSupervisedVAE(hidden, decoder, seed=seed)
    convolutions = [Conv2D(32, 5, strides=2, activation="relu"), Conv2D(64, 3, strides=2, activation="relu")]
    encoder = [Reshape((28, 28, 1)), *convolutions, Flatten(), Dropout(0.3), *hidden]
    return SemiSupervisedVAE(encoder, decoder, warmup=1, drift=1.0, seed=seed)


def _data(arguments: argparse.Namespace) -> tuple[Any, Any]:
    if arguments.data == "digits":
        return load_digits()
    if not Path(arguments.data).is_dir():
        raise ValueError(message("vae", "--data", "a folder or 'digits'", repr(arguments.data)))
    return load_mnist(arguments.data)


def _require_writable(arguments: argparse.Namespace) -> None:
    """Raise an error before a training that would be lost."""
    if arguments.plot:
        from mmlcore import plot

        plot.require_matplotlib()
        if Path(arguments.plot).exists() and not Path(arguments.plot).is_dir():
            raise ValueError(message("vae", "--plot", "a folder", repr(arguments.plot)))
    if arguments.out:
        folder = Path(arguments.out).resolve().parent
        if Path(arguments.out).is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise ValueError(message("vae", "--out", "a file in a folder that can be written to", repr(arguments.out)))


def run(arguments: argparse.Namespace) -> None:
    """Do what the parsed arguments say."""
    if arguments.threads is not None:
        from mmlcore import set_num_threads

        set_num_threads(arguments.threads)
    _require_writable(arguments)
    (x, y), test = _data(arguments)
    x, y = x[: arguments.samples], y[: arguments.samples].astype(np.int64)
    labelled = min(len(x), getattr(arguments, "labels", len(x)))
    known = np.where(np.arange(len(x)) < labelled, y, -1)
    print(f"{len(x)} training images, {labelled} with labels, {len(test[0])} test images", flush=True)

    model = _network(x.shape[1], arguments.seed)
    large = x.shape[1] == _MNIST
    images, labels = shifted_copies(x, known) if large else (x, known)
    batch, rate = (128, 1e-3) if large else (32, 3e-3)
    epochs = getattr(arguments, "epochs", 12 if large else 40)
    model.compile(Adam(CosineDecay(rate, epochs * -(-len(images) // batch))))
    start = time.perf_counter()
    history = model.fit(images, labels, batch_size=batch, epochs=epochs)
    seconds = time.perf_counter() - start
    last = {name: values[-1] for name, values in history.history.items()}
    print(f"reconstruction {last['reconstruction']:.2f}, divergence {last['kl']:.2f} nats, {seconds:.2f} s of training")
    if labelled:
        model.update_centroids(x, known)
        print(f"nearest centroid: training accuracy {model.score(x, y):.4f}, test accuracy {model.score(*test):.4f}")
    if arguments.plot:
        from mmlcore import plot

        for path in plot.autoencoder_report(model, history, test[0], test[1], arguments.plot):
            print(f"wrote {path}")
    if arguments.out:
        model.save(arguments.out)
        print(f"saved {arguments.out}")
