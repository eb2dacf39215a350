"""Cross-entropies: formulas, agreement of their forms, stability, derivatives, torch."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops
from mmlcore.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)

RNG = np.random.default_rng(0)
Z = RNG.standard_normal((6, 4)) * 3
LABELS = np.array([0, 3, 1, 2, 2, 0])
ONE_HOT = np.eye(4)[LABELS]
SOFT = RNG.dirichlet(np.ones(4), size=6)
BITS = (RNG.random((6, 4)) < 0.5).astype(np.float64)
P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
Q = 1 / (1 + np.exp(-Z))


def test_formulas_from_probabilities():
    np.testing.assert_allclose(
        binary_crossentropy(BITS, Q),
        -(BITS * np.log(Q) + (1 - BITS) * np.log(1 - Q)).mean(axis=1),
        rtol=1e-10,
    )
    np.testing.assert_allclose(categorical_crossentropy(SOFT, P), -(SOFT * np.log(P)).sum(axis=1), rtol=1e-10)
    np.testing.assert_allclose(sparse_categorical_crossentropy(LABELS, P), -np.log(P[np.arange(6), LABELS]), rtol=1e-10)


@pytest.mark.parametrize(
    ("function", "targets", "probabilities"),
    [
        (binary_crossentropy, BITS, Q),
        (categorical_crossentropy, SOFT, P),
        (sparse_categorical_crossentropy, LABELS, P),
    ],
)
def test_logits_and_probabilities_agree(function, targets, probabilities):
    from_logits = function(targets, Z, from_logits=True)
    np.testing.assert_allclose(from_logits, function(targets, probabilities), rtol=1e-9)


def test_labels_are_one_hot_rows():
    np.testing.assert_allclose(
        sparse_categorical_crossentropy(LABELS, Z, from_logits=True),
        categorical_crossentropy(ONE_HOT, Z, from_logits=True),
        rtol=1e-12,
    )


def test_rows_that_do_not_sum_to_one_are_scaled():
    np.testing.assert_allclose(
        sparse_categorical_crossentropy(LABELS, 7 * P), sparse_categorical_crossentropy(LABELS, P), rtol=1e-12
    )


@pytest.mark.parametrize("scale", [50.0, 1e4])
def test_logits_are_stable_where_probabilities_are_not(scale):
    z = np.array([[scale, -scale], [-scale, scale]])
    right, wrong = np.array([0, 1]), np.array([1, 0])
    np.testing.assert_allclose(sparse_categorical_crossentropy(right, z, from_logits=True), 0, atol=1e-40)
    np.testing.assert_allclose(sparse_categorical_crossentropy(wrong, z, from_logits=True), 2 * scale)
    np.testing.assert_allclose(binary_crossentropy(np.zeros((2, 2)), z, from_logits=True), scale / 2, rtol=1e-12)


def test_impossible_predictions_cost_the_logarithm_of_epsilon():
    assert float(binary_crossentropy([[1.0]], [[0.0]])[0]) == pytest.approx(-np.log(1e-7))
    assert float(sparse_categorical_crossentropy([0], [[0.0, 1.0]])[0]) == pytest.approx(-np.log(1e-7), rel=1e-6)


@pytest.mark.parametrize(
    ("function", "targets"),
    [
        (binary_crossentropy, BITS),
        (categorical_crossentropy, SOFT),
        (sparse_categorical_crossentropy, LABELS),
    ],
)
def test_derivatives(function, targets):
    check_grads(lambda z: function(targets, z, from_logits=True), (Z,), order=2)
    probabilities = Q if function is binary_crossentropy else P
    check_grads(lambda p: function(targets, p), (probabilities,), order=2, rtol=1e-4)


@pytest.mark.parametrize("cls", [BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy])
def test_before_its_activation_a_loss_takes_logits(cls):
    activation = {"binary_crossentropy": "sigmoid"}.get(cls.name, "softmax")
    targets = {"BinaryCrossentropy": BITS, "CategoricalCrossentropy": ONE_HOT}.get(cls.__name__, LABELS)
    fused = cls().before(activation)
    assert fused.from_logits
    np.testing.assert_allclose(fused(targets, Z), cls()(targets, getattr(ops, activation)(Z)), rtol=1e-8)
    assert cls().before("tanh") is None
    assert cls(from_logits=True).before(activation) is None


def test_before_its_activation_a_loss_keeps_its_state_and_a_formula_of_its_own_stays():
    class Named(SparseCategoricalCrossentropy):
        def __init__(self, label):
            super().__init__()
            self.label = label

    class Double(SparseCategoricalCrossentropy):
        def call(self, y_true, y_pred):
            return 2 * super().call(y_true, y_pred)

    class Total(SparseCategoricalCrossentropy):
        def __call__(self, y_true, y_pred):
            return y_pred.sum()

    named = Named("mine")
    fused = named.before("softmax")
    assert (type(fused), fused.label, fused.from_logits, named.from_logits) == (Named, "mine", True, False)
    assert Double().before("softmax") is None
    assert Total().before("softmax") is None


@pytest.mark.parametrize("cls", [BinaryCrossentropy, CategoricalCrossentropy])
@pytest.mark.parametrize("from_logits", [True, False])
def test_derivatives_with_respect_to_the_targets(cls, from_logits):
    targets = Q if cls is BinaryCrossentropy else SOFT
    check_grads(lambda t: cls(from_logits)(t, Z if from_logits else targets), (targets,), order=2)


def test_gradient_against_torch():
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    theirs = {
        "sparse": lambda z: functional.cross_entropy(z, torch.tensor(LABELS)),
        "soft": lambda z: functional.cross_entropy(z, torch.tensor(SOFT)),
        "binary": lambda z: functional.binary_cross_entropy_with_logits(z, torch.tensor(BITS)),
    }
    ours = {
        "sparse": lambda z: SparseCategoricalCrossentropy(from_logits=True)(LABELS, z),
        "soft": lambda z: CategoricalCrossentropy(from_logits=True)(SOFT, z),
        "binary": lambda z: BinaryCrossentropy(from_logits=True)(BITS, z),
    }
    for name, loss in ours.items():
        z = torch.tensor(Z, requires_grad=True)
        value = theirs[name](z)
        value.backward()
        np.testing.assert_allclose(loss(Z), value.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(grad(loss)(Z), z.grad.numpy(), rtol=1e-10, atol=1e-14)
