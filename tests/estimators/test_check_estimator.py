"""scikit-learn's own checks, and as many of them as its own class of that name undergoes."""

import warnings

import pytest

from mmlcore import estimators

sklearn = pytest.importorskip("sklearn")
from sklearn import kernel_ridge, linear_model, preprocessing, svm  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator  # noqa: E402

# name -> (ours, scikit-learn's, checks that may fail with the reason)
TABLE = {
    "LinearRegression": (estimators.LinearRegression(), linear_model.LinearRegression(), {}),
    "Ridge": (estimators.Ridge(), linear_model.Ridge(), {}),
    "RidgeCV": (estimators.RidgeCV(), linear_model.RidgeCV(), {}),
    "Lasso": (estimators.Lasso(), linear_model.Lasso(), {}),
    "ElasticNet": (estimators.ElasticNet(), linear_model.ElasticNet(), {}),
    "BayesianRidge": (estimators.BayesianRidge(), linear_model.BayesianRidge(), {}),
    "KernelRidge": (estimators.KernelRidge(), kernel_ridge.KernelRidge(), {}),
    "LogisticRegression": (estimators.LogisticRegression(), linear_model.LogisticRegression(), {}),
    "LogisticRegression irls": (
        estimators.LogisticRegression(solver="irls"),
        linear_model.LogisticRegression(solver="newton-cholesky"),
        {},
    ),
    "LinearSVC": (estimators.LinearSVC(), svm.LinearSVC(), {}),
    "LinearSVR": (estimators.LinearSVR(), svm.LinearSVR(), {}),
    "PolynomialFeatures": (estimators.PolynomialFeatures(), preprocessing.PolynomialFeatures(), {}),
    "RBFFeatures": (estimators.RBFFeatures(random_state=0), None, {}),
}


def names(estimator) -> list[str]:
    """The checks that scikit-learn would run, those of array namespaces left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [check.func.__name__ for _, check in estimator_checks_generator(estimator)]
    return [name for name in found if "array_api" not in name]


@pytest.mark.parametrize("name", TABLE)
def test_names_of_columns(name: str) -> None:
    """One of the checks that `check_estimator` leaves to scikit-learn's own tests."""
    pytest.importorskip("pandas")
    from sklearn.utils.estimator_checks import check_dataframe_column_names_consistency

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_dataframe_column_names_consistency(name, TABLE[name][0])


@pytest.mark.parametrize("name", TABLE)
def test_scikit_learns_checks(name: str, record_property) -> None:
    ours, theirs, expected = TABLE[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(ours, on_skip=None, on_fail=None, expected_failed_checks=expected)
    run = [r for r in results if "array_api" not in r["check_name"]]
    failed = {r["check_name"]: repr(r["exception"]) for r in run if r["status"] == "failed"}
    record_property("checks", len(run))
    assert not failed
    assert len(expected) <= 2
    if theirs is not None:
        assert len(names(ours)) >= 0.9 * len(names(theirs))
