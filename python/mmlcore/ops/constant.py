"""NumPy functions that a Tensor may meet and that have no derivative to record.

They work on the values: comparisons and tests give booleans, searches give positions, and the derivative of
a step function is zero wherever it exists.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from mmlcore.autodiff import constant, method, plain

__all__: list[str] = []

constant(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
constant(np.isnan, np.isinf, np.isfinite, np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor)
constant(np.isclose, np.allclose, np.array_equal, np.any, np.all, np.nonzero, np.flatnonzero, np.count_nonzero)
constant(np.isposinf, np.isneginf, np.iscomplexobj, np.isrealobj, np.isin, np.array_equiv, np.argwhere)
constant(np.argmax, np.argmin, np.argsort, np.argpartition, np.lexsort, np.searchsorted, np.digitize)
constant(np.nanargmax, np.nanargmin, np.isreal, np.iscomplex, np.imag, np.angle)
constant(np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.full_like, np.empty_like, np.result_type)
constant(np.floor, np.ceil, np.trunc, np.rint, np.round, np.around, np.fix)
constant(np.diag_indices_from, np.tril_indices_from, np.triu_indices_from, np.einsum_path, np.min_scalar_type)
constant(np.save, np.savez, np.savez_compressed, np.savetxt)
constant(np.array_repr, np.array_str, np.array2string, np.shares_memory, np.may_share_memory, np.can_cast)


def _method(function: Callable[..., Any]) -> None:
    def on_values(x: Any, *args: Any, **kwargs: Any) -> Any:
        return function(plain(x), *plain(args), **plain(kwargs))

    on_values.__doc__ = f"As `numpy.{function.__name__}`, on the values: there is no derivative to record."
    method(function.__name__)(on_values)


for _function in (np.argmax, np.argmin, np.argsort, np.searchsorted, np.any, np.all, np.nonzero, np.round):
    _method(_function)
