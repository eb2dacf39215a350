"""Which metadata the methods of an estimator ask for, in scikit-learn's terms (`set_fit_request` and the like)."""

import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["MetadataRequests"]

_METHODS = (
    *("fit", "partial_fit", "predict", "predict_proba", "predict_log_proba", "decision_function", "score"),
    *("transform", "inverse_transform"),
)
_DATA = {"self", "X", "y", "Y", "Xt", "yt"}
_UNCHANGED = "$UNCHANGED$"


class MetadataRequests:
    """Gives every subclass `set_<method>_request` for its methods that take more than the data.

    They only mean something to scikit-learn's meta-estimators, so scikit-learn is imported where they are called.
    """

    _metadata_request: Any

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for method in _METHODS:
            if names := _metadata(cls, method):
                setattr(cls, f"set_{method}_request", _setter(method, names))

    def get_metadata_routing(self) -> Any:
        """What was requested, as `sklearn.utils.metadata_routing.MetadataRequest`."""
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        if "_metadata_request" in vars(self):
            return get_routing_for_object(self._metadata_request)
        try:
            request = MetadataRequest(owner=self)
        except Exception:  # before scikit-learn 1.8 the owner is a name
            request = MetadataRequest(owner=type(self).__name__)
        for method in _METHODS:
            for name in _metadata(type(self), method):
                getattr(request, method).add_request(param=name, alias=None)
        return request


def _metadata(cls: type, method: str) -> list[str]:
    function = getattr(cls, method, None)
    if function is None:
        return []
    parameters = inspect.signature(function).parameters.values()
    named = [p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return [name for name in named if name not in _DATA]


def _setter(method: str, names: list[str]) -> Callable[..., Any]:
    def set_request(self: Any, **requested: Any) -> Any:
        from sklearn import get_config

        if not get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it using "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        if unknown := set(requested) - set(names):
            raise TypeError(f"Unexpected args: {unknown} in {method}. Accepted arguments are: {set(names)}")
        request = self.get_metadata_routing()
        for name, alias in requested.items():
            if alias != _UNCHANGED:
                getattr(request, method).add_request(param=name, alias=alias)
        self._metadata_request = request
        return self

    set_request.__name__ = f"set_{method}_request"
    set_request.__qualname__ = f"MetadataRequests.set_{method}_request"
    set_request.__doc__ = f"Say whether meta-estimators pass {', '.join(names)} to `{method}`: True, False or an alias."
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    others = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=_UNCHANGED) for n in names]
    set_request.__signature__ = inspect.Signature([own, *others])  # type: ignore[attr-defined]
    return set_request
