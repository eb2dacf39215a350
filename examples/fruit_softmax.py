"""E4, logistic and softmax regression (Notes 7, notebook 7): apples, bananas and grapes by their colours and sizes.

Reads the fruit files (height, width, red, green, blue; tab-separated) from --data, or shared/data/fruit beside the
checkout; without them, a made-up sample of the same form. Two classes by steepest descent, Newton and IRLS, three
by softmax. --plot FILE draws the regions of the classes over red and blue.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from mmlcore.estimators import ConvergenceWarning, LogisticRegression, StratifiedKFold, cross_val_score

KINDS = ("Apple", "Banana", "Grape")
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def read(folder: Path):
    """Features (n, 5) and names (n,) of every picture in the folder."""
    rows, names = [], []
    for file in sorted(folder.glob("*.dat")):
        table = np.loadtxt(file, skiprows=1)
        rows.append(table)
        names += [next(kind for kind in KINDS if file.name.startswith(kind))] * len(table)
    return np.vstack(rows), np.array(names)


def made_up(n: int = 200, seed: int = 0):
    """Three clouds with the means and deviations of such pictures."""
    rng = np.random.default_rng(seed)
    means = [[85, 90, 0.61, 0.52, 0.21], [70, 85, 0.62, 0.57, 0.33], [80, 75, 0.50, 0.44, 0.25]]
    deviations = [15, 15, 0.03, 0.03, 0.02]
    X = np.vstack([mean + deviations * rng.normal(size=(n, 5)) for mean in means])
    return X, np.repeat(KINDS, n)


def load(folder: str | None):
    """The pictures, standardised, and whether they are the real ones."""
    path = Path(folder) if folder else Path(os.environ.get("MMLCORE_DATA") or SHARED) / "fruit"
    real = path.is_dir()
    if folder and not real:
        raise SystemExit(f"fruit_softmax: --data must be a folder, got {folder!r}")
    X, y = read(path) if real else made_up()
    return (X - X.mean(axis=0)) / X.std(axis=0), y, real


def binary(X, y, solver: str, max_iter: int):
    """Apples against the rest; the accuracy and the loss."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # steepest descent takes long
        model = LogisticRegression(solver=solver, tol=1e-8, max_iter=max_iter).fit(X, y == "Apple")
    p = model.predict_proba(X)[np.arange(len(y)), (y == "Apple").astype(int)]
    return model, model.score(X, y == "Apple"), float(-np.log(p).sum())


def draw(X, y, file: str) -> None:
    """Regions over the standardised red and blue."""
    import matplotlib.pyplot as plt

    chosen = X[:, [2, 4]]
    model = LogisticRegression(C=100.0, max_iter=500).fit(chosen, y)
    low, high = chosen.min(axis=0) - 0.3, chosen.max(axis=0) + 0.3
    a, b = np.meshgrid(*(np.linspace(low[i], high[i], 200) for i in (0, 1)))
    classes = np.searchsorted(model.classes_, model.predict(np.column_stack([a.ravel(), b.ravel()]))).reshape(a.shape)
    figure, axes = plt.subplots(figsize=(7, 5.5), layout="constrained")
    axes.contourf(a, b, classes, levels=[-0.5, 0.5, 1.5, 2.5], alpha=0.25, colors=["C2", "C1", "C4"])
    for kind, colour in zip(KINDS, ("C2", "C1", "C4"), strict=True):
        axes.plot(*chosen[y == kind].T, ".", color=colour, label=kind, markersize=3)
    axes.set(xlabel="red", ylabel="blue")
    axes.legend()
    figure.savefig(file, dpi=110)


def main() -> None:
    """Print the ways down for two classes and the accuracy for three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer steps of steepest descent")
    parser.add_argument("--data", metavar="FOLDER")
    parser.add_argument("--plot", metavar="FILE")
    options = parser.parse_args()

    X, y, real = load(options.data)
    print(f"{len(y)} pictures" + ("" if real else " (made up: no fruit files here)"))
    for name, solver, steps in (
        ("steepest descent", "gradient_descent", 200 if options.quick else 5000),
        ("Newton", "newton-cg", 100),
        ("IRLS", "irls", 100),
    ):
        model, accuracy, loss = binary(X, y, solver, steps)
        print(f"apples or not, {name}: loss {loss:.4f} after {model.n_iter_[0]} steps, accuracy {accuracy:.4f}")
    model = LogisticRegression(C=100.0, max_iter=1000).fit(X, y)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_score(LogisticRegression(C=100.0, max_iter=1000), X, y, cv=folds)
    print(f"softmax regression: accuracy {model.score(X, y):.4f}, 5-fold cross-validation {scores.mean():.4f}")
    if options.plot:
        draw(X, y, options.plot)


if __name__ == "__main__":
    main()
