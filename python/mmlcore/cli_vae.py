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
from mmlcore.layers import Dense, Dropout, Layer
from mmlcore.models import SemiSupervisedVAE
from mmlcore.optimizers import Adam, CosineDecay

__all__ = ["add_command", "run"]

_BATCH = 128


def add_command(commands: Any, integer: Callable[..., Any]) -> None:
    """Add ``vae`` to a parser's commands; `integer(low)` makes a type."""
    vae = commands.add_parser(
        "vae",
        help="an auto-encoder of digits that draws digits of its own",
        description="Train a semi-supervised variational auto-encoder with a code of two numbers on handwritten digits "
        "(each image in nine places, moved by up to a pixel), classify test images by the nearest centroid, and draw "
        "the plane of codes.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    where = "a folder with MNIST's four files, or 'digits' for the 8×8 ones of the package"
    vae.add_argument("--data", metavar="DIR", default="digits", help=where)
    vae.add_argument("--samples", type=integer(1), default=5000, metavar="N", help="at most so many training images")
    vae.add_argument(
        "--labels", type=integer(0), default=argparse.SUPPRESS, metavar="N", help="labelled ones (default: all)"
    )
    vae.add_argument("--epochs", type=integer(1), default=12, metavar="N", help="passes over the training images")
    vae.add_argument("--seed", type=integer(0), default=0, metavar="N", help="of weights, noise and shuffling")
    vae.add_argument("--threads", type=integer(1), default=None, metavar="N", help="(as 'mmlcore info' says)")
    vae.add_argument("--plot", metavar="DIR", help="a folder for pictures: plane, grid, samples, reconstructions, loss")
    vae.add_argument("--out", metavar="MODEL", help="save the model as this file")


def _network(pixels: int, seed: int) -> SemiSupervisedVAE:
    """Four layers of rectifiers to the code and two back."""
    widths = (512, 256, 128, 64) if pixels > 100 else (128, 128, 64)
    encoder: list[Layer] = [Dropout(0.1), Dense(widths[0], "relu"), Dropout(0.2)]
    encoder += [Dense(width, "relu") for width in widths[1:]]
    decoder = [Dense(widths[2], "relu"), Dense(widths[0], "relu"), Dense(pixels, "sigmoid")]
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
    moved = shifted_copies(x, known)
    steps = arguments.epochs * -(-len(moved[0]) // _BATCH)
    model.compile(Adam(CosineDecay(1e-3, steps)))
    start = time.perf_counter()
    history = model.fit(*moved, batch_size=_BATCH, epochs=arguments.epochs)
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
