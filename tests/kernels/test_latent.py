"""Kernels of the code: the formulas of the Notes, weights, labels without a centre, borders."""

import numpy as np
import pytest

from mmlcore import _kernels
from mmlcore.models.latent_step import centres_of, code_divergence

RNG = np.random.default_rng(0)
N, D = 11, 3


def problem(dtype=np.float64):
    code = RNG.standard_normal((N, 2 * D)).astype(dtype)
    return code, RNG.standard_normal((N, D)).astype(dtype), RNG.standard_normal((4, D)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_code_is_mean_and_deviation(dtype):
    code, noise, _ = problem(dtype)
    z = np.empty((N, D), dtype)
    _kernels.sample_code(z, code, noise)
    np.testing.assert_allclose(z, code[:, :D] + np.exp(code[:, D:] / 2) * noise, rtol=1e-6, atol=1e-6)
    dcode, dz = np.empty_like(code), RNG.standard_normal((N, D)).astype(dtype)
    _kernels.sample_code_grad(dcode, dz, code, noise)
    np.testing.assert_array_equal(dcode[:, :D], dz)
    np.testing.assert_allclose(dcode[:, D:], dz * noise * np.exp(code[:, D:] / 2) / 2, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_and_its_gradient(dtype, weighted):
    code, _, centres = problem(dtype)
    labels = np.array([0, 1, 2, 3, -1, 4, 99, 0, 1, 2, 3])  # -1, 4 and 99 have no centre
    weights = RNG.uniform(0, 2, N).astype(dtype) if weighted else None
    w = np.ones(N) if weights is None else weights
    kl, value, before = np.zeros(1, dtype), np.ones(1, dtype), RNG.standard_normal((N, 2 * D)).astype(dtype)
    dcode = before.copy()
    _kernels.code_divergence(kl, value, dcode, code, weights, labels, centres, np.array([0.5, 3.0]))
    each = code_divergence(code.astype(float), centres_of(labels, centres.astype(float)))
    tolerance = 1e-5 if dtype == np.float32 else 1e-13
    assert kl[0] == pytest.approx((w * each).mean(), rel=tolerance)
    beta = np.where((labels >= 0) & (labels < 4), 3.0, 0.5)
    assert value[0] == pytest.approx(1 + (beta * w * each).mean(), rel=tolerance)
    slope_mean = code[:, :D] - centres_of(labels, centres)
    slope = np.hstack([slope_mean, np.expm1(code[:, D:]) / 2]) * (beta * w / N)[:, None]
    np.testing.assert_allclose(dcode, before + slope, rtol=tolerance, atol=tolerance)


def test_no_centres_at_all():
    code, _, _ = problem()
    kl, value, dcode = np.zeros(1), np.zeros(1), np.zeros_like(code)
    _kernels.code_divergence(kl, value, dcode, code, None, np.zeros(N, np.int64), np.empty((0, D)), np.ones(2))
    assert kl[0] == pytest.approx(code_divergence(code, np.zeros(D)).mean())


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"code": np.zeros((N, 5))}, "code must be of an even number of columns"),
        ({"code": np.zeros(N)}, "code must be 2-dimensional"),
        ({"labels": np.zeros(N - 1, np.int64)}, "labels must be of 11 elements"),
        ({"labels": np.zeros(N)}, "labels must be"),
        ({"centres": np.zeros((2, D + 1))}, "centres must be"),
        ({"weights": np.zeros(N + 1)}, "weights must be"),
        ({"weights": [1.0] * N}, "weights must be an array or None"),
        ({"beta": np.zeros(1)}, "beta must be"),
        ({"dcode": np.zeros((N, D))}, "dcode must be"),
        ({"kl": np.zeros(2)}, "kl must be"),
    ],
)
def test_borders_of_the_divergence(change, text):
    code, _, centres = problem()
    arguments = {
        "kl": np.zeros(1),
        "value": np.zeros(1),
        "dcode": np.zeros_like(code),
        "code": code,
        "weights": None,
        "labels": np.zeros(N, np.int64),
        "centres": centres,
        "beta": np.ones(2),
    }
    with pytest.raises((ValueError, TypeError), match=f"^code_divergence: {text}"):
        _kernels.code_divergence(**{**arguments, **change})
    assert not arguments["dcode"].any()


def test_outputs_lie_apart_from_inputs():
    code, noise, centres = problem()
    with pytest.raises(ValueError, match=r"^sample_code: z must"):
        _kernels.sample_code(noise, code, noise)
    with pytest.raises(ValueError, match=r"^sample_code_grad: dcode must"):
        _kernels.sample_code_grad(code, noise, code, noise)
    with pytest.raises(ValueError, match=r"^code_divergence: dcode must"):
        _kernels.code_divergence(np.zeros(1), np.zeros(1), code, code, None, np.zeros(N, np.int64), centres, np.ones(2))
