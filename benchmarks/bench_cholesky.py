"""A = L · Lᵀ: mmlcore.linalg.cholesky against NumPy, SciPy and PyTorch."""

from collections.abc import Iterator

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore


def contenders(a: np.ndarray) -> dict[str, Contender]:
    found: dict[str, Contender] = {
        "mmlcore": lambda: mmlcore.linalg.cholesky(a),
        "numpy": lambda: np.linalg.cholesky(a),
    }
    if installed("scipy"):
        from scipy.linalg import cholesky

        found["scipy"] = lambda: cholesky(a, lower=True, check_finite=False)
    if installed("torch"):
        import torch

        ta = torch.from_numpy(a)
        found["torch"] = lambda: torch.linalg.cholesky(ta)
    return found


def cases(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        for n in (128,) if quick else (64, 256, 1024, 2048):
            b = rng.standard_normal((n, n))
            a = (b @ b.T + n * np.eye(n)).astype(dtype)
            name = f"cholesky {np.dtype(dtype).name} n={n}"
            yield Case(name, contenders(a), close(np.finfo(dtype).eps * n), flops=n**3 / 3)


if __name__ == "__main__":
    main("cholesky", cases)
