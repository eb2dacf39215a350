"""A language model learns Latin poems and writes one (Notes 10.7 and 10.8).

Two LSTM layers of 128 units, chunks of 50 × 50 characters, Adam with 0.01. The Notes' notebook stood at about 1.6 nats
per character on its check batch after 50 epochs and 25 minutes. Here the loss of an epoch is the mean over its training
chunks; the last 5 % of the text, held back, tell what is learned beyond them (--dropout 0.3 lowers that).

    python examples/catullus.py --text catullus.txt

Without a file it looks into the folder MMLCORE_DATA, and then falls back on Python's standard library.
"""

import argparse
import os
import time
from pathlib import Path

from mmlcore.models import CharLM
from mmlcore.models.language_text import Corpus, standard_library

EPOCHS, RATE, NOTEBOOK = 50, 0.01, 1.6


def corpus(path: str | None) -> Corpus:
    """The poems, or what else there is."""
    candidates = [Path(path)] if path else [Path(os.environ.get("MMLCORE_DATA", ".")) / "text" / "catullus.txt"]
    if path or candidates[0].is_file():
        return Corpus.from_files(candidates)
    print("no poems here: the text is Python's standard library")
    return Corpus.from_text(standard_library(90_000))


def train(text: Corpus, epochs: int, dropout: float = 0.0, hidden: int = 128) -> tuple[CharLM, list[float]]:
    """The model, and the seconds that had passed after every epoch."""
    model = CharLM(hidden=hidden, layers=2, dropout=dropout, seed=0)
    start, seconds = time.perf_counter(), []
    model.fit(
        text,
        epochs,
        seq_length=50,
        batch_size=50,
        learning_rate=RATE,
        val_fraction=0.05,
        on_epoch=lambda _: seconds.append(time.perf_counter() - start),
    )
    return model, seconds


def main() -> None:
    """Train, print the losses, write a poem."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", metavar="FILE", help="UTF-8 text")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--quick", action="store_true", help="one epoch of a small model")
    options = parser.parse_args()
    text = corpus(options.text)
    if options.quick:
        text = Corpus(text.vocabulary, text.ids[:20_000])
    model, seconds = train(text, 1 if options.quick else options.epochs, options.dropout, 32 if options.quick else 128)
    losses, validation = model.history["loss"], model.history["val_loss"]
    print(f"{len(text)} characters, {len(text.vocabulary)} different; {model.epochs} epochs in {seconds[-1]:.1f} s")
    below = [epoch for epoch, loss in enumerate(losses) if loss <= NOTEBOOK]
    if below:
        print(f"the notebook's {NOTEBOOK} nats after {below[0] + 1} epochs and {seconds[below[0]]:.1f} s")
    print(f"training {losses[-1]:.3f} nats per character; held back: {validation[-1]:.3f}, best {min(validation):.3f}")
    print(model.sample(100 if options.quick else 600, temperature=0.7, seed=1))


if __name__ == "__main__":
    main()
