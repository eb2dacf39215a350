"""Naive specifications: what the kernels compute, written as the loops of the definition."""

from itertools import product

import numpy as np

__all__ = ["average_pooled", "convolved", "max_pooled"]


def convolved(x, w, strides, before, out, dilation, groups):
    """Images (n, ..., channels) correlated with filters (..., channels / groups, filters); zero outside."""
    n, *size, _ = x.shape
    *kernel, depth, filters = w.shape
    y = np.zeros((n, *out, filters))
    for image, f in product(range(n), range(filters)):
        first = f // (filters // groups) * depth
        for o in product(*map(range, out)):
            total = 0.0
            for t in product(*map(range, kernel)):
                at = [p * s - b + i * d for p, s, b, i, d in zip(o, strides, before, t, dilation, strict=True)]
                if all(0 <= a < limit for a, limit in zip(at, size, strict=True)):
                    for c in range(depth):
                        total += float(x[(image, *at, first + c)]) * float(w[(*t, c, f)])
            y[(image, *o, f)] = total
    return y


def _windows(x, kernel, strides, before, out):
    """For each output point of each image, what its window holds of x: arrays (elements, channels)."""
    n, *size, _ = x.shape
    for image in range(n):
        for o in product(*map(range, out)):
            held = []
            for t in product(*map(range, kernel)):
                at = [p * s - b + i for p, s, b, i in zip(o, strides, before, t, strict=True)]
                if all(0 <= a < limit for a, limit in zip(at, size, strict=True)):
                    held.append(x[(image, *at)])
            yield (image, *o), np.array(held).reshape(-1, x.shape[-1])


def max_pooled(x, kernel, strides, before, out):
    """The largest element of each window."""
    y = np.zeros((len(x), *out, x.shape[-1]))
    for at, held in _windows(x, kernel, strides, before, out):
        y[at] = held.max(axis=0)
    return y


def average_pooled(x, kernel, strides, before, out):
    """The mean of what each window holds."""
    y = np.zeros((len(x), *out, x.shape[-1]))
    for at, held in _windows(x, kernel, strides, before, out):
        y[at] = held.mean(axis=0)
    return y
