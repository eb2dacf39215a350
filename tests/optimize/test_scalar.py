"""Brent's method."""

import numpy as np
import pytest

from mmlcore.optimize import minimize_scalar


@pytest.mark.parametrize(
    ("f", "options", "x"),
    [
        (lambda x: (x - 2) ** 2 + 1, {}, 2.0),
        (lambda x: (x + 300) ** 4, {}, -300.0),
        (np.cos, {"bounds": (0, 6)}, np.pi),
        (lambda x: abs(x - 0.3), {"bracket": (0, 0.1, 1)}, 0.3),
        (lambda x: x - np.log(x) if x > 0 else np.nan, {"bounds": (0, 9)}, 1.0),
        (lambda x: x, {"bounds": (2, 3)}, 2.0),
    ],
)
def test_minima(f, options, x):
    r = minimize_scalar(f, **options) if "bracket" not in options else minimize_scalar(f, (0, 0.25, 1))
    assert r.success, r.message
    assert r.x == pytest.approx(x, rel=1e-3 if x == -300 else 1e-7)


def test_trouble_is_reported():
    assert "unbounded" in minimize_scalar(lambda x: -(x**3)).message
    assert "flat" in minimize_scalar(lambda x: 1.0).message
    assert not minimize_scalar(lambda x: x).success
    assert "max_iter" in minimize_scalar(lambda x: x**2, bounds=(-1, 2), max_iter=2).message
    with pytest.raises(ValueError, match="minimize_scalar: bounds must be"):
        minimize_scalar(np.cos, bounds=(1, 0))
    with pytest.raises(ValueError, match="minimize_scalar: bracket must be"):
        minimize_scalar(np.cos, (0.0, 1.0, 2.0))
