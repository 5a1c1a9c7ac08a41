"""Autoencoder of digits with a code of two numbers, plotted as a map next to the map of PCA."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

import funcnn as nn
from funcnn import trace

mpl.use("Agg")

images, digits = load_digits(return_X_y=True)
images = (images / 16).astype(np.float32)
x, x_test, y, y_test = train_test_split(images, digits, test_size=0.25, random_state=0, stratify=digits)

# 64 pixels, two numbers, 64 pixels. Encoder and decoder are networks, and so is the tuple of both.
encoder = nn.mlp([64, 128, 32, 2], hidden=nn.Tanh(), seed=0, dtype=np.float32)
decoder = nn.mlp([2, 32, 128, 64], hidden=nn.Tanh(), seed=1, dtype=np.float32)
print(trace((encoder, decoder), x, x, nn.mse))

data = nn.batches(x, x, 64, epochs=250, seed=0)
start = nn.TrainState((encoder, decoder), nn.AdamW(decay=0.1, where="!*.b"))
run = nn.train(start, data, nn.value_and_grad(nn.mse), nn.warm_up(nn.cosine(0.004, len(data)), data.per_epoch))
last, table = nn.history(run, {"test": nn.validation(nn.mse, x_test, x_test)}, every=data.per_epoch)
encoder, decoder = last.params

pca = PCA(2).fit(x)
flat = pca.transform(x_test)
print(f"test error: {nn.mse(nn.predict(last.params, x_test), x_test)[0]:.4f}")
print(f"PCA with two components: {nn.mse(pca.inverse_transform(flat), x_test)[0]:.4f}")

figure, panels = plt.subplots(1, 3, figsize=(11, 3.9), layout="constrained")
latent = nn.predict(encoder, x_test)
for axes, points, name in ((panels[0], flat, "PCA"), (panels[1], latent, "The autoencoder")):
    for digit in range(10):
        chosen = points[y_test == digit]
        axes.scatter(*chosen.T, s=12, color=plt.cm.tab10(digit))
        axes.text(*np.median(chosen, axis=0), digit, size=14, weight="bold", ha="center", va="center")
    axes.set(title=f"{name}: test digits as two numbers", xticks=[], yticks=[])

# The output of the decoder on a grid of codes that covers most digits of the training set.
(left, bottom), (right, top) = np.quantile(nn.predict(encoder, x), [0.02, 0.98], axis=0)
places = np.stack(np.meshgrid(np.linspace(left, right, 12), np.linspace(top, bottom, 12)), axis=-1)
drawn = nn.predict(decoder, places.reshape(-1, 2).astype(np.float32)).reshape(12, 12, 8, 8)
drawn = np.pad(drawn, ((0, 0), (0, 0), (1, 1), (1, 1)))  # a frame around each digit
panels[2].imshow(drawn.swapaxes(1, 2).reshape(120, 120), cmap="gray_r", vmin=0, vmax=1)
panels[2].set(title="What the decoder draws at each place", xticks=[], yticks=[])
figure.savefig("autoencoder.png", dpi=150)
