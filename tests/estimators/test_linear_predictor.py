"""X β + β₀ in any shape."""

import numpy as np
import pytest

from mmlcore.estimators import Ridge
from mmlcore.estimators.linear_predictor import affine

rng = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_affine(dtype, order):
    X = np.asarray(rng.normal(size=(7, 3)), dtype, order=order)
    coef, intercept = rng.normal(size=(2, 3)), rng.normal(size=2)
    out = affine(X, coef, intercept)
    assert out.dtype == dtype
    np.testing.assert_allclose(out, X @ coef.T + intercept, rtol=1e-5)
    np.testing.assert_allclose(affine(X, coef[0], 0.5), X @ coef[0] + 0.5, rtol=1e-5)


def test_features_are_checked():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [0.0, 1.0]})
    model = Ridge().fit(frame, [1.0, 2.0])
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(frame.to_numpy())
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[["b", "a"]])
    with pytest.raises(ValueError, match="X has 1 features, but Ridge is expecting 2"):
        Ridge().fit(frame.to_numpy(), [1.0, 2.0]).predict([[1.0]])
