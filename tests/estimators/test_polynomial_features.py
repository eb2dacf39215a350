"""Products in scikit-learn's order."""

import numpy as np
import pytest

from mmlcore.estimators import PolynomialFeatures

rng = np.random.default_rng(0)


@pytest.mark.parametrize("degree", [0, 1, 3, (2, 3), (0, 2), (3, 3)])
@pytest.mark.parametrize("interaction_only", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_agrees_with_scikit_learn(degree, interaction_only, order):
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    X = rng.normal(size=(6, 3))
    options = {"degree": degree, "interaction_only": interaction_only, "order": order}
    ours, theirs = PolynomialFeatures(**options), preprocessing.PolynomialFeatures(**options)
    out = ours.fit_transform(X)
    np.testing.assert_allclose(out, theirs.fit_transform(X), rtol=1e-13)
    np.testing.assert_array_equal(ours.powers_, theirs.powers_)
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()
    assert out.flags[f"{order}_CONTIGUOUS"]


def test_every_row_is_the_product_of_powers():
    X = rng.normal(size=(5, 2))
    features = PolynomialFeatures(4).fit(X)
    np.testing.assert_allclose(features.transform(X), (X[:, None, :] ** features.powers_).prod(axis=-1), rtol=1e-12)


@pytest.mark.parametrize("degree", [(2, 1), (1, 2, 3), (-1, 2), (1.5, 2)])
def test_bad_degrees(degree):
    with pytest.raises(ValueError, match="must be non-negative integers"):
        PolynomialFeatures(degree).fit([[1.0]])


def test_nothing_at_all_is_refused():
    with pytest.raises(ValueError, match="empty output array"):
        PolynomialFeatures(0, include_bias=False).fit([[1.0]])
