"""What weights are brought back to after every step, by Keras's names."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import _kernels
from mmlcore._errors import choose, message

__all__ = ["CONSTRAINTS", "Constraint", "MaxNorm", "NonNeg", "get"]

Constraint = Callable[[NDArray[Any]], Any]


class MaxNorm:
    """Every column of incoming weights is scaled to at most this Euclidean norm.

    Parameters
    ----------
    max_value : float
        Above 0.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> w = np.array([[3.0, 0.3], [4.0, 0.4]])
    >>> MaxNorm(1.0)(w)
    >>> w
    array([[0.6, 0.3],
           [0.8, 0.4]])

    References
    ----------
    N. Srivastava et al. (2014), Dropout, section 5.1.
    """

    def __init__(self, max_value: float = 2.0) -> None:
        if not isinstance(max_value, int | float | np.number) or not 0 < max_value < float("inf"):
            raise ValueError(message("MaxNorm", "max_value", "a finite number above 0", repr(max_value)))
        self.max_value = float(max_value)

    def __call__(self, w: NDArray[Any]) -> None:
        """Change `w`, of shape (inputs, outputs), in place."""
        _kernels.limit_column_norms(w, self.max_value)

    def __repr__(self) -> str:
        return f"<MaxNorm {self.max_value:g}>"


class NonNeg:
    """Negative weights become 0.

    Examples
    --------
    >>> w = np.array([-1.0, 2.0])
    >>> NonNeg()(w)
    >>> w
    array([0., 2.])
    """

    def __call__(self, w: NDArray[Any]) -> None:
        """Change `w` in place."""
        _kernels.make_non_negative(w)

    def __repr__(self) -> str:
        return "<NonNeg>"


CONSTRAINTS: dict[str, Callable[[], Constraint]] = {
    "max_norm": MaxNorm,
    "non_neg": NonNeg,
}


def get(constraint: Any, function: str, argument: str) -> Constraint | None:
    """What `constraint` stands for: a name, a function that changes an array in place, or None.

    >>> type(get("non_neg", "Dense", "kernel_constraint")).__name__
    'NonNeg'
    """
    if constraint is None or callable(constraint):
        return constraint
    return choose(function, argument, constraint, CONSTRAINTS)()
