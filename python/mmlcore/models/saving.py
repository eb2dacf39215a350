"""A model in one file: its numbers as safetensors, everything else as JSON in the file's header.

Never pickle: loading runs no code of the file. A file is written beside its place, synced and renamed, so that
a crash leaves the old one.
"""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmlcore import layers, losses, metrics, optimizers
from mmlcore._configuration import Registry
from mmlcore._errors import message
from mmlcore.layers.context import context
from mmlcore.models.replacing import replacing

if TYPE_CHECKING:
    from mmlcore.models.model import Model

__all__ = ["load", "load_weights", "save", "save_weights"]

_KEY, _FORMAT, _VERSION = "mmlcore", "mmlcore model", 1


def _classes() -> dict[str, Any]:
    """Everything of ours that a saved model may name."""
    found: dict[str, Any] = {}
    for room in (layers, layers.initializers, layers.regularizers, layers.constraints, losses, metrics, optimizers):
        name = room.__name__.removeprefix("mmlcore.")
        found |= {f"{name}.{n}": v for n, v in vars(room).items() if isinstance(v, type) and n in room.__all__}
    return found


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ImportError("mmlcore: saving and loading models needs safetensors: pip install 'mmlcore[io]'") from None
    return safetensors


# ---- writing ------------------------------------------------------------------------------------------


def _tensors(model: "Model", training: bool) -> dict[str, NDArray[Any]]:
    """Every number of the model, by name."""
    found = {"theta": model.theta}
    found |= {f"state.{i}": state for i, state in enumerate(model._theta.states())}
    found |= {f"draw.{i}": layer.draw for i, layer in enumerate(model.layers) if hasattr(layer, "draw")}
    optimizer = model.optimizer
    if training and optimizer is not None:
        found |= {"optimizer.slots": optimizer.slots, "optimizer.clock": optimizer.clock}
        found["optimizer.constants"] = optimizer.constants
        if optimizer.averaged is not None:
            found["optimizer.averaged"] = optimizer.averaged
    if training:
        found |= {f"own.{name}": array for name, array in model._carried().items()}
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def _description(model: "Model") -> dict[str, Any]:
    """Everything else."""
    registry = Registry("save", _classes())
    chain = bool(model._chain())
    described: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        "class": type(model).__name__,
        "name": model.name,
        "dtype": model.dtype.name,
        "input_shape": list(model.input_shape or ()),
        "layers": [registry.write(layer) for layer in model.layers] if chain else None,
        "frozen": [layer.name for layer in model.layers if not layer.trainable],
        "keys": [str(layer.key) if hasattr(layer, "key") else None for layer in model.layers],
        "rng": None if model._generator is None else _plain_state(model._generator.bit_generator.state),
        "own": model._described(),
        "compile": None,
    }
    if model.loss is not None:
        parts = {"optimizer": model.optimizer, "loss": model.loss, "metrics": model.metrics}
        described["compile"] = {name: registry.write(part) for name, part in parts.items()}
    return described


def _plain_state(state: Any) -> Any:
    """The state of a bit generator with its large integers as text."""
    if isinstance(state, dict):
        return {key: _plain_state(value) for key, value in state.items()}
    return str(state) if isinstance(state, int) else state


def _write(path: Any, tensors: Mapping[str, NDArray[Any]], description: Mapping[str, Any]) -> None:
    """The file, complete or not at all."""
    data = _safetensors().numpy.save(dict(tensors), {_KEY: json.dumps(description)})
    with replacing(path) as file:
        file.write(data)


def save(model: "Model", path: Any) -> None:
    """Write `model` to `path`; see `Model.save`."""
    _write(path, _tensors(model, training=True), _description(model))


def save_weights(model: "Model", path: Any) -> None:
    """Write the numbers of `model` alone; see `Model.save_weights`."""
    _write(path, _tensors(model, training=False), {"format": _FORMAT, "version": _VERSION})


# ---- reading ------------------------------------------------------------------------------------------


def _bad(function: str, got: str) -> ValueError:
    return ValueError(message(function, "path", "a model saved by mmlcore", got))


def _read(function: str, path: Any) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The tensors and the description of a file, or a ValueError that says what is wrong with it."""
    library = _safetensors()
    try:
        with library.safe_open(os.fspath(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except library.SafetensorError as error:
        raise _bad(function, f"a file that safetensors refuses ({error})") from None
    try:
        description = json.loads(metadata.get(_KEY, "null"))
    except (ValueError, RecursionError):
        raise _bad(function, "a description that is no JSON") from None
    if not isinstance(description, dict) or description.get("format") != _FORMAT:
        raise _bad(function, "a file of another kind")
    if description.get("version") != _VERSION:
        raise _bad(function, f"version {description.get('version')!r}, and this mmlcore reads {_VERSION}")
    return tensors, description


def _fill(function: str, target: NDArray[Any], name: str, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Copy the tensor called `name` into `target`, if it is there and of the same shape and dtype."""
    array = tensors.get(name)
    if array is None or array.shape != target.shape or array.dtype != target.dtype:
        got = "nothing" if array is None else f"shape {array.shape} of {array.dtype}"
        raise _bad(function, f"{got} for {name}, which should be shape {target.shape} of {target.dtype}")
    target[...] = array


