"""Every worked derivative of the source documents, by document and section.

DRP: directed reading project; Indaba: vector calculus slides; SIT744: lecture 2; CS582: foundations;
Notes: the lecture notes. Where a document misprints a formula, the right one is tested and the misprint named.
"""

import runpy
from itertools import pairwise

import numpy as np
import pytest

from mmlcore import grad, hessian, is_convex_on, jacobian, jvp, ops, taylor, value_and_grad
from mmlcore.autodiff import trace

RANDOM = np.random.default_rng(744)
X = RANDOM.normal(size=(20, 3))
Y = RANDOM.normal(size=20)
THETA = RANDOM.normal(size=3)
LABELS = (RANDOM.uniform(size=20) < 0.5).astype(float)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# (function, derivative, points): scalar functions of one variable
SCALAR = {
    # Indaba, "Some examples"
    "Indaba x^5": (lambda x: x**5, lambda x: 5 * x**4, (-1.3, 0.0, 2.0)),
    "Indaba sin": (np.sin, np.cos, (-1.0, 0.0, 2.5)),
    "Indaba tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2, (-1.0, 0.0, 2.5)),
    "Indaba exp": (np.exp, np.exp, (-1.0, 0.0, 2.5)),
    "Indaba log": (np.log, lambda x: 1 / x, (0.3, 1.0, 2.5)),
    # Indaba, "Rules", on f = sin and g = exp
    "Indaba sum": (lambda x: np.sin(x) + np.exp(x), lambda x: np.cos(x) + np.exp(x), (0.4,)),
    "Indaba product": (
        lambda x: np.sin(x) * np.exp(x),
        lambda x: (np.cos(x) + np.sin(x)) * np.exp(x),
        (0.4,),
    ),
    "Indaba chain": (lambda x: np.exp(np.sin(x)), lambda x: np.exp(np.sin(x)) * np.cos(x), (0.4,)),
    "Indaba quotient": (
        lambda x: np.sin(x) / np.exp(x),
        lambda x: (np.cos(x) * np.exp(x) - np.sin(x) * np.exp(x)) / np.exp(x) ** 2,
        (0.4,),
    ),
    # Indaba, "Example: scalar chain rule"
    "Indaba chain, beginner": (lambda x: 6 * (-2 * x + 5) + 3, lambda x: -12.0, (-1.0, 0.0, 7.0)),
    "Indaba chain, advanced": (
        lambda x: np.tanh(x**3),
        lambda x: (1 - np.tanh(x**3) ** 2) * 3 * x**2,
        (0.9,),
    ),
    # SIT744, "Derivatives of common functions"
    "SIT744 123": (lambda x: 123, lambda x: 0.0, (1.0,)),
    "SIT744 x": (lambda x: x, lambda x: 1.0, (1.0,)),
    "SIT744 wx by w": (lambda w: w * 7.0, lambda w: 7.0, (1.0,)),
    "SIT744 wx+b by b": (lambda b: 3.0 * 7.0 + b, lambda b: 1.0, (1.0,)),
    "SIT744 exp": (np.exp, np.exp, (1.0,)),
    "SIT744 x*x": (lambda x: x * x, lambda x: 2 * x, (-3.0, 0.0, 1.5)),
    "SIT744 x^n": (
        lambda x: x**7,
        lambda x: 7 * x**6,
        (1.1,),
    ),  # printed without the factor's x: n d/dx x^(n-1)
    "SIT744 x^-1": (lambda x: x**-1, lambda x: -(x**-2), (2.0,)),
    "SIT744 logistic": (
        lambda x: np.exp(x) / (np.exp(x) + 1),
        lambda x: np.exp(x) / (np.exp(x) + 1) ** 2,
        (-2.0, 0.0, 1.0),
    ),
    # CS582, Calculus 1 and 2
    "CS582 x^2": (lambda x: x**2, lambda x: 2 * x, (-3.0, 0.0, 1.5)),
    "CS582 sin(x^2)": (lambda x: np.sin(x**2), lambda x: 2 * x * np.cos(x**2), (-1.2, 0.0, 0.8)),
    # Notes 8.6.2, 8.6.3
    "Notes sigmoid": (sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)), (-2.0, 0.0, 1.0)),
    "Notes tanh": (
        lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
        lambda x: 1 - np.tanh(x) ** 2,
        (-1.0, 0.3),
    ),
    "Notes relu": (ops.relu, lambda x: float(x > 0), (-1.0, 0.0, 2.0)),
}


