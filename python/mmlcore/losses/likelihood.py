"""Negative log-likelihoods of whole samples, in nats: what a variational auto-encoder weighs against its divergence."""

from typing import Any, ClassVar

from mmlcore.losses.base import Loss
from mmlcore.losses.pointwise import PointwiseLoss

__all__ = ["BernoulliLikelihood", "GaussianLikelihood"]

_EPSILON = 1e-7  # Keras's: probabilities are kept this far from 0 before the logarithm


class BernoulliLikelihood(PointwiseLoss):
    """-Σ_j (t log p + (1 - t) log(1 - p)): features that are 0 or 1 with probabilities p.

    Targets between 0 and 1, such as grey values, are taken as they are.

    Parameters
    ----------
    from_logits : bool
        Predictions are logits z with p = sigmoid(z); a model whose last activation is sigmoid needs not say so.

    Examples
    --------
    >>> float(BernoulliLikelihood()([[1.0, 0.0]], [[0.5, 0.5]]).round(4))
    1.3863

    References
    ----------
    Notes 11.3; D. P. Kingma, M. Welling (2014), Auto-encoding variational Bayes, appendix C.1.
    """

    name: ClassVar[str] = "bernoulli"
    targets: ClassVar[str] = "probabilities"
    mean: ClassVar[bool] = False

    def __init__(self, from_logits: bool = False) -> None:
        super().__init__()
        self.from_logits = from_logits
        self.kernel = "binary_cross_entropy_of_logits" if from_logits else "binary_cross_entropy"
        self.constant = 0.0 if from_logits else _EPSILON

    def before(self, activation: Any) -> Loss | None:
        if self.from_logits or activation != "sigmoid" or type(self) is not BernoulliLikelihood:
            return None
        return BernoulliLikelihood(from_logits=True)


class GaussianLikelihood(PointwiseLoss):
    """½ Σ_j (p - t)²: features that are normal with means p and variance 1, the constant ½ log 2π left out.

    Examples
    --------
    >>> float(GaussianLikelihood()([[0.0, 2.0]], [[1.0, 4.0]]))
    2.5

    References
    ----------
    Notes 4.2 and 11.3; D. P. Kingma, M. Welling (2014), Auto-encoding variational Bayes, appendix C.2.
    """

    name: ClassVar[str] = "gaussian"
    kernel = "huber_error"
    constant = float("inf")  # Huber's parabola without its straight ends
    mean: ClassVar[bool] = False
