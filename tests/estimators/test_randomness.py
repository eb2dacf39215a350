"""Random states: the same streams as scikit-learn's."""

import numpy as np

from mmlcore.estimators.randomness import as_random_state, as_seed


def test_streams():
    state = np.random.RandomState(3)
    assert as_random_state(state) is state
    assert as_random_state(5).randint(1000) == np.random.RandomState(5).randint(1000)
    generator = np.random.default_rng(1)
    first = as_random_state(generator).randint(1 << 30)
    assert first != as_random_state(generator).randint(1 << 30)  # the same stream goes on
    assert as_random_state(None) is np.random.mtrand._rand


def test_seeds_follow_the_state():
    assert as_seed(7) == as_seed(7)
    state = np.random.RandomState(7)
    assert as_seed(state) != as_seed(state)