@pytest.mark.parametrize("name", SCALAR)
def test_scalar_derivatives(name):
    f, derivative, points = SCALAR[name]
    for x in points:
        assert grad(f)(x) == pytest.approx(derivative(x), rel=1e-13, abs=1e-15)
        assert jvp(f, (x,), (1.0,))[1] == pytest.approx(derivative(x), rel=1e-13, abs=1e-15)


# (function of several numbers, its partial derivatives, a point)
PARTIAL = {
    "CS582 x^2 y + 3 y^2": (
        lambda x, y: x**2 * y + 3 * y**2,
        lambda x, y: (2 * x * y, x**2 + 6 * y),
        (1.5, -2.0),
    ),
    "CS582 x^2 + y^2": (lambda x, y: x**2 + y**2, lambda x, y: (2 * x, 2 * y), (1.5, -2.0)),
    "CS582 Lagrangian": (
        lambda x, y, m: x * y + m * (10 - x - y),
        lambda x, y, m: (y - m, x - m, 10 - x - y),
        (2.0, 3.0, 4.0),
    ),
    "CS582 Lagrangian at its solution": (
        lambda x, y, m: x * y + m * (10 - x - y),
        lambda x, y, m: (0.0, 0.0, 0.0),
        (5.0, 5.0, 5.0),
    ),
    "Notes figure 6.1": (
        lambda x, y: -((np.cos(x) ** 2 + np.cos(y) ** 2) ** 2),
        lambda x, y: (
            4 * (np.cos(x) ** 2 + np.cos(y) ** 2) * np.cos(x) * np.sin(x),
            4 * (np.cos(x) ** 2 + np.cos(y) ** 2) * np.cos(y) * np.sin(y),
        ),
        (0.5, -1.1),
    ),
    # Notes (11.3): the KL term of the variational auto-encoder
    "Notes 11.3": (
        lambda s, t, a, b: 0.5 * (-np.log(s * t) - 2 + s + t + a**2 + b**2),
        lambda s, t, a, b: (0.5 * (1 - 1 / s), 0.5 * (1 - 1 / t), a, b),
        (0.7, 1.9, 0.3, -0.4),
    ),
}


@pytest.mark.parametrize("name", PARTIAL)
def test_partial_derivatives(name):
    f, partials, point = PARTIAL[name]
    gradient = grad(f, argnums=tuple(range(len(point))))(*point)
    np.testing.assert_allclose(gradient, partials(*point), rtol=1e-13, atol=1e-15)
    for i, partial in enumerate(partials(*point)):
        direction = [float(i == j) for j in range(len(point))]
        assert jvp(f, point, direction)[1] == pytest.approx(partial, rel=1e-13, abs=1e-15)


# ---- Indaba


def test_indaba_the_four_kinds_of_derivative_have_these_shapes():
    """Scalar, multivariate case, vector field, general derivative of a P×Q matrix by an M×N matrix."""
    W = RANDOM.normal(size=(3, 2))
    assert jacobian(np.sin)(0.5).shape == ()
    assert jacobian(lambda x: x @ x)(THETA).shape == (3,)
    assert jacobian(lambda x: x @ W)(THETA).shape == (2, 3)
    M = RANDOM.normal(size=(4, 3))
    general = jacobian(lambda X: X @ W)(M)
    assert general.shape == (4, 2, 4, 3)
    expected = np.einsum("pm,nq->pqmn", np.eye(4), W)  # ∂(XW)_pq / ∂X_mn = δ_pm W_nq
    np.testing.assert_allclose(general, expected, rtol=1e-14)
    gram = jacobian(lambda X: X.T @ X)(M)  # ∂(XᵀX)_pq / ∂X_mn = δ_pn X_mq + X_mp δ_qn
    expected = np.einsum("pn,mq->pqmn", np.eye(3), M) + np.einsum("mp,qn->pqmn", M, np.eye(3))
    np.testing.assert_allclose(gram, expected, rtol=1e-14)


def test_indaba_the_chain_rule_multiplies_jacobians():
    f, g = (lambda x: np.sin(X[:4] @ x)), (lambda y: np.tanh(y) * y[0])
    product = jacobian(g)(f(THETA)) @ jacobian(f)(THETA)
    np.testing.assert_allclose(jacobian(lambda x: g(f(x)))(THETA), product, rtol=1e-12)


