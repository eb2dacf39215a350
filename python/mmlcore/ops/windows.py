"""How windows move over images: the arguments that convolutions and pools share, checked and made uniform."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore._errors import choose, integer, message

__all__ = ["DATA_FORMATS", "Sweep", "frozen", "per_axis", "sweep_of"]

DATA_FORMATS = {"channels_last": False, "channels_first": True}
_Three = tuple[int, int, int]


def per_axis(function: str, argument: str, value: Any, ndim: int, low: int = 1) -> tuple[int, ...]:
    """One whole number for each axis, from one for all or one for each.

    >>> per_axis("conv", "strides", 2, 3)
    (2, 2, 2)
    """
    several = isinstance(value, tuple | list | np.ndarray)
    values = tuple(integer(function, argument, one, low) for one in (value if several else (value,) * ndim))
    if len(values) != ndim:
        raise ValueError(message(function, argument, f"a number or {ndim} numbers", repr(value)))
    return values


@dataclass(frozen=True)
class Sweep:
    """A window moving over images of one shape; images of fewer axes count as volumes of extent 1.

    Attributes
    ----------
    ndim : int
        Axes of an image, without channels.
    size, out, kernel, stride, dilation, before : tuple of three int
        Extents of the inputs, the outputs and the window; its steps; zeros in front of the inputs.
    groups : int
    channels_first : bool
    """

    ndim: int
    size: _Three
    out: _Three
    kernel: _Three
    stride: _Three
    dilation: _Three
    before: _Three
    groups: int = 1
    channels_first: bool = False

    @cached_property
    def window(self) -> Any:
        """As the kernels want it."""
        return _kernels.Window(self.stride, self.dilation, self.before, self.groups, self.channels_first)

    @property
    def small(self) -> bool:
        """Whether the number of an element of the window fits into eight bits."""
        return prod(self.kernel) <= 255

    def volume(self, images: Any) -> NDArray[Any]:
        """Images as an array of five axes, without a copy where they are contiguous."""
        images = np.ascontiguousarray(images)
        at = 2 if self.channels_first else 1
        return images.reshape(*images.shape[:at], *(1,) * (3 - self.ndim), *images.shape[at:])

    def filters(self, w: Any) -> NDArray[Any]:
        """Filters likewise."""
        w = np.ascontiguousarray(w)
        return w.reshape(*self.kernel, *w.shape[-2:])

    def shape(self, images: int, channels: int, extents: _Three) -> tuple[int, ...]:
        """The shape of so many images of these extents."""
        inner = extents[3 - self.ndim :]
        return (images, channels, *inner) if self.channels_first else (images, *inner, channels)

    def outputs(self, images: int, channels: int) -> tuple[int, ...]:
        """The shape of the outputs."""
        return self.shape(images, channels, self.out)

    def channels(self, shape: tuple[int, ...]) -> int:
        """How many channels images of that shape have."""
        return shape[1 if self.channels_first else -1]

    def numbers(self, images: int, channels: int) -> NDArray[Any]:
        """Room for the numbers of the largest elements."""
        return np.empty((images, *self.out, channels), np.uint8 if self.small else np.int32)


def _padded(
    function: str, padding: Any, size: tuple[int, ...], reach: tuple[int, ...], strides: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Zeros in front, and extents of the outputs: W₂ = (W₁ - K + 2P)/S + 1 (Notes 9.5)."""
    ndim = len(size)
    if isinstance(padding, str):
        choose(function, "padding", padding, {"valid": 0, "same": 0})
        if padding == "same":
            out = tuple(-(-n // s) for n, s in zip(size, strides, strict=True))
            total = [max((o - 1) * s + r - n, 0) for o, s, r, n in zip(out, strides, reach, size, strict=True)]
            return tuple(t // 2 for t in total), out
        pairs = [(0, 0)] * ndim
    elif isinstance(padding, int | np.integer):
        pairs = [(integer(function, "padding", padding, 0),) * 2] * ndim
    else:
        entries = list(padding) if isinstance(padding, tuple | list) else []
        if len(entries) != ndim:
            got = repr(padding)
            raise ValueError(message(function, "padding", f"'valid', 'same', a number or {ndim} of them", got))
        pairs = [per_axis(function, "padding", entry, 2, 0) for entry in entries]  # type: ignore[misc]
    room = [n + sum(pair) - r for n, pair, r in zip(size, pairs, reach, strict=True)]
    out = tuple(0 if space < 0 else space // s + 1 for space, s in zip(room, strides, strict=True))
    return tuple(pair[0] for pair in pairs), out


def sweep_of(
    function: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
    data_format: str = "channels_last",
) -> Sweep:
    """The sweep of a window over images of extents `size`.

    >>> sweep_of("conv", (227, 227), (11, 11), strides=4).out
    (1, 55, 55)
    """
    # A layer asks for the same sweep in every call, and finding it costs more than a small convolution.
    return _sweep_of(function, size, kernel, frozen(strides), frozen(padding), frozen(dilation), groups, data_format)


def frozen(value: Any) -> Any:
    """Lists, arrays and their numbers as plain tuples and numbers, which can be looked up and saved.

    >>> frozen(np.array([1, 2])), frozen(np.int64(3)), frozen("same")
    ((1, 2), 3, 'same')
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(frozen(item) for item in value) if isinstance(value, list | tuple) else value


@lru_cache(maxsize=256, typed=True)
def _sweep_of(
    function: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    strides: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    data_format: str,
) -> Sweep:
    ndim = len(size)
    first = choose(function, "data_format", data_format, DATA_FORMATS)
    steps = per_axis(function, "strides", strides, ndim)
    gaps = per_axis(function, "dilation", dilation, ndim)
    before, out = _padded(
        function, padding, size, tuple((k - 1) * d + 1 for k, d in zip(kernel, gaps, strict=True)), steps
    )
    more = 3 - ndim
    ones, zeros = (1,) * more, (0,) * more
    return Sweep(
        ndim=ndim,
        size=(*ones, *size),  # type: ignore[arg-type]
        out=(*ones, *out),  # type: ignore[arg-type]
        kernel=(*ones, *kernel),  # type: ignore[arg-type]
        stride=(*ones, *steps),  # type: ignore[arg-type]
        dilation=(*ones, *gaps),  # type: ignore[arg-type]
        before=(*zeros, *before),  # type: ignore[arg-type]
        groups=groups,
        channels_first=first,
    )
