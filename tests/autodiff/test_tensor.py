"""Tensor: an array in NumPy code, with clear refusals where the derivative would be lost."""

import copy
import math
import pickle
import weakref

import numpy as np
import pytest

import mmlcore
from mmlcore import Tensor, grad, ops, value_and_grad
from mmlcore.autodiff.tape import Tape
from mmlcore.autodiff.tensor import plain, settled

A = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])


def tensor(value=A):
    return Tensor(value, Tape(1), 0)


def test_it_has_an_arrays_attributes():
    t = tensor(A.astype(np.float32))
    assert (t.shape, t.ndim, t.size, t.dtype, len(t)) == ((2, 3), 2, 6, np.float32, 2)
    assert t.T.shape == (3, 2)
    assert isinstance(t.value, np.ndarray)


def test_iteration_and_unpacking_are_differentiable():
    def f(x):
        first, second = x
        return sum(a * b for a, b in zip(first, second, strict=True))

    assert np.array_equal(grad(f)(A), A[::-1])


def test_a_number_cannot_be_iterated():
    with pytest.raises(TypeError, match=r"^iter: a Tensor must be of one dimension or more, got shape \(\)$"):
        iter(tensor(np.float64(1.0)))
    with pytest.raises(TypeError):
        len(tensor(np.float64(1.0)))


@pytest.mark.parametrize("nested", [False, True])
def test_comparisons_give_plain_booleans(nested):
    t = Tensor(tensor(), Tape(1), 0) if nested else tensor()
    for result, expected in [
        (t > 0, A > 0),
        (t >= A, A >= A),
        (0 < t, A > 0),  # noqa: SIM300
        (A < t, A < A),  # noqa: SIM300
        (t <= tensor(), A <= A),
        (t == A, A == A),
        (t != tensor(), A != A),
        (np.less(A, t), A < A),
    ]:
        assert type(result) is np.ndarray
        assert result.dtype == bool
        assert np.array_equal(result, expected)


def test_python_control_flow_on_comparisons():
    f = grad(lambda x: x**2 if x > 0 else -x)
    assert (f(3.0), f(-3.0)) == (6.0, -1.0)


def test_hash_is_identity():
    t, u = tensor(), tensor()
    assert {t: 1, u: 2}[t] == 1


def test_printing_shows_the_value_and_does_not_convert():
    t = tensor(np.float64(0.5))
    assert repr(tensor(np.array([1.0, 2.0]))) == "Tensor([1., 2.], shape=(2,), dtype=float64)"
    assert repr(tensor(np.float32(0.5))) == "Tensor(0.5, shape=(), dtype=float32)"
    assert repr(Tensor(t, Tape(1), 0)) == "Tensor(Tensor(0.5, shape=(), dtype=float64))"
    assert f"{t:.3f}" == "0.500"
    assert f"{Tensor(t, Tape(1), 0):.1f}" == "0.5"


REFUSED = {
    "asarray": (np.asarray, "numpy.asarray", "numpy.stack"),
    "array of two": (lambda t: np.array([t, t]), "numpy.asarray", "numpy.stack"),
    "float": (float, "float", "numpy.sin, not math.sin"),
    "math": (math.sin, "float", "numpy.sin, not math.sin"),
    "int": (int, "int", "keep the Tensor"),
    "item": (lambda t: t.item(), "item", "keep the Tensor"),
    "tolist": (lambda t: t.tolist(), "tolist", "keep the Tensor"),
    "pickle": (pickle.dumps, "pickle", "keep the Tensor"),
    "bool": (lambda t: 1.0 if t else 0.0, "bool", "if t > 0"),
    "dlpack": (lambda t: np.from_dlpack(t), "dlpack", "keep the Tensor"),
    "buffer": (memoryview, "memoryview", "keep the Tensor"),
    "array of a list, second form": (lambda t: np.array([t, t]), "numpy.asarray|float", "mmlcore.array"),
    "element of a list in an array": (
        lambda t: np.array([[1.0, t]]),
        "float|numpy.asarray",
        "keep|numpy.stack",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_conversions_are_refused_while_recording(name):
    f, function, working = REFUSED[name]
    pattern = rf"^({function}): a Tensor that is being differentiated .*({working}).* t\.value"
    with pytest.raises(TypeError, match=pattern):
        grad(f)(2.0)


def test_storing_into_a_plain_array_is_refused():
    def f(x):
        buffer = np.zeros(3)
        buffer[0] = x
        return buffer.sum()

    with pytest.raises(ValueError, match=r"setting an array element") as error:  # NumPy's own words
        grad(f)(2.0)
    cause = str(error.value.__cause__)
    assert cause.startswith("float: a Tensor that is being differentiated")
    assert "make arrays with numpy.stack" in cause


def test_item_assignment_names_the_functional_form():
    def f(x):
        x[0] = 1.0

    with pytest.raises(TypeError, match=r"^setitem: .*numpy\.where.*numpy\.concatenate or numpy\.stack$"):
        grad(f)(A)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda t: copy.deepcopy([t])[0], np.copy])
