"""Everything there is to see of a trained auto-encoder."""

from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from mmlcore.callbacks import History
from mmlcore.plot.history import HistoryDisplay
from mmlcore.plot.latent import DecodedGridDisplay, LatentDisplay
from mmlcore.plot.loss_parts import LossPartsDisplay
from mmlcore.plot.matplotlib_extra import require_matplotlib
from mmlcore.plot.reconstructions import ClassSamplesDisplay, ReconstructionsDisplay

__all__ = ["autoencoder_report"]


def autoencoder_report(model: Any, history: History, x: ArrayLike, y: ArrayLike | None, folder: Any) -> list[Path]:
    """Write the pictures of an auto-encoder of square images into a folder, which is made if it is not there.

    Parameters
    ----------
    model : AutoEncoder
    history : History
        What `fit` returned.
    x, y : array_like
        Images as rows of pixels, and labels or None.
    folder : path-like

    Returns
    -------
    list of Path
        loss.png, reconstructions.png; latent.png and grid.png of codes of two dimensions; samples.png of a model that
        knows classes.

    Raises
    ------
    OSError
        If the pictures cannot be written.
    ImportError
        If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    pictures: dict[str, Figure] = {}

    def figure(name: str, width: float, height: float) -> Any:
        pictures[name] = Figure(figsize=(width, height), layout="constrained")
        return pictures[name]

    if "kl" in history.history:
        LossPartsDisplay.from_history(history).plot(figure("loss", 8, 3.5))
    else:
        HistoryDisplay.from_history(history).plot(ax=figure("loss", 5, 3.5).subplots())
    ReconstructionsDisplay.from_model(model, x).plot(figure("reconstructions", 9, 2).subplots())
    if model.encode(x[:1]).shape[1] == 2:  # type: ignore[index]
        LatentDisplay.from_model(model, x, y).plot(figure("latent", 6, 6).subplots())
        DecodedGridDisplay.from_model(model).plot(figure("grid", 7, 7).subplots())
    if model.centroids is not None:
        ClassSamplesDisplay.from_model(model).plot(figure("samples", 6, 6).subplots())
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for name, picture in pictures.items():
        paths.append(Path(folder, f"{name}.png"))
        picture.savefig(paths[-1], dpi=120)
    return paths
