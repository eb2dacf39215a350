"""What a binding is handed is an array of its own, sizes are bounded, and a replay looks at its counters again."""

import gc

import numpy as np
import pytest

from mmlcore import _kernels, ops
from mmlcore.autodiff import grad


def window(stride=(1, 1, 1), dilation=(1, 1, 1), before=(0, 0, 0), groups=1):
    return _kernels.Window(stride, dilation, before, groups, False)


@pytest.mark.parametrize("wrong", [5, object(), "abc", [1.0]])
def test_what_is_no_array_is_refused(wrong):
    image, filters, matrix = np.ones((1, 1, 2, 2, 1)), np.ones((1, 1, 1, 1, 1)), np.eye(3)
    calls = [
        lambda: _kernels.conv_input_gradient(image.copy(), image, filters, wrong, window()),
        lambda: _kernels.conv_filter_gradient(filters.copy(), None, image, image, wrong, window()),
        lambda: _kernels.conv_forward(image.copy(), image, filters, wrong, window()),
        lambda: _kernels.penalize(np.zeros(1), wrong, np.ones(3), 0.1, 0.1),
        lambda: _kernels.qr(wrong, matrix.copy(), matrix),
        lambda: _kernels.eigh(np.empty(3), wrong, matrix, True),
        lambda: _kernels.svd(wrong, np.empty(3), wrong, matrix, False),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"must be an array"):
            call()


def test_windows_beyond_all_memory_are_refused_and_write_nothing():
    with pytest.raises(ValueError, match=r"dilation must be"):
        ops.conv(np.ones((1, 1, 1, 1)), np.ones((4, 4, 1, 1)), dilation=1431655765, padding="same")
    dx = np.full((1, 1, 1, 1, 1), 7.0)
    dy, w = np.ones((1, 1, 1, 1, 1)), np.ones((2, 2, 2, 1, 1))
    with pytest.raises(ValueError, match=r"^conv_input_gradient: dilation must be such that a window spans"):
        _kernels.conv_input_gradient(dx, dy, w, None, window(dilation=(2**20, 2**20, 1)))
    assert dx[0, 0, 0, 0, 0] == 7


def test_strides_beyond_the_image_meet_one_point():
    x = np.arange(24.0).reshape(1, 3, 2, 4)
    w = np.ones((2, 2, 4, 1))
    gradient = grad(lambda x: ops.sum(ops.conv(x, w, strides=2**20, padding="same")))(x)
    expected = grad(lambda x: ops.sum(ops.conv(x, w, strides=3, padding="same")))(x)
    assert gradient.shape == expected.shape
    assert gradient.sum() == 4 * min(4, np.count_nonzero(gradient) // 4)
    with pytest.raises(ValueError, match=r"stride"):
        ops.conv(x, w, strides=2**31)


def test_counters_at_the_end_of_the_integers():
    kept, rows, order = np.zeros((4, 3)), np.ones((1, 3)), np.arange(4)
    last = np.array([2**63 - 1])
    with pytest.raises(ValueError, match=r"^append_rows: position must be between 0 and 3"):
        _kernels.append_rows(kept, rows, last)
    with pytest.raises(ValueError, match=r"^gather_batch: first must be between 0 and 3"):
        _kernels.gather_batch(rows, kept, order, last)
    with pytest.raises(TypeError, match=r"^append_rows: kept must be of plain numbers"):
        _kernels.append_rows(np.full((4, 1), None), np.full((1, 1), None), np.array([0]))


@pytest.mark.parametrize("place", [-(10**12), 10**12])
def test_a_replay_ignores_places_that_are_none(place):
    kept, rows, order = np.zeros((4, 3)), np.ones((1, 3)), np.arange(4)
    rates, constants = np.ones(4), np.zeros(1)
    counters = [np.zeros(1, np.int64) for _ in range(3)]
    recording = _kernels.Recording()
    with recording:
        _kernels.append_rows(kept, rows, counters[0])
        _kernels.gather_batch(rows, kept, order, counters[1])
        _kernels.next_rate(constants, rates, counters[2])
        _kernels.gather_rows(rows, kept, order[:1])
    for counter in counters:
        counter[0] = place
    order[:] = place
    kept[:], rows[:], constants[:] = 2, 3, 4
    recording.run(2)
    assert (kept == 2).all()
    assert (rows == 3).all()
    assert constants[0] == 4


def test_a_recording_outlives_its_name_and_is_not_run_while_it_is_made():
    recording = _kernels.Recording()
    recording.__enter__()
    with pytest.raises(ValueError, match=r"^Recording: run must be after the recording"):
        recording.run()
    kept = [recording]
    del recording
    gc.collect()
    _kernels.square(np.empty(1), np.ones(1))
    kept[0].__exit__()
    assert len(kept[0]) == 1


def test_uniform_numbers_of_a_range_that_has_no_width():
    for low, high in [(-1e308, 1.7e308), (0.0, np.inf)]:
        with pytest.raises(ValueError, match=r"^random_uniform: high - low must be finite"):
            _kernels.random_uniform(np.empty(3), low, high, 1, np.zeros(1, np.int64))


def test_results_lie_apart_from_what_they_are_read_from():
    """A kernel that writes its result before it has read everything refuses to work in place."""
    x = np.random.default_rng(0).standard_normal((6, 4))
    memory = np.zeros(64)
    index, floats = memory.view(np.int64)[:4], memory[:16].reshape(4, 4)
    calls = [
        lambda: _kernels.log_softmax(x, x),
        lambda: _kernels.gather_rows(x[:2], x, np.array([1, 0])),
        lambda: _kernels.gather_rows(floats, x[:, :4].copy(), index),
        lambda: _kernels.gather_batch(x[:2], x, np.array([1, 0]), np.zeros(1, np.int64)),
        lambda: _kernels.asynchronous_epoch(memory[:5], np.ones((4, 4)), np.ones(4), index, 0.1, 0.0, False, 1),
        lambda: _kernels.asynchronous_epoch(x[0], np.ones((4, 3)), x[0], np.arange(4), 0.1, 0.0, False, 1),
    ]
    before = x.copy()
    for call in calls:
        with pytest.raises(ValueError, match=r"must be apart from the inputs in memory, got an overlap"):
            call()
    np.testing.assert_array_equal(x, before)
    assert not memory.any()
