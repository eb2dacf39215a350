"""The border of the models: data as the kernels need them, or an error that names row and expectation."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmlcore._arrays import as_float
from mmlcore._errors import message
from mmlcore.layers.base import Shape
from mmlcore.losses import Loss

__all__ = ["as_inputs", "as_targets", "as_weights", "require_finite"]

_ROWS_CHECKED_AT_ONCE = 4096


def _shown(shape: Shape) -> str:
    """(None, 3) as "(n, 3)"."""
    inner = "".join(f", {size}" for size in shape[1:])
    return f"(n{inner})" if inner else "(n,)"


def require_finite(function: str, argument: str, array: NDArray[Any]) -> None:
    """A ValueError that names the first row with NaN or an infinity."""
    for start in range(0, len(array), _ROWS_CHECKED_AT_ONCE):
        finite = np.isfinite(array[start : start + _ROWS_CHECKED_AT_ONCE])
        if not finite.all():
            place = np.unravel_index(np.argmin(finite), finite.shape)
            value = array[start : start + _ROWS_CHECKED_AT_ONCE][place]
            shown = "NaN" if np.isnan(value) else "inf"
            raise ValueError(message(function, argument, "finite", f"{shown} at row {start + place[0]}"))


def _real(function: str, argument: str, values: Any, dtype: Any) -> NDArray[Any]:
    """`values` as real numbers: integers in `dtype` at once (bytes would grow eightfold), floats as they are."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(message(function, argument, "rows of equal shapes", "rows of different ones")) from None
    return array.astype(dtype) if array.dtype.kind in "iub" else as_float(array, function, argument)


def _contiguous(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes inf, and is refused as such
        return np.ascontiguousarray(array, dtype=dtype)


def as_inputs(
    function: str, x: Any, input_shape: Shape | None, dtype: Any, argument: str = "x", *, numbers: bool = True
) -> NDArray[Any]:
    """`x` as a C-contiguous array of `dtype` whose rows are samples of `input_shape`.

    As in Keras, n numbers are n samples of a model with one feature; of one whose features are not known yet
    only with `numbers`: they could be one sample.
    """
    array = _real(function, argument, x, dtype)
    if array.ndim == 0:
        raise ValueError(message(function, argument, "an array of samples", "a scalar"))
    if array.ndim == 1 and input_shape is None and not numbers:
        raise ValueError(message(function, argument, "shape (n, features) for a new model", f"shape {array.shape}"))
    if array.ndim == 1 and input_shape in (None, (None, 1)):
        array = array[:, None]
    if input_shape is not None and array.shape[1:] != input_shape[1:]:
        raise ValueError(message(function, argument, f"shape {_shown(input_shape)}", f"shape {array.shape}"))
    if len(array) == 0:
        raise ValueError(message(function, argument, "at least one sample", f"shape {array.shape}"))
    return _contiguous(array, dtype)


def as_targets(
    function: str, y: Any, n: int, loss: Loss, output_shape: Shape, dtype: Any, argument: str = "y"
) -> NDArray[Any]:
    """`y` as the C-contiguous targets that `loss` expects for `n` outputs of `output_shape`."""
    labels = loss.targets == "labels"
    if loss.targets == "any" and np.asarray(y).dtype.kind in "iub":
        dtype = np.int64  # what they mean is known to the user's function only
    array = _real(function, argument, y, np.float64 if labels else dtype)
    if array.ndim == 0 or len(array) != n:
        got = "a scalar" if array.ndim == 0 else f"{len(array)} samples"
        raise ValueError(message(function, argument, f"as long as its inputs, {n} samples", got))
    array = _contiguous(array, np.float64 if labels else dtype)
    require_finite(function, argument, array)
    if labels:
        return _labels(function, argument, array, output_shape)

    if array.ndim == 1 and output_shape[1:] == (1,):
        array = array[:, None]
    if loss.targets != "any" and array.shape[1:] != output_shape[1:]:
        hint = ", one column a class (sparse_categorical_crossentropy takes labels)" * (
            loss.name == "categorical_crossentropy"
        )
        raise ValueError(message(function, argument, f"shape {_shown(output_shape)}{hint}", f"shape {array.shape}"))
    if loss.targets == "signs":
        return _signs(function, argument, array)
    if loss.targets == "probabilities" and not (np.min(array) >= 0 and np.max(array) <= 1):
        got = f"values from {np.min(array):g} to {np.max(array):g}"
        raise ValueError(message(function, argument, f"between 0 and 1 for {loss.name}", got))
    return array


def _signs(function: str, argument: str, array: NDArray[Any]) -> NDArray[Any]:
    """Targets -1 and 1; all 0 and 1 stand for them."""
    if np.isin(array, (0, 1)).all():
        return 2 * array - 1
    if not np.isin(array, (-1, 1)).all():
        wrong = array[~np.isin(array, (-1, 1))]
        raise ValueError(message(function, argument, "-1 and 1, or 0 and 1", f"{wrong.flat[0]:g}"))
    return array


def as_weights(
    function: str, sample_weight: Any, class_weight: Any, y: NDArray[Any], dtype: Any
) -> NDArray[Any] | None:
    """One weight a sample from `sample_weight` and a dictionary by class, or None if there is neither."""
    weights = None
    if sample_weight is not None:
        weights = _contiguous(_real(function, "sample_weight", sample_weight, dtype), dtype)
        if weights.shape[:1] != (len(y),) or weights.ndim > max(y.ndim, 1):
            expectation = f"one number a sample, {len(y)} of them"
            raise ValueError(message(function, "sample_weight", expectation, f"shape {weights.shape}"))
        require_finite(function, "sample_weight", weights)
    if class_weight is None:
        return weights
    by_class = _class_weights(function, class_weight, y).astype(dtype)
    return by_class if weights is None else weights * by_class


def _class_weights(function: str, class_weight: Any, y: NDArray[Any]) -> NDArray[np.float64]:
    """The weight of each sample's class: its label, the place of its 1, or its 0 or 1."""
    if not isinstance(class_weight, dict):
        raise TypeError(message(function, "class_weight", "a dictionary", type(class_weight).__name__))
    classes = y if y.ndim == 1 else y[:, 0] if y.shape[1:] == (1,) else np.argmax(y, axis=-1)
    if classes.ndim != 1:
        raise ValueError(message(function, "class_weight", "for targets of one class a sample", f"shape {y.shape}"))
    result = np.ones(len(y))
    for label, weight in class_weight.items():
        if not isinstance(weight, int | float | np.number) or not np.isfinite(weight):
            raise ValueError(message(function, "class_weight", "finite numbers", repr(weight)))
        result[classes == label] = weight
    return result


def _labels(function: str, argument: str, array: NDArray[Any], output_shape: Shape) -> NDArray[np.int64]:
    """Integer classes between 0 and the number of outputs, of shape (n,); of sequences one a step."""
    if array.ndim == len(output_shape) and array.shape[-1] == 1:
        array = array[..., 0]
    if array.shape[1:] != output_shape[1:-1]:
        shape = _shown(output_shape[:-1])
        raise ValueError(message(function, argument, f"labels of shape {shape}", f"shape {array.shape}"))
    labels = array.astype(np.int64)
    classes = output_shape[-1] or 0
    wrong = (labels != array) | (labels < 0) | (labels >= classes)
    if wrong.any():
        place = np.unravel_index(np.argmax(wrong), wrong.shape)
        got = f"{array[place]:g} at row {place[0]}"
        raise ValueError(message(function, argument, f"labels from 0 to {classes - 1}", got))
    return labels
