"""A4: movies whose ratings are alike, by the SVD of all ratings (DRP, "Movie Recommendation").

    python movielens_recommender.py --path ml-1m --movie 521

On the complete MovieLens 1M files, movie 521, "Romeo Is Bleeding (1993)", gives the document's recipe's ten titles. The
data may not be redistributed: without --path the files are made up, in the same format, of movies of four tastes.
--plot FILE draws the first two coordinates of the movies.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from mmlcore.datasets import load_movielens
from mmlcore.estimators import SVDRecommender

TASTES = ("Comedy", "Crime", "Romance", "Western")


def make_up(folder: Path, movies: int, users: int) -> None:
    """ratings.dat and movies.dat in MovieLens's format: users like the movies of their own taste."""
    rng = np.random.default_rng(0)
    titles = [f"{i + 1}::{TASTES[i % 4]} No. {i // 4 + 1} ({1950 + i % 50})::{TASTES[i % 4]}" for i in range(movies)]
    (folder / "movies.dat").write_text("\n".join(titles) + "\n", "latin-1")
    taste = rng.integers(4, size=users)
    lines = []
    for user in range(users):
        for movie in np.flatnonzero(rng.random(movies) < np.where(np.arange(movies) % 4 == taste[user], 0.6, 0.15)):
            liked = movie % 4 == taste[user]
            rating = int(np.clip(round((4.2 if liked else 2.2) + rng.normal() * 0.7), 1, 5))
            lines.append(f"{user + 1}::{movie + 1}::{rating}::{978300000 + len(lines)}")
    (folder / "ratings.dat").write_text("\n".join(lines) + "\n", "latin-1")


def draw(model: SVDRecommender, file: str) -> None:
    """The movies at their first two coordinates, to a picture file."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    ax.scatter(*model.item_factors_[:, :2].T, s=4)
    ax.set(xlabel="first singular vector", ylabel="second singular vector")
    figure.savefig(file)


def main() -> None:
    """Load, compare, print and, if asked, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", help="folder of MovieLens's ratings.dat and movies.dat")
    parser.add_argument("--movie", type=int, default=None, metavar="ID", help="default 521, or 2 of the made-up movies")
    parser.add_argument("--user", type=int, default=1, metavar="ID", help="whom to recommend movies; default 1")
    parser.add_argument("--quick", action="store_true", help="made-up files of 80 movies")
    parser.add_argument("--plot", metavar="FILE", help="draw the movies to FILE")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        if not arguments.path:
            make_up(Path(folder), *((80, 120) if arguments.quick else (1000, 1500)))
        data = load_movielens(arguments.path or folder)
    movie = arguments.movie or (521 if arguments.path else 2)
    model = SVDRecommender(n_components=50 if arguments.path else len(TASTES)).fit(data.matrix())
    found = model.similar(movie - 1)
    print(f"{len(data.ratings)} ratings; rated like {data.titles[movie]}:")
    for item, cosine in zip(found.items, found.similarity, strict=True):
        print(f"  {cosine:6.3f}  {data.titles[int(item) + 1]}")
    print(f"for user {arguments.user}:")
    for item in model.recommend(arguments.user - 1, top=5).items:
        print(f"          {data.titles[int(item) + 1]}")
    if arguments.plot:
        draw(model, arguments.plot)


if __name__ == "__main__":
    main()
