"""F2, regularisation: a network too large for its data, plain and with five remedies (CS582 5, Notes 6.11).

A few hundred of the package's digits train a network of two hidden layers; what counts is the loss on the others.
--plot FILE draws the training and validation curves.
"""

import argparse
from collections.abc import Callable

import numpy as np

from mmlcore.callbacks import EarlyStopping, History
from mmlcore.datasets import load_digits
from mmlcore.layers import BatchNormalization, Dense, Dropout, Layer
from mmlcore.layers.regularizers import L1, L2
from mmlcore.models import Sequential

REMEDIES: dict[str, Callable[[], list[Layer]]] = {
    "none": lambda: [Dense(64, "relu"), Dense(64, "relu")],
    "dropout": lambda: [Dense(64, "relu"), Dropout(0.5), Dense(64, "relu"), Dropout(0.5)],
    "L1": lambda: [Dense(64, "relu", kernel_regularizer=L1(3e-4)), Dense(64, "relu", kernel_regularizer=L1(3e-4))],
    "L2": lambda: [Dense(64, "relu", kernel_regularizer=L2(1e-3)), Dense(64, "relu", kernel_regularizer=L2(1e-3))],
    "batch normalisation": lambda: [Dense(64, "relu"), BatchNormalization(), Dense(64, "relu"), BatchNormalization()],
    "early stopping": lambda: [Dense(64, "relu"), Dense(64, "relu")],
}


def train(remedy: str, samples: int, epochs: int) -> tuple[Sequential, History, float, float]:
    """The trained network, its history, and its cross-entropy and accuracy on the test images."""
    (x, y), (x_test, y_test) = load_digits()
    rows = np.random.default_rng(0).permutation(len(x))
    train, held_back = rows[:samples], rows[samples : samples + 400]
    model = Sequential([*REMEDIES[remedy](), Dense(10, "softmax")], seed=1)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    stop = [EarlyStopping("val_loss", patience=10, restore_best_weights=True)] if remedy == "early stopping" else []
    history = model.fit(
        *(x[train], y[train]),
        batch_size=16,
        epochs=epochs,
        verbose=0,
        validation_data=(x[held_back], y[held_back]),
        callbacks=stop,
    )
    p = model.predict(x_test)
    loss = -np.log(np.maximum(p[np.arange(len(y_test)), y_test], 1e-12)).mean()
    return model, history, float(loss), float((p.argmax(axis=1) == y_test).mean())


def draw(histories: dict[str, History], path: str) -> None:
    """Training (dashed) and validation accuracy of each remedy."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(11, 6), sharex=True, sharey=True)
    for ax, (name, history) in zip(axes.flat, histories.items(), strict=True):
        ax.plot(history.history["accuracy"], "--", label="training")
        ax.plot(history.history["val_accuracy"], label="validation")
        ax.set(title=name, ylim=(0.8, 1.01))
    axes[0, 0].legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Train with every remedy and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--plot", metavar="FILE")
    parser.add_argument("--quick", action="store_true", help="20 epochs")
    arguments = parser.parse_args()
    histories = {}
    for remedy in REMEDIES:
        epochs = 20 if arguments.quick else arguments.epochs
        model, histories[remedy], loss, accuracy = train(remedy, arguments.samples, epochs)
        kernel = model.layers[0].weights[0]
        print(
            f"{remedy:20s} test loss {loss:.3f}, accuracy {accuracy:.3f}; {len(histories[remedy].epoch)} epochs, "
            f"{np.mean(np.abs(kernel) < 1e-3):.0%} of the first kernel is zero, its norm {np.linalg.norm(kernel):.1f}"
        )
    if arguments.plot:
        draw(histories, arguments.plot)


if __name__ == "__main__":
    main()
