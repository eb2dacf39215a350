"""A character language model: recurrent layers that learn what follows what in a text, and write on."""

from collections.abc import Callable, Sequence
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import optimizers
from mmlcore._errors import choose, integer, message
from mmlcore._random import as_generator
from mmlcore.layers import GRU, LSTM, Dense, SimpleRNN
from mmlcore.models import language_files
from mmlcore.models.language_loss import mean_loss
from mmlcore.models.language_step import LanguageStep, NextCharacter, fill, uninterrupted
from mmlcore.models.language_text import Corpus
from mmlcore.models.parameters import Parameters, joined

__all__ = ["CharLM", "steps_of_an_epoch"]

_CELLS: dict[str, Any] = {"lstm": LSTM, "gru": GRU, "rnn": SimpleRNN}


class CharLM:
    """A character language model.

    Characters are one-hot vectors, of which no matrix is ever made; `layers` recurrent layers of `hidden` units follow,
    and a dense one to the logits of the next character. It is trained by truncated back-propagation: the text is read
    in `batch_size` parts side by side, in chunks of `seq_length` characters, and the state goes on from chunk to chunk.

    Parameters
    ----------
    hidden : int
    layers : int
    cell : {"lstm", "gru", "rnn"}
    dropout : float
        Of every layer's outputs, in [0, 1), while training.
    recurrent_dropout : float
        Of every layer's states on their way to the next step, in [0, 1), while training: those that a chunk loses, it
        loses from its first step to its last.
    seed : int
        Of weights and dropout.
    dtype : {"float32", "float64"}

    Attributes
    ----------
    vocabulary : str
        The characters of the text that it has learned; "" before.
    history : dict of str to list of float
        By epoch: "loss" and, with a validation text, "val_loss", in nats per character.
    epochs : int
        How many are complete.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> model = CharLM(hidden=32, layers=1, seed=0)
    >>> history = model.fit("abcd" * 500, seq_length=20, batch_size=10, epochs=10, learning_rate=0.02)
    >>> model.sample(8, prime="ab", temperature=0)
    'cdabcdab'

    References
    ----------
    Notes 10.7 and 10.8. J. Johnson, torch-rnn; A. Karpathy (2015), The unreasonable effectiveness of recurrent neural
    networks.
    """

    def __init__(
        self,
        hidden: int = 128,
        layers: int = 2,
        cell: str = "lstm",
        dropout: float = 0.0,
        seed: int = 0,
        dtype: Any = "float32",
        recurrent_dropout: float = 0.0,
    ) -> None:
        self.hidden, self.layers = integer("CharLM", "hidden", hidden), integer("CharLM", "layers", layers)
        choose("CharLM", "cell", cell, _CELLS)
        if dtype not in ("float32", "float64", np.float32, np.float64):
            raise TypeError(message("CharLM", "dtype", "float32 or float64", repr(dtype)))
        self.cell, self.dtype = cell, np.dtype(dtype)
        self.dropout = _between("CharLM", "dropout", dropout)
        self.recurrent_dropout = _between("CharLM", "recurrent_dropout", recurrent_dropout)
        self.seed = integer("CharLM", "seed", seed, low=0)
        self.vocabulary = ""
        self.history: dict[str, list[float]] = {"loss": []}
        self.optimizer: optimizers.Optimizer | None = None
        self._draw, self._done, self._total = np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1)
        self._states: list[NDArray[Any]] | None = None  # of a training that was interrupted, until it goes on
        self._settings: dict[str, Any] = {}
        self._step: LanguageStep | None = None

    # Weights.

    def _build(self, vocabulary: str) -> None:
        if len(vocabulary) < 2:
            raise ValueError(message("CharLM", "text", "of at least two different characters", f"{len(vocabulary)}"))
        rng = as_generator(self.seed, "CharLM")
        self.vocabulary = vocabulary
        make = _CELLS[self.cell]
        self._layers = [make(self.hidden, return_sequences=True) for _ in range(self.layers)]
        self._decoder = Dense(len(vocabulary))
        width = len(vocabulary)
        for layer in self._layers:
            layer.prepare((None, None, width), self.dtype, rng)
            width = self.hidden
        self._decoder.prepare((None, width), self.dtype, rng)
        self._parameters = Parameters([*self._layers, self._decoder], self.dtype)
        self._key = int(rng.integers(2**63))

    @property
    def theta(self) -> NDArray[Any]:
        """Every weight, in one vector."""
        self._require_trained("theta")
        return self._parameters.theta

    @property
    def epochs(self) -> int:
        """How many epochs are complete."""
        return len(self.history["loss"])

    def _require_trained(self, function: str) -> None:
        if not self.vocabulary:
            got = "one that has seen no text; call fit(text) or load(path)"
            raise ValueError(message(f"CharLM.{function}", "model", "trained", got))

    # Learning.

    def fit(
        self,
        text: Any,
        epochs: int = 1,
        seq_length: int = 50,
        batch_size: int = 50,
        learning_rate: float | optimizers.LearningRateSchedule = 0.002,
        clip: float | None = 5.0,
        val_fraction: float = 0.0,
        val_parts: int = 1,
        weight_decay: float = 0.0,
        on_step: Callable[[int, int, float], Any] | None = None,
        on_epoch: Callable[["CharLM"], Any] | None = None,
    ) -> dict[str, list[float]]:
        """Train until `epochs` epochs are complete, those of earlier calls counted.

        Parameters
        ----------
        text : str or Corpus
        epochs : int
        seq_length : int
            Characters through which gradients go back.
        batch_size : int
            Parts of the text that are read side by side.
        learning_rate : float or LearningRateSchedule
            Of Adam; a schedule counts all steps since the first call.
        clip : float, optional
            Longest gradient; a longer one is scaled down to it.
        val_fraction : float
            How much of the text, in [0, 1), is held back: on it "val_loss" is measured after every epoch, if it has
            more than `seq_length` characters. As in `evaluate`, the state goes on from what stands before.
        val_parts : int
            The text has so many equal parts, and what is held back is the end of each. With 1 it is the end of the
            text, of a collection another work than those that are learned. With `batch_size` it is char-rnn's split.
        weight_decay : float
            Every step shrinks the weights by the learning rate times this (AdamW).
        on_step : callable, optional
            Called with (steps made, steps of an epoch, mean loss so far) after every step.
        on_epoch : callable, optional
            Called with the model after every epoch.

        Returns
        -------
        dict
            `history`.

        Raises
        ------
        ValueError
            If an argument is out of range, the text is too short for one chunk, or has a character that the model has
            not learned; or if the last call was interrupted within an epoch and text or settings are others now.

        Notes
        -----
        An interrupt (Ctrl-C) leaves the model after a whole step. Calling `fit` again, also after `save` and `load`,
        goes on from there, with the same numbers bit for bit as if there had been no interruption.
        """
        corpus = text if isinstance(text, Corpus) else Corpus.from_text(text, self.vocabulary or None)
        sizes = {
            "seq_length": integer("fit", "seq_length", seq_length),
            "batch_size": integer("fit", "batch_size", batch_size),
        }
        epochs = integer("fit", "epochs", epochs, low=0)
        learned, held_back, length = _parts(corpus, seq_length, batch_size, val_fraction, val_parts)
        optimizer = optimizers.AdamW(learning_rate, weight_decay, global_clipnorm=clip)
        self._begin(corpus, {**sizes, "val_fraction": val_fraction, "val_parts": val_parts}, optimizer)
        while self.epochs < epochs:
            self._epoch(learned.ids, length, seq_length, on_step)
            measured = {"loss": float(self._total[0]) / int(self._done[0])}
            if len(corpus) - len(learned) > seq_length:
                measured["val_loss"] = self._loss_of(corpus.ids, held_back)
            self._close_epoch(measured)
            if on_epoch is not None:
                on_epoch(self)
        return self.history

    def _begin(self, corpus: Corpus, settings: dict[str, Any], optimizer: optimizers.Optimizer) -> None:
        """Weights, optimiser and buffers for these settings; those of before, where they are the same."""
        settings = {**settings, "text": corpus.fingerprint()}
        if self._done[0] and settings != self._settings:
            names = [name for name, value in settings.items() if value != self._settings.get(name)]
            raise ValueError(message("fit", ", ".join(names), "as before, until the epoch is complete", "another"))
        if self.vocabulary and corpus.vocabulary != self.vocabulary:
            raise ValueError(message("fit", "text", "encoded with the model's vocabulary", "another vocabulary"))
        if not self.vocabulary:
            self._build(corpus.vocabulary)
        spans = self._parameters.spans()
        optimizer.build(self._parameters.theta, joined(spans), spans)
        if self.optimizer is not None and self.optimizer.slots.size:
            optimizer.slots[...], optimizer.clock[...] = self.optimizer.slots, self.optimizer.clock
        states = self._step.chain.states if self._step is not None else self._states
        self.optimizer, self._settings = optimizer, settings
        self._step = LanguageStep(
            self._layers, self._decoder, self._parameters, optimizer, settings["seq_length"], settings["batch_size"],
            self.dropout, self.recurrent_dropout, self._key, (self._draw, self._done, self._total),
        )  # fmt: skip
        if self._done[0] and states is not None:
            for state, kept in zip(self._step.chain.states, states, strict=True):
                state[...] = kept

    def _close_epoch(self, measured: dict[str, float]) -> None:
        """The epoch counts, and the next begins at the start of the text."""
        assert self._step is not None
        with uninterrupted():
            for name, value in measured.items():
                self.history.setdefault(name, []).append(value)
            self._done[0], self._total[0] = 0, 0.0
            self._step.chain.reset()

    def _epoch(self, ids: NDArray[Any], length: int, seq_length: int, on_step: Any) -> None:
        """The steps that are left of an epoch."""
        step, steps = self._step, length // seq_length
        assert step is not None
        rows = ids[: len(step.x[0]) * length].reshape(-1, length)
        while (done := int(self._done[0])) < steps:
            fill(step.x, step.y, rows, ids, length, done * seq_length)
            step()
            if on_step is not None:
                on_step(done + 1, steps, float(self._total[0]) / (done + 1))

    # Measuring and writing.

    def evaluate(self, text: Any) -> float:
        """The mean loss of all characters of a text but the first, given those before: nats per character.

        A text of 2000 characters or more is read in up to 50 parts side by side, each from the state that the 100
        characters before it leave.

        Parameters
        ----------
        text : str or Corpus

        Raises
        ------
        ValueError
            If the model is not trained, the text has a character that it does not know, or fewer than two characters.

        Examples
        --------
        >>> model = CharLM(hidden=16, layers=1)
        >>> _ = model.fit("ab" * 300, epochs=0, seq_length=10, batch_size=5)
        >>> round(model.evaluate("ab" * 100), 1)  # untrained: log 2
        0.7
        """
        self._require_trained("evaluate")
        corpus = text if isinstance(text, Corpus) else Corpus.from_text(text, self.vocabulary)
        if len(corpus) < 2:
            raise ValueError(message("CharLM.evaluate", "text", "of at least two characters", f"{len(corpus)}"))
        return self._loss_of(corpus.ids, [(1, len(corpus))])

    def _loss_of(self, ids: NDArray[Any], spans: list[tuple[int, int]]) -> float:
        return mean_loss(self._layers, self._decoder, ids, spans, self.dtype)

    def sample(
        self,
        length: int = 200,
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        prime: str = "",
        seed: int | None = None,
    ) -> str:
        """Characters that the model writes after `prime`.

        Parameters
        ----------
        length : int
        temperature : float
            Divides the logits: below 1 the probable becomes more probable; 0 takes the most probable character.
        top_k : int
            Draw from the so many most probable characters; 0: from all.
        top_p : float
            In (0, 1]: draw from the fewest characters, most probable first, that make up this much.
        prime : str
            What stands before; a line break unless given.
        seed : int, optional

        Returns
        -------
        str
            Without `prime`.

        Raises
        ------
        ValueError
            If the model is not trained, an argument is out of range, or `prime` has a character that it does not know.
        """
        self._require_trained("sample")
        length, top_k = integer("sample", "length", length, low=0), integer("sample", "top_k", top_k, low=0)
        if not isinstance(temperature, int | float) or not 0 <= temperature < np.inf:
            raise ValueError(message("sample", "temperature", "a finite number of at least 0", repr(temperature)))
        if not isinstance(top_p, int | float) or not 0 < top_p <= 1:
            raise ValueError(message("sample", "top_p", "a number in (0, 1]", repr(top_p)))
        before = prime or ("\n" if "\n" in self.vocabulary else self.vocabulary[0])
        key = int(as_generator(seed, "sample").integers(2**63))
        following = NextCharacter(self._layers, self._decoder, self.dtype)
        ids = following.draw(Corpus.from_text(before, self.vocabulary).ids, length, temperature, top_k, top_p, key)
        return "".join(map(self.vocabulary.__getitem__, ids.tolist()))

    @staticmethod
    def bits(nats: float) -> float:
        """Bits per character.

        >>> CharLM.bits(log(2))
        1.0
        """
        return nats / log(2)

    # Files.

    def save(self, path: Any) -> None:
        """Write model, optimiser and the state of the training to one file, which NumPy alone can read.

        Raises
        ------
        ValueError
            If the model has seen no text.
        OSError
            If the file cannot be written; one that was there stays.
        """
        self._require_trained("save")
        names = ("hidden", "layers", "cell", "dropout", "recurrent_dropout", "seed", "vocabulary", "history")
        description = {name: getattr(self, name) for name in names}
        description |= {"dtype": self.dtype.name, "key": str(self._key), "settings": self._settings}
        arrays = {"theta": self.theta, "draw": self._draw, "done": self._done, "total": self._total}
        if self.optimizer is not None:
            arrays |= {"slots": self.optimizer.slots, "clock": self.optimizer.clock}
        states = self._step.chain.states if self._step is not None else self._states or []
        arrays |= {f"state{i}": state for i, state in enumerate(states)}
        language_files.write(path, description, arrays)

    @classmethod
    def load(cls, path: Any) -> "CharLM":
        """The model that `save` wrote; `fit` goes on where it stopped.

        Raises
        ------
        FileNotFoundError
            If there is no file.
        ValueError
            If it is not a language model saved by mmlcore.
        """
        description, arrays = language_files.read(path)
        try:
            names = ("hidden", "layers", "cell", "dropout", "recurrent_dropout", "seed", "dtype")
            model = cls(**{name: description[name] for name in names})
            model._build(str(description["vocabulary"]))
            model._fill(description, arrays)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            got = f"a description that does not fit ({error!r})"
            raise ValueError(message("CharLM.load", "path", "a language model saved by mmlcore", got)) from None
        return model

    def _fill(self, description: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
        self._key = int(description["key"])
        self.history = {name: [float(v) for v in values] for name, values in description["history"].items()}
        if "loss" not in self.history:
            raise ValueError("a history without losses")
        self._settings = dict(description["settings"])
        targets = {"theta": self.theta, "draw": self._draw, "done": self._done, "total": self._total}
        if "slots" in arrays:
            self.optimizer = optimizers.Adam()
            self.optimizer.build(self.theta)
            targets |= {"slots": self.optimizer.slots, "clock": self.optimizer.clock}
        for name, target in targets.items():
            if arrays[name].shape != target.shape:
                raise ValueError(f"{name} of shape {arrays[name].shape}")
            target[...] = arrays[name]
        found: Sequence[str] = sorted((n for n in arrays if n.startswith("state")), key=lambda n: int(n[5:]))
        self._states = [arrays[name] for name in found] or None


def _between(function: str, argument: str, value: Any) -> float:
    """`value` as a float in [0, 1), or a ValueError."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
        raise ValueError(message(function, argument, "a number in [0, 1)", repr(value)))
    return float(value)


def _parts(
    corpus: Corpus, seq_length: int, batch_size: int, val_fraction: float, val_parts: int
) -> tuple[Corpus, list[tuple[int, int]], int]:
    """What is learned, what is held back, and how many characters each of the parts side by side has."""
    fraction = _between("fit", "val_fraction", val_fraction)
    held_back = corpus.held_back(fraction, integer("fit", "val_parts", val_parts))
    if fraction and len(held_back) < val_parts != 1:
        expectation = f"so few that {fraction:g} of a part is a character or more"
        raise ValueError(message("fit", "val_parts", expectation, f"{val_parts} of {len(corpus)} characters"))
    learned = corpus.without(held_back)
    length = (len(learned) - 1) // batch_size
    if length < seq_length:
        least = f"of at least {seq_length * batch_size + 1} characters (seq_length times batch_size, and one)"
        raise ValueError(message("fit", "text", least, f"{len(learned)}"))
    return learned, held_back, length


def steps_of_an_epoch(
    corpus: Corpus, seq_length: int, batch_size: int, val_fraction: float = 0.0, val_parts: int = 1
) -> int:
    """How many steps `CharLM.fit` makes in an epoch: what a schedule of the learning rate counts.

    >>> steps_of_an_epoch(Corpus.from_text("ab" * 500), seq_length=10, batch_size=5)
    19
    """
    return _parts(corpus, seq_length, batch_size, val_fraction, val_parts)[2] // seq_length
