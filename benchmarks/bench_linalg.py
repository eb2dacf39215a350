"""Factorisations and what they solve: mmlcore.linalg beside NumPy, SciPy, PyTorch and scikit-learn."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from harness import Case, Contender, close, installed, main

from mmlcore import linalg
from mmlcore.recommend import similar_items


def peers(name: str, *arrays: np.ndarray, scipy: str = "", torch: str = "", **options: Any) -> dict[str, Contender]:
    """linalg's function of that name and what the peers call it."""
    ours, numpys = getattr(linalg, name), getattr(np.linalg, name)
    found: dict[str, Contender] = {
        "mmlcore": lambda: ours(*arrays, **options),
        "numpy": lambda: numpys(*arrays, **options),
    }
    if scipy and installed("scipy"):
        from scipy import linalg as library

        scipys = getattr(library, scipy)
        settings = {"check_finite": False, **({"mode": "economic"} if scipy == "qr" else {})}
        found["scipy"] = lambda: scipys(*arrays, **settings)
    if torch and installed("torch"):
        from torch import from_numpy
        from torch import linalg as torch_linalg

        torchs = getattr(torch_linalg, torch)
        tensors = [from_numpy(a) for a in arrays]
        found["torch"] = lambda: torchs(*tensors)
    return found


def values_agree(pick: Callable[[Any], Any], tolerance: float) -> Callable[[Any, Any], None]:
    """Agreement of what is unique in a result: of a QR the |R|, of an SVD the singular values."""
    agree = close(tolerance)
    return lambda ours, theirs: agree(np.asarray(pick(ours)), np.asarray(pick(theirs)))


def systems(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    for n in (128,) if quick else (1024, 2048):
        a, b = rng.standard_normal((n, n)), rng.standard_normal((n, 1))
        yield Case(f"solve n={n}", peers("solve", a, b, scipy="solve", torch="solve"), close(1e-8), flops=2 * n**3 / 3)

    m, n = (200, 50) if quick else (2000, 500)
    a = rng.standard_normal((m, n))
    yield Case(
        f"qr {m}×{n}",
        peers("qr", a, scipy="qr", torch="qr"),
        values_agree(lambda result: np.abs(np.asarray(result[1])), 1e-10),
        flops=4 * m * n * n - 4 * n**3 / 3,
    )
    m = 1000 if quick else 100_000
    a, b = rng.standard_normal((m, 50)), rng.standard_normal((m, 1))
    yield Case(
        f"lstsq {m}×50",
        peers("lstsq", a, b, scipy="lstsq", torch="lstsq"),
        values_agree(lambda result: np.asarray(result[0]), 1e-9),
        repeat=7,
    )


def spectra(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(1)
    for n in (64,) if quick else (256, 512, 1024):
        a = rng.standard_normal((n, n))
        repeat = 15 if n < 1024 else 7
        first, second = values_agree(lambda r: r[0], 1e-11), values_agree(lambda r: r[1], 1e-11)
        yield Case(f"eigh n={n}", peers("eigh", a + a.T, scipy="eigh", torch="eigh"), first, repeat=repeat)
        yield Case(f"svd n={n}", peers("svd", a, scipy="svd", torch="svd"), second, repeat=repeat)


def stacks(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(2)
    count = 1000 if quick else 100_000
    a = rng.standard_normal((count, 3, 3)) + 3 * np.eye(3)
    b, spd = rng.standard_normal((count, 3, 1)), a @ np.swapaxes(a, -1, -2)
    for name, arrays in (("solve", (a, b)), ("cholesky", (spd,)), ("det", (a,)), ("inv", (a,))):
        yield Case(f"{name} of {count} 3×3", peers(name, *arrays, torch=name), close(1e-6))


def truncated(quick: bool) -> Iterator[Case]:
    rng = np.random.default_rng(3)
    m, n, k = (300, 200, 10) if quick else (6040, 3706, 50)
    rated = rng.random((m, n)) < 0.045
    taste = 3.5 + 0.3 * (rng.standard_normal((m, 20)) @ rng.standard_normal((20, n)))
    a = rated * np.round(np.clip(taste + 0.8 * rng.standard_normal((m, n)), 1, 5))

    def contenders(steps: int) -> dict[str, Contender]:
        return {"mmlcore": lambda: linalg.svd(a, k=k, method="randomized", n_iter=steps).S}

    for peer, steps in (("scikit-learn", 6), ("torch", 4)):
        found = contenders(steps)
        if peer == "scikit-learn" and installed("sklearn"):
            from sklearn.decomposition import TruncatedSVD

            found[peer] = lambda: TruncatedSVD(k, random_state=0).fit(a).singular_values_
        if peer == "torch" and installed("torch"):
            import torch

            tensor = torch.from_numpy(a)
            found[peer] = lambda tensor=tensor: torch.svd_lowrank(tensor, q=k)[1].numpy()
        if len(found) > 1:
            yield Case(f"svd k={k} of {m}×{n}, beside {peer}", found, captures_as_much, repeat=5)


def recommender(quick: bool) -> Iterator[Case]:
    """Ten movies rated like one, of ratings as sparse and as long-tailed as MovieLens 1M's."""
    rng = np.random.default_rng(4)
    movies, users, k = (300, 400, 20) if quick else (3952, 6040, 50)
    taste = rng.standard_normal((movies, 18)) * np.linspace(1, 0.3, 18) @ rng.standard_normal((18, users)) / 3
    popular, active = rng.permutation(1 / (np.arange(movies) + 21.0)), rng.lognormal(0, 1, users)
    chance = np.outer(popular / popular.sum(), active / active.sum()) * 1e6 * (movies * users / 3952 / 6040)
    rated = rng.random((movies, users)) < np.clip(chance * np.exp(0.8 * taste), 0, 0.95)
    opinion = np.clip(np.round(3.6 + taste + 0.7 * rng.standard_normal((movies, users))), 1, 5)
    ratings = np.where(rated, opinion, 0).astype(np.uint8)
    movie = int(np.argsort(rated.sum(axis=1))[-movies // 8])

    def recipe() -> np.ndarray:
        """DRP, cells [12] to [15]."""
        normalised = ratings - np.mean(ratings, 1)[:, None]
        v = np.linalg.svd(normalised.T / np.sqrt(len(ratings) - 1), full_matrices=False)[2].T[:, :k]
        lengths = np.linalg.norm(v, axis=1)
        cosine = np.divide(v @ v[movie], lengths * lengths[movie], out=np.full(movies, -1.0), where=rated.any(axis=1))
        return np.argsort(-cosine)[:10]

    found: dict[str, Contender] = {"mmlcore": lambda: similar_items(ratings, movie, k=k).items, "numpy": recipe}
    yield Case(f"ten movies of {movies}×{users}, k={k}", found, close(0), repeat=1)


def captures_as_much(ours: Any, theirs: Any) -> None:
    """Σ σ² of ours is at least theirs: the residual ‖A‖² - Σ σ² is no worse."""
    assert np.square(ours).sum() >= np.square(theirs).sum() * (1 - 1e-9), "captures less of the matrix"


def cases(quick: bool) -> Iterator[Case]:
    for family in (systems, spectra, stacks, truncated, recommender):
        yield from family(quick)


if __name__ == "__main__":
    main("linalg", cases)
