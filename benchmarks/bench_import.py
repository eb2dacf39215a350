"""Seconds from nothing to an imported package: mmlcore beside NumPy alone, scikit-learn and PyTorch.

Each import runs in a process of its own, alternately; the bare interpreter's time is reported too.
"""

import subprocess
import sys
from collections.abc import Iterator

from harness import Case, Contender, installed, main


def start(statement: str) -> Contender:
    def run() -> None:
        subprocess.run([sys.executable, "-c", statement], check=True)

    return run


def cases(quick: bool) -> Iterator[Case]:
    contenders = {"mmlcore": start("import mmlcore"), "numpy": start("import numpy"), "python": start("pass")}
    if not quick:
        peers = {"sklearn": "scikit-learn", "torch": "torch"}
        contenders |= {label: start(f"import {name}") for name, label in peers.items() if installed(name)}
    yield Case("import", contenders, agree=lambda ours, theirs: None, repeat=11)


if __name__ == "__main__":
    main("import", cases)
