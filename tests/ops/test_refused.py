"""What has no derivative says why, and what to write instead."""

import numpy as np
import pytest

from mmlcore import grad


@pytest.mark.parametrize("f", [np.linalg.eig, np.linalg.eigvals, np.roots, np.fft.rfft, np.unique])
def test_functions_without_a_derivative_say_what_to_do(f):
    with pytest.raises(TypeError, match=rf"^{f.__name__}: no derivative rule in mmlcore: ..."):
        grad(lambda x: f(x))(np.eye(2))
