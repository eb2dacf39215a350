"""After fork the child works, on one thread: its parent's threads do not follow it, waiting for them would hang."""

import os
from collections.abc import Callable

import pytest

Run = Callable[..., str]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")

WORK = """
import os, sys
import numpy as np
import mmlcore
from mmlcore import _kernels

def products():
    a = np.random.default_rng(0).standard_normal((500, 500))
    return mmlcore.linalg.matmul(a, a.T)

def elementwise():
    x = np.random.default_rng(1).standard_normal(2_000_000)
    y = np.empty_like(x)
    _kernels.exp(y, x)
    return y

def cholesky():
    a = np.random.default_rng(2).standard_normal((400, 400))
    return mmlcore.linalg.cholesky(a @ a.T + 400 * np.eye(400))

def fit():
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, (2000, 64)).astype(np.float32)
    model = mmlcore.models.Sequential()
    model.add(mmlcore.layers.Dense(128, activation="tanh", input_dim=64))
    model.add(mmlcore.layers.Dense(1))
    model.compile(optimizer="sgd", loss="mse")
    weights = [rng.standard_normal(w.shape).astype(w.dtype) / 10 for w in model.get_weights()]
    model.set_weights(weights)
    model.fit(x, x.sum(axis=1, keepdims=True), epochs=2, batch_size=500, shuffle=False, verbose=0)
    return model.predict(x, verbose=0)

def work():
    return [products(), elementwise(), cholesky(), fit()]

def same(results):
    return all(np.allclose(r, e, rtol=1e-4, atol=1e-4) for r, e in zip(results, expected, strict=True))

_kernels.set_num_threads(2)
expected = work()  # the parent has opened regions, so it has threads to lose
assert _kernels.get_num_threads() == 2
"""

CHILD = """
def child(generations):
    pid = os.fork()
    if pid == 0:
        good = same(work()) and _kernels.get_num_threads() == 1 and "forked child" in _kernels.thread_reason()
        if generations > 1:
            good = child(generations - 1) == 0 and good
        os._exit(0 if good else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

status = child({generations})
print(status, same(work()), _kernels.get_num_threads())
"""

POOL = """
import multiprocessing
def job(_):
    return same(work())
with multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(job, range(4)), same(work()))
"""


@pytest.mark.parametrize("generations", [1, 2])
def test_forked_child_computes_the_same(run_python: Run, generations: int) -> None:
    assert run_python(WORK + CHILD.format(generations=generations), timeout=120) == "0 True 2"


def test_multiprocessing_fork_pool(run_python: Run) -> None:
    assert run_python(WORK + POOL, timeout=120) == "[True, True, True, True] True"


def test_fork_before_first_use(run_python: Run) -> None:
    code = WORK.split("_kernels.set_num_threads(2)")[0]
    child_first = """
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, products()[:1].tobytes())
    os._exit(0)
os.close(write)
os.wait()
row = np.frombuffer(os.read(read, 8 * 500))
print(np.allclose(row, products()[0]))
"""
    assert run_python(code + child_first) == "True"
