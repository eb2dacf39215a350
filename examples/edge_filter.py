"""F4, correlation and convolution: CS582's filter for vertical edges on a real picture, and the sizes of the Notes.

--plot FILE draws the digit as it is correlated and convolved, with zeros around it, and with a stride.
"""

import argparse

import numpy as np

from mmlcore import ops
from mmlcore.datasets import load_digits

EDGE = np.array([[1.0, 0.0, -1.0]] * 3)  # CS582 4: bright on the left, dark on the right


def pictures(image: np.ndarray) -> dict[str, np.ndarray]:
    """The filter moved over a picture in every way that the documents speak of."""
    kernel = EDGE.reshape(3, 3, 1, 1)

    def moved(**options: object) -> np.ndarray:
        return ops.conv(image[None, :, :, None], kernel, **options)[0, :, :, 0]  # type: ignore[arg-type]

    return {
        "picture": image,
        "correlation": ops.correlate(image, EDGE),
        "convolution (flipped)": ops.convolve(image, EDGE, mode="valid"),
        "zeros around it": moved(padding=1),
        "stride 2": moved(padding=1, strides=2),
    }


def main() -> None:
    """Print what the filter does, and the layer of the Notes' section 9.7."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digit", type=int, default=0, metavar="N", help="number of the picture in the file")
    parser.add_argument("--quick", action="store_true", help="a quarter of the large layer")
    parser.add_argument("--plot", metavar="FILE")
    arguments = parser.parse_args()

    images, targets = load_digits(split=False)
    drawn = pictures(images[arguments.digit].astype(float))
    print(f"a {targets[arguments.digit]} of 8×8 pixels")
    for name, picture in drawn.items():
        rows, columns = picture.shape
        print(f"{name}: {rows}×{columns}, from {picture.min():g} to {picture.max():g}")
    flipped = np.abs(drawn["correlation"] + drawn["convolution (flipped)"]).max()
    print(f"this filter flipped is its negative: correlation + convolution = {flipped:g}")

    extent = 115 if arguments.quick else 227
    rng = np.random.default_rng(0)
    x, w = rng.random((1, extent, extent, 3), np.float32), rng.random((11, 11, 3, 96), np.float32)
    columns = ops.im2col(x, 11, strides=4)[0]
    y = ops.conv(x, w, strides=4)[0]
    difference = np.abs(y.reshape(-1, 96).T - w.reshape(-1, 96).T @ columns).max() / y.max()
    print(f"{extent}×{extent}×3 with 96 filters 11×11×3 at stride 4: {'×'.join(map(str, y.shape))}")
    print(f"through a column matrix [{columns.shape[0]}×{columns.shape[1]}]: relative difference {difference:.1e}")

    if arguments.plot:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(12, 3), layout="constrained")
        for ax, (name, picture) in zip(figure.subplots(1, len(drawn)), drawn.items(), strict=True):
            ax.imshow(picture, cmap="gray_r" if name == "picture" else "RdBu_r")
            ax.set_title(name)
            ax.set_axis_off()
        figure.savefig(arguments.plot)


if __name__ == "__main__":
    main()
