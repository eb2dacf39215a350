"""The table that ``model.summary()`` prints."""

from collections.abc import Sequence
from typing import Any

from mmlcore.layers import Layer

__all__ = ["table"]

_WIDTHS = (32, 26, 12)


def _row(*cells: Any) -> str:
    return "".join(f" {cell!s:<{width - 1}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _size(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} GB"


def _trained(layer: Layer) -> int:
    """How many numbers of the layer gradients move."""
    return sum(getattr(layer, name).size for name in layer.weight_names) if layer.trainable else 0


def table(name: str, layers: Sequence[Layer], itemsize: int) -> str:
    """Layers, output shapes and numbers of parameters, as Keras prints them.

    >>> print(table("empty", [], 4))
    Model: "empty"
    ______________________________________________________________________
     Layer (type)                    Output Shape              Param #
    ======================================================================
    ______________________________________________________________________
    Total params: 0 (0.00 B)
    Trainable params: 0 (0.00 B)
    Non-trainable params: 0 (0.00 B)
    """
    lines = [f'Model: "{name}"', "_" * sum(_WIDTHS), _row("Layer (type)", "Output Shape", "Param #")]
    lines.append("=" * sum(_WIDTHS))
    for layer in layers:
        shape = layer.output_shape if layer.built else "?"
        count = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
        title = f"{layer.name} ({type(layer).__name__})"
        lines.append(_row(title if len(title) < _WIDTHS[0] else title[: _WIDTHS[0] - 2] + "…", shape, count))
    total = sum(layer.count_params() for layer in layers if layer.built)
    trained = sum(_trained(layer) for layer in layers if layer.built)
    lines.append("_" * sum(_WIDTHS))
    for kind, number in (("Total", total), ("Trainable", trained), ("Non-trainable", total - trained)):
        lines.append(f"{kind} params: {number:,} ({_size(number * itemsize)})")
    return "\n".join(lines)
