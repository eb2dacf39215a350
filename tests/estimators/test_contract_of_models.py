"""scikit-learn's own checks on every model: how many run beside those of scikit-learn's class, and none fails."""

import pytest

from mmlcore import estimators

checks = pytest.importorskip("sklearn.utils.estimator_checks")

DRAWS = "the start is drawn by the number of a row, which copies change"
ROWS = "n_components=None is min(n, d), and copies are further rows"
WEIGHTS = ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data")

# estimator, the number of checks of scikit-learn 1.9's class (without those of the array API), expected failures
TABLE = [
    (estimators.KMeans(2, max_iter=5), 58, dict.fromkeys(WEIGHTS, DRAWS)),
    (estimators.GaussianMixture(), 41, {}),
    (estimators.GaussianMixture(covariance_type="tied"), 41, {}),
    (estimators.GaussianMixture(covariance_type="diag"), 41, {}),
    (estimators.GaussianMixture(covariance_type="spherical"), 41, {}),
    (estimators.PCA(), 47, dict.fromkeys(WEIGHTS, ROWS)),
    (estimators.PCA(1, svd_solver="full"), 47, {}),
    (estimators.PCA(1, svd_solver="covariance_eigh"), 47, {}),
    (estimators.PCA(1, svd_solver="randomized"), 47, {}),
    (estimators.PCA(1, svd_solver="arpack"), 47, {}),
    (estimators.TruncatedSVD(1), 47, {}),
    (estimators.TruncatedSVD(1, algorithm="arpack"), 47, {}),
    (estimators.StandardScaler(), 54, {}),
    (estimators.StandardScaler(with_mean=False), 54, {}),
    (estimators.MinMaxScaler(), 46, {}),
    (estimators.MLPClassifier(max_iter=100), 67, {}),
    (estimators.MLPRegressor(max_iter=100), 60, {}),
    (estimators.SVDRecommender(), 40, {}),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "theirs", "expected"), TABLE, ids=[repr(row[0]) for row in TABLE])
def test_check_estimator(estimator, theirs, expected):
    results = checks.check_estimator(estimator, on_skip=None, on_fail=None, expected_failed_checks=expected)
    failed = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    assert not failed
    assert len(results) >= 0.9 * theirs
    assert sum(r["status"] == "xfail" for r in results) == len(expected) <= 2
