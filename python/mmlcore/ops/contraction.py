"""Sums of products over chosen axes: einsum and what can be written with it."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.autodiff import defbatch, defjvp_joint, defvjp_joint, implements, primitive
from mmlcore.ops.arithmetic import multiply
from mmlcore.ops.broadcasting import broadcast_to, unbroadcast
from mmlcore.ops.indexing import diagonal
from mmlcore.ops.matmul import matmul
from mmlcore.ops.reductions import sum
from mmlcore.ops.shape import axes_of, moveaxis, ravel, reshape, shape_of, transpose

__all__ = ["einsum", "tensordot"]

_SMALL = 1000  # products that are done sooner than a good order for them is found
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@primitive
def _einsum(*operands: Any, inputs: tuple[str, ...], output: str) -> Any:
    arrays = [as_float(x, "einsum", f"operands[{i}]") for i, x in enumerate(operands)]
    work = prod([n for x in arrays for n in x.shape])  # not less than the number of products
    return np.einsum(f"{','.join(inputs)}->{output}", *arrays, optimize=len(arrays) > 1 and work > _SMALL)[()]


def _of_operand(i: int, g: Any, operands: Sequence[Any], inputs: tuple[str, ...], output: str) -> Any:
    """The gradient to operand i: the same sum of products with g in its place and its letters as the result."""
    others = [(x, letters) for j, (x, letters) in enumerate(zip(operands, inputs, strict=True)) if j != i]
    arrays = [g, *[x for x, _ in others]]
    gradient = _einsum(*arrays, inputs=(output, *[letters for _, letters in others]), output=inputs[i])
    shape = shape_of(operands[i])
    if shape_of(gradient) == shape:
        return gradient
    full = np.broadcast_shapes(shape_of(gradient), shape)  # an axis of length 1 in some operand
    return unbroadcast(broadcast_to(gradient, full), shape)


def _einsum_back(needed: tuple[int, ...], ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
    return lambda g: tuple(_of_operand(i, g, args, **kwargs) for i in needed)


def _einsum_forward(needed: tuple[int, ...], tangents: Any, ans: Any, args: Any, kwargs: Any) -> Any:
    parts = [_einsum(*args[:i], t, *args[i + 1 :], **kwargs) for i, t in zip(needed, tangents, strict=True)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _einsum_stack(stacked: tuple[bool, ...], size: int, *operands: Any, inputs: tuple[str, ...], output: str) -> Any:
    new = next(letter for letter in _LETTERS if letter not in "".join(inputs))
    letters = tuple(new + own if on else own for own, on in zip(inputs, stacked, strict=True))
    return _einsum(*operands, inputs=letters, output=new + output)


defvjp_joint(_einsum, _einsum_back)
defjvp_joint(_einsum, _einsum_forward)
defbatch(_einsum, _einsum_stack)


@implements(np.einsum)
def einsum(*operands: Any, optimize: Any = True) -> Any:
    r"""Sums of products in Einstein's notation: einsum("ij,jk->ik", a, b) is the matrix product.

    Parameters
    ----------
    *operands
        The subscripts, then the arrays (float32 or float64); or arrays and lists of axis numbers in turn.
        Repeated letters in one operand take its diagonal, `...` stands for axes that broadcast.
    optimize : any
        Accepted as by NumPy; products of several arrays are always taken in a good order.

    Returns
    -------
    array or NumPy scalar

    Raises
    ------
    ValueError
        If the subscripts do not fit the arrays.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import grad, ops
    >>> a = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> float(ops.einsum("ii", a))
    5.0
    >>> grad(lambda a: ops.einsum("ij,ij->", a, a))(a)
    array([[2., 4.],
           [6., 8.]])
    """
    arrays, inputs, output = _parsed(operands)
    if _is_plain(inputs, output):
        return _einsum(*arrays, inputs=inputs, output=output)
    reduced = [_reduced(x, i, inputs, output) for i, x in enumerate(arrays)]
    return _einsum(*[x for x, _ in reduced], inputs=tuple([letters for _, letters in reduced]), output=output)


@lru_cache(maxsize=256)
def _is_plain(inputs: tuple[str, ...], output: str) -> bool:
    """Whether every operand has each of its letters once, and none that nothing else has."""
    others = [set(output).union(*inputs[:i], *inputs[i + 1 :]) for i in range(len(inputs))]
    return all(len(set(own)) == len(own) and set(own) <= other for own, other in zip(inputs, others, strict=True))


def _reduced(x: Any, i: int, inputs: Sequence[str], output: str) -> tuple[Any, str]:
    """An operand with each of its letters once, and none that nothing else has: those are summed over."""
    letters = inputs[i]
    for letter in sorted(set(letters)):
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            x = diagonal(x, 0, first, second)
            letters = letters[:first] + letters[first + 1 : second] + letters[second + 1 :] + letter
    elsewhere = set(output).union(*[other for j, other in enumerate(inputs) if j != i])
    lonely = tuple(place for place, letter in enumerate(letters) if letter not in elsewhere)
    if lonely:
        x = sum(x, axis=lonely)
        letters = "".join(letter for letter in letters if letter in elsewhere)
    return x, letters


def _parsed(operands: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[str, ...], str]:
    """The arrays, their letters with `...` spelled out, and those of the result."""
    if not operands:
        raise ValueError(message("einsum", "subscripts", "given", "nothing"))
    if not isinstance(operands[0], str):
        operands = _as_text(operands)
    arrays = operands[1:]
    return arrays, *_letters(operands[0], tuple([shape_of(x) for x in arrays]))


@lru_cache(maxsize=256)
def _letters(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> tuple[tuple[str, ...], str]:
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(message("einsum", "subscripts", f"{len(shapes)} terms", f"{subscripts!r}"))
    if not arrow:
        once = sorted({c for c in left if c.isalpha() and left.count(c) == 1})
        output = ("..." if "..." in left else "") + "".join(once)
    free = [c for c in _LETTERS if c not in subscripts]
    pairs = list(zip(shapes, terms, strict=True))
    extra = [len(shape) - len(t.replace("...", "")) if "..." in t else 0 for shape, t in pairs]
    dots = "".join(free[: max(extra, default=0)])
    terms = [t.replace("...", dots[len(dots) - n :]) for t, n in zip(terms, extra, strict=True)]
    for i, (shape, term) in enumerate(zip(shapes, terms, strict=True)):
        if len(term) != len(shape):
            got = f"{subscripts!r} for an array of shape {shape}"
            raise ValueError(message("einsum", "subscripts", f"one letter for each axis of operand {i}", got))
    return tuple(terms), output.replace("...", dots)


def _as_text(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """einsum(a, [0, 1], b, [1, 2], [0, 2]) as einsum("ab,bc->ac", a, b)."""
    pairs = len(operands) // 2
    arrays = operands[: 2 * pairs : 2]
    texts = ["".join("..." if i is Ellipsis else _LETTERS[i] for i in axes) for axes in operands[1 : 2 * pairs : 2]]
    subscripts = ",".join(texts)
    if len(operands) % 2:
        subscripts += "->" + "".join("..." if i is Ellipsis else _LETTERS[i] for i in operands[-1])
    return (subscripts, *arrays)


@implements(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over some axes of a and as many of b, as one matrix product.

    Parameters
    ----------
    a, b : arrays, float32 or float64
    axes : int, or a pair of (sequences of) int
        n: the last n axes of a with the first n of b. A pair: these axes of a with those of b.

    Returns
    -------
    array
        The remaining axes of a, then those of b.

    Raises
    ------
    ValueError
        If the axes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.tensordot(np.ones((2, 3, 4)), np.ones((3, 4, 5))).shape
    (2, 5)
    """
    m, n = len(shape_of(a)), len(shape_of(b))
    if isinstance(axes, (int, np.integer)):
        left, right = tuple(range(m - int(axes), m)), tuple(range(int(axes)))
    else:
        left, right = axes_of("tensordot", axes[0], m), axes_of("tensordot", axes[1], n)
    free_a, free_b = [i for i in range(m) if i not in left], [i for i in range(n) if i not in right]
    shape_a, shape_b = shape_of(a), shape_of(b)
    if [shape_a[i] for i in left] != [shape_b[i] for i in right]:
        got = f"{axes} with shapes {shape_a} and {shape_b}"
        raise ValueError(message("tensordot", "axes", "of equal lengths in a and b", got))
    inner = prod(shape_a[i] for i in left)
    rows = reshape(transpose(a, (*free_a, *left)), (prod(shape_a[i] for i in free_a), inner))
    columns = reshape(transpose(b, (*right, *free_b)), (inner, prod(shape_b[i] for i in free_b)))
    return reshape(matmul(rows, columns), (*[shape_a[i] for i in free_a], *[shape_b[i] for i in free_b]))


