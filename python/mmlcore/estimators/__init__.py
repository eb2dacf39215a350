"""scikit-learn's estimators on mmlcore's kernels: change the import, keep the rest.

Contract: the constructor only stores, `fit` checks and learns what ends in "_", weights count as copies, float32
stays float32, inputs are never written to, and scikit-learn is never needed nor imported; with it, Pipeline,
GridSearchCV, clone and metadata routing work. Learning that is a sum over examples streams (`partial_fit`).
"""

from mmlcore.estimators.base import Estimator, check_is_fitted, clone
from mmlcore.estimators.bayesian_ridge import BayesianRidge
from mmlcore.estimators.elastic_net import ElasticNet, Lasso, enet_path, lasso_path
from mmlcore.estimators.exceptions import (
    ConvergenceWarning,
    DataConversionWarning,
    InvalidParameterError,
    NotFittedError,
    UndefinedMetricWarning,
)
from mmlcore.estimators.kernel_ridge import KernelRidge
from mmlcore.estimators.linear_regression import LinearRegression
from mmlcore.estimators.linear_svm import LinearSVC, LinearSVR
from mmlcore.estimators.logistic_regression import LogisticRegression
from mmlcore.estimators.model_selection import KFold, StratifiedKFold, cross_val_score
from mmlcore.estimators.polynomial_features import PolynomialFeatures
from mmlcore.estimators.rbf_features import RBFFeatures
from mmlcore.estimators.ridge import Ridge
from mmlcore.estimators.ridge_cv import RidgeCV

__all__ = [
    "BayesianRidge",
    "ConvergenceWarning",
    "DataConversionWarning",
    "ElasticNet",
    "Estimator",
    "InvalidParameterError",
    "KFold",
    "KernelRidge",
    "Lasso",
    "LinearRegression",
    "LinearSVC",
    "LinearSVR",
    "LogisticRegression",
    "NotFittedError",
    "PolynomialFeatures",
    "RBFFeatures",
    "Ridge",
    "RidgeCV",
    "StratifiedKFold",
    "UndefinedMetricWarning",
    "check_is_fitted",
    "clone",
    "cross_val_score",
    "enet_path",
    "lasso_path",
]
