"""Adam against the algorithm written out, and against torch."""

import numpy as np
import pytest

from mmlcore.optimizers import Adam

RNG = np.random.default_rng(0)
START = RNG.standard_normal(37)
GRADIENTS = RNG.standard_normal((20, 37)) * 10.0 ** RNG.integers(-3, 3, 37)


def ours(dtype, **options):
    theta = START.astype(dtype)
    adam = Adam(**options)
    adam.build(theta)
    for gradient in GRADIENTS.astype(dtype):
        adam.update(theta, gradient)
    assert adam.iterations == len(GRADIENTS)
    return theta


def written_out(learning_rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    theta, m, v = START.copy(), np.zeros_like(START), np.zeros_like(START)
    for t, g in enumerate(GRADIENTS, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        rate = learning_rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        theta = theta - rate * m / (np.sqrt(v) + epsilon)
    return theta


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": 0.01},
        {"learning_rate": 0.1, "beta_1": 0.0, "beta_2": 0.5},
        {"learning_rate": 0.1, "epsilon": 0.01},
    ],
)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-4)])
def test_twenty_steps_against_the_algorithm(options, dtype, rtol):
    got = ours(dtype, **options)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, written_out(**options), rtol=rtol, atol=rtol)


def test_twenty_steps_against_torch():
    # torch adds ε after the bias of v is corrected: with ε = 0 both are the same algorithm
    torch = pytest.importorskip("torch")
    theta = torch.tensor(START, requires_grad=True)
    adam = torch.optim.Adam([theta], lr=0.01, eps=0.0)
    for gradient in GRADIENTS:
        theta.grad = torch.tensor(gradient)
        adam.step()
    np.testing.assert_allclose(ours(np.float64, learning_rate=0.01, epsilon=0.0), theta.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("argument", ["beta_1", "beta_2", "epsilon"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), "0.9"])
def test_constants_are_checked(argument, value):
    with pytest.raises(ValueError, match=rf"^Adam: {argument} must be a"):
        Adam(**{argument: value})
    if argument != "epsilon":
        with pytest.raises(ValueError, match=r"in \[0, 1\), got 1.0$"):
            Adam(**{argument: 1.0})
