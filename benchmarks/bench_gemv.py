"""Matrix-vector and Gram products: mmlcore.linalg.matmul against NumPy and PyTorch."""

from collections.abc import Iterator

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore


def contenders(a: np.ndarray, b: np.ndarray) -> dict[str, Contender]:
    found: dict[str, Contender] = {"mmlcore": lambda: mmlcore.linalg.matmul(a, b), "numpy": lambda: np.matmul(a, b)}
    if installed("torch"):
        import torch

        ta, tb = torch.from_numpy(a), torch.from_numpy(b)
        found["torch"] = lambda: torch.matmul(ta, tb)
    return found


def cases(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        name = np.dtype(dtype).name
        for n in (256,) if quick else (64, 1024, 4096):
            a, x = rng.standard_normal((n, n)).astype(dtype), rng.standard_normal(n).astype(dtype)
            tolerance = close(np.finfo(dtype).eps * n)
            yield Case(f"A x, {name} n={n}", contenders(a, x), tolerance, flops=2 * n * n)
            yield Case(f"Aᵀ x, {name} n={n}", contenders(a.T, x), tolerance, flops=2 * n * n)
        m, n = (200, 50) if quick else (2000, 500)
        a = rng.standard_normal((m, n)).astype(dtype)
        yield Case(f"Aᵀ A, {name} {m}×{n}", contenders(a.T, a), close(np.finfo(dtype).eps * m), flops=m * n * (n + 1))


if __name__ == "__main__":
    main("gemv", cases)
