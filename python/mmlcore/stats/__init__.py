"""Distributions, information and moments, with SciPy's method names.

Parameters may be arrays (a batch) or Tensors, so that everything is differentiable; random draws take a seed or a
`numpy.random.Generator`.
"""

from mmlcore.stats.continuous import Exponential, Laplace, Uniform
from mmlcore.stats.dirichlet import Dirichlet
from mmlcore.stats.discrete import Bernoulli, Binomial, Categorical
from mmlcore.stats.distribution import Distribution
from mmlcore.stats.inference import LinearFit, bayes_update, fit_linear
from mmlcore.stats.information import Estimate, cross_entropy, entropy, kl_divergence, mutual_information
from mmlcore.stats.mixture import Mixture
from mmlcore.stats.moments import Moments, corr, cov, moments
from mmlcore.stats.multivariate_normal import MultivariateNormal
from mmlcore.stats.normal import Normal
from mmlcore.stats.shaped import Beta, Gamma, StudentT

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Dirichlet",
    "Distribution",
    "Estimate",
    "Exponential",
    "Gamma",
    "Laplace",
    "LinearFit",
    "Mixture",
    "Moments",
    "MultivariateNormal",
    "Normal",
    "StudentT",
    "Uniform",
    "bayes_update",
    "corr",
    "cov",
    "cross_entropy",
    "entropy",
    "fit_linear",
    "kl_divergence",
    "moments",
    "mutual_information",
]