@implements(np.inner)
def _inner(a: Any, b: Any) -> Any:
    if not shape_of(a) or not shape_of(b):
        return multiply(a, b)
    return tensordot(a, b, axes=(-1, -1))


@implements(np.vdot)
def _vdot(a: Any, b: Any) -> Any:
    return matmul(ravel(a), ravel(b))


@implements(np.kron)
def _kron(a: Any, b: Any) -> Any:
    """Every element of a times the whole of b, in blocks."""
    ndim = max(len(shape_of(a)), len(shape_of(b)))
    shape_a = (1,) * (ndim - len(shape_of(a))) + shape_of(a)
    shape_b = (1,) * (ndim - len(shape_of(b))) + shape_of(b)
    interleaved_a = [n for m in shape_a for n in (m, 1)]
    interleaved_b = [n for m in shape_b for n in (1, m)]
    blocks = multiply(reshape(a, interleaved_a), reshape(b, interleaved_b))
    return reshape(blocks, tuple(m * n for m, n in zip(shape_a, shape_b, strict=True)))


@implements(np.cross, np.linalg.cross)
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """The vector product of vectors of three numbers."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    if shape_of(a)[-1] != 3 or shape_of(b)[-1] != 3:
        got = f"shapes {shape_of(a)} and {shape_of(b)}"
        raise ValueError(message("cross", "a and b", "vectors of three numbers", got))
    right, left = [1, 2, 0], [2, 0, 1]
    product = a[..., right] * b[..., left] - a[..., left] * b[..., right]
    return moveaxis(product, -1, axisc)


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Sequence[Any]) -> Any:
    product = arrays[0]
    for x in arrays[1:]:
        product = matmul(product, x)
    return product


@implements(np.linalg.matrix_power)
def _matrix_power(x: Any, n: int) -> Any:
    """The n-th power of a square matrix by repeated squaring; negative powers through the inverse."""
    if n < 0:
        x, n = np.linalg.inv(x), -n
    result: Any = None
    while n:
        if n & 1:
            result = x if result is None else matmul(result, x)
        x, n = matmul(x, x) if n > 1 else x, n >> 1
    return np.eye(shape_of(x)[-1], dtype=x.dtype) + 0 * x if result is None else result


@implements(np.vecdot, np.linalg.vecdot)
def _vecdot(a: Any, b: Any, *, axis: int = -1) -> Any:
    return sum(multiply(a, b), axis=axis)


@implements(np.matrix_transpose, np.linalg.matrix_transpose)
def _matrix_transpose(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


if hasattr(np, "matvec"):  # NumPy 2.2

    @implements(np.matvec)
    def _matvec(a: Any, x: Any) -> Any:
        return matmul(a, reshape(x, (*shape_of(x), 1)))[..., 0]

    @implements(np.vecmat)
    def _vecmat(x: Any, a: Any) -> Any:
        return matmul(reshape(x, (*shape_of(x)[:-1], 1, shape_of(x)[-1])), a)[..., 0, :]
