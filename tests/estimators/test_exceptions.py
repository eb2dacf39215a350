"""One class, two names: errors are caught as ours and, where it is loaded, as scikit-learn's."""

import pickle

import pytest

from mmlcore.estimators import exceptions


@pytest.mark.parametrize("name", ["NotFittedError", "InvalidParameterError", "ConvergenceWarning"])
def test_shared_with_scikit_learn_once_it_is_loaded(name):
    sklearn_exceptions = pytest.importorskip("sklearn.exceptions")
    ours = getattr(exceptions, name)
    both = exceptions.shared(ours)
    assert issubclass(both, ours)
    if hasattr(sklearn_exceptions, name):
        assert issubclass(both, getattr(sklearn_exceptions, name))
    again = pickle.loads(pickle.dumps(both("a reason")))
    assert type(again) is both
    assert str(again) == "a reason"


def test_ours_alone_where_scikit_learn_is_not_loaded(run_python):
    code = """
import sys
from mmlcore import estimators
try:
    estimators.Ridge().predict([[1.0]])
except estimators.NotFittedError as error:
    print(type(error) is estimators.NotFittedError, "sklearn" in sys.modules)
"""
    assert run_python(code) == "True False"
