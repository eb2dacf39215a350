"""SGD against its formulas written out, and against torch."""

import numpy as np
import pytest

from mmlcore.optimizers import SGD

RNG = np.random.default_rng(0)
START = RNG.standard_normal(37)
GRADIENTS = RNG.standard_normal((20, 37))

OPTIONS = [
    {"learning_rate": 0.1},
    {"learning_rate": 0.1, "momentum": 0.9},
    {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
]


def ours(dtype, **options):
    theta = START.astype(dtype)
    sgd = SGD(**options)
    sgd.build(theta)
    for gradient in GRADIENTS.astype(dtype):
        sgd.update(theta, gradient)
    return theta


def written_out(learning_rate, momentum=0.0, nesterov=False):
    theta, v = START.copy(), np.zeros_like(START)
    for g in GRADIENTS:
        v = momentum * v - learning_rate * g
        theta = theta + momentum * v - learning_rate * g if nesterov else theta + v
    return theta


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 1e-4)])
def test_twenty_steps_against_the_formula(options, dtype, rtol):
    got = ours(dtype, **options)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, written_out(**options), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("options", OPTIONS)
def test_twenty_steps_against_torch(options):
    torch = pytest.importorskip("torch")
    theta = torch.tensor(START, requires_grad=True)
    sgd = torch.optim.SGD(
        [theta],
        lr=options["learning_rate"],
        momentum=options.get("momentum", 0.0),
        nesterov=options.get("nesterov", False),
    )
    for gradient in GRADIENTS:
        theta.grad = torch.tensor(gradient)
        sgd.step()
    np.testing.assert_allclose(ours(np.float64, **options), theta.detach().numpy(), rtol=1e-11)


def test_the_step_of_the_lecture():
    # MISSION C1: x² from 4 with η = 0.1 gives 3.2
    theta = np.array([4.0])
    SGD(learning_rate=0.1).update(theta, 2 * theta)
    assert theta[0] == pytest.approx(3.2)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan"), "0.9"])
def test_momentum_is_checked(momentum):
    with pytest.raises(ValueError, match=r"^SGD: momentum must be a number in \[0, 1\), got "):
        SGD(momentum=momentum)