# ---- SIT744


def test_sit744_stationary_points_and_a_step_of_steepest_descent():
    f = lambda x: (x - 2) ** 2 + 1  # noqa: E731
    assert grad(f)(2.0) == 0.0
    x = np.array([3.0, -1.0])
    step = x - 0.1 * grad(lambda x: x @ x)(x)
    np.testing.assert_allclose(step, 0.8 * x, rtol=1e-15)


def test_sit744_vanishing_gradient_of_stacked_sigmoids():
    slopes = [grad(lambda x, n=n: stacked(x, n))(0.5) for n in (1, 2, 3, 4)]
    assert all(later < 0.25 * earlier for earlier, later in pairwise(slopes))  # σ' is 1/4 at most


def stacked(x, layers):
    for _ in range(layers):
        x = sigmoid(x)
    return x


def test_sit744_the_chain_rule_on_the_computational_graph():
    """The graph of figure 13, e = (a + b)(b + 1) at a = 2, b = 1: ∂e/∂a = 2, ∂e/∂b = 5."""
    f = lambda a, b: (a + b) * (b + 1)  # noqa: E731
    graph = trace(f, 2.0, 1.0, values=True, derivatives=True)
    assert [(s.name, s.parents, float(s.value)) for s in graph.steps] == [
        ("a", (), 2.0),
        ("b", (), 1.0),
        ("add", (0, 1), 3.0),
        ("add [1]", (1,), 2.0),
        ("multiply", (2, 3), 6.0),
    ]
    (by_c, by_d), ((c_by_a, c_by_b), (d_by_b,)) = graph.steps[4].derivatives, (s.derivatives for s in graph.steps[2:4])
    assert (by_c * c_by_a, by_c * c_by_b + by_d * d_by_b) == grad(f, (0, 1))(2.0, 1.0) == (2.0, 5.0)


# ---- DRP


def test_drp_gradient_is_the_limit_of_difference_quotients():
    f = lambda x: np.sin(x[0]) * x[1] ** 2 + np.exp(x[2])  # noqa: E731
    x, h = np.array([0.4, -1.2, 0.3]), 1e-7
    quotients = [(f(x + h * e) - f(x)) / h for e in np.eye(3)]
    np.testing.assert_allclose(grad(f)(x), quotients, rtol=1e-5)


def test_drp_jacobian_is_the_best_linear_approximation():
    f = lambda x: np.stack([x[0] * x[1], np.sin(x[1]), np.exp(x[0])])  # noqa: E731
    x0, direction = np.array([0.3, -0.8]), np.array([0.6, 0.8])
    J = jacobian(f)(x0)
    ratios = [np.linalg.norm(f(x0 + h * direction) - f(x0) - J @ (h * direction)) / h for h in (1e-2, 1e-3, 1e-4)]
    np.testing.assert_allclose(np.divide(ratios[1:], ratios[:-1]), 0.1, rtol=0.05)  # falls like h


def test_drp_loss_functions():
    y, estimate = RANDOM.uniform(0.5, 1.5, size=(2, 6))
    squares = grad(lambda p: np.sum((y - p) ** 2))(estimate)
    np.testing.assert_allclose(squares, -2 * (y - estimate), rtol=1e-14)
    entropy = grad(lambda q: -np.sum(estimate * np.log(q)))(y)
    np.testing.assert_allclose(entropy, -estimate / y, rtol=1e-14)
    percentage = grad(lambda p: 100 / 6 * np.sum(np.abs(y - p) / y))(estimate)
    np.testing.assert_allclose(percentage, -100 / 6 * np.sign(y - estimate) / y, rtol=1e-14)


def test_drp_gradient_descent_step():
    assert 4 - 0.1 * grad(lambda x: x**2)(4.0) == pytest.approx(3.2)  # the figure is CS582's


@pytest.fixture
def example(repository):
    """The names that examples/backprop_by_hand.py defines."""
    return runpy.run_path(str(repository / "examples" / "backprop_by_hand.py"))


