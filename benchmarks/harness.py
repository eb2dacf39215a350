"""Time mmlcore and its peers side by side: agreement first, then alternately, median and best of k.

A script describes cases; this module does the rest:

    def cases(quick):
        yield Case("gemm float32 n=256", {"mmlcore": f, "numpy": g}, agree=close(1e-4), flops=2 * 256**3)

    if __name__ == "__main__":
        main("gemm", cases)

A contender is called without arguments and returns what `agree` compares with mmlcore's. Threads are pinned
through each library's own setting. Between contenders the harness pauses, so that the spinning threads of one
library's pool do not slow the next; one call that is not timed wakes those of the next.
"""

import argparse
import contextlib
import gc
import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

OURS = "mmlcore"
RESULTS = Path(__file__).resolve().parent / "results"
PAUSE = 0.01  # seconds
PAUSE_OF_THREADS = 0.06  # OpenBLAS's threads spin for some 30 ms after a product, libgomp's for about one

Contender = Callable[[], Any]
Agreement = Callable[[Any, Any], None]


@dataclass(frozen=True)
class Case:
    """One comparison: what is computed, by whom, and how to see that they computed the same."""

    name: str
    contenders: Mapping[str, Contender]
    agree: Agreement
    flops: float = 0.0  # arithmetic of one call; 0 where a rate says nothing
    repeat: int = 15  # timed rounds, every contender once in each
    shortest: float = 0.02  # seconds a contender's turn lasts at least


@dataclass
class Timing:
    """Seconds per call, one value per round."""

    calls: int
    seconds: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float | int]:
        return {
            "median": statistics.median(self.seconds),
            "best": min(self.seconds),
            "rounds": len(self.seconds),
            "calls": self.calls,
        }


def close(tolerance: float) -> Agreement:
    """Agreement of two arrays: the largest difference relative to the largest entry."""

    def agree(ours: Any, theirs: Any) -> None:
        a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        assert a.shape == b.shape, f"shapes {a.shape} and {b.shape}"
        error = np.abs(a - b).max() / max(np.abs(b).max(), np.finfo(float).tiny)
        assert error <= tolerance, f"relative difference {error:.2e} is above {tolerance:.0e}"

    return agree


def installed(*names: str) -> bool:
    """Whether the peers a script would like to compare with are here."""
    return all(importlib.util.find_spec(name) is not None for name in names)


# ---- one case ------------------------------------------------------------------------------------------


def calls_for(contender: Contender, shortest: float) -> int:
    """How many calls make one turn last at least `shortest` seconds."""
    calls = 1
    while True:
        elapsed = turn(contender, calls) * calls
        if elapsed >= shortest or calls >= 1_000_000:
            return calls
        calls = max(calls * 2, int(calls * 1.2 * shortest / max(elapsed, 1e-9)))


def turn(contender: Contender, calls: int) -> float:
    """Seconds per call, over `calls` calls."""
    start = time.perf_counter()
    for _ in range(calls):
        contender()
    return (time.perf_counter() - start) / calls


