"""matplotlib, which is an extra."""

import os
from pathlib import Path
from typing import Any

from mmlcore._errors import message

__all__ = ["new_axes", "require_matplotlib", "require_writable"]


def require_matplotlib() -> None:
    """Raise an ImportError that says what to install if matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError("plot: matplotlib is not installed; pip install 'mmlcore[plot]'") from error


def require_writable(function: str, argument: str, file: str) -> None:
    """Raise a ValueError if a figure cannot be saved as `file`: an unknown suffix or no such folder.

    >>> require_writable("digits", "--plot", "digits.xyz")
    Traceback (most recent call last):
    ...
    ValueError: digits: --plot must be a file name ending in ..., got 'digits.xyz'
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    suffixes = sorted(Figure().canvas.get_supported_filetypes())
    if Path(file).suffix.lower().removeprefix(".") not in suffixes:
        raise ValueError(message(function, argument, "a file name ending in " + ", ".join(suffixes), repr(file)))
    if not os.access(Path(file).parent, os.W_OK):
        raise ValueError(message(function, argument, "in a folder that can be written to", repr(file)))


def new_axes(ax: Any) -> Any:
    """`ax`, or the axes of a new figure of the user's back end."""
    require_matplotlib()
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]
