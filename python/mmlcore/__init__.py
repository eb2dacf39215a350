"""mmlcore: machine learning on the CPU in one small, fast wheel."""

from mmlcore import _kernels

__version__ = "0.1.0"
__all__ = ["__version__"]