def test_a_copy_is_differentiated(duplicate):
    assert grad(lambda x: duplicate(x) ** 2)(2.0) == 4.0
    assert grad(grad(lambda x: duplicate(x) ** 3))(2.0) == 12.0


def test_augmented_assignment_rebinds():
    def f(x):
        y = x
        y *= 3.0
        y += x
        return np.sum(y)

    x = A.copy()
    assert np.array_equal(grad(f)(x), np.full(A.shape, 4.0))
    assert np.array_equal(x, A)


def test_augmented_assignment_of_an_array_is_refused():
    def f(x):
        buffer = np.zeros(A.shape)
        buffer += x
        return np.sum(buffer)

    with pytest.raises(TypeError, match=r"^add: out must be left out when an argument is a Tensor \(write y = add"):
        grad(f)(A)


class TestLeaked:
    """A Tensor that outlives its transform: right values, no growing tape."""

    @pytest.fixture
    def leaked(self):
        kept = []

        def f(x):
            kept.append(x * 3.0)
            return np.sum(x * x)

        grad(f)(A)
        return kept[0]

    def test_it_converts_to_its_value(self, leaked):
        assert np.array_equal(np.asarray(leaked), 3 * A)
        assert np.asarray(leaked, dtype=np.float32).dtype == np.float32
        assert np.array_equal(np.array([leaked, leaked])[1], 3 * A)
        assert leaked.tolist() == (3 * A).tolist()
        assert (leaked[0, 0].item(), leaked[0, 0] + 1 == 4.0) == (3.0, True)
        assert (float(leaked[0, 0]), int(leaked[0, 0]), bool(leaked[0, 0])) == (3.0, 3, True)

    def test_it_shares_its_memory_through_every_protocol(self, leaked):
        value = np.asarray(leaked)
        assert np.shares_memory(value, leaked.value)
        assert np.shares_memory(np.from_dlpack(leaked), value)
        assert np.shares_memory(np.asarray(memoryview(leaked)), value)
        assert np.array(leaked, copy=True) is not value
        assert leaked.__array__(np.float32).dtype == np.float32
        with pytest.raises(ValueError, match="copy"):
            leaked.__array__(np.float32, copy=False)

    def test_read_only_stays_read_only(self):
        frozen = A.copy()
        frozen.flags.writeable = False
        kept = []
        grad(lambda x: kept.append(x) or np.sum(x))(frozen)
        for shared in (np.asarray(kept[0]), np.from_dlpack(kept[0]), np.asarray(memoryview(kept[0]))):
            assert np.shares_memory(shared, frozen)
            assert not shared.flags.writeable

    def test_a_buffer_keeps_its_memory_alive_and_says_what_it_holds(self, leaked):
        buffer = memoryview(leaked)
        assert (buffer.format, buffer.shape, buffer.readonly) == ("d", A.shape, False)
        value = leaked.value.copy()
        held = weakref.ref(leaked.value)
        leaked.value = None
        assert held() is not None
        assert np.array_equal(np.asarray(buffer), value)
        buffer.release()
        assert held() is None

    def test_torch_shares_it(self, leaked):
        torch = pytest.importorskip("torch")
        assert torch.from_dlpack(leaked).data_ptr() == leaked.value.ctypes.data
        x = torch.arange(3.0, dtype=torch.float64)
        assert np.shares_memory(mmlcore.array(x), np.from_dlpack(x))

    def test_it_is_pickled_as_its_value(self, leaked):
        assert np.array_equal(pickle.loads(pickle.dumps(leaked)), 3 * A)

    def test_operations_on_it_are_right_and_remember_nothing(self, leaked):
        assert np.array_equal(plain(leaked * A), 3 * A * A)
        assert np.array_equal(np.asarray(np.exp(leaked)), plain(ops.exp(3 * A)))
        assert len(leaked.tape.nodes) == 0

    def test_in_a_later_transform_it_is_a_constant(self, leaked):
        assert np.array_equal(grad(lambda x: np.sum(leaked * x))(A), 3 * A)
        assert np.array_equal(grad(lambda x: np.sum(x * leaked))(A), 3 * A)
        assert np.array_equal(grad(lambda x: np.sum(x * x))(leaked), 6 * A)
        assert type(grad(lambda x: np.sum(x * x))(leaked)) is np.ndarray

    def test_values_and_gradients_made_with_it_are_plain(self, leaked):
        f = value_and_grad(lambda x, y: np.sum(x * leaked[0] + y), argnums=(0, 1))
        value, (gx, gy) = f(A[0], A[0])
        assert (type(value), type(gx), type(gy)) == (np.float64, np.ndarray, np.ndarray)
        assert (value, gx.tolist()) == (np.sum(3 * A[0] ** 2 + A[0]), (3 * A[0]).tolist())
        second = grad(lambda x: grad(lambda x: x**2 * leaked[0, 0])(x))(3.0)
        assert (type(second), second) == (np.float64, 6.0)

    def test_an_outer_level_inside_it_is_still_recorded(self):
        def f(x):
            kept = []

            def g(y):
                kept.append(x * y)  # x² for the outer level
                return y * y

            grad(g)(x)
            return kept[0]

        assert grad(f)(3.0) == 6.0


