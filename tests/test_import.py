"""What `import mmlcore` loads, and what it leaves alone."""

import json
import sys
from collections.abc import Callable

import pytest

Run = Callable[..., str]

# beyond NumPy and mmlcore itself, only the standard library, and of that nothing slow
SLOW = {
    *("asyncio", "concurrent.futures", "ctypes.util", "doctest", "email", "http", "multiprocessing", "pdb"),
    *("sqlite3", "ssl", "tkinter", "unittest", "urllib.request", "xml"),
}

LOADED = """
import json, sys
import numpy.random
before = set(sys.modules)
import mmlcore
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded(run_python: Run) -> list[str]:
    return json.loads(run_python(LOADED))


def test_nothing_but_numpy_and_the_standard_library(run_python: Run) -> None:
    listed = "\nprint(json.dumps(sorted(sys.modules)))"
    modules = json.loads(run_python("import json, sys, mmlcore" + listed))
    at_start = json.loads(run_python("import json, sys, numpy.random" + listed))  # its Cython leaves names of its own
    packages = {name.split(".")[0] for name in set(modules) - set(at_start)}
    assert packages - sys.stdlib_module_names <= {"mmlcore", "numpy"}


def test_no_slow_part_of_the_standard_library(run_python: Run) -> None:
    slow = [name for name in loaded(run_python) if name in SLOW or name.split(".")[0] in SLOW]
    assert not slow, f"import these where they are used: {slow}"


def test_no_picture_or_command_line(run_python: Run) -> None:
    lazy = [n for n in loaded(run_python) if n.startswith(("mmlcore.plot", "mmlcore.cli")) or n == "argparse"]
    assert not lazy, f"import these where they are used: {lazy}"


def test_one_kernel_module(run_python: Run) -> None:
    kernels = [name for name in loaded(run_python) if name.startswith("mmlcore._kernels_")]
    assert len(kernels) == 1


UNTOUCHED = """
import os, signal, sys, threading
import numpy
def state():
    handlers = tuple(signal.getsignal(s) for s in signal.valid_signals())
    affinity = tuple(sorted(os.sched_getaffinity(0)))
    system_threads = len(os.listdir("/proc/self/task"))
    python_threads = threading.active_count()
    random = hash(numpy.random.get_state()[1].tobytes())
    floating = tuple(sorted(numpy.geterr().items()))
    return dict(os.environ), handlers, affinity, system_threads, python_threads, random, floating, sys.path[:]
before = state()
import mmlcore
after = state()
for old, new in zip(before, after):
    assert old == new, (old, new)
print("untouched")
"""


@pytest.mark.parametrize("omp", [None, "3"])
def test_import_touches_nothing(run_python: Run, omp: str | None) -> None:
    assert run_python(UNTOUCHED, OMP_NUM_THREADS=omp) == "untouched"


def test_import_is_silent_with_warnings_as_errors(run_python: Run) -> None:
    assert run_python("import warnings; warnings.simplefilter('error'); import mmlcore") == ""


OPENMP_LIMIT = """
import ctypes
import mmlcore
from mmlcore import _kernels
paths = {line.split()[-1] for line in open("/proc/self/maps") if "libgomp" in line or "libomp" in line}
assert len(paths) == 1, paths
openmp = ctypes.CDLL(paths.pop())
print(openmp.omp_get_max_threads(), _kernels.get_num_threads())
"""


def test_openmp_is_dynamic_single_and_keeps_its_default(run_python: Run) -> None:
    # omp_set_num_threads on import would show here
    assert run_python(OPENMP_LIMIT, OMP_NUM_THREADS="3") == "3 3"


def test_version_matches_the_metadata() -> None:
    from importlib.metadata import PackageNotFoundError, version

    import mmlcore

    try:
        assert version("mmlcore") == mmlcore.__version__
    except PackageNotFoundError:
        pytest.skip("built in place, not installed")
