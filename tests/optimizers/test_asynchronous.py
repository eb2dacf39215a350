"""Asynchronous SGD: the serial run by its formula, the shared one by where it arrives."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mmlcore import _kernels
from mmlcore.optimizers import StepDecay, asynchronous_sgd

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2000, 6))
THETA = np.array([1.0, -2.0, 0.5, 0.0, 3.0, -1.0])
Y = X @ THETA + 0.7 + 0.1 * RNG.standard_normal(2000)
BITS = (RNG.random(2000) < 1 / (1 + np.exp(-(X @ THETA + 0.7)))).astype(float)


@pytest.mark.parametrize("loss", ["squared", "logistic"])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-10), (np.float32, 2e-3)])
def test_one_thread_is_the_formula_sample_by_sample(loss, dtype, rtol):
    y = Y if loss == "squared" else BITS
    result = asynchronous_sgd(X.astype(dtype), y.astype(dtype), loss, 0.02, epochs=2, penalty=0.01, threads=1, seed=3)
    theta, b, rng = np.zeros(6), 0.0, np.random.default_rng(3)
    for _ in range(2):
        for i in rng.permutation(2000):
            z = X[i] @ theta + b
            e = (1 / (1 + np.exp(-z)) if loss == "logistic" else z) - y[i]
            theta, b = theta - 0.02 * (e * X[i] + 0.01 * theta), b - 0.02 * e
    assert result.coef.dtype == dtype
    np.testing.assert_allclose(result.coef, theta, rtol=rtol, atol=rtol)
    assert result.intercept == pytest.approx(b, rel=rtol, abs=rtol)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_arrive_at_least_squares(threads):
    _kernels.set_num_threads(threads)
    result = asynchronous_sgd(X, Y, "squared", StepDecay(0.02, 5, 0.3), epochs=20, threads=threads, seed=0)
    exact = np.linalg.lstsq(np.c_[X, np.ones(2000)], Y, rcond=None)[0]
    np.testing.assert_allclose(np.r_[result.coef, result.intercept], exact, atol=0.01)
    assert result.losses[-1] < 0.011 < result.losses[0]


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_arrive_at_maximum_likelihood(threads):
    _kernels.set_num_threads(threads)
    result = asynchronous_sgd(X, BITS, "logistic", StepDecay(0.1, 10, 0.3), epochs=40, threads=threads, seed=0)
    exact = LogisticRegression(C=1e9, tol=1e-10, max_iter=1000).fit(X, BITS)
    np.testing.assert_allclose(result.coef, exact.coef_[0], atol=0.05)
    assert result.intercept == pytest.approx(exact.intercept_[0], abs=0.05)


def test_shared_runs_descend_as_the_serial_one():
    runs = [asynchronous_sgd(X, Y, "squared", 0.01, epochs=5, threads=t, seed=0).losses for t in (1, 2)]
    np.testing.assert_allclose(np.log(runs[1]), np.log(runs[0]), atol=0.3)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"loss": "hinge"}, r"asynchronous_sgd: loss must be one of 'squared', 'logistic', got 'hinge'"),
        (
            {"y": Y[:5]},
            r"asynchronous_sgd: x, y must be of shapes \(n, features\) and \(n,\), got \(2000, 6\) and \(5,\)",
        ),
        ({"loss": "logistic"}, r"asynchronous_sgd: y must be 0 and 1 for a logistic model, got "),
        ({"threads": 0}, r"asynchronous_sgd: threads must be a positive integer, got 0"),
        ({"learning_rate": -1.0}, r"asynchronous_sgd: learning_rate must be a finite number of at least 0, got -1.0"),
        ({"penalty": -1.0}, r"asynchronous_sgd: penalty must be a finite number of at least 0, got -1.0"),
        ({"epochs": -1}, r"asynchronous_sgd: epochs must be a non-negative integer, got -1"),
    ],
)
def test_arguments_are_checked(arguments, text):
    with pytest.raises(ValueError, match=f"^{text}"):
        asynchronous_sgd(**{"x": X, "y": Y, **arguments})
