"""C = A · B: mmlcore.linalg.matmul against NumPy (OpenBLAS), PyTorch (MKL) and JAX (XLA).

Square products with a new result, small ones into a given result (there the call itself is what counts), and the
shapes of the documents' layers as A B, Aᵀ B and A Bᵀ.
"""

from collections.abc import Iterator

import numpy as np
from harness import Case, Contender, close, installed, main

import mmlcore

LAYERS = ((128, 784, 128), (200, 32, 64), (50, 128, 512), (2500, 128, 65))  # (m, k, n)


def contenders(a: np.ndarray, b: np.ndarray, with_out: bool = False, with_jax: bool = False) -> dict[str, Contender]:
    out = np.empty((a.shape[0], b.shape[1]), a.dtype) if with_out else None
    found: dict[str, Contender] = {
        "mmlcore": lambda: mmlcore.linalg.matmul(a, b, out=out),
        "numpy": lambda: np.matmul(a, b, out=out),
    }
    if installed("torch"):
        import torch

        ta, tb = torch.from_numpy(a), torch.from_numpy(b)
        tout = torch.from_numpy(out.copy()) if with_out else None
        found["torch"] = lambda: torch.mm(ta, tb, out=tout)
    if with_jax and installed("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
        product = jax.jit(lambda x, y: x @ y)
        ja, jb = jax.numpy.asarray(a), jax.numpy.asarray(b)
        found["jax"] = lambda: product(ja, jb).block_until_ready()
    return found


def cases(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)

    def case(name: str, dtype: type, m: int, k: int, n: int, form: str = "NN", **options: bool) -> Case:
        a = rng.standard_normal((k, m)).T if form == "TN" else rng.standard_normal((m, k))
        b = rng.standard_normal((n, k)).T if form == "NT" else rng.standard_normal((k, n))
        a, b = a.astype(dtype, order="K"), b.astype(dtype, order="K")
        tolerance = close(np.finfo(dtype).eps * max(k, 8))
        label = f"{name} {np.dtype(dtype).name}"
        return Case(label, contenders(a, b, **options), tolerance, flops=2 * m * n * k)

    for dtype in (np.float32, np.float64):
        for n in (8, 64) if quick else (4, 8, 16, 32, 64):
            yield case(f"n={n}, out=", dtype, n, n, n, with_out=True)
        for n in (256,) if quick else (128, 256, 512, 1024, 2048):
            yield case(f"n={n}", dtype, n, n, n, with_jax=n == 1024)
    for m, k, n in LAYERS[1:2] if quick else LAYERS:
        for form in ("NN", "TN", "NT"):
            yield case(f"({m}×{k})({k}×{n}) {form}", np.float32, m, k, n, form, with_out=True)


if __name__ == "__main__":
    main("gemm", cases)
