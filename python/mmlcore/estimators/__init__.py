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

__all__ = [
    "ConvergenceWarning",
    "DataConversionWarning",
    "Estimator",
    "InvalidParameterError",
    "NotFittedError",
    "UndefinedMetricWarning",
    "check_is_fitted",
    "clone",
]
