"""Handwritten digits with two convolutions, and pictures of the kernels that they learn."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import funcnn as nn
from funcnn import Conv2d, Flatten, MaxPool, accuracy, early_stopping, validation
from funcnn.training import progress

mpl.use("Agg")

# 1797 pictures of 8 x 8 pixels: three fifths for training, one fifth for early stopping, one fifth for the test.
images, digits = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32).reshape(-1, 8, 8, 1)
x, x_rest, y, y_rest = train_test_split(images, digits, test_size=0.4, random_state=0, stratify=digits)
x_held, x_test, y_held, y_test = train_test_split(x_rest, y_rest, test_size=0.5, random_state=0, stratify=y_rest)

# A convolution has a window of 3 x 3, a pooling takes the maximum of 2 x 2: 8 x 8 -> 4 x 4 -> 2 x 2.
net = (
    Conv2d.init(1, 16, 3, seed=1, padding="same", dtype=np.float32),
    nn.Relu(),
    MaxPool(2),
    Conv2d.init(16, 32, 3, seed=2, padding="same", dtype=np.float32),
    nn.Relu(),
    MaxPool(2),
    Flatten(),
    nn.Dense.init(128, 10, seed=3, dtype=np.float32),
)
print(nn.summary(net, x))

data = nn.batches(x, y, 32, epochs=40, seed=0)
lr = nn.warm_up(nn.cosine(0.004, len(data)), data.per_epoch)
run = nn.train(
    nn.TrainState(net, nn.AdamW(decay=0.05, where="!*.b")), data, nn.value_and_grad(nn.softmax_cross_entropy), lr
)
score = validation(nn.softmax_cross_entropy, x_held, y_held)
*_, last = early_stopping(progress(run, len(data), lr=lr), score, patience=10, every=data.per_epoch)
net = last.best.params
print(f"best of {last.step} steps: {last.best.step}")

out = nn.predict(net, x_test)
share, wrong = accuracy(out, y_test), np.flatnonzero(out.argmax(axis=1) != y_test)[:9]

figure = plt.figure(figsize=(13, 4.4), layout="constrained")
left, middle, right = figure.subfigures(1, 3)
kernels, size = net[0].W[:, :, 0], abs(net[0].W).max()
left.suptitle("The 16 kernels of the first layer")
for k, axes in enumerate(left.subplots(4, 4).flat):
    axes.imshow(kernels[:, :, k], cmap="RdBu_r", vmin=-size, vmax=size)
middle.suptitle(f"Their outputs for the digit {y_test[0]}")
for k, axes in enumerate(middle.subplots(4, 4).flat):
    axes.imshow(nn.forward(net[:2], x_test[:1])[0][0, :, :, k], cmap="gray_r")
right.suptitle(f"Mistakes: {100 * share:.1f} % of {len(x_test)} are right")
for i, axes in zip(wrong, right.subplots(3, 3).flat, strict=False):
    axes.imshow(x_test[i, :, :, 0], cmap="gray_r")
    axes.set_title(f"{y_test[i]}, not {out[i].argmax()}", fontsize=9)
for axes in (*left.axes, *middle.axes, *right.axes):
    axes.axis("off")
figure.savefig("digits_conv.png", dpi=150)
print(f"test accuracy: {100 * share:.2f} %")
