"""scikit-learn's estimators on mmlcore's kernels: change the import, keep the rest.

Contract: the constructor only stores, `fit` checks and learns what ends in "_", weights count as copies, float32
stays float32, inputs are never written to, and scikit-learn is never needed nor imported; with it, Pipeline,
GridSearchCV, clone and metadata routing work. What learns by sums
streams: `partial_fit`, and `fit` from an iterator of blocks.
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
from mmlcore.estimators.gaussian_mixture import GaussianMixture
from mmlcore.estimators.kernel_ridge import KernelRidge
from mmlcore.estimators.kmeans import KMeans
from mmlcore.estimators.linear_regression import LinearRegression
from mmlcore.estimators.linear_svm import LinearSVC, LinearSVR
from mmlcore.estimators.logistic_regression import LogisticRegression
from mmlcore.estimators.mlp_classifier import MLPClassifier
from mmlcore.estimators.mlp_regressor import MLPRegressor
from mmlcore.estimators.model_selection import KFold, StratifiedKFold, cross_val_score
from mmlcore.estimators.pca import PCA
from mmlcore.estimators.polynomial_features import PolynomialFeatures
from mmlcore.estimators.rbf_features import RBFFeatures
from mmlcore.estimators.recommender import SVDRecommender
from mmlcore.estimators.ridge import Ridge
from mmlcore.estimators.ridge_cv import RidgeCV
from mmlcore.estimators.scaling import MinMaxScaler, StandardScaler
from mmlcore.estimators.truncated_svd import TruncatedSVD

__all__ = [
    "PCA",
    "BayesianRidge",
    "ConvergenceWarning",
    "DataConversionWarning",
    "ElasticNet",
    "Estimator",
    "GaussianMixture",
    "InvalidParameterError",
    "KFold",
    "KMeans",
    "KernelRidge",
    "Lasso",
    "LinearRegression",
    "LinearSVC",
    "LinearSVR",
    "LogisticRegression",
    "MLPClassifier",
    "MLPRegressor",
    "MinMaxScaler",
    "NotFittedError",
    "PolynomialFeatures",
    "RBFFeatures",
    "Ridge",
    "RidgeCV",
    "SVDRecommender",
    "StandardScaler",
    "StratifiedKFold",
    "TruncatedSVD",
    "UndefinedMetricWarning",
    "check_is_fitted",
    "clone",
    "cross_val_score",
    "enet_path",
    "lasso_path",
]
