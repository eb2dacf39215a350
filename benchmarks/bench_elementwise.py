"""Functions of one array, one million elements: mmlcore.ops against NumPy and PyTorch."""

from collections.abc import Iterator

import numpy as np
from harness import Case, Contender, close, installed, main

from mmlcore import ops

FUNCTIONS = ("exp", "log", "tanh", "sqrt", "square")


def contenders(name: str, x: np.ndarray) -> dict[str, Contender]:
    ours, theirs = getattr(ops, name), getattr(np, name)
    found: dict[str, Contender] = {"mmlcore": lambda: ours(x), "numpy": lambda: theirs(x)}
    if installed("torch"):
        import torch

        tx, torchs = torch.from_numpy(x), getattr(torch, name)
        found["torch"] = lambda: torchs(tx)
    return found


def cases(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        for n in (10_000,) if quick else (1_000, 1_000_000):
            x = rng.uniform(0.1, 3, n).astype(dtype)
            for name in FUNCTIONS:
                label = f"{name} {np.dtype(dtype).name} n={n}"
                yield Case(label, contenders(name, x), close(np.finfo(dtype).eps * 8))


if __name__ == "__main__":
    main("elementwise", cases)
