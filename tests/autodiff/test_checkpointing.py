"""Constants, and stretches that run again on the way back."""

import tracemalloc

import numpy as np
import pytest

from mmlcore import check_grads, checkpoint, grad, jacobian, jvp, stop_gradient

X = np.array([0.3, -0.7, 1.1])


def test_a_constant_has_no_derivative_of_any_order():
    assert grad(lambda x: x * stop_gradient(x * x))(3.0) == 9.0
    assert grad(grad(lambda x: stop_gradient(x) ** 2 * x))(3.0) == 0.0
    assert jvp(lambda x: stop_gradient([x, {"k": x}])[1]["k"] * x, (3.0,), (1.0,))[1] == 3.0
    assert type(stop_gradient(2.0)) is float


def test_a_checkpoint_changes_no_number():
    layer = checkpoint(lambda x, w: np.tanh(x * w) + x)
    plain = lambda x, w: np.tanh(x * w) + x  # noqa: E731
    f, g = (lambda x, w, h=h: np.sum(h(h(h(x, w), w), w)) for h in (layer, plain))
    for a, b in zip(grad(f, (0, 1))(X, 2.0), grad(g, (0, 1))(X, 2.0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)
    check_grads(layer, (X, 1.5), order=2)
    np.testing.assert_allclose(jacobian(lambda x: layer(x, 2.0))(X), jacobian(lambda x: plain(x, 2.0))(X))


def test_containers_and_options():
    f = checkpoint(lambda p, scale=1.0: p["w"] * p["x"] * scale)
    g = grad(lambda p: f(p, scale=10.0))({"w": 2.0, "x": 5.0})
    assert g == {"w": 50.0, "x": 20.0}


def test_it_runs_again_on_the_way_back():
    runs = []
    grad(checkpoint(lambda x: runs.append(1) or x * x))(2.0)
    assert len(runs) == 2


def test_it_saves_memory():
    x = np.ones(50_000)  # kernels return larger arrays in memory of their own, which tracemalloc does not see

    def stretch(x):
        for _ in range(20):
            x = np.sin(x)
        return x

    def peak(part):
        def f(x):
            for _ in range(5):
                x = part(x)
            return np.sum(x)

        tracemalloc.start()
        try:
            grad(f)(x)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(checkpoint(stretch)) < 0.4 * peak(stretch)


def test_a_tensor_from_outside_is_refused():
    with pytest.raises(TypeError, match=r"^checkpoint: every Tensor must be passed to f as an argument"):
        grad(lambda x: checkpoint(lambda y: y * x)(x * 2))(3.0)
    # of an outer transform it may be
    assert grad(lambda x: grad(lambda y: checkpoint(lambda z: z * z * x)(y))(2.0))(3.0) == 4.0


def test_the_result_is_one_array():
    with pytest.raises(TypeError, match=r"^checkpoint: f's result must be one array, got tuple$"):
        grad(lambda x: checkpoint(lambda y: (y, y))(x)[0])(3.0)
