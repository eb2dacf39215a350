"""Primitives: when they record, and at which level."""

import inspect

import numpy as np
import pytest

from mmlcore import grad, ops
from mmlcore.autodiff import Tensor, check_grads, defvjp, primitive
from mmlcore.autodiff.tape import Tape


@primitive
def cube(x):
    """x³."""
    return x**3


@primitive
def product(x, y):
    return x * y


@primitive
def total(*parts, scale=1.0):
    return scale * sum(parts[1:], parts[0])


defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
defvjp(product, lambda ans, x, y: lambda g: g * y, lambda ans, x, y: lambda g: g * x)
defvjp(total, *[lambda ans, *parts, scale=1.0: lambda g: g * scale] * 3)


def tensor(value, leaves=1):
    return Tensor(np.float64(value), Tape(leaves), 0)


@pytest.mark.parametrize("args", [(2.0,), (2.0, 3.0), (2.0, 3.0, 4.0)])
def test_without_tensors_the_function_itself_is_called(args):
    f = {1: cube, 2: product, 3: total}[len(args)]
    assert f(*args) == f.__wrapped__(*args)
    assert type(f(*args)) is float


def test_a_primitive_keeps_the_signature_name_and_documentation():
    assert str(inspect.signature(total)) == "(*parts, scale=1.0)"
    assert (cube.__name__, cube.__doc__, cube.__module__) == ("cube", "x³.", __name__)
    assert product(y=3.0, x=2.0) == 6.0
    with pytest.raises(TypeError, match=r"cube"):
        cube()


def test_doctest_can_find_primitives_in_the_module_that_defines_them():
    assert cube.__globals__ is globals()


def test_recording_opens_only_the_innermost_level():
    outer = tensor(2.0)
    inner = Tensor(outer, Tape(1), 0)
    for result in (cube(inner), product(inner, outer), product(outer, inner), total(outer, inner, 1.0)):
        assert result.tape is inner.tape
        assert result.value.tape is outer.tape
    assert product(outer, 3.0).tape is outer.tape


def test_one_node_per_operation_and_level():
    x = tensor(2.0)
    cube(x)
    product(x, 2.0)
    product(x, x)
    total(x, 1.0, x)
    assert [entry[1:] for entry in x.tape.nodes] == [(), (0,), (0,), (0, 0), (0, 0)]


@pytest.mark.parametrize("f", [cube, lambda x: product(x, 2.0), lambda x: product(x, x), lambda x: total(x, x)])
def test_derivatives_to_third_order(f):
    check_grads(f, (1.3,), order=3)


def test_options_reach_the_rule():
    assert grad(lambda x: total(x, 1.0, scale=3.0))(2.0) == 3.0


def test_a_tensor_by_keyword_is_refused():
    @primitive
    def shifted(x, *, by=0.0):
        return x + by

    with pytest.raises(TypeError, match=r"^shifted: every Tensor must be a positional argument, got one by keyword$"):
        grad(lambda x: shifted(1.0, by=x))(1.0)


@pytest.mark.parametrize("f", [np.exp, len, "exp"])
def test_only_python_functions_become_primitives(f):
    with pytest.raises(TypeError, match=r"^primitive: f must be a function written in Python, got"):
        primitive(f)


def test_arguments_are_not_changed_and_results_are_not_shared_between_calls():
    x = np.array([1.0, 2.0])
    first = grad(lambda x: ops.sum(cube(x)))(x)
    second = grad(lambda x: ops.sum(cube(x)))(x)
    first[:] = 0
    assert second.tolist() == [3.0, 12.0]
    assert x.tolist() == [1.0, 2.0]


@primitive
def _product_of_three(x, y, z):
    return x * y * z


defvjp(
    _product_of_three,
    lambda ans, x, y, z: lambda g: g * y * z,
    lambda ans, x, y, z: lambda g: g * x * z,
    lambda ans, x, y, z: lambda g: g * x * y,
)


def test_three_arguments_in_every_combination_and_nested():
    f, point = _product_of_three, (2.0, 3.0, 5.0)
    assert [grad(f, i)(*point) for i in range(3)] == [15, 10, 6]
    assert grad(f, (0, 2))(*point) == (15, 6)
    assert grad(f, (0, 1, 2))(*point) == (15, 10, 6)
    assert grad(lambda x: f(x, x, x))(2.0) == 12
    assert grad(grad(lambda x: f(x, x, x)))(2.0) == 12
    assert grad(lambda x: grad(lambda y: f(x, y, 5.0))(3.0))(2.0) == 5  # the outer Tensor stands beside the inner one
    assert grad(lambda z: grad(lambda x: f(x, 3.0, x * z))(2.0))(5.0) == 12
    assert f(*point) == 30
    assert f(x=2.0, y=3.0, z=5.0) == 30


def test_an_error_in_the_rule_of_three_arguments_says_whose_it_is():
    @primitive
    def broken(x, y, z):
        return x + y + z

    def rule(ans, x, y, z):
        raise ValueError("no")

    defvjp(broken, None, rule, rule)
    assert grad(lambda x: broken(x, 1.0, 1.0) * 1.0 + x)(2.0) == 1
    with pytest.raises(ValueError, match="no") as caught:
        grad(lambda y: broken(1.0, y, 1.0))(2.0)
    assert caught.value.__notes__[0] == "in the derivative rule of broken"
