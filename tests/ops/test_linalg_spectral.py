"""Eigenvalues, singular values, QR: finite differences to second order of what does not depend on signs."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(4)
A, S = RANDOM.normal(size=(4, 4)), RANDOM.normal(size=(2, 3, 3))
TALL, WIDE = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=(3, 5))


def symmetric(x):
    return x + np.swapaxes(x, -1, -2)


def projector(x):
    """Of the leading eigenvectors: the same whatever their signs."""
    v = np.linalg.eigh(symmetric(x)).eigenvectors[..., -2:]
    return v @ np.swapaxes(v, -1, -2)


def fourth_powers(*factors):
    return np.stack([np.sum(f**4 * np.arange(1.0, f.shape[-1] + 1)) for f in factors])


CASES = {
    "eigvalsh": (lambda x: np.linalg.eigvalsh(symmetric(x)), A),
    "eigvalsh of a stack": (lambda x: ops.eigvalsh(symmetric(x), UPLO="U"), S),
    "projector": (projector, A),
    "matrix logarithm": (lambda x: _function_of(x @ x.T + np.eye(4), np.log), A),
    "svdvals": (np.linalg.svdvals, TALL),
    "svdvals by svd": (lambda x: np.linalg.svd(x, compute_uv=False), WIDE),
    "svd, square": (lambda x: fourth_powers(*np.linalg.svd(x)), A),
    "svd, tall": (lambda x: fourth_powers(*np.linalg.svd(x, full_matrices=False)), TALL),
    "svd, wide": (lambda x: fourth_powers(*ops.svd(x)), WIDE),
    "svd of a stack": (lambda x: fourth_powers(*ops.svd(x)), S),
    "polar factor": (lambda x: _polar(x), TALL),
    "qr, tall": (lambda x: fourth_powers(*np.linalg.qr(x)), TALL),
    "qr, wide": (lambda x: fourth_powers(*ops.qr(x)), WIDE),
    "qr of a stack": (lambda x: fourth_powers(*ops.qr(x)), S),
    "r": (lambda x: np.linalg.qr(x, mode="r") ** 2, A),
}


def _function_of(x, f):
    values, v = np.linalg.eigh(x)
    return (v * f(values)) @ v.T


def _polar(x):
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return u @ vh


@pytest.mark.parametrize("name", CASES)
def test_gradients_to_second_order(name):
    f, x = CASES[name]
    check_grads(f, (x,), order=2, rtol=1e-5, atol=1e-5)


def test_known_gradients():
    x = symmetric(A)
    np.testing.assert_allclose(grad(lambda a: np.sum(np.linalg.eigvalsh(a)))(x), np.eye(4), atol=1e-12)  # the trace
    np.testing.assert_allclose(grad(lambda a: np.sum(np.linalg.svdvals(a) ** 2))(TALL), 2 * TALL, atol=1e-12)
    u, _, vh = np.linalg.svd(A)
    np.testing.assert_allclose(grad(lambda a: np.linalg.svdvals(a)[0])(A), np.outer(u[:, 0], vh[0]), atol=1e-12)


def test_values_and_refusals():
    q, r = ops.qr(WIDE)
    np.testing.assert_allclose(q @ r, WIDE, atol=1e-12)
    u, s, vh = ops.svd(TALL)
    np.testing.assert_allclose(u * s @ vh, TALL, atol=1e-12)
    with pytest.raises(ValueError, match="svd: full_matrices must be False when an argument is a Tensor"):
        grad(lambda a: np.sum(np.linalg.svd(a, full_matrices=True).U))(TALL)
    with pytest.raises(ValueError, match="qr: mode must be 'reduced' or 'r' when an argument is a Tensor"):
        grad(lambda a: np.sum(np.linalg.qr(a, "complete").Q))(TALL)


def test_numpys_default_of_whole_bases_is_not_taken_for_the_reduced_one():
    with pytest.raises(ValueError, match="svd: full_matrices must be False when an argument is a Tensor"):
        grad(lambda a: np.sum(np.linalg.svd(a)[1]))(np.ones((4, 3)))
    assert grad(lambda a: np.sum(np.linalg.svd(a)[1]))(np.diag([1.0, 2.0, 3.0])).trace() == pytest.approx(3.0)
    assert grad(lambda a: np.sum(np.linalg.svd(a, compute_uv=False)))(np.arange(12.0).reshape(4, 3) ** 2).shape == (
        4,
        3,
    )
