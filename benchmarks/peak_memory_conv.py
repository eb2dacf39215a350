"""Peak memory of training steps of the MNIST network, beside PyTorch's: python benchmarks/peak_memory_conv.py

The network of bench_conv.py, batches of 128, Adam, PyTorch in both of its memory formats. Each runs in a process of its
own, which reports by how much its largest resident size grew from after steps on two pictures to after three on all.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path

from bench_conv import BATCH, data, our_epoch, their_epoch
from harness import OURS, RESULTS, installed, report_memory

FORMATS = {"torch": False, "torch channels last": True}


def grown(who: str, steps: int) -> float:
    """By how many mebibytes this process grows."""
    if who == OURS:
        from mmlcore import set_num_threads

        set_num_threads(1)
    else:
        import torch

        torch.set_num_threads(1)

    def epoch(n: int) -> None:
        x, y = data(n)
        (our_epoch(x, y, True) if who == OURS else their_epoch(x, y, FORMATS[who]))()

    epoch(2)  # what is allocated once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    epoch(steps * BATCH)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    """All, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file")
    parser.add_argument("--alone", metavar="LIBRARY", help="measure this one, in this process")
    options = parser.parse_args()
    steps = 1 if options.quick else 3
    if options.alone:
        print(grown(options.alone, steps))
        return
    found = {}
    for who in (OURS, *(FORMATS if installed("torch") else ())):
        command = [sys.executable, __file__, "--alone", who, *(["--quick"] if options.quick else [])]
        found[who] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    case = f"MNIST CNN, {steps} Adam step{'s' * (steps > 1)} of {BATCH}"
    report_memory("conv", case, found, options.out, options.quick)


if __name__ == "__main__":
    main()
