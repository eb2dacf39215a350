"""Run every bench_*.py, with one thread and with all of them, and every peak_memory*.py, and write the table:
python benchmarks/run.py

--quick          does everything run, not how fast; writes no table
--threads 1,2    other thread counts
--only gemm      one script
--out FOLDER     where the JSON files go (benchmarks/results)
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import report

HERE = Path(__file__).resolve().parent
ONE_THREAD_ONLY = {"bench_import", "bench_autodiff"}  # the second is call overhead
ALL_THREADS_ONLY = {"bench_busy_core"}


def other_levels(out: Path) -> None:
    """The matrix product at the instruction sets below the best, where they are installed."""
    from mmlcore import _kernels

    script = HERE / "bench_gemm.py"
    for level in _kernels.levels_supported():
        if level != _kernels.isa():
            print(f"== {script.name}, {level}", flush=True)
            command = [sys.executable, str(script), "--threads", "1", "--out", str(out)]
            subprocess.run(command, check=True, env=os.environ | {"MMLCORE_ISA": level})


def main() -> None:
    """Each script in a process of its own, so that no library's state reaches the next."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", default=None)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=HERE / "results")
    options = parser.parse_args()

    every = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    counts = sorted({int(n) for n in options.threads.split(",")} if options.threads else {1, every})
    for script in sorted(s for s in HERE.glob("bench_*.py") if options.only in s.stem):
        if script.stem in ALL_THREADS_ONLY:
            chosen = [n for n in counts if n > 1][-1:]
        else:
            chosen = counts[:1] if options.quick or script.stem in ONE_THREAD_ONLY else counts
        for threads in chosen:
            print(f"== {script.name}, {threads} thread{'s' if threads > 1 else ''}", flush=True)
            command = [sys.executable, str(script), "--threads", str(threads), "--out", str(options.out)]
            subprocess.run(command + (["--quick"] if options.quick else []), check=True)
    for script in sorted(s for s in HERE.glob("peak_memory*.py") if options.only in s.stem):
        print(f"== {script.name}", flush=True)
        command = [sys.executable, str(script), "--out", str(options.out)]
        subprocess.run(command + (["--quick"] if options.quick else []), check=True)
    if not options.quick and not options.only:
        other_levels(options.out)
    if not options.quick:
        (HERE / "RESULTS.md").write_text(report.table(options.out), encoding="utf-8")


if __name__ == "__main__":
    main()
