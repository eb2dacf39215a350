"""The command ``mmlcore``: facts about the installation, a network trained on real digits, movies rated alike,
auto-encoders and language models."""

import argparse
import sys
import time
from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

import mmlcore
from mmlcore import cli_lm, cli_vae
from mmlcore.datasets import load_digits, load_movielens
from mmlcore.layers import Conv2D, Dense, Flatten, Layer, MaxPooling2D, Reshape
from mmlcore.models import Sequential
from mmlcore.recommend import similar_items

__all__ = ["main"]


_WIDEST = 65_536


def _integer(low: int, high: float = inf) -> "type[int]":
    def convert(text: str) -> int:
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"must be at least {low}, got {value}")
        if value > high:
            raise argparse.ArgumentTypeError(f"must be at most {high}, got {value}")
        return value

    convert.__name__ = "integer"  # argparse's "invalid integer value"
    return convert  # type: ignore[return-value]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mmlcore", description="Machine learning on the CPU.")
    parser.add_argument("--version", action="version", version=f"mmlcore {mmlcore.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    commands.add_parser("info", help="version, instruction set, threads and why, build")

    digits = commands.add_parser(
        "digits",
        help="train a network on real handwritten digits",
        description="Train a network on four fifths of 1797 real handwritten digits, test it on the rest.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    digits.add_argument("--epochs", type=_integer(1), default=30, metavar="N", help="passes over the training images")
    digits.add_argument("--batch-size", type=_integer(1), default=32, metavar="N", help="images a step")
    digits.add_argument(
        "--hidden", type=_integer(1, _WIDEST), metavar="N", help="no convolutions, but one hidden layer of N units"
    )
    digits.add_argument("--seed", type=_integer(0), default=0, metavar="N", help="of the weights and the shuffling")
    digits.add_argument("--threads", type=_integer(1), default=None, metavar="N", help="(as 'mmlcore info' says)")
    digits.add_argument(
        "--plot", metavar="FILE", help="draw learning curves, predictions, filters, feature maps, confusion matrix"
    )

    recommend = commands.add_parser(
        "recommend",
        help="movies that are rated like one of yours",
        description="The movies of a MovieLens folder (ratings.dat, movies.dat) whose ratings are most like those of "
        "one movie, by the singular value decomposition of all ratings.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    recommend.add_argument("path", metavar="PATH", help="the folder, such as ml-1m")
    recommend.add_argument("--movie", type=_integer(1), required=True, metavar="ID", help="id in movies.dat")
    recommend.add_argument("--top", type=_integer(1), default=10, metavar="N", help="how many titles")
    recommend.add_argument("-k", type=_integer(1), default=50, metavar="N", help="singular vectors")
    cli_vae.add_command(commands, _integer)
    cli_lm.add_commands(commands, _integer)
    return parser


def _recommend(arguments: argparse.Namespace) -> None:
    data = load_movielens(arguments.path)
    if arguments.movie not in data.titles:
        raise ValueError(f"recommend: --movie must be an id of movies.dat, got {arguments.movie}")
    ratings = data.matrix()
    if not (data.movie_ids == arguments.movie).any():
        raise ValueError(f"recommend: --movie must be a movie with ratings, got {arguments.movie}")
    k = min(arguments.k, *ratings.shape)
    start = time.perf_counter()
    found = similar_items(ratings, arguments.movie - 1, top=min(arguments.top, len(ratings)), k=k)
    seconds = time.perf_counter() - start
    print(f"{len(data.ratings)} ratings of {len(data.titles)} movies; {k} singular vectors in {seconds:.2f} s")
    print(f"rated like {data.titles[arguments.movie]}:")
    for item, cosine in zip(found.items, found.similarity, strict=True):
        print(f"  {cosine:6.3f}  {data.titles.get(int(item) + 1, f'(no title, id {item + 1})')}")


def _convolutions() -> list[Layer]:
    """The Notes' MNIST network (notebook 9), of a size for 8×8 images."""
    return [
        Reshape((8, 8, 1)),
        Conv2D(16, 3, padding="same", activation="relu"),
        MaxPooling2D(2),
        Conv2D(32, 3, padding="same", activation="relu"),
        MaxPooling2D(2),
        Flatten(),
    ]


def _digits(arguments: argparse.Namespace) -> None:
    if arguments.plot:
        from mmlcore import plot

        plot.require_writable("digits", "--plot", arguments.plot)
    if arguments.threads is not None:
        mmlcore.set_num_threads(arguments.threads)
    train, test = load_digits()
    layers = _convolutions() if arguments.hidden is None else [Dense(arguments.hidden, activation="relu")]
    network = "16 and 32 filters 3×3" if arguments.hidden is None else f"network 64-{arguments.hidden}-10"
    model = Sequential([*layers, Dense(10, activation="softmax")], seed=arguments.seed)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    print(
        f"{len(train[0])} training and {len(test[0])} test images, {network}, threads: {mmlcore.get_num_threads()}",
        flush=True,
    )

    start = time.perf_counter()
    history = model.fit(
        *train,
        batch_size=arguments.batch_size,
        epochs=arguments.epochs,
        validation_data=test if arguments.plot else None,
    )
    seconds = time.perf_counter() - start
    _, accuracy = model.evaluate(*test)
    rate = len(train[0]) * arguments.epochs / seconds
    print(f"test accuracy {accuracy:.4f}, {seconds:.2f} s of training, {rate:,.0f} samples/s")

    if arguments.plot:
        images, predicted = test[0].reshape(-1, 8, 8), model.predict(test[0]).argmax(axis=1)
        pictures: list[Any] = []
        if arguments.hidden is None:
            first: Any = model.layers[1]
            shown = np.argmin(predicted == test[1])  # the image that the report shows first
            pictures = [
                np.moveaxis(first.kernel[:, :, 0], -1, 0),
                np.moveaxis(first(images[[shown], :, :, None])[0], -1, 0),
            ]
        plot.training_report(history, images, test[1], predicted, *pictures).savefig(arguments.plot)
        print(f"wrote {arguments.plot}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: that of the process) and return the exit status.

    Argument errors leave through SystemExit with status 2; Ctrl-C returns 130; a file that cannot be written,
    a missing extra or too little memory prints one line and returns 1.
    """
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "info":
            mmlcore.show_config()
        elif arguments.command == "recommend":
            _recommend(arguments)
        elif arguments.command == "lm":
            cli_lm.run(arguments)
        elif arguments.command == "vae":
            cli_vae.run(arguments)
        else:
            _digits(arguments)
    except KeyboardInterrupt:
        print("\nmmlcore: interrupted", file=sys.stderr)
        return 130
    except (ImportError, MemoryError, OSError, ValueError) as error:
        print(f"mmlcore: {error}", file=sys.stderr)
        return 1
    return 0
