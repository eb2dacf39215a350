"""Seconds from nothing to an imported package: mmlcore beside NumPy alone, scikit-learn and PyTorch.

Each import runs in a process of its own, alternately, with its byte code written before; the bare interpreter's time
is reported too.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from harness import Case, Contender, installed, main


def start(statement: str, byte_code: str) -> Contender:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = byte_code

    def run() -> None:
        subprocess.run([sys.executable, "-c", statement], check=True, env=environment)

    return run


def cases(quick: bool) -> Iterator[Case]:
    statements = {"mmlcore": "import mmlcore", "numpy": "import numpy", "python": "pass"}
    if not quick:
        peers = {"sklearn": "scikit-learn", "torch": "torch"}
        statements |= {label: f"import {name}" for name, label in peers.items() if installed(name)}
    with tempfile.TemporaryDirectory() as byte_code:
        contenders = {label: start(statement, byte_code) for label, statement in statements.items()}
        yield Case("import", contenders, agree=lambda ours, theirs: None, repeat=11)


if __name__ == "__main__":
    main("import", cases)
