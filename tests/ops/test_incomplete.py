"""What the incomplete functions share: a fraction, a cancelling difference, the quadrature."""

import subprocess
import sys

import numpy as np

from mmlcore.ops import incomplete


def test_the_golden_ratio_is_the_simplest_continued_fraction():
    ones = np.ones(1)
    np.testing.assert_allclose(incomplete.lentz(lambda k: (ones, ones), ones), (1 + 5**0.5) / 2, rtol=1e-15)


def test_the_difference_keeps_its_digits_near_zero():
    u = np.array([1e-8, -1e-8, 0.3, -0.6, 5.0])
    exact = np.log1p(u.astype(np.longdouble)) - u
    exact[:2] = -(u[:2] ** 2) / 2 + u[:2] ** 3 / 3
    np.testing.assert_allclose(incomplete.log_less_linear(u, 1 + u), exact.astype(float), rtol=1e-14)


def test_the_integral_of_a_bell():
    total = incomplete.integral(lambda s: np.exp(-s * s / 2), np.array([-9.0]), np.array([9.0]))
    np.testing.assert_allclose(total, np.sqrt(2 * np.pi), rtol=1e-13)


def test_the_quadrature_waits_until_it_is_needed():
    code = "import mmlcore.stats, mmlcore.ops.incomplete as m; print(m._gauss.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"
    assert incomplete._gauss() is incomplete._gauss()