def test_drp_back_propagation_by_hand(example):
    """All eight weights by the document's recipe: w₅ as printed, the others likewise."""
    w, x, expected = RANDOM.normal(size=8), example["INPUTS"], example["EXPECTED"]
    (s1, s2), (S1, S2) = example["forward"](w)
    d1, d2 = (S1 - expected[0]) * S1 * (1 - S1), (S2 - expected[1]) * S2 * (1 - S2)
    hidden1 = (d1 * w[4] + d2 * w[6]) * s1 * (1 - s1)
    hidden2 = (d1 * w[5] + d2 * w[7]) * s2 * (1 - s2)
    by_hand = [hidden1 * x[0], hidden1 * x[1], hidden2 * x[0], hidden2 * x[1], d1 * s1, d1 * s2, d2 * s1, d2 * s2]

    gradient = grad(example["error"])(w)
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-12)
    assert np.prod(example["factors_of_w5"](w)) == pytest.approx(gradient[4], rel=1e-13)
    step = 1e-6 * np.eye(8)
    quotients = [(example["error"](w + h) - example["error"](w - h)) / 2e-6 for h in step]
    np.testing.assert_allclose(gradient, quotients, rtol=1e-6, atol=1e-11)


# ---- CS582


def test_cs582_hessian():
    f = lambda v: v[0] ** 3 + v[1] ** 3  # noqa: E731
    np.testing.assert_allclose(hessian(f)(np.array([2.0, -3.0])), [[12.0, 0.0], [0.0, -18.0]], rtol=1e-14)


def test_cs582_convexity():
    points = list(RANDOM.normal(size=50))
    assert is_convex_on(lambda x: x**2, points)
    for x, y in zip(points[1:], points[:-1], strict=True):
        slope = grad(lambda x: x**2)(x)
        assert y**2 - (x**2 + slope * (y - x)) == pytest.approx((y - x) ** 2, abs=1e-12)
    cube = is_convex_on(lambda x: x**3, points)
    assert not cube
    assert cube.witness is not None


def test_cs582_taylor_series_of_the_exponential():
    p = taylor(np.exp, 0.0, 5)
    np.testing.assert_allclose(p.coefficients, [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120], rtol=1e-15)
    f = np.exp
    for _ in range(6):  # every derivative is the function itself
        assert f(0.0) == 1.0
        f = grad(f)


def test_cs582_losses():
    y, p = LABELS, RANDOM.uniform(0.1, 0.9, size=20)
    n = len(y)
    cases = [
        (lambda p: np.sum((y - p) ** 2), -2 * (y - p)),  # back-propagation's example, ‖y - ŷ‖²
        (lambda p: np.mean((y - p) ** 2), -2 * (y - p) / n),
        (lambda p: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) / (p * (1 - p)) / n),
    ]
    for loss, expected in cases:
        np.testing.assert_allclose(grad(loss)(p), expected, rtol=1e-13)
    signs, score = 2 * LABELS - 1, RANDOM.normal(size=20) * 2
    hinge = grad(lambda s: np.mean(np.maximum(0, 1 - signs * s)))(score)
    np.testing.assert_allclose(hinge, np.where(signs * score < 1, -signs, 0) / n, rtol=1e-14)


def test_cs582_penalties():
    w = np.array([1.5, -0.2, 0.0])
    np.testing.assert_allclose(grad(lambda w: 0.3 * np.sum(np.abs(w)))(w), [0.3, -0.3, 0.0])
    np.testing.assert_allclose(grad(lambda w: 0.3 * np.sum(w**2))(w), 0.6 * w)


# ---- Notes


def test_notes_3_matrix_calculus():
    A = RANDOM.normal(size=(3, 3))
    # (3.2) with the convention that the derivative by a vector stands in columns: the transposed Jacobian
    np.testing.assert_allclose(jacobian(lambda t: A @ t)(THETA).T, A.T, rtol=1e-14)
    # (3.3) holds for symmetric A; in general it is (A + Aᵀ) θ
    S = A + A.T
    np.testing.assert_allclose(grad(lambda t: t @ S @ t)(THETA), 2 * S.T @ THETA, rtol=1e-13)
    np.testing.assert_allclose(grad(lambda t: t @ A @ t)(THETA), (A + A.T) @ THETA, rtol=1e-13)


