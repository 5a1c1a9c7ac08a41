"""Pictures; matplotlib draws them."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import matplotlib as mpl
import matplotlib.pyplot as plt

from funcnn.plot import coordinates, cost_curve, decision_regions, picture, pictures, rate_curve, render
from tests.kinds.kinds import array, count, layer, schedule
from tests.kinds.rows import kind, row

mpl.use("Agg")
AX = plt.subplots()[1]
ax = kind(None, "None").made(lambda: AX)
labels = array(np.array([0.0, 1, 1, 0])[:, None])
shape = kind((3, 4))
ROWS = [
    row(cost_curve, table=kind({"step": np.arange(2), "cost": np.ones(2)}), ax=ax),
    row(rate_curve, lr=schedule, steps=count, ax=ax),
    row(decision_regions, params=layer, x=array, y=labels, ax=ax, points=count(3)),
    row(
        pictures,
        images=array(np.ones((2, 3, 3))),
        titles=kind(["a", "b"], "texts"),
        ax=ax,
        columns=count,
        colors=kind("red"),
    ),
    row(picture, params=layer, shape=shape, ax=ax, rows=count),
    row(render, params=layer, shape=shape, rows=count),
    row(coordinates, shape=shape),
]
