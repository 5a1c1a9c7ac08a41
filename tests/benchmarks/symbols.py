"""An embedding's forward and backward, and softmax cross-entropy with its gradient, float32: funcnn, torch and JAX."""

import numpy as np

from funcnn import Embedding, softmax_cross_entropy
from tests.benchmarks.both_ways import with_jax, with_rules, with_torch
from tests.benchmarks.contenders import installed
from tests.benchmarks.switched import ours
from tests.benchmarks.timing import Contender, equally, steady

EMBEDDINGS = {"embedding-100": 100, "embedding-10k": 10_000}  # symbols; 64 features of 32 sequences of 64
CLASSES = {"softmax-10": (1024, 10), "softmax-1000": (256, 1000), "softmax-10k": (64, 10_000)}  # rows, classes


def times_of_embedding(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a forward and a backward in each repeat, by contender; the gradient is a dense array in all."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    random, k = np.random.default_rng(0), EMBEDDINGS[name]
    layer = Embedding.init(k, 64, seed=0, dtype=np.float32)
    ids, dA = random.integers(0, k, (32, 64)), random.standard_normal((32, 64, 64)).astype(np.float32)
    made, given = ours(with_rules(layer, ids, dA)), [ids, np.array(layer.W)]
    if installed("torch"):
        from torch.nn.functional import embedding

        made["torch"] = with_torch(embedding, given, dA)
    if installed("jax"):
        made["JAX"] = with_jax(lambda ids, W: W[ids], given, dA)
    return equally(made, 1e-5, repeats)


def times_of_softmax(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a cost and its gradient in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    random, (m, k) = np.random.default_rng(0), CLASSES[name]
    out, y = random.standard_normal((m, k)).astype(np.float32), random.integers(0, k, m)
    made = ours(with_loss(out, y))
    if installed("torch"):
        from torch.nn.functional import cross_entropy

        made["torch"] = with_torch(cross_entropy, [out, y])
    if installed("optax"):
        import optax

        loss = optax.softmax_cross_entropy_with_integer_labels
        made["JAX"] = with_jax(lambda out, y: loss(out, y).mean(), [out, y])
    return equally(made, 1e-5, repeats)


def with_loss(out: np.ndarray, y: np.ndarray) -> Contender:
    """The loss, which gives its gradient too."""
    return steady(lambda: softmax_cross_entropy(out, y), lambda made: [np.array(made[0]), made[1]])
