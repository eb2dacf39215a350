"""Error messages, made in one place: "<function>: <argument> must be <expectation>, got <value>"."""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

__all__ = ["ConvergenceWarning", "IllConditionedWarning", "choose", "integer", "message"]

_T = TypeVar("_T")


class ConvergenceWarning(UserWarning):
    """An iteration stopped short of its tolerance; the message names the residual it reached."""


class IllConditionedWarning(UserWarning):
    """The data determine a result to few digits or none; the message names the condition number."""


def message(function: str, argument: str, expectation: str, got: object) -> str:
    """The sentence that every error of the package uses.

    >>> message("solve", "a", "square", "shape (2, 3)")
    'solve: a must be square, got shape (2, 3)'
    """
    return f"{function}: {argument} must be {expectation}, got {got}"


def choose(function: str, argument: str, name: object, table: Mapping[str, _T]) -> _T:
    """The entry of `table` called `name`, or a ValueError that lists the valid names.

    >>> choose("Dense", "activation", "relu", {"relu": 1, "tanh": 2})
    1
    """
    if isinstance(name, str) and name in table:
        return table[name]
    raise ValueError(message(function, argument, "one of " + ", ".join(map(repr, table)), repr(name)))


def integer(function: str, argument: str, value: Any, low: int = 1) -> int:
    """`value` as an int of at least `low` (0 or 1), or a ValueError.

    >>> integer("fit", "epochs", 0)
    Traceback (most recent call last):
    ...
    ValueError: fit: epochs must be a positive integer, got 0
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < low:
        raise ValueError(message(function, argument, f"a {'positive' if low else 'non-negative'} integer", repr(value)))
    return int(value)
