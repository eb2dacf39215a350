"""The dtype rule: float32 and float64 stay, integers become float64, the rest is refused."""

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmlcore import grad
from mmlcore._arrays import as_float, as_same_float, as_shape, expected_shape

INTEGERS = [np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_pass_untouched(dtype: type) -> None:
    x = np.arange(12, dtype=dtype).reshape(3, 4)
    for view in (x, x.T, x[:, ::-2], x[1:1], x[0, 0, ...]):
        assert as_float(view, "f", "x") is view


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_and_booleans_become_float64(dtype: type) -> None:
    x = np.array([0, 1, 1], dtype=dtype)
    result = as_float(x, "f", "x")
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, [0.0, 1.0, 1.0])


def test_half_precision_becomes_float32_and_long_double_is_refused() -> None:
    assert as_float(np.float16([1.5]), "f", "x").dtype == np.float32
    with pytest.raises(TypeError, match="f: x must be real numbers, got dtype"):
        as_float(np.longdouble([1.5]), "f", "x")


@pytest.mark.parametrize("bad", [[1j], np.array([None]), ["1"], np.array(["2020-01-01"], "M8[D]"), {"a": 1}])
def test_everything_else_is_refused(bad: object) -> None:
    with pytest.raises(TypeError, match="solve: a must be real numbers, got dtype "):
        as_float(bad, "solve", "a")


@pytest.mark.parametrize("dtype", [">f4", ">f8"])
def test_foreign_byte_order_becomes_native(dtype: str) -> None:
    x = np.array([1.5, -2.0, np.inf], dtype=dtype)
    result = as_float(x, "f", "x")
    assert result.dtype.isnative
    assert result.dtype.itemsize == x.dtype.itemsize
    np.testing.assert_array_equal(result, [1.5, -2.0, np.inf])


@pytest.mark.parametrize("value", [3, 2.5, True, [1, 2], (1.0,), range(4), []])
def test_python_values(value: object) -> None:
    result = as_float(value, "f", "x")
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, np.asarray(value))


@given(
    npst.arrays(
        dtype=st.sampled_from(["<f4", ">f4", "<f8", ">f8", "i4", "u1", "f2"]),
        shape=npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        elements=st.integers(0, 100),
    )
)
def test_values_survive_and_the_input_is_not_written_to(x: np.ndarray) -> None:
    x.flags.writeable = False
    kept = x.copy()
    result = as_float(x, "f", "x")
    assert result.dtype in (np.float32, np.float64)
    assert result.shape == x.shape
    np.testing.assert_array_equal(result, kept)


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("f4", "f4"), "f4"),
        (("f8", "f8"), "f8"),
        (("f4", "f8"), "f8"),
        (("f4", "i4"), "f8"),
        (("f4", "f2"), "f4"),
        (("i4", "i4"), "f8"),
    ],
)
def test_several_arrays_get_one_dtype(dtypes: tuple[str, str], expected: str) -> None:
    a, b = (np.ones(3, dtype) for dtype in dtypes)
    assert [x.dtype for x in as_same_float("f", a=a, b=b)] == [np.dtype(expected)] * 2


def test_several_arrays_name_the_argument_at_fault() -> None:
    with pytest.raises(TypeError, match="solve: b must be real numbers, got dtype complex128"):
        as_same_float("solve", a=[1.0], b=[1j])


@pytest.mark.parametrize(("got", "wanted"), [((3,), (3, 1)), ((3, 1), (3,)), ((3, 2), (3, 2)), ((), (1,)), ((1,), ())])
def test_shapes_may_differ_by_a_last_axis_of_one(got: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    array = np.arange(float(np.prod(got))).reshape(got)
    np.testing.assert_array_equal(as_shape("f", "x", array, wanted), array.reshape(wanted))
    assert as_shape("f", "x", array, None) is array


@pytest.mark.parametrize(("got", "wanted"), [((3,), (1, 3)), ((3, 2), (3,)), ((2, 3), (3, 2)), ((3,), (3, 2))])
def test_other_shapes_are_refused(got: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^f: x must be shape \(.*\) for mae, got shape \("):
        as_shape("f", "x", np.zeros(got), wanted, "mae")


def test_expected_shapes() -> None:
    assert expected_shape("values", (3, 2)) == expected_shape("probabilities", (3, 2)) == (3, 2)
    assert expected_shape("labels", (3, 2)) == (3,)
    assert expected_shape("any", (3, 2)) is None


def test_a_masked_array_is_refused_not_stripped_of_its_mask():
    masked = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
    with pytest.raises(TypeError, match=r"^f: x must be an array without a mask, got a masked array"):
        as_float(masked, "f", "x")
    with pytest.raises(TypeError, match=r"^grad: argument 0 must be an array without a mask"):
        grad(np.sum)(masked)
    for f in (np.multiply, np.dot, np.maximum):
        with pytest.raises(TypeError, match="must be an array without a mask"):
            grad(lambda x, f=f: np.sum(f(x, masked)))(np.ones(3))
