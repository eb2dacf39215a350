"""A3: three viewers rate four movies; the SVD finds stereotypical movies and viewers (DRP, "Example: Movie Rating")."""

import argparse

import numpy as np

from mmlcore import linalg

MOVIES = ("Star Wars", "Blade Runner", "Amelie", "Delicatessen")
VIEWERS = ("Ali", "Beatrix", "Chandra")
RATINGS = np.array([[5, 4, 1], [5, 5, 0], [0, 0, 5], [1, 0, 4]])


def main() -> None:
    """Decompose, and print with the signs that the document chose."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the same: it takes no time")
    parser.parse_args()

    U, S, Vh = linalg.svd(RATINGS)
    signs = np.array([-1, 1, 1]) * np.sign([U[0, 0], U[0, 1], U[0, 2]])
    U[:, :3] *= signs
    Vh *= signs[:, None]

    print("Σ =", S.round(4))
    print("stereotypical movies (columns of U):")
    for movie, row in zip(MOVIES, U[:, :3], strict=True):
        print(f"  {movie:13}" + "".join(f"{value:9.4f}" for value in row))
    print("stereotypical viewers (rows of Vᵀ):")
    for row in Vh:
        print("  " + "  ".join(f"{viewer} {value:7.4f}" for viewer, value in zip(VIEWERS, row, strict=True)))
    print(f"largest difference of U Σ Vᵀ from the ratings: {np.abs(U[:, :3] * S @ Vh - RATINGS).max():.1e}")


if __name__ == "__main__":
    main()
