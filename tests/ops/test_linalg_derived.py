"""numpy.linalg's compositions: what they return; their derivatives are checked in tests/ops/test_numpy_table.py."""

import numpy as np
import pytest

from mmlcore import grad

RANDOM = np.random.default_rng(6)


def test_lstsq_as_numpy_returns_it():
    kept = []
    a, b = RANDOM.normal(size=(5, 3)), RANDOM.normal(size=(5, 2))
    grad(lambda a: np.sum((kept.append(np.linalg.lstsq(a, b)), kept[-1][0])[1]))(a)
    for ours, theirs in zip(kept[0], np.linalg.lstsq(a, b), strict=True):
        np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-10, atol=1e-12)
    with pytest.raises(TypeError, match=r"^lstsq: rcond must be None when an argument is a Tensor, got 0.1$"):
        grad(lambda a: np.sum(np.linalg.lstsq(a, b, rcond=0.1)[0]))(a)
    assert grad(lambda a: np.trace(a) * np.linalg.matrix_rank(a))(np.eye(3)).trace() == 9.0


def test_condition_numbers_and_inverses_against_numpy():
    a = RANDOM.normal(size=(2, 3, 3))
    for p in (None, 1, -1, 2, -2, np.inf, "fro"):
        kept = []
        grad(lambda x, p=p, kept=kept: kept.append(np.linalg.cond(x, p)) or np.sum(x))(a)
        np.testing.assert_allclose(np.asarray(kept[0]), np.linalg.cond(a, p), rtol=1e-10)
    b = RANDOM.normal(size=(2, 4, 8))
    inverse = np.linalg.tensorinv(b.reshape(2, 4, 2, 4))
    gradient = grad(lambda x: np.sum(np.linalg.tensorinv(x) * inverse))(b.reshape(2, 4, 2, 4))
    flat = inverse.reshape(8, 8)
    np.testing.assert_allclose(gradient.reshape(8, 8), -flat.T @ flat @ flat.T, rtol=1e-9)


def test_polynomials_of_least_squares():
    x, y = np.linspace(-1, 2, 9), RANDOM.normal(size=(9, 2))
    kept = []
    grad(lambda y: kept.append(np.polyfit(x, y, 3)) or np.sum(y))(y)
    np.testing.assert_allclose(np.asarray(kept[0]), np.polyfit(x, y, 3), rtol=1e-9)
    by_values = grad(lambda y: np.polyfit(x, y, 3)[-1])(y[:, 0])
    np.testing.assert_allclose(by_values, np.linalg.pinv(np.vander(x, 4))[-1], rtol=1e-9, atol=1e-12)
