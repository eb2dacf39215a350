"""What a transformer's `transform` returns: arrays, or data frames after `set_output`."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Self

import numpy as np

__all__ = ["SetOutput", "names_in"]


class SetOutput:
    """Wraps `transform` and `fit_transform` of subclasses so that `set_output` and scikit-learn's global setting count.

    A subclass has `get_feature_names_out`.
    """

    _sklearn_auto_wrap_output_keys = frozenset(("transform",))  # scikit-learn's meta-estimators look here
    _sklearn_output_config: dict[str, str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in ("transform", "fit_transform"):
            if name in vars(cls):
                setattr(cls, name, _wrapped(vars(cls)[name]))

    def set_output(self, *, transform: str | None = None) -> Self:
        """What `transform` and `fit_transform` return: "default", "pandas" or "polars"; None leaves it as it is."""
        if transform is None:
            return self
        self._sklearn_output_config = {**vars(self).get("_sklearn_output_config", {}), "transform": transform}
        return self


def _wrapped(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def wrapper(self: Any, X: Any, *args: Any, **options: Any) -> Any:
        return _in_container(self, method(self, X, *args, **options), X)

    return wrapper


def _in_container(estimator: Any, result: Any, X: Any) -> Any:
    container = vars(estimator).get("_sklearn_output_config", {}).get("transform")
    if container is None and sys.modules.get("sklearn") is not None:
        container = sys.modules["sklearn"].get_config().get("transform_output")
    if container in (None, "default") or not hasattr(estimator, "get_feature_names_out"):
        return result
    if not isinstance(result, np.ndarray):
        return result  # wrapped already, by the method that this one called
    names = estimator.get_feature_names_out()
    if container == "pandas":
        import pandas

        index = X.index if isinstance(X, pandas.DataFrame) else None
        return pandas.DataFrame(result, index=index, columns=names, copy=False)
    if container == "polars":
        import polars

        return polars.DataFrame(result, schema=list(names), orient="row")
    raise ValueError(f"set_output: transform must be one of 'default', 'pandas', 'polars', got {container!r}")


def names_in(estimator: Any, input_features: Any) -> Any:
    """The names of the features that went in: `input_features`, those of `fit`, or x0, x1, …

    Raises
    ------
    ValueError
        If `input_features` are others than those of `fit`, or not as many.
    """
    known, number = getattr(estimator, "feature_names_in_", None), getattr(estimator, "n_features_in_", None)
    if input_features is None:
        return known if known is not None else np.asarray([f"x{i}" for i in range(number or 0)], dtype=object)
    names = np.asarray(input_features, dtype=object)
    if known is not None and not np.array_equal(known, names):
        raise ValueError("input_features is not equal to feature_names_in_")
    if number is not None and len(names) != number:
        raise ValueError(f"input_features should have length equal to number of features ({number}), got {len(names)}")
    return names
