"""Where a NaN or an error in a derivative rule came from: the primitive and the user's line."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from linecache import getline
from pathlib import Path
from typing import Any

import numpy as np

from mmlcore._errors import message
from mmlcore.autodiff.levels import Forward, Stack
from mmlcore.autodiff.rules import Rules
from mmlcore.autodiff.tape import Node, Tape, next_number
from mmlcore.autodiff.tensor import Tensor, plain

__all__ = ["detect_anomaly", "explained", "open_forward", "open_tape", "users_line"]

_HOUSE = str(Path(__file__).resolve().parents[1]) + os.sep
_NUMPY = str(Path(np.__file__).resolve().parent) + os.sep
_watching: ContextVar[bool | None] = ContextVar("_watching", default=None)  # None: nobody watches; True: for NaNs too


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Raise an error where the first NaN arises, in a value or in a derivative, in the code of this block.

    Every primitive that is recorded is checked: if its result is NaN somewhere and its arguments nowhere, or if its
    derivative rule makes a NaN of gradients without one, a FloatingPointError names the primitive and the line of
    user code that called it. A rule that does not keep its argument's shape is found too. Recording takes several
    times as long.

    Raises
    ------
    FloatingPointError
        Inside the block, when a NaN arises.
    ValueError
        Inside the block, when a rule gives a gradient of another shape than its argument's.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad
    >>> from mmlcore.autodiff import detect_anomaly
    >>> def f(x):
    ...     return np.sum(np.sqrt(x) * 0.0)
    >>> grad(f)(np.array([0.0, 1.0]))
    array([nan,  0.])
    >>> with detect_anomaly():
    ...     grad(f)(np.array([0.0, 1.0]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    FloatingPointError: detect_anomaly: the derivative of sqrt gave NaN, called ...
    """
    with _watched(True):
        yield


@contextmanager
def _watched(nans: bool) -> Iterator[None]:
    token = _watching.set(nans)
    try:
        yield
    finally:
        _watching.reset(token)


def open_tape(leaves: int) -> "Tape | _WatchedTape":
    """A tape for a transform; one that watches every step inside `detect_anomaly`."""
    nans = _watching.get()
    return Tape(leaves) if nans is None else _WatchedTape(leaves, nans)


def open_forward() -> Forward:
    """A level of forward mode; one that watches every step inside `detect_anomaly`."""
    return _WatchedForward() if _watching.get() else Forward()


def explained(error: Exception, again: Callable[[], Any]) -> None:
    """Add to an error of a derivative rule which primitive it was and where it was called.

    A tape does not note who called: that would slow every gradient down. So the function runs once more, watched.
    """
    if _watching.get() is not None:
        return
    try:
        with _watched(False):
            again()
    except Exception as second:
        if type(second) is type(error):
            for note in getattr(second, "__notes__", ()):
                if note not in getattr(error, "__notes__", ()):
                    error.add_note(note)


def users_line() -> str:
    """The innermost line on the stack that is neither mmlcore's nor NumPy's: "called at file:line: source"."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith((_HOUSE, _NUMPY)):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f"called at {file}:{line}: {getline(file, line).strip()}"


class _WatchedForward(Forward):
    """Forward mode that looks for NaNs in values and tangents."""

    __slots__ = ()

    def process(self, call: Callable[..., Any], rules: Rules, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What forward mode does, checked."""
        out = super().process(call, rules, args, kwargs)
        own = [x for x in args if type(x) is Tensor and x.tape is self]
        if not any(_is_nan(x) for x in args):
            if _is_nan(out):
                raise FloatingPointError(f"detect_anomaly: {rules.name} gave NaN, {users_line()}")
            made = type(out) is Tensor and out.tape is self and _is_nan(out.node)
            if made and not any(_is_nan(x.node) for x in own):
                raise FloatingPointError(f"detect_anomaly: the derivative of {rules.name} gave NaN, {users_line()}")
        return out


def _is_nan(x: Any) -> bool:
    x = plain(x)
    x = x.array if type(x) is Stack else x
    if isinstance(x, float):
        return bool(np.isnan(x))
    return hasattr(x, "dtype") and x.dtype.kind == "f" and hasattr(x, "__array__") and bool(np.isnan(x).any())


class _WatchedTape:
    """A tape that knows of every step which primitive it was and who called it."""

    __slots__ = ("kept", "nans", "number", "open")
    nodes = None  # so that primitives call `process`

    def __init__(self, leaves: int, nans: bool) -> None:
        self.kept: list[Node] = [()] * leaves
        self.nans, self.number, self.open = nans, next_number(), True

    def process(self, call: Callable[..., Any], rules: Rules, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the primitives' own wrappers do on a tape, checked."""
        own = [i for i, x in enumerate(args) if type(x) is Tensor and x.tape is self]
        values = [x.value if i in own else x for i, x in enumerate(args)]
        if not self.open:
            return Tensor(call(*values, **kwargs), self, 0)
        ans, pullback = rules.record(call, tuple(own), values, kwargs)
        where = users_line()
        if self.nans and _is_nan(ans) and not any(_is_nan(x) for x in values):
            raise FloatingPointError(f"detect_anomaly: {rules.name} gave NaN, {where}")
        if pullback is None:
            return ans
        nans = self.nans and not any(map(_is_nan, [*values, ans]))
        shapes = [values[i].shape for i in own]
        self.kept.append((_checked(pullback, rules.name, where, nans, shapes), *[args[i].node for i in own]))
        return Tensor(ans, self, len(self.kept) - 1)

    def close(self) -> list[Node]:
        """Stop recording and hand over what was recorded."""
        nodes, self.kept, self.open = self.kept, [], False
        return nodes


def _checked(
    pullback: Callable[[Any], Any], name: str, where: str, nans: bool, shapes: list[tuple[int, ...]]
) -> Callable[[Any], Any]:
    """The pullback, with errors that name its primitive: a wrong shape is one, with `nans` a NaN of its own too."""

    def checked(g: Any) -> Any:
        try:
            parts = pullback(g)
        except Exception as error:
            error.add_note(f"in the derivative rule of {name}, {where}")
            raise
        each = parts if isinstance(parts, (tuple, list)) else [parts]
        for part, shape in zip(each, shapes, strict=True):
            if part is not None and getattr(part, "shape", ()) != shape:
                got = f"a gradient of shape {getattr(part, 'shape', ())} for an argument of shape {shape}, {where}"
                raise ValueError(message(name, "its derivative rule", "one that keeps the shape", got))
        if nans and not _is_nan(g) and any(_is_nan(part) for part in each):
            raise FloatingPointError(f"detect_anomaly: the derivative of {name} gave NaN, {where}")
        return parts

    return checked
