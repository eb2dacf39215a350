"""Memory that is kept and handed out again: bounded, released on request, never shared between two live arrays."""

import gc
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

from mmlcore import _kernels, linalg, release_memory

LARGE = (700, 700)

# The address sanitizer keeps what is freed for a while, so as to see its use.
memory_in_use = pytest.mark.skipif(
    not os.path.exists("/proc/self/statm") or "libasan" in os.environ.get("LD_PRELOAD", ""),
    reason="needs Linux's /proc to see the memory in use, and an allocator that gives it back",
)


def test_empty_is_an_ordinary_array():
    for shape, dtype in (((), np.float32), ((3,), np.float64), ((0, 5), np.float32), (LARGE, np.float64)):
        x = _kernels.empty(shape, np.dtype(dtype))
        assert (x.shape, x.dtype, x.flags.c_contiguous, x.flags.writeable) == (shape, dtype, True, True)
        assert type(x) is np.ndarray


def test_large_results_start_at_a_cache_line_and_come_back():
    release_memory()
    x = _kernels.empty(LARGE, np.dtype(np.float64))
    address = x.ctypes.data
    assert address % 64 == 0
    view = x[1:]
    del x
    other = _kernels.empty(LARGE, np.dtype(np.float64))
    assert other.ctypes.data != address, "the view still holds it"
    del view
    assert _kernels.empty(LARGE, np.dtype(np.float64)).ctypes.data == address


def test_release_gives_back_what_nobody_uses():
    release_memory()
    kept = _kernels.empty(LARGE, np.dtype(np.float64))
    kept[:] = 3
    freed = _kernels.empty(LARGE, np.dtype(np.float64))
    del freed
    assert release_memory() >= 8 * 700 * 700
    assert release_memory() == 0
    assert (kept == 3).all()


def test_release_while_products_run_elsewhere():
    a = np.random.default_rng(0).standard_normal((260, 260))
    expected, wrong, stop = a @ a, [], threading.Event()

    def multiply():
        while not stop.is_set():
            if not np.allclose(linalg.matmul(a, a), expected):
                wrong.append(1)

    threads = [threading.Thread(target=multiply) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(300):
        release_memory()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    ("shape", "dtype", "error", "text"),
    [
        ((2, -1), np.float64, ValueError, "empty: shape must be of extents from 0, got -1"),
        ((2,), np.int64, TypeError, "empty: dtype must be float32 or float64, got int64"),
        ((2**40, 2**40), np.float64, MemoryError, "bad_alloc"),
        ((3 * 2**59,), np.float64, MemoryError, "bad_alloc"),
    ],
)
def test_bad_arguments(shape, dtype, error, text):
    with pytest.raises(error, match=text):
        _kernels.empty(shape, np.dtype(dtype))


@memory_in_use
def test_memory_does_not_grow_over_many_calls():
    """1e5 products of changing sizes, in a process of their own."""
    code = """
import numpy as np
from mmlcore import linalg

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

rng = np.random.default_rng(0)
x = rng.standard_normal((310, 310)).astype(np.float32)
def calls(count):
    for i in range(count):
        n = 1 + i % 40
        linalg.matmul(x[:n, :n], x[:n, :n])
        if i % 500 == 0:
            linalg.matmul(x[:, : n * 7], x[: n * 7])
calls(2000)
before = resident()
calls(100_000)
assert resident() - before < 4 << 20, (before, resident())
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@memory_in_use
def test_a_small_result_does_not_hold_a_large_block():
    code = """
import numpy as np
from mmlcore import linalg

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

large, small = np.ones((2000, 2000)), np.ones((300, 300))
before, kept = resident(), []
for _ in range(12):
    linalg.matmul(large, large).sum()
    kept.append(linalg.matmul(small, small))
    kept.append(linalg.PackedMatrix(small))
assert resident() - before < 150 << 20, resident() - before
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_exit_while_a_daemon_thread_is_in_a_kernel():
    code = """
import threading, time
import numpy as np
from mmlcore import linalg

a, started = np.ones((700, 700)), threading.Event()
def multiply():
    while True:
        linalg.matmul(a, a)
        started.set()
for _ in range(3):
    threading.Thread(target=multiply, daemon=True).start()
started.wait()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_dtype_that_equals_float64_is_float64():
    dtype = pickle.loads(pickle.dumps(np.ones(3))).dtype
    assert _kernels.empty((2, 3), dtype).dtype == np.float64


def test_the_caches_are_bounded():
    release_memory()
    arrays = [_kernels.empty((1 << 21,), np.dtype(np.float64)) for _ in range(10)]  # 16 MB each, untouched
    del arrays
    gc.collect()
    assert release_memory() <= 96 << 20
