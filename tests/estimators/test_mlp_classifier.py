"""MLPClassifier: labels of every kind, several at once, class weights."""

import numpy as np
import pytest

from mmlcore.estimators import MLPClassifier

pytestmark = pytest.mark.filterwarnings("ignore::mmlcore.estimators.ConvergenceWarning")


def blobs(k=3, n=40):
    rng = np.random.default_rng(0)
    return np.repeat(4 * np.eye(k), n, axis=0) + rng.standard_normal((k * n, k)), np.repeat(np.arange(k), n)


@pytest.mark.parametrize("names", [["a", "b", "c"], [7, -1, 3], [0.0, 1.0, 2.0], [False, True]])
def test_labels_of_every_kind(names):
    X, codes = blobs(len(names))
    y = np.asarray(names)[codes]
    model = MLPClassifier((10,), max_iter=80, learning_rate_init=0.01, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    assert model.score(X, y) > 0.95
    shares = model.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], model.predict(X))
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), shares)


def test_several_labels_at_once():
    X, codes = blobs()
    y = np.column_stack([codes == 0, codes >= 1]).astype(int)
    model = MLPClassifier((10,), max_iter=80, learning_rate_init=0.01, random_state=0).fit(X, y)
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.95
    assert model.n_outputs_ == 2
    assert model.out_activation_ == "logistic"


def test_class_weights_are_weights_of_samples():
    X, y = blobs(2, 30)
    X, y = X[:40], y[:40]  # 30 and 10
    options = {"hidden_layer_sizes": (3,), "max_iter": 5, "random_state": 0, "shuffle": False}
    balanced = MLPClassifier(class_weight="balanced", **options).fit(X, y)
    by_hand = MLPClassifier(**options).fit(X, y, sample_weight=np.where(y == 0, 40 / 60, 2.0))
    given = MLPClassifier(class_weight={0: 40 / 60, 1: 2.0}, **options).fit(X, y)
    np.testing.assert_allclose(balanced.coefs_[0], by_hand.coefs_[0], rtol=1e-12)
    np.testing.assert_allclose(given.coefs_[0], by_hand.coefs_[0], rtol=1e-12)


def test_what_does_not_fit_is_refused():
    X, y = blobs()
    model = MLPClassifier((3,), max_iter=2, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
        model.fit(X[:50], y[:50])
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        MLPClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`: \[9\]"):
        model.partial_fit(X, np.where(y == 0, 9, y))
    with pytest.raises(ValueError, match="The least populated class"):
        MLPClassifier(early_stopping=True).fit(X[[0, 1, 2, 50]], y[[0, 1, 2, 50]])
