"""Noise for regularisation: elements dropped or disturbed, from a generator that counts its draws."""

from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore.autodiff import defvjp, primitive

__all__ = ["add_noise", "dropout"]


@primitive
def dropout(x: Any, *, rate: float, key: int, draw: int) -> Any:
    """x ⊙ m / (1 - rate), m zero with probability `rate` for each element on its own, else one.

    Parameters
    ----------
    x : array, float32 or float64
    rate : float
        In [0, 1).
    key : int
        Names the stream of random numbers, below 2⁶⁴.
    draw : int
        Number of the draw: the same key and draw give the same m.

    Returns
    -------
    array of the shape of `x`
        Its expectation is `x`.

    Raises
    ------
    ValueError
        If `rate` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> ops.dropout(np.ones(6), rate=0.5, key=3, draw=0)
    array([2., 0., 2., 2., 0., 2.])

    References
    ----------
    Notes 6.11; N. Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.
    J. K. Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3 (the generator, Philox4x32-10).
    """
    x = as_float(x, "dropout", "x")
    y = np.empty(x.shape, x.dtype)
    _kernels.dropout(y, x, rate, key, np.array([draw]))
    return y


defvjp(dropout, lambda ans, x, *, rate, key, draw: lambda g: dropout(g, rate=rate, key=key, draw=draw))


@primitive
def add_noise(x: Any, *, stddev: float, key: int, draw: int) -> Any:
    """x + stddev z with z standard normal, drawn as by `dropout`; the derivative is 1.

    Parameters
    ----------
    x : array, float32 or float64
    stddev : float
    key, draw : int
        See `dropout`.

    Returns
    -------
    array of the shape of `x`

    Raises
    ------
    TypeError
        If `x` is not real.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import ops
    >>> z = ops.add_noise(np.zeros(10_000), stddev=2.0, key=1, draw=0)
    >>> bool(abs(z.mean()) < 0.1), bool(abs(z.std() - 2) < 0.1)
    (True, True)

    References
    ----------
    G. E. P. Box, M. E. Muller (1958), A note on the generation of random normal deviates.
    """
    x = as_float(x, "add_noise", "x")
    y = np.empty(x.shape, x.dtype)
    _kernels.add_noise(y, x, stddev, key, np.array([draw]))
    return y


defvjp(add_noise, lambda ans, x, *, stddev, key, draw: lambda g: g)
