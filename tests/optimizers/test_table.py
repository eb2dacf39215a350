"""Every optimiser against its algorithm written out and against torch; what ``compile(optimizer=...)`` accepts."""

import numpy as np
import pytest

from mmlcore import optimizers
from optimizer_oracles import CASES, trajectory

RNG = np.random.default_rng(0)
START = RNG.standard_normal(37)
GRADIENTS = RNG.standard_normal((20, 37)) * 10.0 ** RNG.integers(-2, 3, 37)

EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def run(case, dtype, **more):
    optimizer = case.make(**case.options, **more)
    theta = START.astype(dtype)
    optimizer.build(theta)
    path = []
    for gradient in GRADIENTS.astype(dtype):
        optimizer.update(theta, gradient.copy())
        path.append(theta.copy())
    assert optimizer.iterations == len(GRADIENTS)
    return np.array(path)


def test_every_name_and_every_rule_is_in_the_table():
    made = [case.make(**case.options) for case in CASES.values()]
    assert {type(optimizer) for optimizer in made} == set(optimizers.OPTIMIZERS.values())
    assert {optimizer.kernel for optimizer in made} == set(optimizers.base._kernels.OPTIMIZER_RULES)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-4)])
@EVERY_CASE
def test_twenty_steps_against_the_algorithm(case, dtype, tolerance):
    got = run(case, dtype)
    assert got.dtype == dtype
    gradients = GRADIENTS.astype(dtype)
    exact = np.array(trajectory(case, START.astype(dtype), gradients)).astype(float)
    np.testing.assert_allclose(got, exact, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items() if case.torch])
def test_twenty_steps_against_torch(case, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch, "get_default_dtype", lambda: torch.float64)  # of NAdam's running product
    theta = torch.tensor(START, requires_grad=True)
    optimizer = getattr(torch.optim, case.torch)([theta], **case.torch_options)
    for gradient in GRADIENTS:
        theta.grad = torch.tensor(gradient)
        optimizer.step()
    np.testing.assert_allclose(run(case, np.float64)[-1], theta.detach().numpy(), rtol=1e-11)


def test_amsgrad_against_torch_where_the_bias_is_gone():
    # torch takes the largest v before its bias is corrected, as we do; with ε = 0 both are the same
    torch = pytest.importorskip("torch")
    theta = torch.tensor(START, requires_grad=True)
    optimizer = torch.optim.Adam([theta], lr=0.01, betas=(0.8, 0.99), eps=0.0, amsgrad=True)
    for gradient in GRADIENTS:
        theta.grad = torch.tensor(gradient)
        optimizer.step()
    np.testing.assert_allclose(run(CASES["amsgrad"], np.float64)[-1], theta.detach().numpy(), rtol=1e-10)


@EVERY_CASE
def test_every_optimiser_goes_down_a_bowl(case):
    curvature = np.array([0.5, 1.0, 2.0])
    theta = np.array([1.0, -1.0, 0.5])
    optimizer = case.make(**case.options)
    first = float(curvature @ theta**2)
    for _ in range(300):
        optimizer.update(theta, 2 * curvature * theta)
    assert float(curvature @ theta**2) < 0.5 * first


@EVERY_CASE
def test_the_parts_that_are_not_trained_stay(case):
    whole, part = START.copy(), START.copy()
    a, b = (
        (case.make(**case.options, weight_decay=0.1) for _ in range(2))
        if "decay" not in str(case.options)
        else (case.make(**case.options) for _ in range(2))
    )
    a.build(whole)
    b.build(part, trained=[(3, 10), (20, 37)])
    for gradient in GRADIENTS:
        a.update(whole, gradient)
        b.update(part, gradient)
    moving = np.r_[3:10, 20:37]
    np.testing.assert_array_equal(part[moving], whole[moving])
    still = np.setdiff1d(np.arange(37), moving)
    np.testing.assert_array_equal(part[still], START[still])
    assert b.iterations == len(GRADIENTS)


@EVERY_CASE
def test_a_gradient_that_is_not_a_number_is_not_hidden(case):
    theta = np.ones(3)
    case.make(**case.options).update(theta, np.array([1.0, np.nan, 1.0]))
    assert np.isnan(theta[1])
    assert np.isfinite(theta[[0, 2]]).all()


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_names_in_any_case_classes_and_objects(name):
    cls = optimizers.OPTIMIZERS[name]
    for optimizer in (name, name.upper(), cls.__name__, cls):
        assert type(optimizers.get(optimizer)) is cls
    made = cls(learning_rate=0.5)
    assert optimizers.get(made) is made


@pytest.mark.parametrize("optimizer", ["sdg", None, 0.1])
def test_unknown_names_list_the_known_ones(optimizer):
    with pytest.raises(ValueError, match=r"^compile: optimizer must be one of 'sgd', 'adam', .*'lion', got "):
        optimizers.get(optimizer)
