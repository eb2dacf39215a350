"""The errors and warnings of the estimators; scikit-learn's too as soon as it is loaded.

A class made here is caught under both names where both packages are in use, and scikit-learn is never imported for it.
"""

import sys
from functools import cache
from importlib import import_module
from typing import Any

from mmlcore._errors import ConvergenceWarning

__all__ = [
    "ConvergenceWarning",
    "DataConversionWarning",
    "InvalidParameterError",
    "NotFittedError",
    "UndefinedMetricWarning",
    "shared",
]

_HOMES = {
    "ConvergenceWarning": "sklearn.exceptions",
    "DataConversionWarning": "sklearn.exceptions",
    "InvalidParameterError": "sklearn.utils._param_validation",
    "NotFittedError": "sklearn.exceptions",
    "UndefinedMetricWarning": "sklearn.exceptions",
}


class NotFittedError(ValueError, AttributeError):
    """A method that needs a fitted estimator was called before `fit`."""


class InvalidParameterError(ValueError, TypeError):
    """A parameter of the constructor has a value that it may not have; found in `fit`."""


class DataConversionWarning(UserWarning):
    """Data were taken in another shape than they came in."""


class UndefinedMetricWarning(UserWarning):
    """A score has no value for these data."""


def shared(error: type) -> Any:
    """`error`, or its subclass that is scikit-learn's class of that name too where scikit-learn is loaded.

    >>> issubclass(shared(NotFittedError), NotFittedError)
    True
    """
    return error if sys.modules.get("sklearn") is None else _both(error.__name__)


@cache
def _both(name: str) -> type:
    ours = globals()[name]
    theirs = getattr(import_module(_HOMES[name]), name, None)
    if theirs is None:  # a version of scikit-learn that keeps it elsewhere
        return ours
    pickled = {"__reduce__": lambda error: (_again, (name, error.args))}
    return type(name, (ours, theirs), {"__module__": __name__, "__doc__": ours.__doc__, **pickled})


def _again(name: str, arguments: tuple[Any, ...]) -> Any:
    """The error of that name, in the process that unpickles it."""
    return shared(globals()[name])(*arguments)
