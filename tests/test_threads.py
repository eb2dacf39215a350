"""One function decides the threads: affinity, cgroup quota, environment, wishes, nesting, threadpoolctl."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmlcore import _kernels

Run = Callable[..., str]

COUNT = "from mmlcore import _kernels; print(_kernels.get_num_threads())"
REASON = "from mmlcore import _kernels; print(_kernels.thread_reason())"

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="affinity and cgroups are Linux's")


def processors() -> int:
    return len(os.sched_getaffinity(0))


@pytest.fixture
def cgroup(tmp_path: Path) -> Callable[..., str]:
    """cgroup({"cpu.max": "…"}) writes a made-up control group and returns its root."""

    def write(files: dict[str, str]) -> str:
        for name, text in files.items():
            file = tmp_path / name.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + "\n")
        return str(tmp_path)

    return write


def test_default_is_every_processor_without_a_quota(run_python: Run, cgroup: Callable[..., str]) -> None:
    assert run_python(COUNT, OMP_NUM_THREADS=None, MMLCORE_CGROUP_ROOT=cgroup({})) == str(processors())


def test_affinity_is_respected(run_python: Run, cgroup: Callable[..., str]) -> None:
    pin = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    assert run_python(pin + COUNT, OMP_NUM_THREADS=None, MMLCORE_CGROUP_ROOT=cgroup({})) == "1"


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"cpu.max": "300000 100000"}, "3"),
        ({"cpu.max": "150000 100000"}, "1"),  # rounded down
        ({"cpu.max": "50000 100000"}, "1"),  # never below one
        ({"cpu.max": "max 100000"}, "none"),
        ({"cpu.max": "nonsense"}, "none"),
        ({"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"}, "2"),  # version 1
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "none"),
        ({}, "none"),
    ],
)
def test_cgroup_quota(run_python: Run, cgroup: Callable[..., str], files: dict[str, str], quota: str) -> None:
    environment = {"OMP_NUM_THREADS": None, "MMLCORE_CGROUP_ROOT": cgroup(files)}
    assert f"cgroup quota {quota}," in run_python(REASON, **environment)
    expected = processors() if quota == "none" else min(processors(), int(quota))
    assert run_python(COUNT, **environment) == str(expected)


def test_the_tightest_quota_on_the_way_to_the_root_counts(run_python: Run, cgroup: Callable[..., str]) -> None:
    own = [line.strip().split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    path = next((p for hierarchy, _, p in own if hierarchy == "0" and p != "/"), None)
    if path is None:
        pytest.skip("this process lives in the root control group")
    root = cgroup({"cpu.max": "900000 100000", f"{path}/cpu.max": "500000 100000"})
    assert "cgroup quota 5," in run_python(REASON, OMP_NUM_THREADS=None, MMLCORE_CGROUP_ROOT=root)


def test_omp_num_threads_is_a_wish_that_overrides_the_quota(run_python: Run, cgroup: Callable[..., str]) -> None:
    root = cgroup({"cpu.max": "100000 100000"})
    assert run_python(COUNT, OMP_NUM_THREADS="5", MMLCORE_CGROUP_ROOT=root) == "5"


def test_set_num_threads_overrides_and_zero_returns_to_the_default(run_python: Run) -> None:
    code = """
from mmlcore import _kernels
default = _kernels.get_num_threads()
_kernels.set_num_threads(7)
asked = _kernels.get_num_threads()
_kernels.set_num_threads(0)
print(asked, _kernels.get_num_threads() == default)
"""
    assert run_python(code, OMP_NUM_THREADS="2") == "7 True"


def test_set_num_threads_rejects_nonsense() -> None:
    with pytest.raises(ValueError, match=r"set_num_threads: n must be at least 0 .*, got -1"):
        _kernels.set_num_threads(-1)
    with pytest.raises(TypeError):
        _kernels.set_num_threads("two")


def test_public_names_are_the_kernels() -> None:
    import mmlcore

    mmlcore.set_num_threads(3)
    assert mmlcore.get_num_threads() == _kernels.get_num_threads() == 3


THREADPOOLCTL = """
from threadpoolctl import threadpool_info, threadpool_limits
from mmlcore import _kernels
assert any(pool["user_api"] == "openmp" for pool in threadpool_info())
_kernels.set_num_threads({wish})
before = _kernels.get_num_threads()
with threadpool_limits(1):
    inside = _kernels.get_num_threads()
print(before, inside, _kernels.get_num_threads())
"""


@pytest.mark.parametrize(("wish", "expected"), [(0, "4 1 4"), (3, "3 1 3")])
def test_threadpoolctl_limits_us(run_python: Run, wish: int, expected: str) -> None:
    pytest.importorskip("threadpoolctl")
    assert run_python(THREADPOOLCTL.format(wish=wish), OMP_NUM_THREADS="4") == expected


NESTED = """
import ctypes
from mmlcore import _kernels
path = next(line.split()[-1] for line in open("/proc/self/maps") if "libgomp" in line)
seen = []
body = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: seen.append(_kernels.get_num_threads()))
ctypes.CDLL(path).GOMP_parallel(body, None, 2, 0)
print(seen, _kernels.get_num_threads())
"""


def test_nested_calls_are_serial(run_python: Run) -> None:
    # a parallel region of somebody else's, opened through the runtime that we share
    if "libgomp" not in Path("/proc/self/maps").read_text():
        pytest.skip("not built with libgomp")
    assert run_python(NESTED, OMP_NUM_THREADS="4") == "[1, 1] 4"


SYSTEM_THREADS = """
import os
import numpy as np
from mmlcore import _kernels
a = np.random.default_rng(0).standard_normal((700, 700))
out = np.empty_like(a)
def threads_started(call):
    before = len(os.listdir("/proc/self/task"))
    call()
    return len(os.listdir("/proc/self/task")) - before
_kernels.set_num_threads(1)
alone = threads_started(lambda: _kernels.gemm(out, a, a))
_kernels.set_num_threads(3)
small = threads_started(lambda: _kernels.gemm(out[:4, :4].copy(), a[:4, :4], a[:4, :4]))
large = threads_started(lambda: _kernels.gemm(out, a, a))
print(alone, small, large)
"""


def test_regions_open_exactly_the_threads_that_were_decided(run_python: Run) -> None:
    assert run_python(SYSTEM_THREADS, OMP_NUM_THREADS=None) == "0 0 2"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_answer_does_not_depend_on_the_threads(dtype: type) -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal((400, 400)).astype(dtype) for _ in range(2))
    results = []
    for threads in (1, 2, 5):
        _kernels.set_num_threads(threads)
        out = np.empty_like(a)
        _kernels.gemm(out, a, b)
        again = np.empty_like(a)
        _kernels.gemm(again, a, b)
        assert np.array_equal(out, again), "same threads, same bits"
        results.append(out)
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], rtol=0, atol=400 * np.finfo(dtype).eps * 4)
