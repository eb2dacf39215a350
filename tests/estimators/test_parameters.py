"""Constraints allow what they say; the sentence is scikit-learn's, word for word."""

import re

import numpy as np
import pytest

from mmlcore import estimators
from mmlcore.estimators.parameters import ARRAY, BOOLEAN, NONE, RANDOM_STATE, Interval, OneOf, check_parameters

CLASSIFIERS = ("LogisticRegression", "LinearSVC")


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        (Interval(float, 0, None), [0, 0.5, np.float32(3)], [-1e-9, np.inf, np.nan, "1", None]),
        (Interval(float, 0, 1, "both"), [0, 1], [1.1, -0.1]),
        (Interval(float, 0, 1, "neither"), [0.5], [0, 1]),
        (Interval(float, 0, None, "right"), [1e-9, np.inf], [0]),
        (Interval(int, 1, None), [1, np.int64(5)], [0, 1.0, True]),
        (OneOf("a", "b"), ["a"], ["c", 1]),
        (BOOLEAN, [True, np.False_], [0, "yes"]),
        (ARRAY, [[1.0], np.ones(2)], ["abc", 1.0, None]),
        (RANDOM_STATE, [None, 0, np.random.RandomState(0), np.random.default_rng(0)], [-1, 0.5, "a"]),
        (NONE, [None], [0]),
    ],
)
def test_what_is_allowed(constraint, good, bad):
    assert all(constraint.allows(value) for value in good)
    assert not any(constraint.allows(value) for value in bad)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("Ridge", {"alpha": -1}),
        ("Ridge", {"fit_intercept": "a"}),
        ("Ridge", {"max_iter": 0}),
        ("Ridge", {"tol": np.nan}),
        ("Lasso", {"selection": "s"}),
        ("ElasticNet", {"l1_ratio": 2}),
        ("LogisticRegression", {"C": -1}),
        ("LinearSVC", {"C": 0}),
        ("LinearSVR", {"C": -1}),
        ("BayesianRidge", {"tol": 0}),
        ("PolynomialFeatures", {"degree": -1}),
    ],
)
def test_the_sentence_is_scikit_learns(name, bad):
    linear_model = pytest.importorskip("sklearn.linear_model")
    from sklearn import preprocessing, svm

    theirs = next(getattr(room, name) for room in (linear_model, svm, preprocessing) if hasattr(room, name))
    sentences = []
    for cls in (theirs, getattr(estimators, name)):
        with pytest.raises(ValueError, match="must be") as caught:
            cls(**bad).fit([[1.0], [2.0]], [0, 1])
        sentences.append(sorted(re.findall(r"[\w.'\[\]()]+", str(caught.value))))  # they list a set in any order
    assert sentences[0] == sentences[1]


@pytest.mark.parametrize("name", [n for n in estimators.__all__ if hasattr(getattr(estimators, n), "fit")])
def test_every_parameter_is_checked_in_fit(name):
    made = getattr(estimators, name)()
    unchecked = {"n_jobs", "tol"} if name == "LinearRegression" else {"n_jobs"}
    y = [0, 1, 0] if name in CLASSIFIERS else [0.0, 1.0, 2.0]
    for parameter in set(made.get_params()) - unchecked:
        broken = type(made)().set_params(**{parameter: object()})
        with pytest.raises(estimators.InvalidParameterError, match=f"The '{parameter}' parameter of {name} must be"):
            broken.fit([[1.0], [2.0], [4.0]], y)


def test_the_first_bad_value_is_named():
    with pytest.raises(ValueError, match=r"The 'a' parameter of F must be None or an array-like. Got 1 instead."):
        check_parameters("F", {"a": 1, "b": 2}, {"a": [NONE, ARRAY], "b": [NONE]})
