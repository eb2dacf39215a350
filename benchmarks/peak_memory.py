"""Peak memory of one gradient of a network of 50 dense layers, beside PyTorch's: python benchmarks/peak_memory.py

Each library runs in a process of its own, which reports by how much its largest resident size grew.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from harness import OURS, RESULTS, installed, report_memory

SETUP = """
import json, resource
import numpy as np
LAYERS, BATCH, UNITS = {sizes}
random = np.random.default_rng(0)
x = random.normal(size=(BATCH, UNITS)).astype(np.float32)
weights = [(random.normal(size=(UNITS, UNITS)) / UNITS**0.5).astype(np.float32) for _ in range(LAYERS)]
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""

MMLCORE = """
import mmlcore
def loss(weights):
    y = x
    for w in weights:
        y = np.tanh(y @ w + 0.1)
    return np.sum(y * y)
small = mmlcore.grad(lambda w: np.sum(np.tanh(x[:2] @ w)))(weights[0])  # what is allocated once
before = peak()
total = sum(float(np.sum(g)) for g in mmlcore.grad(loss)(weights))
print(json.dumps([peak() - before, total]))
"""

TORCH = """
import torch
torch.set_num_threads(1)
leaves = [torch.tensor(w, requires_grad=True) for w in weights]
tx = torch.from_numpy(x)
torch.tanh(tx[:2] @ leaves[0]).sum().backward()
leaves[0].grad = None
before = peak()
y = tx
for w in leaves:
    y = torch.tanh(y @ w + 0.1)
(y * y).sum().backward()
total = sum(float(w.grad.sum()) for w in leaves)
print(json.dumps([peak() - before, total]))
"""


def run(code: str, sizes: tuple[int, int, int]) -> list[float]:
    """Mebibytes, and the sum of all gradients."""
    script = SETUP.format(sizes=sizes) + code
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file")
    options = parser.parse_args()
    sizes = (5, 64, 64) if options.quick else (50, 4096, 256)
    found, total = {}, 0.0
    found[OURS], total = run(MMLCORE, sizes)
    if installed("torch"):
        found["torch"], check = run(TORCH, sizes)
        assert abs(total - check) <= 1e-2 * max(abs(check), 1), (total, check)
    case = f"{sizes[0]} dense layers, batch {sizes[1]}, {sizes[2]} units, forward and backward"
    report_memory("dense", case, found, options.out, options.quick)


if __name__ == "__main__":
    main()
