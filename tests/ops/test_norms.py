"""Norms and spreads against NumPy, and their subgradients at 0."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops

RANDOM = np.random.default_rng(12)
S = RANDOM.normal(size=(3, 4, 5))


@pytest.mark.parametrize(
    ("shape", "ord", "axis"),
    [
        ((6,), None, None),
        ((6,), 2, None),
        ((6,), 1, None),
        ((6,), np.inf, None),
        ((6,), 3, None),
        ((6,), 2.5, 0),
        ((3, 4), None, None),
        ((3, 4), "fro", None),
        ((3, 4), 2, 1),
        ((3, 4), 1, 0),
        ((3, 4, 5), None, None),
        ((3, 4, 5), None, (0, 2)),
        ((3, 4, 5), "fro", (1, 2)),
        ((3, 4, 5), np.inf, -1),
        ((), None, None),
    ],
)
def test_norm_against_numpy(shape, ord, axis, agrees):
    x = RANDOM.normal(size=shape)
    agrees(lambda x: ops.norm(x, ord, axis), lambda x: np.linalg.norm(x, ord, axis), x, rtol=4)
    check_grads(lambda x: np.linalg.norm(x, ord=ord, axis=axis, keepdims=True) ** 3, (x,), order=2)


def test_numbers_of_cs582():
    assert ops.norm([3, 4]) == 5.0
    assert ops.norm([-1, 2], 1) == 3.0
    assert ops.norm([[1, 2], [3, 4]], "fro") == pytest.approx(np.sqrt(30))


def test_the_gradient_is_the_unit_vector_and_zero_at_zero():
    x = RANDOM.normal(size=(4, 3))
    x[2] = 0
    gradient = grad(lambda x: ops.sum(ops.norm(x, axis=1)))(x)
    expected = x / np.where(x.any(axis=1), np.linalg.norm(x, axis=1), 1)[:, None]
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)
    assert not np.isnan(grad(lambda x: ops.sum(ops.std(x, axis=1)))(np.ones((2, 3)))).any()


@pytest.mark.parametrize("ord", [0.5, 1, 1.5, 2, 3, np.inf])
def test_elements_that_are_zero_get_the_gradient_zero(ord):
    def f(x):
        return ops.norm(x, ord)

    assert grad(f)(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
    x = np.array([0.0, 3.0, -4.0])
    gradient = grad(f)(x)
    assert gradient[0] == 0
    np.testing.assert_allclose(gradient[1:], grad(f)(x[1:]), rtol=1e-14)
    assert ops.norm(np.zeros(3, np.float32), ord).dtype == np.float32


@pytest.mark.parametrize(
    ("x", "ord", "axis"),
    [
        (S[0], 3, None),
        (S[0], 0, None),
        (S[0], "row", None),
        (S[0, 0], "nuc", None),
        (S[0, 0], "fro", 0),
    ],
)
def test_norms_that_we_do_not_have(x, ord, axis):
    with pytest.raises(ValueError, match=r"^norm: ord must be None, 'fro', 'nuc', ±1, ±2 or ±inf for matrices, or"):
        ops.norm(x, ord, axis)


@pytest.mark.parametrize("axis", [None, 1, (0, 2)])
@pytest.mark.parametrize("ord", [1, 2, 3, np.inf])
def test_vector_norm_takes_any_number_of_axes(ord, axis):
    def f(x):
        return np.linalg.vector_norm(x, ord=ord, axis=axis, keepdims=True)

    check_grads(f, (S,), order=2)
    expected = f(S)
    seen = []
    grad(lambda x: seen.append(f(x)) or 0.0)(S)
    np.testing.assert_allclose(np.asarray(seen[0]), expected, rtol=1e-14)


@pytest.mark.parametrize("ord", [0, -1, -0.5, -np.inf])
def test_norms_by_the_smallest_elements_against_numpy(ord):
    x = np.array([[3.0, -4.0, 1.5], [0.5, 2.0, -7.0]])
    np.testing.assert_allclose(ops.norm(x, ord, 1), np.linalg.norm(x, ord, 1), rtol=1e-14)
    if ord == 0:  # a count: a step
        x[0, 1] = 0.0
        assert grad(lambda x: np.linalg.norm(x[0], 0) + np.sum(x))(x).tolist() == np.ones((2, 3)).tolist()
        assert ops.norm(x[0], 0) == 2.0
    elif ord in (-1, -np.inf):
        np.testing.assert_allclose(ops.norm(x, ord), np.linalg.norm(x, ord), rtol=1e-14)


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("axis", [None, 0, (0, 2), -1])
@pytest.mark.parametrize("name", ["var", "std"])
def test_spreads_against_numpy(name, axis, ddof, agrees):
    ours, theirs = getattr(ops, name), getattr(np, name)
    agrees(lambda x: ours(x, axis=axis, ddof=ddof), lambda x: theirs(x, axis=axis, ddof=ddof), S, rtol=10)
    check_grads(lambda x: theirs(x, axis=axis, ddof=ddof, keepdims=True) * x, (S,), order=2)
    check_grads(lambda x: getattr(x, name)(axis=axis) ** 2, (S,), order=2)


def test_standardised_data_do_not_depend_on_shift():
    """Σ w (x - mean)/std has a gradient that sums to 0."""
    w = RANDOM.normal(size=7)
    gradient = grad(lambda x: ops.sum(w * (x - np.mean(x)) / np.std(x)))(RANDOM.normal(size=7))
    assert ops.sum(gradient) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("name", ["var", "std"])
def test_too_few_elements(name):
    with pytest.raises(ValueError, match=rf"^{name}: ddof must be less than the number of elements \(1\), got 1$"):
        getattr(ops, name)([5.0], ddof=1)
    with pytest.raises(ValueError, match="axis must be between -1 and 0, got 2"):
        getattr(ops, name)([5.0], axis=2)


@pytest.mark.parametrize("ord", ["nuc", 2, -2, 1, np.inf])
@pytest.mark.parametrize("axis", [None, (0, 1), (-1, 0)])
def test_norms_of_matrices(ord, axis):
    x = np.random.default_rng(9).normal(size=(4, 3))
    np.testing.assert_allclose(ops.norm(x, ord, axis), np.linalg.norm(x, ord, axis), rtol=1e-13)
    check_grads(lambda x: np.linalg.norm(x, ord, axis), (x,), order=2, rtol=1e-5, atol=1e-5)
    stack = np.random.default_rng(10).normal(size=(2, 3, 3))
    check_grads(lambda x: np.linalg.matrix_norm(x, ord=ord, keepdims=True), (stack,), order=1)


def test_the_norm_of_many_numbers_keeps_its_digits():
    x = np.full(10**6, 0.1, np.float32)
    assert float(ops.norm(x)) == pytest.approx(float(np.float32(0.1)) * 1000, rel=1e-6)
