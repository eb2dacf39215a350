"""The MovieLens files: ratings and titles, fields separated by "::", titles in Latin-1."""

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["MovieLens", "load_movielens"]

_RATING = re.compile(rb"(\d+)::(\d+)::([1-5])::(\d+)")
_BEST = 5
_LARGEST = 2**53  # an id or a time beyond is no number of the format


class MovieLens(NamedTuple):
    """One element a rating, in the order of the file, and the titles by movie id."""

    user_ids: NDArray[Any]
    movie_ids: NDArray[Any]
    ratings: NDArray[Any]
    titles: dict[int, str]

    def matrix(self) -> NDArray[Any]:
        """Movies × users, uint8: the rating of movie id i + 1 by user id j + 1, 0 where there is none."""
        shape = int(self.movie_ids.max(initial=0)), int(self.user_ids.max(initial=0))
        matrix = np.zeros(shape, np.uint8)
        matrix[self.movie_ids - 1, self.user_ids - 1] = self.ratings
        return matrix


def load_movielens(path: Any) -> MovieLens:
    """The ratings and titles in a folder that holds MovieLens's `ratings.dat` and `movies.dat`.

    Parameters
    ----------
    path : path-like
        The folder, such as `ml-1m` of MovieLens 1M. The data may not be redistributed: nothing is downloaded.

    Returns
    -------
    MovieLens
        `user_ids`, `movie_ids` (int64) and `ratings` (uint8, 1 to 5), each of shape (n,); `titles`, a dict; and
        `matrix()`, which makes movies × users of them.

    Raises
    ------
    OSError
        If a file is missing or cannot be read.
    ValueError
        If a line is truncated or malformed; the message names the file and the line.

    References
    ----------
    F. M. Harper, J. A. Konstan (2015). The MovieLens Datasets: History and Context. ACM TiiS 5, 4.
    DRP, "Movie Recommendation".

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from mmlcore.datasets import load_movielens
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "movies.dat").write_text("1::Heat (1995)::Crime", "latin-1")
    ...     _ = pathlib.Path(folder, "ratings.dat").write_text("2::1::5::978300760")
    ...     data = load_movielens(folder)
    >>> data.titles[1], data.matrix().tolist()
    ('Heat (1995)', [[0, 5]])
    """
    folder = Path(path)
    titles = _titles(folder / "movies.dat")
    table = _ratings(folder / "ratings.dat")
    return MovieLens(table[:, 0], table[:, 1], table[:, 2].astype(np.uint8), titles)


def _malformed(file: Path, number: int, line: bytes, expectation: str) -> ValueError:
    shown = line[:60].decode("latin-1")
    return ValueError(f"load_movielens: {file}, line {number} must be {expectation}, got {shown!r}")


def _titles(file: Path) -> dict[int, str]:
    titles = {}
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        fields = line.split(b"::")
        if len(fields) != 3 or not fields[0].isdigit():
            raise _malformed(file, number, line, "movie id::title::genres")
        titles[int(fields[0])] = fields[1].decode("latin-1")
    return titles


def _ratings(file: Path) -> NDArray[Any]:
    """(n, 4): user, movie, rating, time: all numbers at once, or the first line that is not whole."""
    text = file.read_bytes().rstrip(b"\r\n")
    expectation = "user id::movie id::rating from 1 to 5::time"
    lines = text.count(b"\n") + 1 if text else 0
    clean = not text.translate(None, b"0123456789:\r\n") and _three_separators_a_line(text)
    numbers = np.fromstring(text.replace(b"::", b" ").decode("ascii"), np.int64, sep=" ") if clean and text else None
    if numbers is not None and len(numbers) == 4 * lines:
        table = numbers.reshape(-1, 4)
        if (table[:, :3] >= 1).all() and (table[:, 2] <= _BEST).all() and (table <= _LARGEST).all():
            return table
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = _RATING.fullmatch(line)
        fields = [int(field) for field in match.groups()] if match else []
        if not fields or 0 in fields[:2] or max(fields) > _LARGEST:
            raise _malformed(file, number, line, expectation)
        rows.append(fields)
    return np.array(rows, np.int64).reshape(-1, 4)


def _three_separators_a_line(text: bytes) -> bool:
    """Six colons a line, and in pairs: two single ones would not be replaced together."""
    letters = np.frombuffer(text, np.uint8)
    colons = np.flatnonzero(letters == ord(":"))
    if len(colons) % 6 or (colons[1::2] != colons[::2] + 1).any():
        return False
    ends = np.append(np.flatnonzero(letters == ord("\n")), len(letters))
    if len(ends) * 6 != len(colons):
        return False
    return bool((np.searchsorted(colons, ends) == 6 * np.arange(1, len(ends) + 1)).all())
