"""Matrices of derivatives: all columns or all rows side by side in one pass."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np

from mmlcore._errors import choose
from mmlcore.autodiff.anomaly import open_forward
from mmlcore.autodiff.inputs import Inputs, Selection, named, split_aux
from mmlcore.autodiff.levels import Batch
from mmlcore.autodiff.recording import Recording, leaves_of
from mmlcore.autodiff.tensor import Tensor, settled
from mmlcore.autodiff.transforms import grad

__all__ = ["hessian", "jacobian"]

_ELEMENTS_AT_ONCE = 1 << 22  # directions are taken in portions of about this many numbers


def jacobian(
    f: Callable[..., Any],
    argnums: int | tuple[int, ...] = 0,
    mode: str | None = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    r"""The derivative of an array-valued function, :math:`J_{ij} = \partial f_i / \partial x_j`.

    Parameters
    ----------
    f : callable
        Ordinary Python with NumPy calls; returns an array, a number, or containers of these.
    argnums : int or tuple of int, default 0
        As for `grad`.
    mode : 'forward', 'reverse' or None
        One pass forward carries all columns, one pass backward all rows; both give the same numbers. None: the
        fewer of the two, which takes a second run of `f` if the value has more numbers than the arguments.
    has_aux : bool, default False
        `f` returns a pair (value, anything else).

    Returns
    -------
    callable
        Gives an array of shape value.shape + x.shape: element [i..., j...] is ∂f[i...]/∂x[j...], so that the
        derivative ∂Y/∂X of a matrix by a matrix has four axes. Every array in the structure of the value is replaced
        by these, in the structure of x; a tuple of them if `argnums` is a tuple. With `has_aux` a pair.

    Raises
    ------
    TypeError
        As for `grad`; the value may have any shape.
    ValueError
        For another `mode`.

    Notes
    -----
    Denominator layout, where the derivative by a vector stands in columns (Notes 3.2), is the transpose.

    References
    ----------
    CS582, Calculus 3; SIT744, "Jacobian"; DRP, "The Jacobian".

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import jacobian
    >>> jacobian(lambda x: np.stack([x[0] * x[1], np.sin(x[1])]))(np.array([2.0, 0.0]))
    array([[0., 2.],
           [0., 1.]])
    """
    selection = Selection("jacobian", f, argnums)
    if mode is not None:
        choose("jacobian", "mode", mode, {"forward": 0, "reverse": 1})

    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        inputs = selection.inputs(args)
        if mode == "forward":
            result, aux = _forward(f, inputs, kwargs, has_aux)
        else:
            recording = Recording(f, inputs, kwargs, has_aux)
            columns = sum(x.size for x in inputs.leaves)
            if mode is None and sum(prod(np.shape(y)) for y in recording.values) > columns:
                result, aux = _forward(f, inputs, kwargs, has_aux)
            else:
                result, aux = _reverse(recording, inputs), recording.aux
        return (result, aux) if has_aux else result

    return named(jacobian_of_f, "jacobian", f)


def hessian(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    r"""The matrix of second derivatives of a scalar-valued function, forward mode over reverse mode.

    Parameters
    ----------
    f, argnums
        As for `grad`.

    Returns
    -------
    callable
        Gives an array of shape x.shape + x.shape. For containers and several arguments, the structure of the
        gradient with its arrays replaced by that structure: `hessian(f, (0, 1))(x, y)[0][1]` is ∂²f/∂x∂y.

    Raises
    ------
    TypeError
        As for `grad`.

    References
    ----------
    CS582, Calculus 2; Notes 6.2.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import hessian
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return named(jacobian(grad(f, argnums), argnums, mode="forward"), "hessian", f)


def _reverse(recording: Recording, inputs: Inputs) -> Any:
    """All rows: one pass back from each portion of the identity."""
    portions: list[list[Any]] = [[] for _ in inputs.leaves]
    for size, blocks in _identity([_like(y) for y in recording.values]):
        level = Batch(size)
        gradients = recording.walk([level.tensor(block) for block in blocks])
        for rows, g, x in zip(portions, gradients, inputs.leaves, strict=True):
            rows.append(level.array(g, x.shape, x.dtype))
        level.close()
    joined = [settled(_joined(rows)) for rows in portions]
    shapes = [np.shape(y) for y in recording.values]
    results = []
    for (start, end), shape in zip(_spans(shapes), shapes, strict=True):
        blocks = [_block(g[start:end], shape + x.shape) for g, x in zip(joined, inputs.leaves, strict=True)]
        results.append(inputs.restored(blocks))
    return recording.rebuild(iter(results))


def _forward(f: Callable[..., Any], inputs: Inputs, kwargs: dict[str, Any], has_aux: bool) -> tuple[Any, Any]:
    """All columns: one run with each portion of the identity as tangents."""
    portions: list[list[Any]] = []
    for size, blocks in _identity(inputs.leaves):
        batch, level = Batch(size), open_forward()
        try:
            pairs = zip(inputs.leaves, blocks, strict=True)
            out = f(*inputs.filled([Tensor(x, level, batch.tensor(block)) for x, block in pairs]), **kwargs)
            out, aux = split_aux(out, inputs.name) if has_aux else (out, None)
            outputs, rebuild = leaves_of(out)
            values = [_like(settled(y.value) if type(y) is Tensor and y.tape is level else y) for y in outputs]
            tangents = [y.node if type(y) is Tensor and y.tape is level else None for y in outputs]
            portions.append([batch.array(t, y.shape, y.dtype) for t, y in zip(tangents, values, strict=True)])
        finally:
            level.close()
            batch.close()
    spans = _spans([x.shape for x in inputs.leaves])
    results = []
    for i, y in enumerate(values):
        columns = np.moveaxis(settled(_joined([portion[i] for portion in portions])), 0, -1)
        columns = columns if columns.dtype == y.dtype else columns.astype(y.dtype)
        blocks = [
            _block(columns[..., start:end], y.shape + x.shape)
            for (start, end), x in zip(spans, inputs.leaves, strict=True)
        ]
        results.append(inputs.restored(blocks))
    return rebuild(iter(results)), settled(aux)


def _identity(leaves: Sequence[Any]) -> Iterator[tuple[int, list[Any]]]:
    """The rows of the identity over all numbers of the leaves, in portions: how many, and their part in each leaf."""
    spans = _spans([x.shape for x in leaves])
    total = spans[-1][1] if spans else 0
    portion = max(1, _ELEMENTS_AT_ONCE // max(total, 1))
    for first in range(0, max(total, 1), portion):
        size = min(portion, total - first)
        blocks = []
        for (start, end), x in zip(spans, leaves, strict=True):
            block = np.zeros((size, end - start), x.dtype)
            rows = np.arange(max(first, start), min(first + size, end))
            block[rows - first, rows - start] = 1
            blocks.append(block.reshape(size, *x.shape))
        yield size, blocks


def _spans(shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, int]]:
    ends = list(accumulate(prod(shape) for shape in shapes))
    return list(zip([0, *ends], ends, strict=False))


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _block(rows: Any, shape: tuple[int, ...]) -> Any:
    """A part of the result; a NumPy scalar for a single number, as gradients are."""
    block = np.reshape(rows, shape)
    return block[()] if type(block) is np.ndarray and not shape else block


def _like(y: Any) -> Any:
    return y if hasattr(y, "dtype") else np.asarray(y, np.float64)
