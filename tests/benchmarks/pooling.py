"""Forward and backward of max-pooling in float32: funcnn next to torch, in both of its layouts, and JAX."""

import numpy as np

from funcnn import MaxPool
from tests.benchmarks.both_ways import with_jax, with_rules, with_torch
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import equally

POOLS = {"max-pool": (64, 28, 28, 16)}
LAST, FIRST = (0, 2, 3, 1), (0, 3, 1, 2)  # where the axes of an image with channels first go, and the way back


def times_of_pool(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    random, (m, h, w, c) = np.random.default_rng(0), POOLS[name]
    x = random.standard_normal((m, h, w, c)).astype(np.float32)
    dA = random.standard_normal((m, h // 2, w // 2, c)).astype(np.float32)
    made = ours(with_rules(MaxPool(2), x, dA))
    if installed("torch"):
        from torch.nn.functional import max_pool2d

        moved = lambda x: max_pool2d(x.permute(FIRST), 2).permute(LAST)
        made["torch (channels last)"] = with_torch(moved, [x], dA)
        first = with_torch(lambda x: max_pool2d(x, 2), [np.ascontiguousarray(x.transpose(FIRST))], dA.transpose(FIRST))
        back = lambda now: [array.transpose(LAST) for array in first.arrays(now)]
        made["torch (channels first)"] = first._replace(arrays=back)
    if installed("jax"):
        import jax

        window = (1, 2, 2, 1)
        pool = lambda x: jax.lax.reduce_window(x, -np.inf, jax.lax.max, window, window, "VALID")
        made["JAX"] = with_jax(pool, [x], dA)
    return equally(made, 1e-6, repeats)
