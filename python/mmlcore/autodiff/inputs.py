"""What the transforms share: arguments taken apart into leaves, and results put back in their place."""

from collections.abc import Callable, Iterable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff.tensor import Tensor, settled
from mmlcore.autodiff.trees import Rebuild, flatten, is_leaf

__all__ = ["Inputs", "Selection", "differentiable", "finished", "matching", "named", "split_aux"]

_CAPSULE = type(np.empty(0).__array_struct__)  # what owns the memory of arrays that kernels return
_FLOATS = (np.dtype(np.float64), np.dtype(np.float32))


class Selection:
    """A transform's `argnums`, checked when the transform is made and located when it is called."""

    __slots__ = ("argnums", "name", "positions", "single")

    def __init__(self, name: str, f: Callable[..., Any], argnums: int | tuple[int, ...]) -> None:
        if not callable(f):
            raise TypeError(message(name, "f", "callable", repr(f)))
        self.single = isinstance(argnums, (int, np.integer))
        listed = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
        self.argnums = tuple(listed)
        if not listed or not all(isinstance(i, (int, np.integer)) for i in listed):
            raise TypeError(message(name, "argnums", "an int or a tuple of ints", repr(argnums)))
        self.name = name
        self.positions: dict[int, tuple[int, ...]] = {}  # number of arguments -> argnums counted from 0

    def inputs(self, args: tuple[Any, ...]) -> "Inputs":
        """The selected ones among the arguments of a call."""
        positions = self.positions.get(len(args)) or self.locate(len(args))
        return Inputs(self.name, args, positions, self.single)

    def locate(self, count: int) -> tuple[int, ...]:
        """`argnums` counted from 0, checked against the number of positional arguments."""
        positions = tuple(i + count if i < 0 else i for i in self.argnums)
        if not all(0 <= i < count for i in positions) or len(set(positions)) < len(positions):
            expectation = "different positions of positional arguments"
            got = f"{self.argnums[0] if self.single else self.argnums} with {count} arguments"
            raise TypeError(message(self.name, "argnums", expectation, got))
        self.positions[count] = positions
        return positions


class Inputs:
    """The arguments of one call that are differentiated: `leaves` are their arrays and numbers, one after the other."""

    __slots__ = ("args", "leaves", "name", "positions", "rebuilds", "single")

    def __init__(self, name: str, args: tuple[Any, ...], positions: Sequence[int], single: bool = False) -> None:
        self.name, self.args, self.positions, self.single = name, args, positions, single
        self.leaves: list[Any] = []
        self.rebuilds: list[Rebuild] = []
        for i in positions:
            x = args[i]
            if type(x) is np.ndarray or x is None or is_leaf(x):
                self.leaves.append(differentiable(x, name, f"argument {i}"))
                self.rebuilds.append(next)
            else:
                parts, rebuild = flatten(x)
                self.leaves += [differentiable(part, name, f"argument {i}{path}") for path, part in parts]
                self.rebuilds.append(rebuild)

    def filled(self, values: Iterable[Any]) -> list[Any]:
        """The arguments with other leaves."""
        args, values = list(self.args), iter(values)
        for i, rebuild in zip(self.positions, self.rebuilds):  # noqa: B905  # in every gradient: no check
            args[i] = rebuild(values)
        return args

    def restored(self, results: Iterable[Any]) -> Any:
        """One result for each leaf in the structure of the arguments: one, or a tuple if several were asked for."""
        results = iter(results)
        if self.single:
            return self.rebuilds[0](results)
        return tuple([rebuild(results) for rebuild in self.rebuilds])

    def tangents(self, given: tuple[Any, ...], argument: str) -> list[Any]:
        """Directions for the arguments, in their structure, shapes and dtypes, as leaves."""
        if len(given) != len(self.positions):
            raise ValueError(message(self.name, argument, f"{len(self.positions)} of them", len(given)))
        points = tuple(self.args[i] for i in self.positions)
        return matching(points, self.leaves, given, self.name, argument)

    def gradients(self, gradients: Sequence[Any]) -> Any:
        """Gradients as the caller gets them: in the arguments' structure and dtypes, each an array of its own."""
        if len(gradients) == 1 and self.single and self.rebuilds[0] is next:
            return finished(gradients[0], self.leaves[0], self.name)
        ready: list[Any] = []
        for gradient, x in zip(gradients, self.leaves, strict=True):
            own = finished(gradient, x, self.name)
            shared = type(own) is np.ndarray and any(own is other for other in ready)
            ready.append(own.copy() if shared else own)
        return self.restored(ready)


