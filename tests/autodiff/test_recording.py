"""One run, walked back any number of times."""

import numpy as np

from mmlcore.autodiff.inputs import Inputs
from mmlcore.autodiff.recording import Recording, leaves_of


def test_it_can_be_walked_again_and_again():
    recording = Recording(lambda x: (x * x, 3.0, 2 * x), Inputs("f", (3.0,), (0,)), {})
    assert recording.values == [9.0, 3.0, 6.0]
    assert recording.walk([1.0, 1.0, None]) == [6.0]
    assert recording.walk([1.0, None, 10.0]) == [26.0]
    assert recording.walk([None, None, None]) == [None]
    assert recording.walk([1.0, None, None], keep=False) == [6.0]


def test_leaves_of_a_result():
    leaves, rebuild = leaves_of({"a": 1.0, "b": [2.0]})
    assert leaves == [1.0, 2.0]
    assert rebuild(iter("xy")) == {"a": "x", "b": ["y"]}
    assert leaves_of(np.float64(3.0))[0] == [3.0]
