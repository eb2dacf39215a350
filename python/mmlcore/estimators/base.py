"""What every estimator is: parameters that the constructor only stores, and a state that `fit` learns.

Attributes that end in "_" are learnt. Everything else is a parameter, under the name of the constructor's argument.
"""

import copy
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any, ClassVar, Self

from mmlcore.estimators.exceptions import NotFittedError, shared
from mmlcore.estimators.parameters import Constraint, check_parameters
from mmlcore.estimators.routing import MetadataRequests

__all__ = ["Estimator", "check_is_fitted", "clone", "unchanged_on_failure"]


class Estimator(MetadataRequests):
    """The base of all estimators: parameters, printing, copies, and what scikit-learn asks about them.

    A subclass stores the arguments of its constructor unchanged, says in `_constraints` what they may be, calls
    `_check_parameters()` first thing in `fit` and returns itself from it.

    Examples
    --------
    >>> class Shrink(Estimator):
    ...     def __init__(self, *, by=1.0):
    ...         self.by = by
    >>> Shrink(by=0.5)
    Shrink(by=0.5)
    >>> Shrink().set_params(by=2.0).get_params()
    {'by': 2.0}
    """

    _constraints: ClassVar[dict[str, list[Constraint]]] = {}
    _takes_sparse: ClassVar[bool] = False
    _allows_nan: ClassVar[bool] = False

    @classmethod
    def _parameter_names(cls) -> list[str]:
        if cls.__init__ is object.__init__:
            return []
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        return sorted(p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor, and with `deep` those of estimators among them as name__parameter."""
        found: dict[str, Any] = {}
        for name in self._parameter_names():
            value = getattr(self, name)
            if deep and hasattr(value, "get_params") and not isinstance(value, type):
                found.update({f"{name}__{key}": inner for key, inner in value.get_params().items()})
            found[name] = value
        return found

    def set_params(self, **params: Any) -> Self:
        """Change parameters; name__parameter reaches into an estimator that is one.

        Raises
        ------
        ValueError
            If there is no parameter of that name; nothing is changed then.
        """
        valid = self.get_params(deep=False)
        nested: dict[str, dict[str, Any]] = {}
        for key in params:
            if (name := key.partition("__")[0]) not in valid:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {sorted(valid)!r}."
                )
        for key, value in params.items():
            name, inner, rest = key.partition("__")
            if inner:
                nested.setdefault(name, {})[rest] = value
            else:
                setattr(self, name, value)
        for name, inside in nested.items():
            getattr(self, name).set_params(**inside)
        return self

    def _check_parameters(self) -> None:
        check_parameters(type(self).__name__, self.get_params(deep=False), self._constraints)

    def _changed(self) -> dict[str, Any]:
        """The parameters that are not at their defaults."""
        defaults = inspect.signature(type(self).__init__).parameters
        return {
            name: value
            for name, value in self.get_params(deep=False).items()
            if name in defaults and not _same(value, defaults[name].default)
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._changed().items())})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(repr(value))}</td></tr>"
            for name, value in self.get_params(deep=False).items()
        )
        state = "fitted" if _is_fitted(self) else "not fitted"
        return (
            f"<details class='mmlcore-estimator'><summary><code>{escape(repr(self))}</code> ({state})</summary>"
            f"<table>{rows}</table></details>"
        )

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=None,
            classifier_tags=None,
            regressor_tags=None,
            input_tags=InputTags(sparse=self._takes_sparse),
        )


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    return type(value) is type(default) and isinstance(value, str | int | float | tuple) and value == default


def _is_fitted(estimator: Any) -> bool:
    if hasattr(estimator, "__sklearn_is_fitted__"):
        return bool(estimator.__sklearn_is_fitted__())
    return any(name.endswith("_") and not name.startswith("_") for name in vars(estimator))


def check_is_fitted(estimator: Any) -> None:
    """Raise NotFittedError if `estimator` has learnt nothing yet.

    >>> check_is_fitted(Estimator())
    Traceback (most recent call last):
    ...
    mmlcore.estimators.exceptions.NotFittedError: This Estimator instance is not fitted yet. Call 'fit' with \
appropriate arguments before using this estimator.
    """
    if not _is_fitted(estimator):
        raise shared(NotFittedError)(
            f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments "
            "before using this estimator."
        )


@contextmanager
def unchanged_on_failure(estimator: Any) -> Iterator[None]:
    """Give the estimator its attributes of before back where the block fails: a `fit` that is refused late.

    The attributes, not what is in them: arrays must not have been written to.

    >>> estimator = Estimator()
    >>> try:
    ...     with unchanged_on_failure(estimator):
    ...         estimator.n_features_in_ = 3
    ...         raise ValueError
    ... except ValueError:
    ...     hasattr(estimator, "n_features_in_")
    False
    """
    before = vars(estimator).copy()
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def clone(estimator: Any, *, safe: bool = True) -> Any:
    """A new estimator with the same parameters that has learnt nothing, as `sklearn.base.clone`.

    Parameters
    ----------
    estimator : estimator, or list, tuple or set of estimators
    safe : bool
        Refuse what is no estimator; otherwise copy it.

    Raises
    ------
    TypeError
        If `estimator` is none and `safe`.

    Examples
    --------
    >>> clone([Estimator()])
    [Estimator()]
    """
    if type(estimator) in (list, tuple, set, frozenset):
        return type(estimator)(clone(item, safe=safe) for item in estimator)
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        if safe:
            raise TypeError(f"clone: estimator must be an object with get_params, got {estimator!r}")
        return copy.deepcopy(estimator)
    made = type(estimator)(**{k: clone(v, safe=False) for k, v in estimator.get_params(deep=False).items()})
    for name in ("_metadata_request", "_sklearn_output_config"):
        if name in vars(estimator):
            setattr(made, name, copy.deepcopy(getattr(estimator, name)))
    return made
