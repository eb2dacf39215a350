"""Draws by the inverse distribution function: uniform, independent of threads, seeds."""

import numpy as np
import pytest
from scipy import special, stats

from mmlcore import ops, set_num_threads


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normal_draws_are_the_quantiles_of_uniform_ones(dtype):
    u = ops.uniform_draws((3333,), np.random.default_rng(7), dtype=dtype)
    z = ops.normal_draws((3333,), np.random.default_rng(7), dtype=dtype)
    assert u.dtype == z.dtype == dtype
    assert 0 < u.min() < u.max() < 1
    np.testing.assert_allclose(
        z,
        special.ndtri(u.astype(float)),
        rtol=1e-12 if dtype is np.float64 else 3e-3,
        atol=1e-3 * (dtype is np.float32),
    )
    assert stats.kstest(u, "uniform").pvalue > 1e-3
    shifted = ops.normal_draws((3333,), np.random.default_rng(7), 2.0, 3.0, dtype)
    np.testing.assert_allclose(shifted, 2 + 3 * z, rtol=1e-5 if dtype is np.float32 else 1e-12, atol=1e-6)
    for power in range(1, 5):  # no correlation between neighbours, nor of powers
        assert abs(np.corrcoef(z[:-power], z[power:])[0, 1]) < 0.07


def test_threads_do_not_change_a_bit_and_lengths_are_prefixes():
    set_num_threads(1)
    one = ops.normal_draws((300_001,), np.random.default_rng(1))
    set_num_threads(2)
    np.testing.assert_array_equal(one, ops.normal_draws((300_001,), np.random.default_rng(1)))
    np.testing.assert_array_equal(one[:77], ops.normal_draws((77,), np.random.default_rng(1)))
    assert ops.normal_draws((0,), np.random.default_rng(1)).shape == (0,)


def test_bounds():
    u = ops.uniform_draws((1000,), np.random.default_rng(0), 5.0, np.nextafter(5.0, 6))
    assert np.all(u == 5.0)
    with pytest.raises(ValueError, match="random_uniform: high must be above low"):
        ops.uniform_draws((3,), np.random.default_rng(0), 1.0, 1.0)
