"""Faces: seven hidden units look at 25 x 25 pixels and say whether that is a face.

The 200 pictures come with scikit-image: faces of the collection Labeled Faces in the Wild, and bits of its backgrounds.
"""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from skimage.data import lfw_subset
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from funcnn import Dense, Relu, TrainState, predict, summary, train, value_and_grad
from funcnn import binary_cross_entropy_with_logits as cross_entropy
from funcnn.plot import pictures

mpl.use("Agg")

images = lfw_subset()  # (200, 25, 25), grey from 0 to 1, the faces first
faces = np.arange(200)[:, None] < 100
seen, hidden, y_seen, y_hidden = train_test_split(images, faces, test_size=60, random_state=1, stratify=faces)

# A face in the mirror is a face, so each training picture counts twice. 140 pictures are few, and that helps where the
# lot hides the unusual ones: of 25 splits the worst has 93 % of its test pictures right, and 90 % without the mirror.
both = np.concatenate([seen, seen[:, :, ::-1]])
y_both = np.concatenate([y_seen, y_seen])


def rows(images):
    """Each picture as a row of 625 numbers: nobody tells the network which pixels are neighbours."""
    return images.reshape(len(images), -1)


# The article's plan for its cats, word for word: seven ReLU units, weights of 0.01, a thousand steps of 0.03.
random = np.random.RandomState(1)
net = (
    Dense(0.01 * random.randn(7, 625).T, np.zeros(7)),
    Relu(),
    Dense(0.01 * random.randn(1, 7).T, np.zeros(1)),
)
print(summary(net, rows(both)))
steps = train(TrainState(net), [(rows(both), y_both)] * 1000, value_and_grad(cross_entropy), 0.03)
for state in tqdm(steps, total=1000, unit="step"):  # noqa: B007  the last state is what we want
    pass

# The output is a logit: above 0 the network would rather bet on a face.
verdicts = predict(state.params, rows(hidden)) > 0
right = verdicts == y_hidden

figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 6.9), height_ratios=[4.6, 1.6], layout="constrained")
titles = np.where(verdicts, "face", "no face").ravel()
pictures(hidden, titles, top, columns=12, colors=np.where(right, "black", "red").ravel())
top.set_title(f"60 pictures it never saw: {right.sum()} verdicts are right, {(~right).sum()} wrong (red)")

# A unit's weights are a picture as well: it hopes for light where that is bright, and for shade where it is dark. Two
# units were off for nearly every picture from the start, so nothing taught them: they are noise still, without a vote.
hopes, votes = state.params[0].W.T.reshape(7, 25, 25), state.params[2].W[:, 0]
hopes = 0.5 + hopes / (2 * abs(hopes).max())
pictures(hopes, [f"{vote:+.2f}" for vote in votes], bottom, columns=7)
bottom.set_title("What the seven units look for, and how much each then votes for a face")
figure.savefig("faces.png", dpi=150)

seen_right = (predict(state.params, rows(seen)) > 0) == y_seen
print(f"cost: {state.cost:.4f} after {state.step} steps")
print(f"training accuracy: {100 * seen_right.mean():.1f} %")
print(f"test accuracy: {100 * right.mean():.1f} %")