def test_notes_3_4_and_6_9_least_squares():
    loss = lambda t: (Y - X @ t) @ (Y - X @ t)  # noqa: E731
    np.testing.assert_allclose(grad(loss)(THETA), -2 * X.T @ Y + 2 * X.T @ X @ THETA, rtol=1e-12)
    np.testing.assert_allclose(hessian(loss)(THETA), 2 * X.T @ X, rtol=1e-12)
    solution = np.linalg.solve(X.T @ X, X.T @ Y)
    np.testing.assert_allclose(grad(loss)(solution), np.zeros(3), atol=1e-12)


def test_notes_4_3_derivatives_of_a_gaussian():
    """Figure 4.3: the n-th derivative is (-1)^n He_n(x) times the Gaussian."""
    density = lambda x: np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)  # noqa: E731
    hermite = [lambda x: 1.0, lambda x: x, lambda x: x**2 - 1, lambda x: x**3 - 3 * x, lambda x: x**4 - 6 * x**2 + 3]
    f = density
    for n, polynomial in enumerate(hermite):
        assert f(0.7) == pytest.approx((-1) ** n * polynomial(0.7) * density(0.7), rel=1e-12)
        f = grad(f)


def test_notes_6_2_the_hessian_is_the_gradient_of_the_gradient():
    f = lambda v: -((np.cos(v[0]) ** 2 + np.cos(v[1]) ** 2) ** 2)  # noqa: E731  # figure 6.1
    x, y = 0.5, -1.1
    s = np.cos(x) ** 2 + np.cos(y) ** 2
    a, b = np.sin(2 * x), np.sin(2 * y)
    expected = [
        [4 * s * np.cos(2 * x) - 2 * a * a, -2 * a * b],
        [-2 * a * b, 4 * s * np.cos(2 * y) - 2 * b * b],
    ]
    np.testing.assert_allclose(hessian(f)(np.array([x, y])), expected, rtol=1e-12)


def test_notes_6_3_multivariate_taylor_expansion():
    """(6.4) is exact for a quadratic, and its minimum is Newton's step (6.7)."""
    J = lambda t: (Y - X @ t) @ (Y - X @ t)  # noqa: E731
    p = taylor(J, THETA, 2)
    other = RANDOM.normal(size=3)
    assert p(other) == pytest.approx(J(other), rel=1e-12)
    _, g, H = p.coefficients
    np.testing.assert_allclose(THETA - np.linalg.solve(H, g), np.linalg.lstsq(X, Y, rcond=None)[0], rtol=1e-10)


def test_notes_8_2_the_gradient_is_a_sum_over_paths():
    """(8.2): four products of partial derivatives through two nodes of two layers."""
    z1, z2 = (lambda a, b: np.sin(a) * b), (lambda a, b: a + b**2)
    w1, w2 = (lambda p, q: p * q), (lambda p, q: np.exp(p) - q)
    loss = lambda u, v: u**2 + 3 * v  # noqa: E731
    a, b = 0.4, -0.7
    p, q = z1(a, b), z2(a, b)
    u, v = w1(p, q), w2(p, q)
    L = grad(loss, (0, 1))(u, v)
    W = [grad(w, (0, 1))(p, q) for w in (w1, w2)]
    Z = [grad(z)(a, b) for z in (z1, z2)]
    paths = sum(L[i] * W[i][k] * Z[k] for i in (0, 1) for k in (0, 1))
    whole = grad(lambda a: loss(w1(z1(a, b), z2(a, b)), w2(z1(a, b), z2(a, b))))(a)
    assert whole == pytest.approx(paths, rel=1e-13)


def test_notes_4_7_likelihood():
    n = len(Y)

    def loss(theta, sigma):
        residual = Y - X @ theta
        return n / 2 * np.log(2 * np.pi * sigma**2) + residual @ residual / (2 * sigma**2)

    by_theta, by_sigma = grad(loss, argnums=(0, 1))(THETA, 0.8)
    residual = Y - X @ THETA
    np.testing.assert_allclose(by_theta, (-2 * X.T @ Y + 2 * X.T @ X @ THETA) / (2 * 0.8**2), rtol=1e-12)
    assert by_sigma == pytest.approx(n / 0.8 - residual @ residual / 0.8**3, rel=1e-12)


def test_notes_5_ridge():
    J = lambda t: (Y - X @ t) @ (Y - X @ t) + 0.7 * t @ t  # noqa: E731
    expected = 2 * (X.T @ X + 0.7 * np.eye(3)) @ THETA - 2 * X.T @ Y
    np.testing.assert_allclose(grad(J)(THETA), expected, rtol=1e-12)


