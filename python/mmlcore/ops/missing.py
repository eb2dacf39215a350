"""Reductions that leave NaNs out: these get no gradient."""

from typing import Any

import numpy as np

from mmlcore.autodiff import implements, plain
from mmlcore.ops.elementwise import sqrt
from mmlcore.ops.kinked import where
from mmlcore.ops.reductions import Axis, max, min, sum
from mmlcore.ops.scans import cumprod, cumsum, prod

__all__: list[str] = []


def _filled(x: Any, value: float) -> Any:
    return where(np.isnan(plain(x)), value, x)


def _count(x: Any, axis: Axis, keepdims: bool) -> Any:
    """How many numbers there are, in the dtype of x."""
    return np.asarray(np.sum(~np.isnan(plain(x)), axis, keepdims=keepdims), x.dtype)[()]


@implements(np.nansum)
def _nansum(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return sum(_filled(x, 0.0), axis, keepdims=keepdims)


@implements(np.nanprod)
def _nanprod(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return prod(_filled(x, 1.0), axis, keepdims=keepdims)


@implements(np.nancumsum)
def _nancumsum(x: Any, axis: int | None = None) -> Any:
    return cumsum(_filled(x, 0.0), axis)


@implements(np.nancumprod)
def _nancumprod(x: Any, axis: int | None = None) -> Any:
    return cumprod(_filled(x, 1.0), axis)


@implements(np.nanmean)
def _nanmean(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return _nansum(x, axis, keepdims=keepdims) / _count(x, axis, keepdims)


@implements(np.nanmax)
def _nanmax(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return where(_count(x, axis, keepdims) == 0, np.nan, max(_filled(x, -np.inf), axis, keepdims=keepdims))


@implements(np.nanmin)
def _nanmin(x: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    return where(_count(x, axis, keepdims) == 0, np.nan, min(_filled(x, np.inf), axis, keepdims=keepdims))


@implements(np.nanvar)
def _nanvar(x: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    deviations = where(np.isnan(plain(x)), 0.0, _filled(x, 0.0) - _nanmean(x, axis, keepdims=True))
    return sum(deviations**2, axis, keepdims=keepdims) / (_count(x, axis, keepdims) - ddof)


@implements(np.nanstd)
def _nanstd(x: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    return sqrt(_nanvar(x, axis, ddof=ddof, keepdims=keepdims))