def test_plain_and_settled_look_into_containers():
    inner = tensor()
    done = tensor()
    done.tape.close()
    tree = {"a": [inner, (done, 1)], "b": "text"}
    assert plain(tree)["a"][0] is A
    assert plain(tree)["a"][1] == (A, 1) or plain(tree)["a"][1][0] is A
    assert settled(tree)["a"][0] is inner
    assert settled(tree)["a"][1][0] is A
    assert settled(tree)["b"] == "text"
    assert plain(Tensor(inner, Tape(1), 0)) is A


def test_sizes_in_bytes_and_python_functions_that_need_a_number():
    t = tensor(A.astype(np.float32))
    assert (t.itemsize, t.nbytes) == (4, 24)
    for f, name, working in ((round, "round", "numpy.round"), (complex, "complex", "real functions")):
        with pytest.raises(TypeError, match=rf"^{name}: a Tensor that is being differentiated .*{working}"):
            grad(lambda x, f=f: f(x))(1.5)
    kept = []
    grad(lambda x: kept.append(x) or x * x)(1.25)
    assert (round(kept[0], 1), complex(kept[0])) == (1.2, 1.25 + 0j)


def test_in_place_forms_name_the_functional_ones():
    with pytest.raises(TypeError, match=r"^add.at: a Tensor cannot be changed in place; write numpy.bincount"):
        grad(lambda x: np.add.at(np.zeros(3), [0, 0], x))(np.ones(2))
    with pytest.raises(TypeError, match=r"numpy.broadcast_to\(t, shape\)"):
        grad(lambda x: np.sum(np.full_like(A, x)))(1.0)

    def written(x):
        y = np.zeros(2)
        y[0] = x[0]

    # NumPy's own error; what it was told stands above it in the traceback
    with pytest.raises(ValueError, match="setting an array element with a sequence") as error:
        grad(written)(np.ones(2))
    assert "make arrays with numpy.stack or mmlcore.array" in str(error.value.__cause__)
