"""mmlcore: machine learning on the CPU in one small, fast wheel."""

from mmlcore import _kernels, autodiff, ops
from mmlcore.autodiff import Tensor, check_grads, grad, value_and_grad

__version__ = "0.1.0"
__all__ = ["Tensor", "__version__", "autodiff", "check_grads", "grad", "ops", "value_and_grad"]
