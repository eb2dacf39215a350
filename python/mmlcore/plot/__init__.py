"""Displays in scikit-learn's manner: ``SomethingDisplay.from_...``, ``.plot(ax=)``, ``ax_``, ``figure_``.

matplotlib (extra ``plot``) is imported when something is drawn, never before.
"""

from mmlcore.plot.autoencoder_report import autoencoder_report
from mmlcore.plot.channels import ChannelsDisplay
from mmlcore.plot.confusion import ConfusionMatrixDisplay
from mmlcore.plot.contour_path import ContourPathDisplay
from mmlcore.plot.convergence import ConvergenceDisplay
from mmlcore.plot.decision_boundary import DecisionBoundaryDisplay
from mmlcore.plot.density import DensityDisplay
from mmlcore.plot.ellipses import EllipsesDisplay
from mmlcore.plot.explained_variance import ExplainedVarianceDisplay
from mmlcore.plot.history import HistoryDisplay
from mmlcore.plot.images import ImagesDisplay
from mmlcore.plot.latent import DecodedGridDisplay, LatentDisplay
from mmlcore.plot.loss_parts import LossPartsDisplay
from mmlcore.plot.matplotlib_extra import require_matplotlib, require_writable
from mmlcore.plot.reconstructions import ClassSamplesDisplay, ReconstructionsDisplay
from mmlcore.plot.regularization_path import RegularizationPathDisplay
from mmlcore.plot.report import training_report
from mmlcore.plot.validation_curve import ValidationCurveDisplay

__all__ = [
    "ChannelsDisplay",
    "ClassSamplesDisplay",
    "ConfusionMatrixDisplay",
    "ContourPathDisplay",
    "ConvergenceDisplay",
    "DecisionBoundaryDisplay",
    "DecodedGridDisplay",
    "DensityDisplay",
    "EllipsesDisplay",
    "ExplainedVarianceDisplay",
    "HistoryDisplay",
    "ImagesDisplay",
    "LatentDisplay",
    "LossPartsDisplay",
    "ReconstructionsDisplay",
    "RegularizationPathDisplay",
    "ValidationCurveDisplay",
    "autoencoder_report",
    "require_matplotlib",
    "require_writable",
    "training_report",
]
