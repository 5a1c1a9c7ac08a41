"""Handwritten digits: weight decay, a cosine schedule, and early stopping on held-out digits."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import funcnn as nn
from funcnn.files import fingerprint
from funcnn.metrics import confusion
from funcnn.training import progress

mpl.use("Agg")

# 1797 pictures of 8 x 8 pixels: three fifths for training, one fifth for early stopping, one fifth for the test.
images, digits = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32)
x, x_rest, y, y_rest = train_test_split(images, digits, test_size=0.4, random_state=0, stratify=digits)
x_held, x_test, y_held, y_test = train_test_split(x_rest, y_rest, test_size=0.5, random_state=0, stratify=y_rest)

data = nn.batches(x, y, 32, epochs=60, seed=0)
lr = nn.warm_up(nn.cosine(0.004, len(data)), data.per_epoch)
start = nn.TrainState(nn.mlp([64, 96, 10], seed=0, dtype=np.float32), nn.AdamW(decay=0.5, where="!*.b"))
step = nn.value_and_grad(nn.softmax_cross_entropy)
print(nn.summary(start.params, x))

# progress and early_stopping take a run, any iterable of states, and return one. Training begins in history.
score = nn.validation(nn.softmax_cross_entropy, x_held, y_held)
run = progress(nn.train(start, data, step, lr), len(data), lr=lr)
run = nn.early_stopping(run, score, patience=8, every=data.per_epoch)
measures = {"held out": score, "accuracy": nn.validation(nn.accuracy, x_held, y_held)}
last, table = nn.history(run, measures, every=data.per_epoch)
best = last.best

# The best state is a value. The second half of the steps up to it, repeated, ends in the same bits.
half = next(state for state in nn.train(start, data, step, lr) if state.step == best.step // 2)
*_, again = nn.train(half, data[half.step : best.step], step, lr)
print(f"best of {last.step} steps: {best.step}, {fingerprint(best)}")
print(f"run again from step {half.step}:   {fingerprint(again)}")

out = nn.predict(best.params, x_test)
share, counts = nn.accuracy(out, y_test), confusion(out, y_test)
wrong = np.flatnonzero(out.argmax(axis=1) != y_test)[:12]

figure = plt.figure(figsize=(13, 4.6), layout="constrained")
left, middle, right = figure.subfigures(1, 3)
axes = left.subplots()
axes.plot(table["step"], table["cost"], label="last batch")
axes.plot(table["step"], table["held out"], label="held out")
axes.axvline(best.step, color="grey", ls=":", label="best state")
axes.set(xlabel="step", ylabel="cost", yscale="log", title="Stopped after 8 epochs without improvement")
axes.legend()
axes = middle.subplots()
axes.imshow(np.sqrt(counts), cmap="Blues")
for i, j in np.argwhere(counts):
    axes.text(j, i, counts[i, j], ha="center", va="center", color="white" if i == j else "black")
axes.set(xlabel="answer", ylabel="digit", xticks=range(10), yticks=range(10), title=f"{100 * share:.1f} % right")
for axes, i in zip(right.subplots(3, 4).flat, wrong, strict=False):
    axes.imshow(x_test[i].reshape(8, 8), cmap="gray_r")
    axes.set_title(f"{y_test[i]}, not {out[i].argmax()}", fontsize=9)
right.suptitle("Mistakes")
for axes in right.axes:
    axes.axis("off")
figure.savefig("digits.png", dpi=150)
print(f"test accuracy: {100 * share:.2f} %")
