"""New words: an LSTM learns the spelling of words in Python's documentation, then makes up words of its own."""

import re
import string
from pydoc_data.topics import topics

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import funcnn as nn
from funcnn import LSTM, Dropout, Embedding
from funcnn.generation import step
from funcnn.layers import First
from funcnn.losses import masked

mpl.use("Agg")
SYMBOLS, LONGEST = "." + string.ascii_lowercase, 12  # a dot begins and ends a word
random = np.random.default_rng(0)

known = sorted(set(re.findall(r"\b[a-z]{4,12}\b", " ".join(topics.values()).lower())))
words = random.permutation(known)
ids = np.array([[SYMBOLS.index(letter) for letter in f".{word}.".ljust(LONGEST + 2, ".")] for word in words])
there = np.arange(LONGEST + 1) <= np.array(list(map(len, words)))[:, None]  # up to the dot that ends the word
held = len(words) // 10
x, y, mask = ids[held:, :-1], ids[held:, 1:], there[held:]
x_held, y_held, mask_held = ids[:held, :-1], ids[:held, 1:], there[:held]

# The baseline, bigrams: how often each letter follows each letter, with 0.3 added to the counts.
counts = np.full((27, 27), 0.3)
np.add.at(counts, (x[mask], y[mask]), 1)
bigram = counts / counts.sum(axis=1, keepdims=True)
baseline = -np.log(bigram[x_held, y_held])[mask_held].mean()

# Layers of sequences return the mask with out; First passes the mask around the other layers.
body = Embedding.init(27, 24, seed=0, dtype=np.float32), LSTM.init(24, 128, seed=1, dtype=np.float32)
net = (*body, First(Dropout(0.4, seed=2)), First(nn.Dense.init(128, 27, seed=3, dtype=np.float32)))
data, loss = nn.batches((x, mask), y, 32, epochs=14, seed=0), masked(nn.softmax_cross_entropy)
lr = nn.warm_up(nn.cosine(0.006, len(data)), data.per_epoch)
*_, last = nn.train(nn.TrainState(net, nn.AdamW(decay=0.1)), data, nn.value_and_grad(loss), lr)
net = nn.inference(last.params)
cost = loss(nn.predict(net, (x_held, mask_held)), y_held)[0] * mask_held.size / mask_held.sum()  # a mean over letters


def spelled(guess, count):
    """New words and the probabilities of their letters; guess(letters, memory) -> (probabilities, memory)."""
    drawn, memory, odds = [np.zeros(count, int)], None, []
    for _ in range(LONGEST + 1):
        p, memory = guess(drawn[-1][:, None], memory)
        drawn.append((p.cumsum(axis=1) < random.random((count, 1))).sum(axis=1))
        odds.append(p)
    texts = ["".join(SYMBOLS[i] for i in row).split(".")[1] for row in np.stack(drawn, axis=1)]
    return {text: np.stack(odds)[:, i] for i, text in enumerate(texts) if len(text) > 3 and text not in known}


def by_lstm(letters, memory):
    """The probabilities of the next letter; `step` takes the last letter only. 1.5 makes likely letters likelier."""
    logits, memory = step(net, letters, memory)
    p = np.exp(1.5 * logits[:, 0].astype(float))
    return p / p.sum(axis=1, keepdims=True), memory


invented = spelled(by_lstm, 200)
dull = spelled(lambda letters, _: (bigram[letters[:, 0]], None), 30)
word = max([text for text in invented if 9 < len(text) <= LONGEST], key=lambda text: invented[text].max(axis=1).mean())
starts = [word[:i] + "_" for i in range(len(word) + 1)]
figure, axes = plt.subplots(figsize=(10, 4.3), layout="constrained")
image = axes.imshow(invented[word][: len(starts)], cmap="Blues", vmin=0, vmax=1)
axes.scatter([SYMBOLS.index(letter) for letter in f"{word}."], range(len(word) + 1), s=160, ec="C3", fc="none")
axes.set(xticks=range(27), xticklabels=SYMBOLS, yticks=range(len(starts)), yticklabels=starts)
axes.set(title=f"How the LSTM wrote {word}: the letter drawn is circled", xlabel="next letter", ylabel="letters so far")
figure.colorbar(image, label="probability", shrink=0.9)
figure.savefig("names.png", dpi=150)
print("by bigrams:  ", ", ".join(list(dull)[:20]))
print("by the LSTM: ", ", ".join(list(invented)[:20]))
print(f"held-out words: {cost:.3f} nats a character, by bigrams {baseline:.3f}")
assert cost < baseline
