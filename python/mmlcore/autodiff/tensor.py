"""Tensor: a number or array that remembers, on the tape of its level, how it was computed."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from mmlcore._errors import message

__all__ = ["OVERRIDES", "WITH_KEYWORDS", "Tensor", "plain", "settled"]

# NumPy function or ufunc -> what it does when an argument is a Tensor; filled by `implements`. Of calls with keywords
# the other table says what they do: there they are looked at first.
OVERRIDES: dict[Any, Callable[..., Any]] = {}
WITH_KEYWORDS: dict[Any, Callable[..., Any]] = {}


class Tensor:
    """What a function receives in place of an argument with respect to which it is being differentiated.

    Made by `grad` and its relatives only. It behaves as a NumPy array in ordinary NumPy code: operators,
    indexing, methods, and NumPy's functions all work and record what they did. Comparisons look at the
    values and return plain arrays of booleans. What would lose track of the derivative (`float(t)`,
    `np.asarray(t)`, `t[0] = 1`, `if t:`) raises a TypeError that names the working form, until the
    transform has returned; from then on a Tensor that outlived it converts to its value.

    Attributes
    ----------
    value : ndarray or NumPy scalar, float32 or float64
        In nested differentiation, a Tensor of an outer level.
    tape : Tape, or another level
    node : int
        Position on the tape; in forward mode, the tangent.
    """

    __slots__ = ("__weakref__", "node", "tape", "value")
    __array_priority__ = 1000.0

    if TYPE_CHECKING:  # operators, indexing and methods are registered by mmlcore.ops

        def __getattr__(self, name: str) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __neg__(self) -> Any: ...
        def __abs__(self) -> Any: ...
        def __add__(self, other: Any) -> Any: ...

        __pos__ = __neg__
        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__
        __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __add__

    def __init__(self, value: Any, tape: Any, node: Any) -> None:
        self.value = value
        self.tape = tape
        self.node = node

    # ---- an array's attributes

    @property
    def shape(self) -> tuple[int, ...]:
        shape: tuple[int, ...] = self.value.shape
        return shape

    @property
    def ndim(self) -> int:
        return len(self.value.shape)

    @property
    def size(self) -> int:
        size: int = self.value.size
        return size

    @property
    def dtype(self) -> np.dtype[Any]:
        dtype: np.dtype[Any] = self.value.dtype
        return dtype

    @property
    def itemsize(self) -> int:
        itemsize: int = self.value.dtype.itemsize
        return itemsize

    @property
    def nbytes(self) -> int:
        nbytes: int = self.value.size * self.value.dtype.itemsize
        return nbytes

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError(message("iter", "a Tensor", "of one dimension or more", "shape ()"))
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        if type(self.value) is Tensor:
            return f"Tensor({self.value!r})"
        numbers = np.array2string(np.asarray(plain(self)), separator=", ", prefix="Tensor(")
        return f"Tensor({numbers}, shape={self.shape}, dtype={self.dtype})"

    def __format__(self, specification: str) -> str:
        return format(self.value, specification)

    # ---- NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **kwargs: Any) -> Any:
        override = OVERRIDES.get(ufunc)
        if override is not None and how == "__call__" and not kwargs:
            return override(*inputs)
        if how != "__call__":
            by_method = WITH_KEYWORDS.get(getattr(ufunc, how))
            if by_method is not None:
                return by_method(*inputs, **kwargs)
        name = ufunc.__name__
        if how == "at":
            raise TypeError(
                f"{name}.at: a Tensor cannot be changed in place; write numpy.bincount, or mmlcore.ops.scatter"
            )
        if override is None or how != "__call__":
            name = name if how == "__call__" else f"{name}.{how}"
            raise TypeError(f"{name}: no derivative rule in mmlcore")
        option = next(iter(kwargs))
        working = f"left out when an argument is a Tensor (write y = {name}(...))"
        raise TypeError(message(name, option, working, "a value for it"))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        override = (WITH_KEYWORDS if kwargs else OVERRIDES).get(function)
        if override is None:
            raise TypeError(f"{function.__name__}: no derivative rule in mmlcore")
        return override(*args, **kwargs)

    # ---- comparisons: plain booleans

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        return plain(self) == plain(other)

    def __ne__(self, other: object) -> Any:
        return plain(self) != plain(other)

    def __lt__(self, other: Any) -> Any:
        return plain(self) < plain(other)

    def __le__(self, other: Any) -> Any:
        return plain(self) <= plain(other)

    def __gt__(self, other: Any) -> Any:
        return plain(self) > plain(other)

    def __ge__(self, other: Any) -> Any:
        return plain(self) >= plain(other)

    # ---- what would lose the derivative

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.tape.open:
            _refuse(
                "numpy.asarray",
                "pass the Tensor itself to NumPy's functions, or join several with numpy.stack or mmlcore.array",
            )
        return np.array(self.value, dtype=dtype, copy=copy)

    def __dlpack__(self, **kwargs: Any) -> Any:
        if self.tape.open:
            _refuse("dlpack", "keep the Tensor in NumPy's functions")
        return np.asarray(self.value).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0  # the processor

    def __buffer__(self, flags: int) -> memoryview:  # the buffer protocol; for Python 3.11 mmlcore.ops makes it known
        if self.tape.open:
            _refuse("memoryview", "keep the Tensor in NumPy's functions")
        return np.asarray(self.value).data

    def __float__(self) -> float:
        if self.tape.open:
            _refuse(
                "float",
                "keep the Tensor, use NumPy's functions (numpy.sin, not math.sin), "
                "make arrays with numpy.stack or mmlcore.array",
            )
        return float(self.value)

    def __int__(self) -> int:
        if self.tape.open:
            _refuse("int", "keep the Tensor")
        return int(self.value)

    def __complex__(self) -> complex:
        if self.tape.open:
            _refuse("complex", "keep the Tensor: only real functions are differentiated")
        return complex(self.value)

    def __round__(self, digits: int | None = None) -> Any:
        if self.tape.open:
            _refuse("round", "use numpy.round(t), whose derivative is zero")
        return round(self.value.item(), digits)

    def __bool__(self) -> bool:
        if self.tape.open:
            _refuse("bool", "compare it (if t > 0)")
        return bool(self.value)

    def item(self) -> Any:
        """The number itself, once the transform has returned."""
        if self.tape.open:
            _refuse("item", "keep the Tensor")
        return self.value.item()

    def tolist(self) -> Any:
        """The numbers as nested lists, once the transform has returned."""
        if self.tape.open:
            _refuse("tolist", "keep the Tensor")
        return self.value.tolist()

    def __copy__(self) -> "Tensor":
        return self  # it cannot be changed, and a copy of its tape would not be walked back

    def __deepcopy__(self, memo: dict[int, Any]) -> "Tensor":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if self.tape.open:
            _refuse("pickle", "keep the Tensor in this process")
        return np.asarray, (settled(self),)

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise TypeError(
            "setitem: a Tensor cannot be changed in place; "
            "write numpy.where(mask, new, old), or join the parts with numpy.concatenate or numpy.stack"
        )


def plain(x: Any) -> Any:
    """`x` without any Tensor: their values, also inside lists, tuples and dicts."""
    if type(x) is Tensor:
        x = x.value
    if type(x) is np.ndarray:
        return x
    return _opened(x, every=True)


def settled(x: Any) -> Any:
    """`x` with the values of Tensors whose transform has returned, also inside lists, tuples and dicts."""
    return _opened(x, every=False)


def _opened(x: Any, every: bool) -> Any:
    while type(x) is Tensor and (every or not x.tape.open):
        x = x.value
    if isinstance(x, (list, tuple)):
        parts = [_opened(part, every) for part in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    if isinstance(x, dict):
        return {key: _opened(part, every) for key, part in x.items()}
    return x


def _refuse(function: str, working: str) -> NoReturn:
    raise TypeError(
        f"{function}: a Tensor that is being differentiated cannot become a plain value; {working}, "
        "or take t.value where no derivative is wanted"
    )
