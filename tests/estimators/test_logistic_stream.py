"""Logistic regression on blocks is that on all rows."""

import numpy as np
import pytest

from mmlcore.estimators import LogisticRegression


class Blocks:
    """Rows in blocks, as often as they are asked for."""

    def __init__(self, *arrays):
        self.arrays, self.passes = arrays, 0

    def __iter__(self):
        self.passes += 1
        return zip(*[np.split(array, (40, 41, 90)) for array in self.arrays], strict=True)


def data(classes, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((150, 4)).astype(dtype)
    y = np.digitize(X @ [1.0, -1, 0.5, 0] + rng.standard_normal(150), [-0.5, 0.7][: classes - 1])
    return X, np.array(["a", "b", "c"])[y], rng.integers(1, 4, 150).astype(dtype)


@pytest.mark.parametrize("solver", ["lbfgs", "irls", "newton-cg", "gradient_descent"])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("options", [{}, {"fit_intercept": False, "C": 0.1}, {"class_weight": "balanced"}], ids=str)
def test_blocks_are_the_whole(solver, classes, options):
    X, y, w = data(classes)
    options = options | {"solver": solver, "tol": 1e-6 if solver == "gradient_descent" else 1e-9, "max_iter": 5000}
    for weights in ((), (w,)):
        whole = LogisticRegression(**options).fit(X, y, *weights)
        streamed = LogisticRegression(**options).fit(Blocks(X, y, *weights))
        np.testing.assert_allclose(streamed.coef_, whole.coef_, atol=2e-6)
        np.testing.assert_allclose(streamed.intercept_, whole.intercept_, atol=2e-6)
        np.testing.assert_array_equal(streamed.predict(X), whole.predict(X))


def test_few_passes_dtype_and_what_is_kept():
    X, y, _ = data(2, np.float32)
    blocks = Blocks(X, y)
    model = LogisticRegression().fit(blocks)
    assert model.coef_.dtype == np.float32
    assert blocks.passes < 30
    assert model.n_features_in_ == 4
    before = dict(vars(model))
    with pytest.raises(ValueError, match="X must be an object that can be iterated again"):
        model.fit(iter([(X, y)]))
    for wrong, text in (
        (Blocks(X, np.full(150, "a")), "only one class"),
        (Blocks(np.where(X > 2, np.nan, X), y), "NaN"),
        (Blocks(X), "requires y to be passed"),
    ):
        with pytest.raises(ValueError, match=text):
            model.fit(wrong)
        assert vars(model) == before
