"""NumPy functions without a derivative here, whose errors say what to do instead."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from mmlcore.autodiff import implements

__all__: list[str] = []


def _refused(numpy_function: Callable[..., Any], reason: str) -> None:
    name = numpy_function.__name__

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{name}: no derivative rule in mmlcore: {reason}")

    implements(numpy_function)(refuse)


_COMPLEX = "its values are complex, and only real functions are differentiated"

for _name in (*("fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft2", "ifft2", "rfft2", "irfft2"), "fftn", "ifftn"):
    _refused(getattr(np.fft, _name), f"{_COMPLEX}; write a product with the matrices of cosines and sines")
_refused(np.linalg.eig, f"{_COMPLEX}; of a symmetric matrix take numpy.linalg.eigh")
_refused(np.linalg.eigvals, f"{_COMPLEX}; of a symmetric matrix take numpy.linalg.eigvalsh")
_refused(np.roots, _COMPLEX)
for _function in (np.unique, np.unique_values):
    _refused(_function, "which elements stay depends on the values; write numpy.take with indices found on t.value")
