"""Arrays made of numbers and Tensors, and what NumPy would write into."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from mmlcore import _kernels
from mmlcore._arrays import as_float
from mmlcore.autodiff import Tensor, implements, method
from mmlcore.ops.broadcasting import astype
from mmlcore.ops.joining import stack

__all__ = ["array"]

_kernels.offer_buffer(Tensor)  # memoryview(t) with Python 3.11 too


def array(x: Any, dtype: Any = None) -> Any:
    """An array from nested lists of numbers, arrays and Tensors: the differentiable form of `numpy.array`.

    Parameters
    ----------
    x : array, Tensor, number, object with `__dlpack__` (a PyTorch tensor, say), or nested lists and tuples of these
    dtype : float32 or float64, optional
        By default float64, or float32 if everything is.

    Returns
    -------
    ndarray, or Tensor where a Tensor takes part
        Whatever follows the DLPack protocol or NumPy's is not copied.

    Raises
    ------
    ValueError
        If the parts have different shapes.
    TypeError
        If they are not real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from mmlcore import array, jacobian
    >>> jacobian(lambda x: array([[x[0], 1.0], [0.0, x[1] ** 2]]))(np.array([1.0, 3.0])).shape
    (2, 2, 2)
    """
    made = _array(x)
    if isinstance(made, Tensor) or dtype is not None:
        return made if dtype is None else astype(made, dtype)
    return made


def _array(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return stack([_array(part) for part in x]) if _has_tensor(x) else as_float(x, "array", "x")
    if isinstance(x, (Tensor, np.ndarray)) or not hasattr(x, "__dlpack__"):
        return x if isinstance(x, Tensor) else as_float(x, "array", "x")
    return as_float(np.from_dlpack(x), "array", "x")


def _has_tensor(x: Any) -> bool:
    return any(_has_tensor(part) for part in x) if isinstance(x, (list, tuple)) else isinstance(x, Tensor)


def _refused(numpy_function: Callable[..., Any], working: str) -> None:
    """An error for a function that would write into a Tensor or into an array that Tensors cannot enter."""
    name = numpy_function.__name__

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{name}: a Tensor cannot be changed in place; write {working}")

    implements(numpy_function)(refuse)


_refused(np.copyto, "numpy.where(mask, new, old), or numpy.broadcast_to(t, shape) for an array filled with it")
_refused(np.putmask, "numpy.where(mask, new, old)")
_refused(np.place, "numpy.where(mask, new, old)")
_refused(np.put, "numpy.where(mask, new, old)")
_refused(np.put_along_axis, "numpy.where(mask, new, old)")
_refused(np.fill_diagonal, "numpy.where(numpy.eye(n, dtype=bool), new, old)")


@method("sort")
def _sort_method(x: Any, *_: Any, **__: Any) -> NoReturn:
    """Refused: it would change the Tensor."""
    raise TypeError("sort: a Tensor cannot be changed in place; write y = numpy.sort(t)")


@method("fill")
def _fill_method(x: Any, *_: Any) -> NoReturn:
    """Refused: it would change the Tensor."""
    raise TypeError("fill: a Tensor cannot be changed in place; write y = numpy.full_like(t, value)")
