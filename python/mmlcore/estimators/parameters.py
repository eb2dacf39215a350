"""What a parameter of an estimator may be, and the sentence for one that is something else.

A constraint answers `allows(value)` and its `str` completes "The 'alpha' parameter of Ridge must be …", in
scikit-learn's words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

from mmlcore.estimators.exceptions import InvalidParameterError, shared

__all__ = [
    "ARRAY",
    "BOOLEAN",
    "CALLABLE",
    "CROSS_VALIDATION",
    "DICT",
    "NONE",
    "RANDOM_STATE",
    "STRING",
    "VERBOSE",
    "Constraint",
    "Instance",
    "Interval",
    "OneOf",
    "check_parameters",
]


class Constraint:
    """One kind of values."""

    def allows(self, value: Any) -> bool:
        """Whether `value` is of the kind."""
        raise NotImplementedError


@dataclass(frozen=True)
class Interval(Constraint):
    """Numbers from `low` to `high`; `closed` says which ends belong to it: "left", "right", "both", "neither".

    >>> print(Interval(float, 0, None))
    a float in the range [0.0, inf)
    >>> Interval(int, 1, None).allows(1.5)
    False
    """

    kind: type
    low: float | None
    high: float | None
    closed: str = "left"

    def allows(self, value: Any) -> bool:
        """Whether `value` is a number of the kind between the ends."""
        if not isinstance(value, Integral if self.kind is int else Real) or value != value:
            return False
        if isinstance(value, bool | np.bool_) and self.kind is int:
            return False
        value = float(value)
        above = self.low is None or (value >= self.low if self.closed in ("left", "both") else value > self.low)
        below = self.high is None or (value <= self.high if self.closed in ("right", "both") else value < self.high)
        if self.high is None and self.closed in ("left", "neither") and value == np.inf:
            return False
        return above and below

    def __str__(self) -> str:
        low, high = ("-inf" if self.low is None else self.kind(self.low)), "inf"
        if self.high is not None:
            high = str(self.kind(self.high))
        opening = "[" if self.closed in ("left", "both") else "("
        closing = "]" if self.closed in ("right", "both") else ")"
        return f"{'an int' if self.kind is int else 'a float'} in the range {opening}{low}, {high}{closing}"


class OneOf(Constraint):
    """Some strings.

    >>> print(OneOf("svd", "cholesky"))
    a str among {'cholesky', 'svd'}
    """

    def __init__(self, *names: str) -> None:
        self.names = names

    def allows(self, value: Any) -> bool:
        """Whether `value` is one of the strings."""
        return isinstance(value, str) and value in self.names

    def __str__(self) -> str:
        return "a str among {" + ", ".join(map(repr, sorted(self.names))) + "}"


class Instance(Constraint):
    """Objects of some types, under the name that scikit-learn's sentence has for them."""

    def __init__(self, types: Any, text: str) -> None:
        self.types, self.text = types, text

    def allows(self, value: Any) -> bool:
        """Whether `value` is of one of the types."""
        return isinstance(value, self.types)

    def __str__(self) -> str:
        return self.text


class _Callable(Constraint):
    def allows(self, value: Any) -> bool:
        return callable(value)

    def __str__(self) -> str:
        return "a callable"


class _Array(Constraint):
    def allows(self, value: Any) -> bool:
        if isinstance(value, str | bytes | dict | type) or np.ndim(value) == 0:
            return False
        return hasattr(value, "__len__") or hasattr(value, "shape") or hasattr(value, "__array__")

    def __str__(self) -> str:
        return "an array-like"


class _RandomState(Constraint):
    def allows(self, value: Any) -> bool:
        if isinstance(value, np.random.RandomState | np.random.Generator):
            return True
        return Interval(int, 0, 2**32 - 1, "both").allows(value) or value is None

    def __str__(self) -> str:
        return (
            "an int in the range [0, 4294967295], an instance of 'numpy.random.mtrand.RandomState', "
            "an instance of 'numpy.random._generator.Generator' or None"
        )


class _CrossValidation(Constraint):
    def allows(self, value: Any) -> bool:
        if value is None or Interval(int, 2, None).allows(value):
            return True
        return hasattr(value, "split") and hasattr(value, "get_n_splits") if not _iterable(value) else True

    def __str__(self) -> str:
        return "an int in the range [2, inf), an object implementing 'split' and 'get_n_splits', an iterable or None"


def _iterable(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str)


BOOLEAN = Instance((bool, np.bool_), "an instance of 'bool' or an instance of 'numpy.bool'")
NONE = Instance(type(None), "None")
STRING = Instance(str, "an instance of 'str'")
DICT = Instance(dict, "an instance of 'dict'")
CALLABLE = _Callable()
ARRAY = _Array()
RANDOM_STATE = _RandomState()
CROSS_VALIDATION = _CrossValidation()
VERBOSE = Instance(
    (bool, np.bool_, Integral),
    "an int in the range [0, inf), an instance of 'bool' or an instance of 'numpy.bool'",
)


def check_parameters(owner: str, values: Mapping[str, Any], constraints: Mapping[str, Sequence[Constraint]]) -> None:
    """Refuse the first value that none of its constraints allows.

    >>> check_parameters("Ridge", {"alpha": -1}, {"alpha": [Interval(float, 0, None), ARRAY]})
    Traceback (most recent call last):
    ...
    mmlcore.estimators.exceptions.InvalidParameterError: The 'alpha' parameter of Ridge must be a float in the range \
[0.0, inf) or an array-like. Got -1 instead.
    """
    for name, value in values.items():
        kinds = constraints.get(name)
        if kinds is None or any(kind.allows(value) for kind in kinds):
            continue
        texts = [str(kind) for kind in kinds]
        expected = texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"
        raise shared(InvalidParameterError)(
            f"The {name!r} parameter of {owner} must be {expected}. Got {value!r} instead."
        )
