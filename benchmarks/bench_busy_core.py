"""All threads while a foreign process keeps one of the processors busy, against one thread: never above 1.3 × its time.

The column "one thread" has the ratio that counts turned round: 0.77 there is 1.3 × the time of one thread.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, main

import mmlcore


@contextlib.contextmanager
def busy(processor: int) -> Iterator[None]:
    """A process that does nothing but take this processor."""
    code = f"import os\nos.sched_setaffinity(0, [{processor}])\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        try:
            yield
        finally:
            process.kill()


def contenders(work: Callable[[], Any], threads: int) -> dict[str, Contender]:
    def on(count: int) -> Contender:
        def run() -> Any:
            mmlcore.set_num_threads(count)
            return work()

        return run

    return {"mmlcore": on(threads), "one thread": on(1)}


def cases(quick: bool) -> Iterator[Case]:
    processors = sorted(os.sched_getaffinity(0))
    rng = np.random.default_rng(0)
    with busy(processors[-1]):
        for n in (200,) if quick else (64, 200, 500, 1024):
            a = rng.standard_normal((n, n))
            spd = a @ a.T + n * np.eye(n)
            yield Case(f"A A, n={n}", contenders(lambda a=a: mmlcore.linalg.matmul(a, a), len(processors)), close(0))
            yield Case(
                f"Cholesky, n={n}", contenders(lambda a=spd: mmlcore.linalg.cholesky(a), len(processors)), close(0)
            )
        x = rng.standard_normal(100_000)
        yield Case("exp, 100 000", contenders(lambda: mmlcore.ops.exp(x), len(processors)), close(0))


if __name__ == "__main__":
    main("busy_core", cases)