def matching(tree: Any, leaves: Sequence[Any], given: Any, function: str, argument: str) -> list[Any]:
    """The leaves of `given`, which must have the structure of `tree` and the shapes of `leaves`, in their dtypes."""
    parts, wanted = flatten(given)[0], [path for path, _ in flatten(tree)[0]]
    found = [path for path, _ in parts]
    if found != wanted:
        raise ValueError(message(function, argument, f"a structure with {_listed(wanted)}", _listed(found)))
    ready = []
    for (path, part), x in zip(parts, leaves, strict=True):
        part = differentiable(part, function, argument + path)
        if part.shape != x.shape:
            raise ValueError(message(function, argument + path, f"of shape {x.shape}", f"shape {part.shape}"))
        ready.append(part if part.dtype == x.dtype else part.astype(x.dtype))
    return ready


def _listed(paths: list[str]) -> str:
    return ", ".join(path or "one array" for path in paths) or "nothing"


def differentiable(x: Any, function: str, argument: str) -> Any:
    """An argument as it goes into a Tensor: a float32 or float64 array or scalar, or an outer Tensor."""
    if type(x) is np.ndarray and x.dtype in _FLOATS:
        return x
    if type(x) is float:
        return np.float64(x)
    if type(x) is np.float64:
        return x
    x = settled(x)
    if type(x) is Tensor:
        return x
    if not isinstance(x, (np.ndarray, np.generic, int, float)):
        raise TypeError(message(function, argument, "a real array or number", type(x).__name__))
    array = as_float(x, function, argument)
    return array if isinstance(x, np.ndarray) else array[()]


def finished(gradient: Any, x: Any, function: str) -> Any:
    """One gradient in its argument's dtype; copied if it is a view or read-only; zeros for None."""
    if gradient is None:
        return np.zeros(x.shape, x.dtype)[()] if isinstance(x, np.generic) else np.zeros(x.shape, x.dtype)
    if getattr(gradient, "shape", ()) != x.shape:
        got = f"a gradient of shape {np.shape(gradient)} for an argument of shape {x.shape} (detect_anomaly says whose)"
        raise ValueError(message(function, "every derivative rule", "one that keeps the shape", got))
    if type(gradient) is Tensor:
        gradient = settled(gradient)  # the value, if it holds no more than a Tensor that outlived its transform
    if type(gradient) is Tensor:
        return gradient if gradient.dtype == x.dtype else gradient.astype(x.dtype)
    if isinstance(x, np.generic):
        return x.dtype.type(gradient)
    is_array = type(gradient) is np.ndarray and gradient.dtype == x.dtype
    owned = is_array and (gradient.base is None or type(gradient.base) is _CAPSULE) and gradient.flags.writeable
    return gradient if owned else np.array(gradient, x.dtype)


def split_aux(out: Any, name: str) -> tuple[Any, Any]:
    """The two parts of what a function with `has_aux` returns."""
    if type(out) is tuple and len(out) == 2:
        return out
    raise TypeError(message(name, "f's result", "a pair (value, aux) when has_aux=True", f"{out!r}"))


def named(transformed: Callable[..., Any], transform: str, f: Callable[..., Any]) -> Callable[..., Any]:
    """`transformed` with the signature of `f` and a name that says what it is."""
    update_wrapper(transformed, f, ("__module__", "__doc__"))
    transformed.__name__ = transformed.__qualname__ = f"{transform}({getattr(f, '__name__', 'f')})"
    return transformed
