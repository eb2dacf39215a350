"""scikit-learn's estimators on mmlcore's kernels: change the import, keep the rest.

Contract: the constructor only stores, `fit` checks and learns what ends in "_", weights count as copies, float32
stays float32, inputs are never written to, and scikit-learn is never needed nor imported; with it, Pipeline,
GridSearchCV, clone and metadata routing work. Learning that is a sum over examples streams (`partial_fit`).
"""

from mmlcore.estimators.base import Estimator, check_is_fitted, clone
from mmlcore.estimators.exceptions import (
    ConvergenceWarning,
    DataConversionWarning,
    InvalidParameterError,
    NotFittedError,
    UndefinedMetricWarning,
)
from mmlcore.estimators.gaussian_mixture import GaussianMixture
from mmlcore.estimators.kmeans import KMeans
from mmlcore.estimators.mlp_classifier import MLPClassifier
from mmlcore.estimators.mlp_regressor import MLPRegressor
from mmlcore.estimators.pca import PCA
from mmlcore.estimators.recommender import SVDRecommender
from mmlcore.estimators.scaling import MinMaxScaler, StandardScaler
from mmlcore.estimators.truncated_svd import TruncatedSVD

__all__ = [
    "PCA",
    "ConvergenceWarning",
    "DataConversionWarning",
    "Estimator",
    "GaussianMixture",
    "InvalidParameterError",
    "KMeans",
    "MLPClassifier",
    "MLPRegressor",
    "MinMaxScaler",
    "NotFittedError",
    "SVDRecommender",
    "StandardScaler",
    "TruncatedSVD",
    "UndefinedMetricWarning",
    "check_is_fitted",
    "clone",
]
