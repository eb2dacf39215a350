"""Element-wise functions, one row each: oracle, domain, NumPy's function; and what holds for all of them."""

import numpy as np
import pytest

from mmlcore import _kernels, check_grads, grad, ops
from mmlcore.autodiff import Tensor
from mmlcore.autodiff.tape import Tape
from mmlcore.ops.elementwise import apply, slope

RANDOM = np.random.default_rng(5)

# name: (oracle, lower and upper end of the domain for gradient checks)
TABLE = {
    "negative": (np.negative, -3, 3),
    "absolute": (np.abs, 0.1, 3),
    "sign": (np.sign, 0.1, 3),
    "square": (np.square, -3, 3),
    "sqrt": (np.sqrt, 0.2, 3),
    "reciprocal": (lambda x: 1 / x, 0.2, 3),
}
EXTREME = np.array([0.0, -0.0, 300.0, -300.0, np.inf, -np.inf, np.nan, 1e-300, -1e-300])


@pytest.mark.parametrize("shape", [(7,), (1,), (), (3, 5), (0,), (2, 0, 3), (2, 3, 33)])
@pytest.mark.parametrize("name", TABLE)
def test_against_the_oracle(name, shape, agrees):
    oracle, low, high = TABLE[name]
    agrees(getattr(ops, name), oracle, RANDOM.uniform(low, high, shape))


@pytest.mark.parametrize("name", TABLE)
def test_extremes(name):
    with np.errstate(all="ignore"):
        expected = TABLE[name][0](EXTREME)
    np.testing.assert_allclose(getattr(ops, name)(EXTREME), expected, rtol=1e-15)


@pytest.mark.parametrize("x", [2.0, 2, True, np.float32(2), np.float64(2), [2], np.array([2, 3]), np.array(2)])
def test_whatever_can_be_a_real_array(x):
    result = ops.square(x)
    assert result.dtype == (np.float32 if isinstance(x, np.float32) else np.float64)
    assert np.shape(result) == np.shape(x)
    assert isinstance(result, np.generic) == (np.shape(x) == ())
    np.testing.assert_array_equal(result, np.asarray(x, float) ** 2)


@pytest.mark.parametrize("name", [*TABLE, "exp", "tanh", "sigmoid"])
def test_complex_numbers_are_refused(name):
    with pytest.raises(TypeError, match=rf"^{name}: x must be real numbers, got dtype complex128$"):
        getattr(ops, name)(1j)


@pytest.mark.parametrize("name", _kernels.UNARY)
def test_every_unary_kernel_has_its_operation(name):
    assert name in ops.__all__


@pytest.mark.parametrize("name", _kernels.UNARY)
def test_kernel_and_formula_give_the_same_gradient(name):
    """First derivatives come from the gradient kernel, inside a second one from the formula."""
    op = getattr(ops, name)
    x = RANDOM.uniform(0.2, 0.95 if name in ("normal_ppf", "erfinv") else 2.0, (4, 5))  # the inverses' domain
    first = grad(lambda x: ops.sum(op(x)))(x)
    recorded = grad(lambda x: ops.sum(grad(lambda y: ops.sum(op(y)))(x) * 1.0), 0)
    kept = []
    grad(lambda x: kept.append(grad(lambda y: ops.sum(op(y)))(x)) or ops.sum(x))(x)
    formula = np.asarray(kept[0])
    np.testing.assert_allclose(formula, first, rtol=1e-14)
    assert np.isfinite(recorded(x)).all()


def test_the_slope_at_a_kink_or_pole():
    assert grad(ops.absolute)(0.0) == 0.0
    assert grad(ops.sign)(2.0) == 0.0
    assert grad(ops.sqrt)(0.0) == np.inf
    assert grad(ops.reciprocal)(0.0) == -np.inf
    at_zero = grad(lambda x: ops.sum(ops.sqrt(x) + ops.absolute(x)))(np.zeros(3))
    assert at_zero.tolist() == [np.inf] * 3


def test_only_what_the_slope_needs_is_kept():
    for op, keeps_x in [(ops.square, True), (ops.sqrt, False), (ops.exp, False), (ops.log, True), (ops.tanh, False)]:
        x = Tensor(np.full(3, 0.5), Tape(1), 0)
        y = op(x)
        kept = [cell.cell_contents for cell in x.tape.nodes[-1][0].__closure__]
        assert any(k is x.value for k in kept) == keeps_x
        assert any(k is y.value for k in kept) != keeps_x


def test_a_gradient_of_another_dtype_is_cast_for_the_kernel():
    x = np.array([0.5, 1.5], np.float32)
    y = np.array([2.0, 3.0])  # float64: so is the gradient that reaches sqrt
    gradient = grad(lambda x: ops.sum(ops.sqrt(x) * y))(x)
    assert gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, 0.5 / np.sqrt(x) * y, rtol=1e-6)


def test_apply_and_slope_make_an_operation():
    from mmlcore.autodiff import primitive

    @primitive
    def square(x):
        return apply(_kernels.square_of, x, "square")

    slope(square, of_x=lambda x: 2 * x)
    check_grads(square, (RANDOM.normal(size=4),), order=3)