def measure(case: Case, quick: bool, pause: float = PAUSE) -> dict[str, Any]:
    """Check agreement, warm up, then time every contender once a round, in an order that rotates."""
    reference = case.contenders[OURS]()
    for name, contender in case.contenders.items():
        if name != OURS:
            try:
                case.agree(reference, contender())
            except AssertionError as error:
                raise AssertionError(f"{case.name}: mmlcore and {name} disagree: {error}") from None

    shortest = case.shortest / 10 if quick else case.shortest
    rounds = 1 if quick else case.repeat
    timings = {name: Timing(calls_for(f, shortest)) for name, f in case.contenders.items()}
    names = list(timings)
    with no_garbage_collection():
        for round_number in range(rounds):
            first = round_number % len(names)
            for name in names[first:] + names[:first]:
                time.sleep(pause)
                if pause > PAUSE:
                    case.contenders[name]()
                timings[name].seconds.append(turn(case.contenders[name], timings[name].calls))

    results = {name: timing.summary() for name, timing in timings.items()}
    ours = results[OURS]
    return {
        "case": case.name,
        "flops": case.flops,
        "results": results,
        "ratio": {  # above 1: mmlcore is faster
            name: {"median": r["median"] / ours["median"], "best": r["best"] / ours["best"]}
            for name, r in results.items()
            if name != OURS
        },
    }


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# ---- the run -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def pinned(threads: int) -> Iterator[None]:
    """Every library here on `threads` threads, by its own setting and by the processors the process may use."""
    import mmlcore

    if hasattr(os, "sched_setaffinity"):  # JAX has no other setting
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for peer in ("scipy.linalg", "torch"):  # threadpoolctl limits only what is loaded
        with contextlib.suppress(ImportError):
            importlib.import_module(peer)
    with contextlib.ExitStack() as stack:
        if installed("torch"):
            import torch

            torch.set_num_threads(threads)
        if installed("threadpoolctl"):
            from threadpoolctl import threadpool_limits

            stack.enter_context(threadpool_limits(threads))
        mmlcore.set_num_threads(threads)
        yield
        mmlcore.set_num_threads(0)


def environment(threads: int) -> dict[str, Any]:
    """What a reader needs to judge a figure: machine, threads, instruction set, versions."""
    from mmlcore import _kernels

    peers = ("mmlcore", "numpy", "scipy", "scikit-learn", "torch", "jax")
    versions = {}
    for name in peers:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return {
        "threads": threads,
        "isa": _kernels.isa(),
        "build": _kernels.build_info(),
        "processor": processor(),
        "processors": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "versions": versions,
    }


def processor() -> str:
    """The processor's name as the system gives it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def arguments(name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=f"mmlcore's {name} beside its peers'")
    parser.add_argument("--threads", type=int, default=1, help="threads of every library (default 1)")
    parser.add_argument("--quick", action="store_true", help="few, short rounds: does it run, not how fast")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file")
    return parser.parse_args()


def main(name: str, cases: Callable[[bool], Iterable[Case]]) -> None:
    """Run a script's cases, print a line for each and write <out>/<name>-<instruction set>-<threads>.json."""
    options = arguments(name)
    measured = []
    pause = PAUSE_OF_THREADS if options.threads > 1 and not options.quick else PAUSE
    with pinned(options.threads):
        for case in cases(options.quick):
            row = measure(case, options.quick, pause)
            measured.append(row)
            print(line(row), flush=True)
    report = {"benchmark": name, **environment(options.threads), "quick": options.quick, "cases": measured}
    write(report, options.out)


def write(report: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{report['benchmark']}-{report['isa']}-{report['threads']}.json"
    file.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def report_memory(name: str, case: str, mebibytes: dict[str, float], folder: Path, quick: bool) -> None:
    """Print by how much each library's peak memory grew and, of a full run, write <folder>/memory_<name>.json."""
    texts = [f"{library} {grown:.0f} MiB" for library, grown in mebibytes.items()]
    print(f"{case}: " + ", ".join(texts), flush=True)
    if not quick:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"case": case, "mebibytes": mebibytes}, indent=1, ensure_ascii=False)
        (folder / f"memory_{name}.json").write_text(text + "\n", encoding="utf-8")


def line(row: dict[str, Any]) -> str:
    """One case for people: each contender's median, and the ratios."""
    texts = []
    for name, result in row["results"].items():
        rate = f" ({row['flops'] / result['median'] / 1e9:.1f} GFLOP/s)" if row["flops"] else ""
        ratio = f" {row['ratio'][name]['median']:.2f}x" if name != OURS else ""
        texts.append(f"{name} {duration(result['median'])}{rate}{ratio}")
    return f"{row['case']}: " + ", ".join(texts)


def duration(seconds: float) -> str:
    """Seconds in the unit that people would use.

    >>> duration(0.00123)
    '1.23 ms'
    """
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
