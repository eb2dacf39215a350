"""First values of weights have the distributions that their names promise."""

import numpy as np
import pytest

from mmlcore.layers import initializers

SHAPE = (300, 500)  # 150 000 draws: the variance is known to about 1 %

# name -> variance, as a formula in the inputs and outputs of a unit
VARIANCE = {
    "zeros": 0,
    "ones": 0,
    "random_uniform": 0.05**2 / 3,
    "random_normal": 0.05**2,
    "truncated_normal": (0.05 * 0.87962566103423978) ** 2,
    "constant": 0,
    "orthogonal": 1 / 500,
    "glorot_uniform": 2 / (300 + 500),
    "glorot_normal": 2 / (300 + 500),
    "he_uniform": 2 / 300,
    "he_normal": 2 / 300,
    "lecun_uniform": 1 / 300,
    "lecun_normal": 1 / 300,
}


def draw(name, shape=SHAPE, seed=0):
    return initializers.get(name, "f", "x")(shape, np.random.default_rng(seed))


@pytest.mark.parametrize("name", initializers.INITIALIZERS)
def test_mean_and_variance(name):
    values = draw(name)
    assert values.shape == SHAPE
    mean = 1.0 if name == "ones" else 0.0
    np.testing.assert_allclose(values.mean(), mean, atol=5 * np.sqrt(VARIANCE[name] / values.size))
    np.testing.assert_allclose(values.var(), VARIANCE[name], rtol=0.02)


@pytest.mark.parametrize("name", [n for n in initializers.INITIALIZERS if n.endswith("uniform")])
def test_uniform_draws_reach_their_limits_and_no_further(name):
    limit = np.sqrt(3 * VARIANCE[name])
    assert 0.999 * limit < np.abs(draw(name)).max() <= limit


@pytest.mark.parametrize("name", ["glorot_normal", "he_normal", "lecun_normal"])
def test_scaled_normal_draws_are_truncated(name):
    untruncated = np.sqrt(VARIANCE[name]) / 0.87962566103423978
    assert 1.99 * untruncated < np.abs(draw(name)).max() <= 2 * untruncated


def test_keras_limit_of_the_drp_network():
    # Dense(32, input_dim=1): sqrt(6 / (1 + 32))
    assert np.abs(draw("glorot_uniform", (1, 32))).max() <= np.sqrt(6 / 33)
    assert np.abs(draw("glorot_uniform", (1, 20_000))).max() == pytest.approx(np.sqrt(6 / 20_001), rel=1e-3)


def test_vectors_and_scalars_have_fans_too():
    assert draw("glorot_uniform", (7,)).shape == (7,)
    assert draw("glorot_uniform", ()).shape == ()


def test_results_are_checked_and_names_are_listed():
    with pytest.raises(ValueError, match=r"^Dense: kernel_initializer must be one of 'zeros', .*, got 'xavier'$"):
        initializers.get("xavier", "Dense", "kernel_initializer")
    with pytest.raises(ValueError, match=r"^initializer: values must be shape \(2, 3\), got shape \(3,\)$"):
        initializers.initialize(lambda shape, rng: np.zeros(3), (2, 3), np.random.default_rng(0), np.float32)
    made = initializers.initialize(lambda shape, rng: [[1, 2]], (1, 2), np.random.default_rng(0), np.float32)
    assert made.dtype == np.float32


@pytest.mark.parametrize("shape", [(6, 6), (40, 7), (7, 40), (3, 4, 5)])
def test_orthogonal_matrices(shape):
    q = initializers.Orthogonal(3.0)(shape, np.random.default_rng(0)).reshape(-1, shape[-1]) / 3
    gram = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-12)
    with pytest.raises(ValueError, match=r"^Orthogonal: shape must be of two axes or more, got \(3,\)$"):
        draw("orthogonal", (3,))


def test_orthogonal_matrices_have_no_preferred_sign():
    # without the correction by the signs of R the first column would always begin negative
    first = [draw("orthogonal", (4, 4), seed)[0, 0] for seed in range(200)]
    assert 70 < np.count_nonzero(np.array(first) > 0) < 130


def test_constants():
    np.testing.assert_array_equal(initializers.Constant(-2.5)((2, 3), np.random.default_rng(0)), np.full((2, 3), -2.5))
    with pytest.raises(ValueError, match=r"^Constant: value must be a finite number, got 'x'$"):
        initializers.Constant("x")


def test_classes_with_constants_of_one_s_own():
    rng = np.random.default_rng(0)
    for made, mean, variance in (
        (initializers.RandomUniform(1.0, 3.0), 2.0, 4 / 12),
        (initializers.RandomNormal(1.0, 0.5), 1.0, 0.25),
        (initializers.TruncatedNormal(1.0, 0.5), 1.0, (0.5 * 0.87962566103423978) ** 2),
        (initializers.VarianceScaling(3.0, "fan_out", "uniform"), 0.0, 3 / 500),
        (initializers.VarianceScaling(3.0, "fan_avg"), 0.0, 3 / 400),
    ):
        values = made(SHAPE, rng)
        np.testing.assert_allclose(values.mean(), mean, atol=5 * np.sqrt(variance / values.size))
        np.testing.assert_allclose(values.var(), variance, rtol=0.02)
    with pytest.raises(ValueError, match=r"^RandomNormal: stddev must be a finite number of at least 0, got -1$"):
        initializers.RandomNormal(stddev=-1)
    with pytest.raises(ValueError, match=r"^VarianceScaling: mode must be one of 'fan_in', 'fan_out', 'fan_avg', got"):
        initializers.VarianceScaling(mode="fan")
