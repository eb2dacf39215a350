"""The arithmetic of windows: W₂ = (W₁ - K + 2P)/S + 1, and Keras's 'same'."""

import hypothesis
import hypothesis.strategies as st
import pytest

from mmlcore.ops.windows import per_axis, sweep_of


@hypothesis.given(st.integers(1, 50), st.integers(1, 7), st.integers(1, 5), st.integers(0, 4), st.integers(1, 3))
def test_as_many_windows_as_fit(size, kernel, stride, padding, dilation):
    sweep = sweep_of("f", (size,), (kernel,), stride, padding, dilation)
    reach = (kernel - 1) * dilation + 1
    fitting = len(range(-padding, size + padding - reach + 1, stride))
    assert sweep.out == (1, 1, fitting)
    same = sweep_of("f", (size,), (kernel,), stride, "same", dilation)
    assert same.out[2] == -(-size // stride)
    last = (same.out[2] - 1) * stride - same.before[2]
    assert last < size  # no window lies outside altogether
    behind = max(last + reach - size, 0)
    assert behind - same.before[2] in (0, 1) or reach < stride  # the odd zero behind


def test_the_example_of_the_notes():
    assert sweep_of("f", (227, 227), (11, 11), 4).out == (1, 55, 55)
    assert sweep_of("f", (5, 5), (3, 3), 2, 1).out == (1, 3, 3)


def test_one_number_or_one_for_each_axis():
    assert per_axis("f", "a", [1, 2], 2) == (1, 2)
    with pytest.raises(ValueError, match="f: a must be a number or 2 numbers, got"):
        per_axis("f", "a", (1,), 2)
