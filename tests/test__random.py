"""Seeds become generators."""

import numpy as np
import pytest

from mmlcore._random import as_generator


def test_equal_seeds_give_equal_streams_and_a_generator_goes_on():
    for seed in (3, np.int64(3), np.random.SeedSequence(3)):
        np.testing.assert_array_equal(as_generator(seed, "f").random(4), np.random.default_rng(3).random(4))
    generator = np.random.default_rng(0)
    assert as_generator(generator, "f") is generator


def test_without_a_seed_numpys_global_state_decides():
    draws = []
    for _ in range(2):
        np.random.seed(5)  # noqa: NPY002
        draws.append([as_generator(None, "f").random(3), as_generator(None, "f").random(3)])
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0][0], draws[0][1])


@pytest.mark.parametrize("seed", [-1, 0.5, "0", True])
def test_anything_else_is_refused(seed):
    with pytest.raises(ValueError, match=r"^fit: seed must be a non-negative integer, a SeedSequence"):
        as_generator(seed, "fit")
