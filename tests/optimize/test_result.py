"""Results are dictionaries with attributes."""

import numpy as np
import pytest

from mmlcore.optimize import OptimizeResult, minimize


def test_entries_are_attributes():
    r = OptimizeResult(x=1, success=True)
    r.fun = 2
    assert (r.x, r["fun"]) == (1, 2)
    assert "success: True" in repr(r)
    assert "fun" in dir(r)
    with pytest.raises(AttributeError, match="OptimizeResult has no attribute 'cov'"):
        _ = r.cov


def test_x0_is_not_written_to_and_the_path_is_not_shared():
    x0 = np.array([3.0, 4.0])
    r = minimize(lambda x: np.sum(x**2), x0, track=True)
    np.testing.assert_array_equal(x0, [3, 4])
    r.path[0][:] = 7
    assert r.path[1][0] != 7
