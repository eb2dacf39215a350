"""The command ``mmlcore lm``: train a character language model on text files, let it write, look at it."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmlcore._errors import message
from mmlcore.models import CharLM
from mmlcore.models.language import steps_of_an_epoch
from mmlcore.models.language_text import Corpus, standard_library
from mmlcore.optimizers import CosineDecay

__all__ = ["add_commands", "run"]

_SHOWN = 0.2  # seconds between two looks at the progress
_LINE = 120  # characters written after every epoch


def add_commands(commands: Any, integer: Callable[..., Any]) -> None:
    """Add ``lm train``, ``lm sample`` and ``lm info`` to a parser's commands; `integer(low)` makes a type."""
    lm = commands.add_parser("lm", help="train a language model on text, let it write")
    actions = lm.add_subparsers(dest="action", metavar="action", required=True)
    formatter = argparse.ArgumentDefaultsHelpFormatter
    train = actions.add_parser(
        "train",
        help="learn from UTF-8 text files",
        description="Train a character language model on UTF-8 text files of any alphabet and size. After every epoch "
        "the model is saved; Ctrl-C saves it too, and --resume goes on from there as if nothing had happened.",
        formatter_class=formatter,
    )
    _add_model(train, integer)
    _add_training(train, integer)

    sample = actions.add_parser("sample", help="let a model write", formatter_class=formatter)
    sample.add_argument("model", metavar="MODEL")
    sample.add_argument("--length", type=integer(0), default=500, metavar="N", help="characters")
    sample.add_argument("--temperature", type=float, default=1.0, metavar="X", help="below 1: more probable; 0: most")
    sample.add_argument("--top-k", type=integer(0), default=0, metavar="N", help="draw from the N likeliest; 0: all")
    sample.add_argument("--top-p", type=float, default=1.0, metavar="X", help="draw from those that make up X")
    sample.add_argument("--prime", metavar="TEXT", default="", help="what stands before")
    sample.add_argument("--seed", type=integer(0), default=None, metavar="N", help="the same text again")

    info = actions.add_parser("info", help="what a model is and has learned")
    info.add_argument("model", metavar="MODEL")


def _add_model(train: Any, integer: Callable[..., Any]) -> None:
    """The text, and what learns it."""
    train.add_argument("text", metavar="TEXT", nargs="*", help="files, read one after another")
    train.add_argument("--demo", action="store_true", help="no file: learn Python from its own standard library")
    train.add_argument("--cell", choices=("lstm", "rnn", "gru"), default="lstm", help="kind of the recurrent layers")
    train.add_argument("--hidden", type=integer(1), default=128, metavar="N", help="units of a layer")
    train.add_argument("--layers", type=integer(1), default=2, metavar="N", help="recurrent layers")
    train.add_argument("--dropout", type=float, default=0.0, metavar="X", help="of every layer's outputs")
    train.add_argument("--recurrent-dropout", type=float, default=0.0, metavar="X", help="of every layer's states")
    train.add_argument("--seed", type=integer(0), default=0, metavar="N", help="of weights and dropout")
    where = "where the model is saved (default: the model of --resume, otherwise model.lm)"
    train.add_argument("--out", metavar="MODEL", default=argparse.SUPPRESS, help=where)
    train.add_argument("--resume", metavar="MODEL", help="go on with this model; --cell, --hidden, ... are its own")


def _add_training(train: Any, integer: Callable[..., Any]) -> None:
    """How it learns."""
    train.add_argument("--seq-length", type=integer(1), default=50, metavar="N", help="characters gradients go back")
    train.add_argument("--batch-size", type=integer(1), default=50, metavar="N", help="parts of the text side by side")
    train.add_argument("--epochs", type=integer(0), default=10, metavar="N", help="passes over the text, in total")
    train.add_argument("--learning-rate", type=float, default=0.002, metavar="X", help="of Adam")
    train.add_argument("--schedule", choices=("constant", "cosine"), default="constant", help="to 0 over all epochs")
    train.add_argument("--clip", type=float, default=5.0, metavar="X", help="longest gradient; 0: any")
    train.add_argument("--weight-decay", type=float, default=0.0, metavar="X", help="of AdamW")
    train.add_argument("--val-fraction", type=float, default=0.05, metavar="X", help="of the text, held back")
    train.add_argument("--val-parts", type=integer(1), default=1, metavar="N", help="held back at the end of N parts")
    train.add_argument("--threads", type=integer(1), default=None, metavar="N", help="(as 'mmlcore info' says)")


def run(arguments: argparse.Namespace) -> None:
    """Do what the parsed arguments say."""
    {"train": _train, "sample": _sample, "info": _info}[arguments.action](arguments)


def _sample(arguments: argparse.Namespace) -> None:
    model = CharLM.load(arguments.model)
    names = ("length", "temperature", "top_k", "top_p", "prime", "seed")
    print(arguments.prime + model.sample(**{name: getattr(arguments, name) for name in names}))


