"""The pool under parallel_for: right answers whoever calls it, however often, with however many threads."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mmlcore import _kernels


def product(seed):
    """A product large enough for a parallel region, and what it should be."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((150, 170)), rng.standard_normal((170, 190))
    c = np.empty((150, 190))
    _kernels.gemm(c, a, b)
    return c, a @ b


def test_callers_from_several_python_threads():
    """One of them gets the pool, the others work alone: nobody waits for ever and nobody gets another's numbers."""
    _kernels.set_num_threads(4)
    with ThreadPoolExecutor(6) as executor:
        for c, expected in executor.map(product, range(30)):
            np.testing.assert_allclose(c, expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("threads", [2, 3, 16])
def test_any_number_of_threads_computes_the_same_bits(threads):
    _kernels.set_num_threads(1)
    alone, _ = product(0)
    _kernels.set_num_threads(threads)
    for _ in range(8):
        np.testing.assert_array_equal(product(0)[0], alone)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc")
def test_workers_keep_off_the_callers_processor(run_python):
    """A worker may run on every processor of the caller but one; the caller's own set stays as it was."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor")
    code = """if True:
        import os, numpy as np
        from mmlcore import _kernels
        mine = os.sched_getaffinity(0)
        before = set(os.listdir("/proc/self/task"))
        _kernels.set_num_threads(3)
        a = np.ones((300, 300))
        _kernels.gemm(np.empty_like(a), a, a)
        workers = set(os.listdir("/proc/self/task")) - before
        assert len(workers) == 2, workers
        assert os.sched_getaffinity(0) == mine
        for worker in workers:
            theirs = os.sched_getaffinity(int(worker))
            assert theirs < mine and len(mine - theirs) == 1, (theirs, mine)
        """
    run_python(code)


def test_failures_inside_a_region_come_back_in_order():
    """Many small factorisations share a region; the first failure of the stack is the one reported."""
    _kernels.set_num_threads(2)
    stack = np.broadcast_to(np.eye(40), (300, 40, 40)).copy()
    stack[[50, 120, 299], 7, 7] = -1
    for _ in range(20):
        assert _kernels.cholesky(np.empty_like(stack), stack) == (50, 7)
