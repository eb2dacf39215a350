"""Recordings: what bindings submit is kept and repeated on the same memory; what could not be is refused."""

import gc
import re
import threading
from pathlib import Path

import numpy as np
import pytest

from mmlcore import _kernels, linalg

BINDINGS = Path(__file__).resolve().parents[2] / "cpp" / "bindings"


def test_calls_are_repeated_on_the_same_arrays():
    x, y, total = np.array([1.0, 2.0]), np.empty(2), np.zeros(1)
    recording = _kernels.Recording()
    with recording:
        _kernels.square(y, x)
        _kernels.accumulate(total, y[:1], 1.0)
    assert len(recording) == 2
    assert total[0] == 1
    x[0] = 3
    recording.run(10)
    assert total[0] == 1 + 10 * 9
    np.testing.assert_array_equal(y, [9, 4])
    recording.run(0)
    assert total[0] == 91


def test_arrays_live_as_long_as_the_recording():
    total = np.zeros(1)
    recording = _kernels.Recording()
    with recording:
        made = np.full(100_000, 2.0)
        squares = np.empty_like(made)
        _kernels.square(squares, made)
        _kernels.accumulate(total, squares[:1], 1.0)
    del made, squares
    gc.collect()
    noise = [np.zeros(100_000) for _ in range(20)]
    recording.run(3)
    assert total[0] == 16
    assert len(noise) == 20


def test_nothing_is_recorded_outside_and_by_other_threads():
    x, y = np.ones(3), np.empty(3)
    recording = _kernels.Recording()
    with recording:
        other = threading.Thread(target=lambda: _kernels.square(y, x))
        other.start()
        other.join()
    _kernels.square(y, x)
    assert len(recording) == 0


def test_threads_record_side_by_side():
    counts = np.zeros((2, 1), np.int64)
    ready = threading.Barrier(2, timeout=30)
    recordings = [_kernels.Recording() for _ in range(2)]

    def record(i):
        with recordings[i]:
            ready.wait()
            _kernels.advance(counts[i], i + 1)
            ready.wait()

    threads = [threading.Thread(target=record, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for recording in recordings:
        recording.run(4)
    np.testing.assert_array_equal(counts, [[5], [10]])


def test_what_would_be_copied_is_refused():
    x, y = np.ones(6)[::2], np.empty(3)
    with pytest.raises(ValueError, match=r"^Recording: every array must be C-contiguous"), _kernels.Recording():
        _kernels.square(y, x)
    _kernels.square(y, x)  # afterwards all is as before


def test_factorisations_cannot_be_recorded():
    with pytest.raises(ValueError, match=r"^factorisation: call must be outside a recording"), _kernels.Recording():
        linalg.cholesky(np.eye(3))


def test_products_are_recorded():
    a, b = np.random.default_rng(0).standard_normal((2, 4, 4))
    recording = _kernels.Recording()
    with recording:
        c = linalg.matmul(a, b)
    a[...] = 1
    recording.run(1)
    np.testing.assert_allclose(c, np.ones((4, 4)) @ b, rtol=1e-14)


def test_one_at_a_time_and_each_only_once():
    recording = _kernels.Recording()
    with recording:
        with pytest.raises(ValueError, match=r"^Recording: recordings must be one at a time in a thread"):
            _kernels.Recording().__enter__()
        _kernels.square(np.empty(1), np.ones(1))
    with pytest.raises(ValueError, match=r"^Recording: recording must be new"):
        recording.__enter__()
    _kernels.Recording().__enter__().__exit__()


def test_an_error_stops_the_rounds():
    x, count = np.ones(2), np.zeros(1, np.int64)
    recording = _kernels.Recording()
    with recording:
        _kernels.require_finite(x, "the numbers")
        _kernels.advance(count, 1)
    recording.run(2)
    x[1] = np.nan
    with pytest.raises(FloatingPointError, match=r"^the numbers must be finite, got NaN or inf$"):
        recording.run(5)
    assert count[0] == 3


def test_a_call_that_raises_is_not_recorded():
    x, y = np.array([1.0, np.nan]), np.empty(2)
    recording = _kernels.Recording()
    with recording:
        _kernels.square(y, x)
        with pytest.raises(FloatingPointError):
            _kernels.require_finite(x, "the numbers")
        with pytest.raises(ValueError, match=r"^square: x must be"):
            _kernels.square(y, x[:1])
    assert len(recording) == 1
    x[:] = [3, np.nan]
    recording.run()
    assert y[0] == 9


def test_no_recordable_command_captures_by_reference():
    # a closure that refers to the binding's own variables would outlive them
    for file in (*BINDINGS.glob("*.cpp"), *BINDINGS.glob("*.h")):
        source = file.read_text(encoding="utf-8")
        for start in (m.end() for m in re.finditer(r"\bsubmit\(", source)):
            assert not re.search(r"\[&[\],]", source[start : source.index("{", start)]), file.name