def test_notes_7_4_and_7_5_logistic_regression():
    # the middle term of (7.4) carries a y_i too many; its right-hand side is tested
    def loss(theta):
        pi = sigmoid(X @ theta)
        return -np.sum(LABELS * np.log(pi) + (1 - LABELS) * np.log(1 - pi))

    pi = sigmoid(X @ THETA)
    np.testing.assert_allclose(grad(loss)(THETA), X.T @ (pi - LABELS), rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(hessian(loss)(THETA), X.T @ np.diag(pi * (1 - pi)) @ X, rtol=1e-11)


def test_notes_7_9_to_7_12_softmax_regression():
    classes = RANDOM.integers(0, 4, size=20)
    thetas = RANDOM.normal(size=(3, 4))
    pi = np.exp(X @ thetas)
    pi /= pi.sum(axis=1, keepdims=True)

    def log_pi(thetas, i, j):
        return ops.log_softmax(X @ thetas)[i, j]

    for j in (0, 1):  # (7.9): the derivative of log π_ij by θ_2
        by_second = grad(log_pi)(thetas, 5, j)[:, 1]
        np.testing.assert_allclose(by_second, X[5] * ((j == 1) - pi[5, 1]), rtol=1e-12)

    losses = {
        "step by step": lambda t: -np.sum(ops.log_softmax(X @ t)[np.arange(20), classes]),
        "fused": lambda t: np.sum(ops.softmax_cross_entropy(X @ t, classes)),
    }
    for loss in losses.values():  # (7.10)-(7.12), y_i read as the indicator of class j
        expected = -X.T @ (np.eye(4)[classes] - pi)
        np.testing.assert_allclose(grad(loss)(thetas), expected, rtol=1e-12, atol=1e-13)


def test_notes_8_7_linear_layer():
    delta = RANDOM.normal(size=4)
    x, theta = RANDOM.normal(size=3), RANDOM.normal(size=(3, 4))
    by_x, by_theta = grad(lambda x, t: np.sum(delta * (x @ t)), argnums=(0, 1))(x, theta)
    np.testing.assert_allclose(by_x, theta @ delta, rtol=1e-13)
    np.testing.assert_allclose(by_theta, np.outer(x, delta), rtol=1e-14)


def test_notes_8_10_softmax_layer():
    x, delta = RANDOM.normal(size=(2, 5))
    z = np.exp(x) / np.exp(x).sum()
    for softmax in (ops.softmax, lambda x: np.exp(x) / np.sum(np.exp(x))):
        value, gradient = value_and_grad(lambda x, f=softmax: np.sum(delta * f(x)))(x)
        assert value == pytest.approx(z @ delta, rel=1e-13)
        np.testing.assert_allclose(gradient, z * (delta - z @ delta), rtol=1e-12)


def test_notes_8_3_and_8_4_brick_by_brick():
    """(8.4): δ goes back through one layer after the other, which is the product of all Jacobians from that end."""
    layers = [lambda z, t: np.tanh(t[:, None] * z[::-1] @ np.ones((3, 1)))[:, 0] * z, lambda z, t: np.exp(t * z) - z]
    layers = [*layers, lambda z, t: np.sin(z @ np.outer(t, t) + z)]
    thetas = RANDOM.normal(size=(3, 3)) / 2
    zs = [THETA]
    for f, theta in zip(layers, thetas, strict=True):
        zs.append(f(zs[-1], theta))
    delta, by_hand, jacobians = grad(lambda z: z @ z)(zs[-1]), [], []
    for f, z, theta in reversed(list(zip(layers, zs, thetas, strict=False))):
        by_hand.append(delta @ jacobian(f, 1)(z, theta))
        jacobians.append(jacobian(f, 0)(z, theta))
        delta = delta @ jacobians[-1]

    def loss(z, thetas):
        for f, theta in zip(layers, thetas, strict=True):
            z = f(z, theta)
        return z @ z

    by_z, by_thetas = grad(loss, (0, 1))(THETA, list(thetas))
    np.testing.assert_allclose(by_thetas, by_hand[::-1], rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(by_z, delta, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(by_z, grad(lambda z: z @ z)(zs[-1]) @ np.linalg.multi_dot(jacobians), rtol=1e-11)


def test_notes_6_12_the_gradient_is_a_mean_over_the_samples():
    # (6.14) leaves out the factor -2 of the gradient above it
    whole = grad(lambda t: np.mean((Y - X @ t) ** 2))(THETA)
    each = [grad(lambda t, i=i: (Y[i] - X[i] @ t) ** 2)(THETA) for i in range(len(Y))]
    np.testing.assert_allclose(whole, np.mean(each, axis=0), rtol=1e-12)
    np.testing.assert_allclose(each, -2 * X * (Y - X @ THETA)[:, None], rtol=1e-12)


def test_notes_9_7_all_three_equations_of_a_convolution_are_convolutions():
    x, theta = RANDOM.normal(size=(6, 5)), RANDOM.normal(size=(3, 2))

    def correlated(x, theta):  # Z = X ⊗ Θ̄: the filter laid over every place
        rows, columns = x.shape[0] - theta.shape[0] + 1, x.shape[1] - theta.shape[1] + 1
        places = [
            [np.sum(x[i : i + theta.shape[0], j : j + theta.shape[1]] * theta) for j in range(columns)]
            for i in range(rows)
        ]
        return np.stack([np.stack(row) for row in places])

    delta = RANDOM.normal(size=(4, 4))
    by_x, by_theta = grad(lambda x, t: np.sum(delta * correlated(x, t)), (0, 1))(x, theta)
    np.testing.assert_allclose(by_theta, correlated(x, delta), rtol=1e-12)
    padded = np.pad(delta, ((2, 2), (1, 1)))
    np.testing.assert_allclose(by_x, correlated(padded, theta[::-1, ::-1]), rtol=1e-12)
    signal, weights, error = RANDOM.normal(size=8), RANDOM.normal(size=3), RANDOM.normal(size=6)
    gradients = grad(lambda x, t: np.sum(error * np.correlate(x, t, "valid")), (0, 1))(signal, weights)
    np.testing.assert_allclose(gradients[0], np.convolve(error, weights), rtol=1e-12)
    np.testing.assert_allclose(gradients[1], np.correlate(signal, error, "valid"), rtol=1e-12)


def test_notes_9_9_max_pooling_sends_the_gradient_to_the_largest_of_each_region():
    x, delta = RANDOM.permutation(16).reshape(4, 4) * 1.0, RANDOM.normal(size=(2, 2))
    pooled = lambda x: np.max(np.reshape(x, (2, 2, 2, 2)), axis=(1, 3))  # noqa: E731
    gradient = grad(lambda x: np.sum(delta * pooled(x)))(x)
    largest = np.kron(pooled(x), np.ones((2, 2))) == x
    np.testing.assert_array_equal(gradient, np.where(largest, np.kron(delta, np.ones((2, 2))), 0))


def test_cs582_back_propagation():
    """L = ‖y - ŷ‖² of two layers: ∂L/∂W and ∂L/∂b of each, by hand."""
    y, x, hidden = RANDOM.normal(size=2), THETA, 4
    parameters = [
        (RANDOM.normal(size=(hidden, 3)), RANDOM.normal(size=hidden)),
        (RANDOM.normal(size=(2, hidden)), np.ones(2)),
    ]

    def loss(parameters):
        (W, b), (V, c) = parameters
        return np.sum((y - (V @ sigmoid(W @ x + b) + c)) ** 2)

    (W, b), (V, c) = parameters
    h = sigmoid(W @ x + b)
    output = 2 * (V @ h + c - y)
    inner = V.T @ output * h * (1 - h)
    (by_W, by_b), (by_V, by_c) = grad(loss)(parameters)
    for ours, by_hand in ((by_W, np.outer(inner, x)), (by_b, inner), (by_V, np.outer(output, h)), (by_c, output)):
        np.testing.assert_allclose(ours, by_hand, rtol=1e-12)


def test_notes_10_2_vanishing_gradient():
    def through_time(steps):
        def f(h):
            for _ in range(steps):
                h = np.tanh(0.9 * h)
            return h

        return grad(f)(0.5)

    slopes = [through_time(t) for t in (1, 5, 10, 20)]
    assert all(later < 0.9 * earlier for earlier, later in pairwise(slopes))
    assert slopes[-1] < 0.9**20
