"""matplotlib, which is an extra."""

from typing import Any

__all__ = ["new_axes", "require_matplotlib"]


def require_matplotlib() -> None:
    """Raise an ImportError that says what to install if matplotlib is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError("plot: matplotlib is not installed; pip install 'mmlcore[plot]'") from error


def new_axes(ax: Any) -> Any:
    """`ax`, or the axes of a new figure of the user's back end."""
    require_matplotlib()
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]
