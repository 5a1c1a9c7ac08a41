"""A transformer learns to predict the next character of Python's documentation, and then writes text."""

from pydoc_data.topics import topics

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from threadpoolctl import threadpool_limits

import funcnn as nn
from funcnn.generation import step
from funcnn.layers import Rotary
from funcnn.sampling import sample
from funcnn.training import progress

mpl.use("Agg")
threadpool_limits(1)  # the matrix products are too small for a second thread to help
WIDTH, CONTEXT, SINGLE = 64, 64, np.float32
symbols, ids = np.unique(list("".join(topics.values())), return_inverse=True)
learnt, held = np.split(ids, [9 * len(ids) // 10])
pieces, pieces_held = [sliding_window_view(a, CONTEXT + 1)[::n] for a, n in ((learnt, 45), (held, CONTEXT))]


def shares(n):
    """The share of each held-out character among those that follow the same n - 1 characters in the training text."""
    code = [sum(len(symbols) ** i * part[2 - i : len(part) - i] for i in range(n)) for part in (learnt, held)]
    counts = np.bincount(code[0], minlength=len(symbols) ** n).reshape(-1, len(symbols))
    return (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).ravel()[code[1]]


# The baseline: 1-, 2- and 3-grams and a uniform guess, mixed by weights that EM fits to the held-out text itself.
guesses, mixture = np.stack([*map(shares, (1, 2, 3)), np.full(len(held) - 2, 1 / len(symbols))]), np.full(4, 0.25)
for _ in range(50):
    joint = mixture[:, None] * guesses
    mixture = (joint / joint.sum(axis=0)).mean(axis=1)
trigram = -np.log(mixture @ guesses).mean()

# Training: rotary positions make attention depend on distances, and causal attention hides later characters.
shape = {"causal": True, "rotary": Rotary(), "dtype": SINGLE}
blocks = [nn.transformer_block(WIDTH, 4, 4 * WIDTH, seed=(1, i), **shape) for i in range(2)]
ends = nn.LayerNorm.init(WIDTH, dtype=SINGLE), nn.Dense.init(WIDTH, len(symbols), seed=2, dtype=SINGLE)
net = (nn.Embedding.init(len(symbols), WIDTH, seed=0, dtype=SINGLE), *blocks, *ends)
data = nn.batches(pieces[:, :-1], pieces[:, 1:], 16, epochs=1, seed=0)
lr = nn.warm_up(nn.cosine(0.005, len(data)), len(data) // 20)
run = nn.train(nn.TrainState(net, nn.Adam()), data, nn.value_and_grad(nn.softmax_cross_entropy), lr)
score = nn.validation(nn.softmax_cross_entropy, pieces_held[:, :-1], pieces_held[:, 1:], rows=64)
last, table = nn.history(progress(run, len(data)), {"held back": score}, every=100)
net, cost = last.params, score(last)

# Writing: a step takes one character; its memory holds the keys and values of the characters before. After every 32
# characters it starts again from the last 32, so that no context is longer than the 64 characters of training.
memory, written = None, [*np.searchsorted(symbols, list("The assignment statement "))]
for i in range(320):
    fresh, memory = (written[-32:], None) if i % 32 == 0 else (written[-1:], memory)
    out, memory = step(net, np.array([fresh]), memory)
    written.append(sample(out[0, -1], (1, i), temperature=0.6))
print("".join(symbols[i] for i in written), end="\n\n")

# Plotting: the attention weights are in the cache that forward returns.
sentence = list("the value of the expression is returned")
_, cache = nn.forward(net, np.searchsorted(symbols, sentence)[None])
places = np.arange(len(sentence))
figure, (left, *maps) = plt.subplots(1, 3, figsize=(17, 5.6), layout="constrained")
left.plot(table["step"], table["held back"], label="transformer")
left.axhline(trigram, color="C3", ls="--", label="interpolated trigram")
left.set(xlabel="step", ylabel="nats a character", title="The cost of the next character in held-out text")
left.legend()
for block, axes in enumerate(maps):
    weights = cache[1 + block][0][0][1][1].weights[0]  # (heads, queries, keys)
    assert not np.triu(weights, 1).any()  # no weight on a later character
    head = (weights * np.subtract.outer(places, places)).sum(axis=(1, 2)).argmax()
    axes.imshow(weights[head], cmap="Blues", vmin=0, vmax=1)
    axes.set(title=f"block {block + 1}, the head that attends farthest back", xlabel="attends to", ylabel="character")
    axes.set_xticks(places, sentence)
    axes.set_yticks(places, sentence)
figure.savefig("transformer.png", dpi=150)
assert cost < trigram
print(f"cost of a character held back: {cost:.3f} nats; of the interpolated trigram: {trigram:.3f}")
