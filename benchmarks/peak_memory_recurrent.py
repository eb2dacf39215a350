"""Peak memory of training steps of a language model, beside PyTorch's: python benchmarks/peak_memory_recurrent.py

An LSTM 2×256 (50 × 50 characters, vocabulary 65, Adam). Each library runs in a process of its own, which reports by how
much its largest resident size grew from before the model was made to after three steps.
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
LAYERS, HIDDEN, STEPS, BATCH, VOCABULARY = {sizes}
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
ids = np.random.default_rng(0).integers(0, VOCABULARY, STEPS * BATCH + 1)
ids[:VOCABULARY] = np.arange(VOCABULARY)
"""

MMLCORE = """
from mmlcore import set_num_threads
from mmlcore.models import CharLM
set_num_threads(1)
text = "".join(chr(48 + i) for i in ids)
small = dict(seq_length=4, batch_size=2)
CharLM(8, 1).fit(text[:80], epochs=1, **small)  # what is allocated once
np.linalg.qr(np.ones((HIDDEN, HIDDEN)))
before = peak()
model = CharLM(HIDDEN, LAYERS)
model.fit(text, epochs=3, seq_length=STEPS, batch_size=BATCH)
print(json.dumps(peak() - before))
"""

TORCH = """
import torch
from torch import nn
torch.set_num_threads(1)
def train(layers, hidden, steps, batch, times):
    recurrent, decoder = nn.LSTM(VOCABULARY, hidden, layers), nn.Linear(hidden, VOCABULARY)
    optimizer = torch.optim.Adam([*recurrent.parameters(), *decoder.parameters()])
    x = torch.nn.functional.one_hot(torch.from_numpy(ids[:steps * batch].reshape(steps, batch)), VOCABULARY).float()
    y = torch.from_numpy(ids[1:steps * batch + 1])
    for _ in range(times):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(decoder(recurrent(x)[0]).reshape(-1, VOCABULARY), y)
        loss.backward()
        optimizer.step()
train(1, 8, 4, 2, 1)
before = peak()
train(LAYERS, HIDDEN, STEPS, BATCH, 3)
print(json.dumps(peak() - before))
"""


def run(code: str, sizes: tuple[int, ...]) -> float:
    """Mebibytes."""
    script = SETUP.format(sizes=sizes) + code
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the JSON file")
    options = parser.parse_args()
    sizes = (1, 16, 20, 10, 65) if options.quick else (2, 256, 50, 50, 65)
    codes = {OURS: MMLCORE, "torch": TORCH} if installed("torch") else {OURS: MMLCORE}
    found = {name: run(code, sizes) for name, code in codes.items()}
    case = f"LSTM {sizes[0]}×{sizes[1]}, {sizes[2]} × {sizes[3]} characters, three training steps"
    report_memory("recurrent", case, found, options.out, options.quick)


if __name__ == "__main__":
    main()
