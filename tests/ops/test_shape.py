"""Rearrangements: values as NumPy's, gradients put back in place."""

import numpy as np
import pytest

from mmlcore import check_grads, grad, ops
from mmlcore.ops.shape import axes_of

RANDOM = np.random.default_rng(10)
S = RANDOM.normal(size=(2, 3, 4))

# (ours, NumPy's): linear functions of an array of shape (2, 3, 4)
TABLE = {
    "reshape": (lambda x: ops.reshape(x, (4, 6)), lambda x: np.reshape(x, (4, 6))),
    "reshape -1": (lambda x: ops.reshape(x, (3, -1)), lambda x: np.reshape(x, (3, -1))),
    "reshape int": (lambda x: ops.reshape(x, 24), lambda x: np.reshape(x, 24)),
    "method reshape": (lambda x: x.reshape(6, 4), lambda x: x.reshape(6, 4)),
    "method reshape tuple": (lambda x: x.reshape((6, 4)), lambda x: x.reshape((6, 4))),
    "ravel": (ops.ravel, np.ravel),
    "flatten": (lambda x: x.flatten(), lambda x: x.flatten()),
    "transpose": (ops.transpose, np.transpose),
    "transpose axes": (lambda x: ops.transpose(x, (2, 0, 1)), lambda x: np.transpose(x, (2, 0, 1))),
    "transpose negative": (lambda x: ops.transpose(x, (-1, 0, 1)), lambda x: np.transpose(x, (-1, 0, 1))),
    "method transpose": (lambda x: x.transpose(1, 2, 0), lambda x: x.transpose(1, 2, 0)),
    "method transpose tuple": (lambda x: x.transpose((1, 2, 0)), lambda x: x.transpose((1, 2, 0))),
    "T": (lambda x: x.T, lambda x: x.T),
    "swapaxes": (lambda x: ops.swapaxes(x, 0, -1), lambda x: np.swapaxes(x, 0, -1)),
    "swapaxes same": (lambda x: ops.swapaxes(x, 1, 1), lambda x: np.swapaxes(x, 1, 1)),
    "moveaxis": (lambda x: ops.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1)),
    "moveaxis two": (lambda x: ops.moveaxis(x, (0, 1), (-1, 0)), lambda x: np.moveaxis(x, (0, 1), (-1, 0))),
    "expand_dims": (lambda x: ops.expand_dims(x, 1), lambda x: np.expand_dims(x, 1)),
    "expand_dims two": (lambda x: ops.expand_dims(x, (0, -1)), lambda x: np.expand_dims(x, (0, -1))),
    "squeeze": (lambda x: ops.squeeze(x[:1]), lambda x: np.squeeze(x[:1])),
    "squeeze axis": (lambda x: ops.squeeze(x[:1, :1], 1), lambda x: np.squeeze(x[:1, :1], 1)),
}


@pytest.mark.parametrize("name", TABLE)
def test_against_numpy(name, agrees):
    ours, theirs = TABLE[name]
    agrees(ours, theirs, S)
    check_grads(lambda x: ours(x) ** 2, (S,), order=2)


@pytest.mark.parametrize("name", TABLE)
def test_numpys_functions_are_overridden(name):
    theirs = TABLE[name][1]
    weights = RANDOM.normal(size=theirs(S).shape)
    gradient = grad(lambda x: ops.sum(weights * theirs(x)))(S)
    # The gradient of ⟨w, P x⟩ is Pᵀ w: the same numbers, back in place. Check against a numbered array.
    places = theirs(np.arange(S.size).reshape(S.shape)).ravel()
    expected = np.zeros(S.size)
    expected[places] = weights.ravel()
    np.testing.assert_array_equal(gradient, expected.reshape(S.shape))


def test_what_a_method_does_not_take_is_refused_under_its_name():
    with pytest.raises(TypeError, match=r"^reshape\(\) got an unexpected keyword argument 'order'$"):
        grad(lambda x: x.reshape(4, 6, order="F"))(S)
    with pytest.raises(TypeError, match=r"^transpose\(\) got an unexpected keyword argument 'axes'$"):
        grad(lambda x: x.transpose(axes=(2, 0, 1)))(S)


def test_empty_arrays():
    x = np.ones((0, 3))
    assert ops.ravel(x).shape == (0,)
    assert ops.reshape(x, (3, 0, 2)).shape == (3, 0, 2)
    assert ops.transpose(x).shape == (3, 0)
    assert grad(lambda x: ops.sum(np.ravel(x)))(x).shape == (0, 3)


def test_views_where_numpy_gives_views():
    for ours, _ in (TABLE["reshape"], TABLE["transpose"], TABLE["expand_dims"], TABLE["moveaxis"]):
        assert np.shares_memory(ours(S), S)


def test_lists_and_integers_become_arrays():
    assert ops.reshape([1, 2, 3, 4], (2, 2)).dtype == np.float64
    assert ops.transpose([[1, 2]]).tolist() == [[1.0], [2.0]]
    assert ops.expand_dims(3, 0).tolist() == [3.0]


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: ops.reshape(x, (5, 5)), r"^reshape: shape must be one of 24 elements, got \(5, 5\)$"),
        (lambda x: ops.reshape(x, "ab"), r"^reshape: shape must be one of 24 elements, got ab$"),
        (lambda x: ops.transpose(x, (0, 1)), r"^transpose: axes must be a permutation of the 3 axes, got \(0, 1\)$"),
        (lambda x: ops.transpose(x, (0, 1, 1)), r"^transpose: axes must be a permutation"),
        (lambda x: ops.swapaxes(x, 0, 3), r"^swapaxes: axis must be between -3 and 2, got 3$"),
        (lambda x: ops.moveaxis(x, 0, 5), r"^moveaxis: axis must be between -3 and 2, got 5$"),
        (lambda x: ops.moveaxis(x, (0, 0), (1, 2)), r"^moveaxis: axis must be without repetition, got \(0, 0\)$"),
        (lambda x: ops.moveaxis(x, (0, 1), 1), r"^moveaxis: destination must be as long as source \(2\), got 1$"),
        (lambda x: ops.expand_dims(x, 4), r"^expand_dims: axis must be between -4 and 3, got 4$"),
        (lambda x: ops.squeeze(x, 0), r"^squeeze: axis must be one of length 1, got 0 of shape \(2, 3, 4\)$"),
        (lambda x: ops.squeeze(x, 7), r"^squeeze: axis must be between -3 and 2, got 7$"),
    ],
)
def test_errors(f, message):
    with pytest.raises(ValueError, match=message):
        f(S)
    with pytest.raises(ValueError, match=message):
        grad(lambda x: ops.sum(f(x)))(S)


def test_axes_of():
    assert axes_of("f", -1, 3) == (2,)
    assert axes_of("f", (0, -1), 3) == (0, 2)
    assert axes_of("f", np.int64(1), 3) == (1,)
    assert axes_of("f", (1, 1), 3, distinct=False) == (1, 1)
