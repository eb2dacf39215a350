"""Planned losses are the differentiated ones, bit for bit, for every loss of the table."""

import numpy as np
import pytest

from mmlcore import value_and_grad
from mmlcore.losses import LOSSES, BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy
from mmlcore.losses.pointwise import PointwiseLoss

RNG = np.random.default_rng(0)

MADE = {
    **{cls.__name__: cls() for cls in LOSSES.values()},
    "binary from logits": BinaryCrossentropy(from_logits=True),
    "categorical from logits": CategoricalCrossentropy(from_logits=True),
    "sparse from logits": SparseCategoricalCrossentropy(from_logits=True),
    "smoothed binary": BinaryCrossentropy(label_smoothing=0.1),
    "smoothed categorical": CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
}
WITHOUT_PLAN = {"CategoricalCrossentropy", "SparseCategoricalCrossentropy", "NegativeLogLikelihood"}


def batch(loss, n, k, dtype):
    p = RNG.uniform(0.05, 0.95, (n, k)).astype(dtype)
    t = {
        "labels": RNG.integers(0, k, n),
        "signs": RNG.choice([-1.0, 1.0], (n, k)).astype(dtype),
        "probabilities": RNG.dirichlet(np.ones(k), n).astype(dtype),
    }.get(loss.targets, RNG.standard_normal((n, k)).astype(dtype))
    return t, p


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (200, 1), (33, 20)])
@pytest.mark.parametrize("name", MADE)
def test_plan_and_tape(name, shape, dtype, weighted):
    loss = MADE[name]
    t, p = batch(loss, *shape, dtype)
    weights = RNG.uniform(0, 2, shape[0]).astype(dtype) if weighted else None
    gradient = np.empty_like(p)
    plan = loss.plan(t, p, gradient, weights)
    assert (plan is None) == (name in WITHOUT_PLAN)
    if plan is None:
        return
    plan.call()
    value, taped = value_and_grad(lambda p: loss(t, p, weights))(p)
    assert plan.value.dtype == dtype
    assert plan.value[0] == value
    np.testing.assert_array_equal(gradient, taped)


@pytest.mark.parametrize("name", MADE)
def test_weights_multiply_the_losses_of_samples(name):
    loss = MADE[name]
    t, p = batch(loss, 6, 3, np.float64)
    weights = np.array([0.0, 1.0, 2.0, 0.0, 0.5, 1.0])
    each = np.asarray(loss.call(t, p))
    total = float((weights * each).sum())
    assert float(loss(t, p, weights)) == pytest.approx(total if loss.reduction == "sum" else total / 6, rel=1e-12)
    with pytest.raises(ValueError, match=r"sample_weight must be shape \(6,\), got shape \(5,\)"):
        loss(t, p, weights[:5])


def test_smoothing():
    t, p = np.eye(4), RNG.dirichlet(np.ones(4), 4)
    soft = 0.8 * t + 0.2 / 4
    assert float(CategoricalCrossentropy(label_smoothing=0.2)(t, p)) == pytest.approx(
        float(CategoricalCrossentropy()(soft, p)), rel=1e-12
    )
    assert float(BinaryCrossentropy(label_smoothing=0.2)(t, p)) == pytest.approx(
        float(BinaryCrossentropy()(0.8 * t + 0.1, p)), rel=1e-12
    )
    with pytest.raises(ValueError, match=r"label_smoothing must be a number in \[0, 1\], got 2"):
        CategoricalCrossentropy(label_smoothing=2)


def test_reduction():
    t, p = batch(MADE["Huber"], 5, 2, np.float64)
    cls = type(MADE["Huber"])
    assert float(cls(reduction="sum")(t, p)) == pytest.approx(5 * float(cls()(t, p)))
    with pytest.raises(ValueError, match=r"^Huber: reduction must be 'sum_over_batch_size' or 'sum', got 'mean'"):
        cls(reduction="mean")


def test_a_loss_of_one_s_own_kernel():
    class Squares(PointwiseLoss):
        kernel = "squared_error"

    assert float(Squares()([[0.0, 0.0]], [[1.0, 3.0]])) == 5.0
