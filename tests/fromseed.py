"""What is drawn from seeds: initial weights, orders of rows, masks, noise and augmentations, as bits.

`python -m tests.fromseed` prints a name and the bits of each draw: the first numbers, and a digest of all.
"""

import hashlib
import sys

import numpy as np

from funcnn import batches, data, initializers
from funcnn.bits import normal, uniform, words
from funcnn.sampling import sample

ROWS = np.arange(600, dtype=np.int64)
IMAGES = (np.arange(600.0) % 7 / 8).reshape(6, 10, 10, 1)
SEQUENCES = [ROWS[: 1 + i % 9] for i in range(99)]
GIVEN = [initializers.normal(0.5), initializers.uniform(0.5)]
INITIALIZERS = {name: getattr(initializers, name) for name in initializers.__all__ if "_" in name or name[0] == "o"}
DRAWN = {
    **{f"{f.args[0]}": lambda f=f: f(7, (30, 20)) for f in GIVEN},
    **{name: lambda f=f: f((7, 1), (30, 20)) for name, f in INITIALIZERS.items()},
    "a kernel of float32": lambda: initializers.he_normal(7, (3, 3, 4, 8), np.float32),
    "orthogonal, wide": lambda: initializers.orthogonal(7, (5, 40)),
    "words": lambda: words(np, (7, 0), (40_000,)),
    "uniform numbers": lambda: uniform(np, (7, 0), (40_000,), np.float64),
    "normal numbers": lambda: normal(np, (7, 0), (40_000,), np.float64),
    "normal numbers of float32": lambda: normal(np, (7, 0), (40_000,), np.float32),
    "rows": lambda: next(iter(batches(ROWS, ROWS, 600, seed=7)))[0],
    "rows, balanced": lambda: data.balanced_batches(ROWS, ROWS % 7 // 3, 500, seed=7)[0][0],
    "rows in buckets": lambda: data.bucketed_batches(SEQUENCES, ROWS[:99], 9, lengths=(4, 9), seed=7)[2][1],
    "symbols": lambda: sample(np.sqrt(ROWS).reshape(30, 20), 7, temperature=3).astype(np.int64),
    "rows in windows": lambda: data.windowed_batches(ROWS, ROWS, 500, block=7, window=9, seed=7)[0][0],
}
AUGMENTED = {
    "noise": lambda rng: data.gaussian_noise(IMAGES, rng, deviation=0.1),
    "mixtures": lambda rng: data.mixup(IMAGES, IMAGES, rng, alpha=0.3)[0],
    "flips": lambda rng: data.random_flip(IMAGES, rng),
    "crops": lambda rng: data.random_crop(IMAGES, rng, padding=4),
    "turns": lambda rng: data.random_turn(IMAGES, rng),
    "rotations": lambda rng: data.random_rotation(IMAGES, rng, degrees=200),
    "brightness": lambda rng: data.random_brightness(IMAGES, rng, most=0.5),
    "squares": lambda rng: data.cutout(IMAGES, rng, size=3),
    "windows": lambda rng: data.random_window(ROWS.reshape(10, 60), rng, size=5),
    "tokens": lambda rng: data.token_dropout(ROWS, rng, rate=0.3, token=-1),
}


def found():
    """The name of each draw, and its bits."""
    made = {name: draw() for name, draw in DRAWN.items()}
    made |= {name: draw(np.random.default_rng(7)) for name, draw in AUGMENTED.items()}
    return {name: bits_of(a) for name, a in made.items()}


def bits_of(a):
    """Two numbers in hexadecimal digits, and a digest of all in the order of bytes of most processors."""
    first = [x.hex() if isinstance(x, float) else hex(x) for x in a.ravel()[:2].tolist()]
    little = np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<"))
    return " ".join([*first, hashlib.sha256(little.tobytes()).hexdigest()[:16]])


if __name__ == "__main__":
    for name, bits in found().items():
        sys.stdout.write(f"{name}: {bits}\n")
