"""Text as numbers: every character its place in a vocabulary, files of any size and alphabet."""

import codecs
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._errors import message

__all__ = ["Corpus", "code_points", "standard_library"]

_BLOCK = 1 << 20
_IN_MEMORY = 1 << 26  # characters: beyond, their numbers lie in a temporary file that is mapped


def code_points(text: str) -> NDArray[np.uint32]:
    """The Unicode numbers of the characters.

    >>> code_points("aé")
    array([ 97, 233], dtype=uint32)
    """
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


class Corpus:
    """Characters by their numbers in a vocabulary.

    Attributes
    ----------
    vocabulary : str
        Every character once, in the order of their Unicode numbers.
    ids : ndarray of uint8, uint16 or uint32, shape (n,)
        ``vocabulary[ids[i]]`` is character i. Of a text of more than 2²⁶ characters a memory map.
    """

    def __init__(self, vocabulary: str, ids: NDArray[Any]) -> None:
        self.vocabulary, self.ids = vocabulary, ids

    @classmethod
    def from_text(cls, text: str, vocabulary: str | None = None) -> "Corpus":
        """The numbers of the characters of `text`.

        Parameters
        ----------
        text : str
        vocabulary : str, optional
            That of a model; unless given, the characters of `text`.

        Raises
        ------
        ValueError
            If a character is not in `vocabulary`.

        Examples
        --------
        >>> corpus = Corpus.from_text("banana")
        >>> corpus.vocabulary, corpus.ids
        ('abn', array([1, 0, 2, 0, 2, 0], dtype=uint8))
        """
        if not isinstance(text, str):
            raise TypeError(message("Corpus", "text", "a string", type(text).__name__))
        return cls._of(lambda: (text[i : i + _BLOCK] for i in range(0, len(text), _BLOCK)), vocabulary)

    @classmethod
    def from_files(cls, paths: Sequence[Any], vocabulary: str | None = None) -> "Corpus":
        """The same of UTF-8 files, one after another, which are read in blocks.

        Raises
        ------
        OSError
            If a file cannot be read.
        ValueError
            If one is not UTF-8, or has a character that is not in `vocabulary`.
        """
        return cls._of(lambda: (block for path in paths for block in _blocks(path)), vocabulary)

    @classmethod
    def _of(cls, blocks: Any, vocabulary: str | None) -> "Corpus":
        """Two passes: what characters there are and how many, then their numbers."""
        known, count = set(vocabulary or ""), 0
        for block in blocks():
            count += len(block)
            if vocabulary is None:
                known.update(block)
            elif unknown := set(block) - known:
                raise ValueError(message("Corpus", "text", "of the model's characters", repr(min(unknown))))
        letters = "".join(sorted(known))
        table = code_points(letters)
        ids = _room(count, np.min_scalar_type(max(len(letters) - 1, 0)))
        start = 0
        for block in blocks():
            ids[start : start + len(block)] = np.searchsorted(table, code_points(block))
            start += len(block)
        return cls(letters, ids)

    def __len__(self) -> int:
        return len(self.ids)

    def held_back(self, fraction: float, parts: int = 1) -> list[tuple[int, int]]:
        """The last `fraction` of each of so many equal parts of the text, as pairs (begin, end); none without one.

        >>> Corpus.from_text("ten chars.").held_back(0.2)
        [(8, 10)]
        >>> Corpus.from_text("ten chars.").held_back(0.2, 2)
        [(4, 5), (9, 10)]
        """
        ends = [len(self) * (part + 1) // parts for part in range(parts)]
        begins = [0, *ends[:-1]]
        spans = [(end - round((end - begin) * fraction), end) for begin, end in zip(begins, ends, strict=True)]
        return [(begin, end) for begin, end in spans if begin < end]

    def without(self, spans: Sequence[tuple[int, int]]) -> "Corpus":
        """The text without those pieces of it, which are in order.

        >>> Corpus.from_text("banana").without([(2, 3), (5, 6)]).ids
        array([1, 0, 0, 2], dtype=uint8)
        """
        borders = [0, *(place for span in spans for place in span), len(self)]
        kept = [self.ids[begin:end] for begin, end in zip(borders[::2], borders[1::2], strict=True) if begin < end]
        if len(kept) == 1:
            return Corpus(self.vocabulary, kept[0])
        ids, start = _room(sum(map(len, kept)), self.ids.dtype), 0
        for piece in kept:
            ids[start : start + len(piece)] = piece
            start += len(piece)
        return Corpus(self.vocabulary, ids)

    def fingerprint(self) -> str:
        """Tells texts apart: length and checksum."""
        check = 0
        for start in range(0, len(self), _BLOCK):
            check = zlib.crc32(self.ids[start : start + _BLOCK].tobytes(), check)
        return f"{len(self)}-{check:08x}"


def _room(count: int, dtype: Any) -> NDArray[Any]:
    """Memory for so many numbers; of a large text in a file that is gone when nobody uses it."""
    if count <= _IN_MEMORY:
        return np.empty(count, dtype)
    with tempfile.TemporaryFile() as file:  # the map holds on to it
        return np.memmap(file, dtype, "w+", shape=(count,))


def _blocks(path: Any) -> Iterator[str]:
    """The characters of a UTF-8 file, a megabyte at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open(path, "rb") as file:
        while True:
            start = file.tell()
            block = file.read(_BLOCK)
            try:
                yield decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                got = f"byte {start + error.start} of {path}, which is none"
                raise ValueError(message("Corpus", "text", "UTF-8", got)) from None
            if not block:
                return


def standard_library(characters: int = 1_000_000) -> str:
    """Python's own standard library as a text: its modules in the order of their names.

    Only modules whose characters are all ASCII, so that the vocabulary is small; as many as make up the number.

    >>> len(standard_library(10_000))
    10000
    """
    parts, length = [], 0
    folder = Path(codecs.__file__).parent
    for path in sorted(folder.glob("*.py"), key=lambda path: path.name):
        text = path.read_bytes()
        if text.isascii() and not path.name.startswith("_"):
            parts.append(text.decode("ascii").replace("\r\n", "\n"))
            length += len(parts[-1])
        if length >= characters:
            break
    return "".join(parts)[:characters]
