"""Dropout and noise: the generator against its published vectors, statistics, derivatives, threads."""

import numpy as np
import pytest

from mmlcore import _kernels, check_grads, ops


def test_philox_against_the_known_answers():
    # Random123's kat_vectors, philox4x32 10 rounds
    assert _kernels.philox4x32(0, 0, 0, 0, 0) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    ones = 0xFFFFFFFF
    assert _kernels.philox4x32(ones, ones, ones, ones, 2**64 - 1) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    assert _kernels.philox4x32(*pi, 0x299F31D0A4093822) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 1000])
def test_elements_are_words_of_the_generator(dtype, n):
    y = ops.dropout(np.ones(n, dtype), rate=0.25, key=7, draw=3)
    words = [w for i in range(0, n, 4) for w in _kernels.philox4x32(i // 4, 0, 3, 0, 7)][:n]
    np.testing.assert_array_equal(y, np.where(np.array(words) >= 2**30, dtype(1 / 0.75), dtype(0)))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
def test_the_share_that_is_dropped_and_the_mean(rate):
    n = 200_000
    y = ops.dropout(np.ones(n), rate=rate, key=11, draw=0)
    dropped = (y == 0).mean()
    assert abs(dropped - rate) <= 4 * np.sqrt(rate * (1 - rate) / n)
    assert abs(y.mean() - 1) <= 4 * np.sqrt(rate / (1 - rate) / n)


def test_draws_and_keys_are_independent():
    draws = [ops.dropout(np.ones(20_000), rate=0.5, key=k, draw=d) - 1 for k in (1, 2) for d in (0, 1)]
    correlations = np.corrcoef(draws)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(20_000)


def test_noise_is_normal():
    from scipy import stats

    z = ops.add_noise(np.zeros(100_001), stddev=1.0, key=5, draw=1)
    assert stats.kstest(z, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(z[:-1:2], z[1::2])[0, 1]) < 4 / np.sqrt(50_000)
    np.testing.assert_allclose(ops.add_noise(np.ones(9), stddev=3.0, key=5, draw=1), 1 + 3 * z[:9], rtol=1e-12)


def test_derivatives_are_the_same_draw():
    x = np.random.default_rng(0).standard_normal((4, 5))
    check_grads(lambda x: ops.dropout(x, rate=0.4, key=3, draw=9) ** 2, (x,), order=2)
    check_grads(lambda x: ops.add_noise(x, stddev=0.5, key=3, draw=9) ** 2, (x,), order=2)


def test_threads_do_not_change_a_bit():
    results = []
    for threads in (1, 2):
        _kernels.set_num_threads(threads)
        x = np.linspace(0, 1, 300_001, dtype=np.float32)
        results.append((ops.dropout(x, rate=0.3, key=1, draw=2), ops.add_noise(x, stddev=1.0, key=1, draw=2)))
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_errors():
    with pytest.raises(ValueError, match=r"^dropout: rate must be in \[0, 1\), got 1"):
        ops.dropout(np.ones(2), rate=1.0, key=0, draw=0)
    with pytest.raises(ValueError, match=r"^dropout: x must be of 3 elements \(as y\), got \(2,\)"):
        _kernels.dropout(np.empty(3), np.ones(2), 0.5, 0, np.zeros(1, np.int64))
