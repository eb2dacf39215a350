"""What this installation is: the facts that a bug report needs."""

import platform
import sys
from typing import Literal, overload

import numpy as np

from mmlcore import _kernels

__all__ = ["show_config"]


def _openmp_runtime() -> str:
    """The OpenMP library in this process, as far as the system tells, and the version it was compiled for."""
    specification = f"specification {_kernels.build_info()['openmp']}"
    try:
        with open("/proc/self/maps", encoding="utf-8") as maps:
            paths = {line.split()[-1] for line in maps if "libgomp" in line or "libomp" in line or "libiomp" in line}
    except OSError:
        return specification
    return ", ".join([*sorted(path.rpartition("/")[2] for path in paths), specification])


def _facts(version: str) -> dict[str, str]:
    build = _kernels.build_info()
    present, supported = _kernels.levels_present(), _kernels.levels_supported()
    return {
        "mmlcore": version,
        "instruction set": f"{_kernels.isa()}, vectors of {build['vector_bits']} bits",
        "levels": f"{', '.join(present)} in this installation; {', '.join(supported)} run on this processor",
        "threads": _kernels.thread_reason(),
        "OpenMP": _openmp_runtime(),
        "Eigen": build["eigen"],
        "compiler": build["compiler"],
        "pybind11": build["pybind11"],
        "NumPy": np.__version__,
        "Python": f"{platform.python_version()} ({sys.implementation.name})",
        "system": f"{platform.system()} {platform.machine()}",
    }


@overload
def show_config(mode: Literal["stdout"] = "stdout") -> None: ...
@overload
def show_config(mode: Literal["dicts"]) -> dict[str, str]: ...
def show_config(mode: Literal["stdout", "dicts"] = "stdout") -> dict[str, str] | None:
    """Print the version, the instruction set, the threads and why, and what the package was built with.

    Parameters
    ----------
    mode : {"stdout", "dicts"}
        As in NumPy: print, or return a dictionary.

    Raises
    ------
    ValueError
        For another mode.

    Examples
    --------
    >>> sorted(show_config("dicts"))[:3]
    ['Eigen', 'NumPy', 'OpenMP']
    """
    from mmlcore import __version__
    from mmlcore._errors import choose

    as_text = choose("show_config", "mode", mode, {"stdout": True, "dicts": False})
    facts = _facts(__version__)
    if not as_text:
        return facts
    width = max(map(len, facts))
    print("\n".join(f"{name:<{width}}  {fact}" for name, fact in facts.items()))
    return None
