"""NumPy's own tests of numpy.linalg, run with mmlcore's functions in place of NumPy's: python numpy_suite.py

Every function of numpy.linalg is replaced before the tests are imported. Calls that mmlcore leaves to others go to the
original, because many tests run real and complex cases in one loop:

- complex, longdouble and object arrays: mmlcore refuses them with a TypeError;
- float16, where NumPy refuses or keeps it, and mmlcore computes in float32.

Every test runs but test_openblas_threading, which is about OpenBLAS; the last lines say how many calls reached mmlcore
and which functions none did.
"""

import collections
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmlcore import linalg

calls: collections.Counter[str] = collections.Counter()


def unsupported(x: Any) -> bool:
    """Whether some array in the arguments is of a dtype that mmlcore leaves to others."""
    if isinstance(x, tuple | list):
        return any(unsupported(one) for one in x)
    try:
        dtype = np.asarray(x).dtype
    except ValueError:
        return False
    return dtype.kind not in "biufU" or (dtype.kind == "f" and dtype.itemsize not in (4, 8))


def replacement(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """mmlcore's function of that name, or the original for dtypes that it refuses."""
    ours = getattr(linalg, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        if any(unsupported(x) for x in (*args, *kwargs.values())):
            return original(*args, **kwargs)
        calls[name] += 1
        return ours(*args, **kwargs)

    function.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
    return function


def main() -> int:
    """Replace, run, and say how many calls were ours."""
    functions = [name for name in np.linalg.__all__ if name != "LinAlgError"]
    originals = {name: getattr(np.linalg, name) for name in functions}
    for name, original in originals.items():
        setattr(np.linalg, name, replacement(name, original))
    folder = Path(np.linalg.__file__).parent / "tests"
    options = [f"--rootdir={folder.parent}", "-q", "-p", "no:cacheprovider", "-k", "not test_openblas_threading"]
    status = pytest.main([str(folder), *options, *sys.argv[1:]])
    print("calls that reached mmlcore:", sum(calls.values()))
    print("functions without one:", sorted(set(functions) - set(calls)))
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
