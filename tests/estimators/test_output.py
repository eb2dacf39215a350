"""set_output, and the names of features."""

import warnings

import numpy as np
import pytest

from mmlcore.estimators import PolynomialFeatures, RBFFeatures
from mmlcore.estimators.output import names_in


def test_pandas_in_pandas_out():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["p", "q"])
    out = PolynomialFeatures(include_bias=False).set_output(transform="pandas").fit_transform(frame)
    assert out.columns.tolist() == ["a", "b", "a^2", "a b", "b^2"]
    assert out.index.tolist() == ["p", "q"]
    plain = PolynomialFeatures(include_bias=False).fit(frame)
    assert isinstance(plain.transform(frame), np.ndarray)
    assert isinstance(plain.set_output(transform="default").transform(frame), np.ndarray)
    assert plain.set_output() is plain


def test_scikit_learns_global_setting_counts():
    sklearn = pytest.importorskip("sklearn")
    pandas = pytest.importorskip("pandas")
    with sklearn.config_context(transform_output="pandas"):
        out = RBFFeatures(3, random_state=0).fit_transform(np.arange(5.0)[:, None])
    assert isinstance(out, pandas.DataFrame)
    assert out.columns.tolist() == ["rbffeatures0", "rbffeatures1", "rbffeatures2"]


def test_an_unknown_container_is_refused():
    with pytest.raises(ValueError, match="set_output: transform must be one of"):
        PolynomialFeatures().set_output(transform="lists").fit_transform([[1.0]])


def test_names_in():
    fitted = PolynomialFeatures().fit([[1.0, 2.0]])
    assert names_in(fitted, None).tolist() == ["x0", "x1"]
    assert names_in(fitted, ["a", "b"]).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="should have length equal to number of features"):
        names_in(fitted, ["a"])
    fitted.feature_names_in_ = np.array(["u", "v"], dtype=object)
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        names_in(fitted, ["a", "b"])


def test_scikit_learns_checks_of_containers():
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    for name in (
        "check_set_output_transform",
        "check_set_output_transform_pandas",
        "check_global_output_transform_pandas",
        "check_transformer_get_feature_names_out",
        "check_transformer_get_feature_names_out_pandas",
        "check_get_feature_names_out_error",
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they pass arrays where names were fitted
            getattr(checks, name)("PolynomialFeatures", PolynomialFeatures())
            getattr(checks, name)("RBFFeatures", RBFFeatures(random_state=0))
