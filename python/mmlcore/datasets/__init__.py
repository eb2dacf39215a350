"""Data that ships in the wheel, and readers for data that does not.

A loader returns NumPy arrays, split once and for all, so that results can be compared between machines.
Nothing here downloads anything. Imports NumPy only.
"""

from mmlcore.datasets.digits import load_digits
from mmlcore.datasets.idx import load_mnist, read_idx
from mmlcore.datasets.movielens import MovieLens, load_movielens
from mmlcore.datasets.shifting import shifted_copies

__all__ = ["MovieLens", "load_digits", "load_mnist", "load_movielens", "read_idx", "shifted_copies"]
