"""Random numbers by the inverse distribution function, for the distributions of `mmlcore.stats`."""

from typing import Any

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import FloatArray

__all__ = ["normal_draws", "uniform_draws"]


def _drawn(kernel: Any, shape: tuple[int, ...], dtype: Any, random: "np.random.Generator", *at: float) -> FloatArray:
    y = _kernels.empty((shape,) if isinstance(shape, int) else shape, np.dtype(dtype))
    kernel(y, *at, int(random.integers(0, 2**64, dtype=np.uint64)), np.zeros(1, np.int64))
    return y


def normal_draws(
    shape: tuple[int, ...], random: "np.random.Generator", loc: float = 0.0, scale: float = 1.0, dtype: Any = np.float64
) -> FloatArray:
    """Numbers loc + scale Φ⁻¹(u), u uniform: the same for any number of threads.

    The generator is asked for one number, the key of a counter-based generator that fills the array.

    Parameters
    ----------
    shape : tuple of int
    random : numpy.random.Generator
    loc, scale : float
    dtype : float32 or float64

    Returns
    -------
    ndarray of that shape

    References
    ----------
    Notes, 4.2; J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).

    Examples
    --------
    >>> import numpy as np
    >>> z = normal_draws((10_000,), np.random.default_rng(0))
    >>> bool(abs(z.mean()) < 0.05), bool(abs(z.std() - 1) < 0.05)
    (True, True)
    """
    return _drawn(_kernels.random_normal, shape, dtype, random, loc, scale)


def uniform_draws(
    shape: tuple[int, ...], random: "np.random.Generator", low: float = 0.0, high: float = 1.0, dtype: Any = np.float64
) -> FloatArray:
    """Numbers uniform on (low, high): the same for any number of threads; see `normal_draws`.

    Parameters
    ----------
    shape : tuple of int
    random : numpy.random.Generator
    low, high : float
    dtype : float32 or float64

    Returns
    -------
    ndarray of that shape

    Raises
    ------
    ValueError
        Unless low < high.

    Examples
    --------
    >>> import numpy as np
    >>> u = uniform_draws((1000,), np.random.default_rng(0))
    >>> bool(u.min() > 0), bool(u.max() < 1)
    (True, True)
    """
    return _drawn(_kernels.random_uniform, shape, dtype, random, low, high)