def _fill_model(function: str, model: "Model", tensors: Mapping[str, NDArray[Any]]) -> None:
    """The numbers of `model`; a problem is found before any is changed."""
    targets = _tensors(model, training=False)
    for name, array in targets.items():
        _fill(function, np.empty_like(array), name, tensors)
    model.theta[...] = tensors["theta"]
    for i, state in enumerate(model._theta.states()):
        state[...] = tensors[f"state.{i}"]
    for i, layer in enumerate(model.layers):
        if hasattr(layer, "draw"):
            layer.draw[...] = tensors[f"draw.{i}"]


def load_weights(model: "Model", path: Any) -> None:
    """Read the numbers of `model` from `path`; see `Model.load_weights`."""
    tensors, _ = _read("load_weights", path)
    _fill_model("load_weights", model, tensors)


def load(path: Any, custom_objects: Mapping[str, Any] | None = None) -> "Model":
    """The model that `Model.save` wrote: architecture, weights, optimiser, random streams.

    Training goes on as if it had never stopped, bit for bit; only the states that a ``stateful`` recurrent layer
    carries from batch to batch are not saved: they begin with zeros.

    Parameters
    ----------
    path : path-like
    custom_objects : dict of str to class or function, optional
        The model's parts that are not mmlcore's, by the names that they were saved under: subclasses of `Model`,
        layers, losses, functions. Nothing of the file itself is ever run.

    Returns
    -------
    Model

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If it is not a model saved by mmlcore: truncated, foreign, of another version, inconsistent.
    ImportError
        If safetensors is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from mmlcore import layers, models
    >>> model = models.Sequential([layers.Dense(2, input_dim=3)], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.safetensors")
    ...     again = models.load(f"{folder}/model.safetensors")
    >>> bool((again.predict([[1.0, 2.0, 3.0]]) == model.predict([[1.0, 2.0, 3.0]])).all())
    True
    """
    tensors, description = _read("load", path)
    theta = tensors.get("theta")
    if theta is None or theta.ndim != 1:
        raise _bad("load", "no vector theta")
    registry = Registry("load", _classes(), custom_objects)
    try:
        with context(room=theta.size + sum(a.size for a in tensors.values())):
            model = _made(description, registry, custom_objects or {})
            _fill_model("load", model, tensors)
            for name, array in model._carried().items():
                _fill("load", array, f"own.{name}", tensors)
            _resume(model, description, registry, tensors)
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError, ValueError) as error:
        if isinstance(error, ValueError) and " must be " in str(error):
            raise  # it says already what is wrong
        raise _bad("load", f"a description that does not fit ({error!r})") from None
    return model


def _chains() -> dict[str, Any]:
    """The models of ours that are made from their layers."""
    from mmlcore import models

    names = ("Sequential", "AutoEncoder", "VariationalAutoEncoder", "SemiSupervisedVAE")
    return {name: getattr(models, name) for name in names}


def _made(description: Mapping[str, Any], registry: Registry, custom: Mapping[str, Any]) -> "Model":
    """The model with weights of any values."""
    own = description.get("own", {})  # files of earlier versions have none
    if description["layers"] is not None:
        parts = [registry.read(entry) for entry in description["layers"]]
        cls = _chains().get(description["class"]) or registry.read({"custom": description["class"]})
        model: Model = cls._restored(parts, own, description["name"], description["dtype"])
    else:
        if description["class"] not in custom:
            registry.read({"custom": description["class"]})  # says what is missing
        model = custom[description["class"]]()
        if model.dtype.name != description["dtype"]:
            raise _bad("load", f"{description['dtype']} for a {description['class']} of {model.dtype.name}")
    model.build(tuple(description["input_shape"]))
    model._make_room(own)
    for layer, key in zip(model.layers, description["keys"], strict=True):
        layer.trainable = layer.name not in description["frozen"]
        if key is not None:
            layer.key = int(key)
    return model


def _resume(
    model: "Model", description: Mapping[str, Any], registry: Registry, tensors: Mapping[str, NDArray[Any]]
) -> None:
    """The optimiser and the random stream as they were."""
    model._generator = None if description["rng"] is None else _generator(description["rng"])
    chosen = description["compile"]
    if chosen is None:
        return
    parts = {name: registry.read(chosen[name]) for name in ("optimizer", "loss", "metrics")}
    kinds = (optimizers.Optimizer, parts["optimizer"]), (losses.Loss, parts["loss"])
    for kind, part in (*kinds, *((metrics.Metric, metric) for metric in parts["metrics"])):
        if not isinstance(part, kind):
            raise _bad("load", f"a {type(part).__name__} where a {kind.__name__} belongs")
    model.compile(**parts)
    optimizer = model.optimizer
    assert optimizer is not None
    for name in ("slots", "clock", "constants", "averaged"):
        if (target := getattr(optimizer, name)) is not None and f"optimizer.{name}" in tensors:
            _fill("load", target, f"optimizer.{name}", tensors)


def _generator(state: Any) -> "np.random.Generator":
    """A generator in the state that `_plain_state` wrote."""

    def numbers(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: numbers(item) for key, item in value.items()}
        return int(value) if isinstance(value, str) and value.isdigit() else value

    names = {"PCG64": np.random.PCG64, "PCG64DXSM": np.random.PCG64DXSM, "Philox": np.random.Philox}
    if not isinstance(state, dict) or state.get("bit_generator") not in names:
        raise _bad("load", "a random stream of another kind")
    made = names[state["bit_generator"]]()
    made.state = numbers(state)
    return np.random.Generator(made)
