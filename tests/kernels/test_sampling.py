"""Drawing a class: the right frequencies, the right classes, the same again from the same key."""

import numpy as np
import pytest

from mmlcore import _kernels

LOGITS = np.array([0.0, 2.0, -1.0, 1.0, 2.0])


def draws(logits, count, temperature=1.0, top_k=0, top_p=1.0, key=5, dtype=np.float64):
    out, position, draw = np.zeros(count, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64)
    following, logits = np.zeros(1, dtype), np.asarray(logits, dtype)
    for _ in range(count):
        _kernels.sample_class(out, position, following, logits, temperature, top_k, top_p, key, draw)
        assert following[0] == out[position[0] - 1]
    assert position[0] == draw[0] == count
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies(temperature, dtype):
    count = 4000
    p = np.exp(LOGITS / temperature)
    p /= p.sum()
    found = np.bincount(draws(LOGITS, count, temperature, dtype=dtype), minlength=5) / count
    assert (np.abs(found - p) < 4 * np.sqrt(p * (1 - p) / count)).all()


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({"temperature": 0.0}, {1}),
        ({"top_k": 1}, {1}),  # of equal ones the first
        ({"top_k": 3}, {1, 3, 4}),
        ({"top_p": 0.39}, {1}),
        ({"top_p": 0.4}, {1, 4}),
        ({"top_k": 2, "top_p": 0.6}, {1, 4}),
        ({"top_k": 9}, {0, 1, 2, 3, 4}),
    ],
)
def test_only_the_most_probable(options, allowed):
    assert set(draws(LOGITS, 600, **options)) == allowed


def test_the_same_key_draws_the_same():
    np.testing.assert_array_equal(draws(LOGITS, 50), draws(LOGITS, 50))
    assert (draws(LOGITS, 50) != draws(LOGITS, 50, key=6)).any()


@pytest.mark.parametrize("logits", [[np.nan, 1.0], [-np.inf, -np.inf], [np.inf, 0.0]])
def test_logits_that_are_no_numbers_give_a_class(logits):
    assert set(draws(logits, 5)) <= {0, 1}


def test_a_replay_stops_where_the_text_is_full():
    out, position, draw = np.zeros(4, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64)
    following = np.zeros(1)
    recording = _kernels.Recording()
    with recording:
        _kernels.sample_class(out, position, following, LOGITS, 1.0, 0, 1.0, 1, draw)
    recording.run(10)
    assert position[0] == 4
    np.testing.assert_array_equal(out, draws(LOGITS, 4, key=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": -1.0}, "temperature must be at least 0"),
        ({"top_k": -1}, "top_k must be at least 0"),
        ({"top_p": 0.0}, r"top_p must be in \(0, 1\]"),
        ({"logits": np.zeros(0)}, "logits must be at least one"),
        ({"next": np.zeros(2)}, "next must be of one number"),
        ({"position": np.array([3])}, "position must be in 0 <= position < 3"),
    ],
)
def test_bad_arguments(change, message):
    good = {"out": np.zeros(3, np.int64), "position": np.zeros(1, np.int64), "next": np.zeros(1), "logits": LOGITS}
    good |= {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "key": 0, "draw": np.zeros(1, np.int64)}
    with pytest.raises(ValueError, match="^sample_class: " + message):
        _kernels.sample_class(**(good | change))
