"""The random numbers of estimators: NumPy's RandomState, drawn from in scikit-learn's order, so that the same
`random_state` gives the same start.
"""

from typing import Any

import numpy as np

__all__ = ["as_random_state", "as_seed"]


def as_random_state(random_state: Any) -> np.random.RandomState:
    """NumPy's global state for None, a new one for a number, the same stream for a RandomState or Generator.

    >>> int(as_random_state(0).randint(100))
    44
    """
    if random_state is None:
        state: np.random.RandomState = np.random.mtrand._rand
        return state
    if isinstance(random_state, np.random.RandomState):
        return random_state
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.bit_generator)
    return np.random.RandomState(random_state)


def as_seed(random_state: Any) -> int:
    """A number to seed mmlcore's own generators with."""
    return int(as_random_state(random_state).randint(np.iinfo(np.int32).max))
