"""Numbers and functions of the whole backward passes."""

import numpy as np

r = np.random.default_rng(1)


def n(*shape):
    return r.standard_normal(shape)


def sig(x):
    return 1 / (1 + np.exp(-x))


def sm(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
