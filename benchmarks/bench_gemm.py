"""C = A · B, square: mmlcore.linalg.matmul against NumPy's wheel (OpenBLAS) and PyTorch (MKL)."""

from collections.abc import Iterator

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore


def contenders(a: np.ndarray, b: np.ndarray) -> dict[str, Contender]:
    found: dict[str, Contender] = {
        "mmlcore": lambda: mmlcore.linalg.matmul(a, b),
        "numpy": lambda: a @ b,
    }
    if installed("torch"):
        import torch

        ta, tb = torch.from_numpy(a), torch.from_numpy(b)
        found["torch"] = lambda: ta @ tb
    return found


def cases(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    sizes = (64, 256) if quick else (16, 32, 64, 256, 512, 1024, 2048)
    for dtype in (np.float32, np.float64):
        for n in sizes:
            a, b = (rng.standard_normal((n, n)).astype(dtype) for _ in range(2))
            name = f"gemm {np.dtype(dtype).name} n={n}"
            yield Case(name, contenders(a, b), close(np.finfo(dtype).eps * n), flops=2 * n**3)


if __name__ == "__main__":
    main("gemm", cases)
