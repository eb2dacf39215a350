"""A matrix packed once for many products."""

from typing import Any

from mmlcore import _kernels
from mmlcore._arrays import FloatArray, as_float
from mmlcore._errors import message

__all__ = ["PackedMatrix"]


class PackedMatrix:
    """The right operand of many products, copied into the order in which the matrix kernel reads it.

    A product of few rows spends a good part of its time on arranging its right operand: whoever multiplies by the
    same weights again and again has that done once. Later changes of `b` do not change the packed copy, and no
    derivative passes through it.

    Parameters
    ----------
    b : array_like, shape (k, n)
        Float32 or float64 (integers become float64), any strides.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype

    Raises
    ------
    ValueError
        If `b` is not two-dimensional.
    TypeError
        If `b` is not real.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import linalg
    >>> weights = linalg.PackedMatrix([[1.0, 0.0], [0.0, 2.0]])
    >>> np.array([[3.0, 4.0]]) @ weights
    array([[3., 8.]])
    >>> linalg.matmul(np.array([1.0, 1.0]), weights)
    array([1., 2.])
    """

    __slots__ = ("panels",)
    __array_ufunc__ = None  # `array @ packed` comes to __rmatmul__

    def __init__(self, b: Any) -> None:
        b = as_float(b, "PackedMatrix", "b")
        if b.ndim != 2:
            raise ValueError(message("PackedMatrix", "b", "two-dimensional", f"shape {b.shape}"))
        self.panels = _kernels.PackedMatrix(b)

    @property
    def shape(self) -> tuple[int, int]:
        return self.panels.shape

    @property
    def dtype(self) -> Any:
        return self.panels.dtype

    def __rmatmul__(self, a: Any) -> FloatArray:
        from mmlcore.linalg.matmul import matmul

        return matmul(a, self)

    def __repr__(self) -> str:
        return f"PackedMatrix(shape={self.shape}, dtype={self.dtype})"
