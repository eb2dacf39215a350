"""Minimisation: the methods of the documents and those one uses daily, with SciPy's vocabulary.

Derivatives come from our own differentiation. Nothing loops for ever, and what is not finite is never a success:
results say in words why they stopped and keep the last good point.
"""

from mmlcore.linalg import conjugate_gradient
from mmlcore.optimize.line_searches import Step, line_search
from mmlcore.optimize.minimization import minimize
from mmlcore.optimize.residuals import least_squares
from mmlcore.optimize.result import OptimizeResult
from mmlcore.optimize.roots import root
from mmlcore.optimize.scalar import minimize_scalar

__all__ = [
    "OptimizeResult",
    "Step",
    "conjugate_gradient",
    "least_squares",
    "line_search",
    "minimize",
    "minimize_scalar",
    "root",
]
