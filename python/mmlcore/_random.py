"""Seeds become generators, in one place: explicit seeds, and NumPy's global state when there is none."""

from typing import TypeAlias

import numpy as np

from mmlcore._errors import message

__all__ = ["Seed", "as_generator"]

# In quotes, here and wherever a Generator is named: numpy.random takes 10 ms to import and may not be needed.
Seed: TypeAlias = "int | np.random.SeedSequence | np.random.Generator | None"


def as_generator(seed: Seed, function: str) -> "np.random.Generator":
    """The generator that `seed` stands for.

    A Generator is used as it is (and advances); an integer or a SeedSequence starts a new stream; None draws
    a seed from NumPy's global state, so that ``np.random.seed(0)`` makes a script reproducible.

    >>> int(as_generator(7, "fit").integers(1000)), int(np.random.default_rng(7).integers(1000))
    (944, 944)
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is None:
        return np.random.default_rng(np.random.randint(0, 2**32, size=4, dtype=np.uint32))  # noqa: NPY002
    if isinstance(seed, np.random.SeedSequence):
        return np.random.default_rng(seed)
    if isinstance(seed, int | np.integer) and not isinstance(seed, bool) and seed >= 0:
        return np.random.default_rng(int(seed))
    raise ValueError(
        message(function, "seed", "a non-negative integer, a SeedSequence, a Generator or None", repr(seed))
    )