def _info(arguments: argparse.Namespace) -> None:
    model = CharLM.load(arguments.model)
    shown = "".join(c for c in model.vocabulary if c.isprintable())
    print(f"{model.cell} {model.layers} × {model.hidden}, {model.theta.size:,} weights of {model.dtype.name}")
    print(f"{len(model.vocabulary)} characters: {shown}")
    dropout = f"dropout {model.dropout:g}, of states {model.recurrent_dropout:g}"
    print(f"{model.epochs} epochs, {dropout}, seed {model.seed}")
    for name, values in model.history.items():
        if values:
            last, best = values[-1], min(values)
            print(f"{name} {last:.4f} nats, {model.bits(last):.4f} bits a character; best {best:.4f} nats")


class _Progress:
    """Prints how the training goes: on a terminal a line that is written over, and a line for every epoch."""

    def __init__(self, model: CharLM, arguments: argparse.Namespace) -> None:
        self._model, self._arguments = model, arguments
        self._chunk = arguments.seq_length * arguments.batch_size
        self._start = self._shown = time.perf_counter()
        self._steps, self._rate = 0, 0.0

    def step(self, done: int, steps: int, loss: float) -> None:
        """After every step."""
        self._steps += 1
        now = time.perf_counter()
        self._rate = self._steps * self._chunk / (now - self._start)
        if now - self._shown < _SHOWN or not sys.stderr.isatty():
            return
        self._shown = now
        left = ((self._arguments.epochs - self._model.epochs) * steps - done) * self._chunk / self._rate
        text = f"epoch {self._model.epochs + 1}/{self._arguments.epochs} {100 * done // steps:3d} %  loss {loss:.4f}"
        text += f"  {self._rate:,.0f} characters/s  {int(left) // 60}:{int(left) % 60:02d} left"
        print(f"\r{text:<78}", end="", file=sys.stderr, flush=True)

    def epoch(self, model: CharLM) -> None:
        """After every epoch: the losses, a line of the model's own, the file."""
        if sys.stderr.isatty():
            print("\r" + " " * 78 + "\r", end="", file=sys.stderr)
        text = f"epoch {model.epochs}/{self._arguments.epochs}  loss {model.history['loss'][-1]:.4f}"
        if model.history.get("val_loss"):
            value = model.history["val_loss"][-1]
            text += f"  validation {value:.4f} nats, {model.bits(value):.4f} bits a character"
        print(f"{text}  {self._rate:,.0f} characters/s", flush=True)
        print("  " + repr(model.sample(_LINE, temperature=0.8, seed=model.epochs))[1:-1], flush=True)
        model.save(self._arguments.out)


def _corpus(arguments: argparse.Namespace, vocabulary: str | None) -> Corpus:
    if bool(arguments.text) == arguments.demo:
        raise ValueError(
            "lm train: TEXT must be one or more files, or --demo instead, got "
            + ("both" if arguments.demo else "neither")
        )
    if arguments.demo:
        return Corpus.from_text(standard_library(), vocabulary)
    return Corpus.from_files(arguments.text, vocabulary)


def _require_writable(out: str) -> None:
    """Raise a ValueError if no model can be saved as `out`, before a training that would be lost."""
    folder = Path(out).resolve().parent
    if Path(out).is_dir():
        raise ValueError(message("lm train", "--out", "a file", f"the folder {out}"))
    if not folder.is_dir():
        raise ValueError(message("lm train", "--out", "in a folder that exists", out))
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ValueError(message("lm train", "--out", "in a folder that can be written to", out))


def _learning_rate(arguments: argparse.Namespace, corpus: Corpus) -> float | CosineDecay:
    if arguments.schedule == "constant":
        return float(arguments.learning_rate)
    sizes = arguments.seq_length, arguments.batch_size, arguments.val_fraction, arguments.val_parts
    return CosineDecay(arguments.learning_rate, max(1, steps_of_an_epoch(corpus, *sizes) * arguments.epochs))


def _train(arguments: argparse.Namespace) -> None:
    if arguments.threads is not None:
        from mmlcore import set_num_threads

        set_num_threads(arguments.threads)
    arguments.out = getattr(arguments, "out", arguments.resume or "model.lm")
    _require_writable(arguments.out)
    if arguments.resume:
        model = CharLM.load(arguments.resume)
    else:
        names = ("hidden", "layers", "cell", "dropout", "recurrent_dropout", "seed")
        model = CharLM(**{name: getattr(arguments, name) for name in names})
    corpus = _corpus(arguments, model.vocabulary or None)
    print(f"{len(corpus):,} characters, {len(corpus.vocabulary)} different", flush=True)
    progress = _Progress(model, arguments)
    try:
        model.fit(
            corpus,
            epochs=arguments.epochs,
            seq_length=arguments.seq_length,
            batch_size=arguments.batch_size,
            learning_rate=_learning_rate(arguments, corpus),
            clip=arguments.clip or None,
            val_fraction=arguments.val_fraction,
            val_parts=arguments.val_parts,
            weight_decay=arguments.weight_decay,
            on_step=progress.step,
            on_epoch=progress.epoch,
        )
    except KeyboardInterrupt:
        if model.vocabulary:
            model.save(arguments.out)
            print(f"\nsaved {arguments.out}; go on with --resume {arguments.out}", file=sys.stderr)
        raise
    model.save(arguments.out)
    print(f"saved {arguments.out}")
