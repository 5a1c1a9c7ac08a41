"""The functions of `funcnn.plot`."""

from importlib.util import find_spec

import numpy as np

from tests.kinds.kinds import array
from tests.kinds.rows import kind, row

ROWS = []
if find_spec("matplotlib"):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    from funcnn import plot

    mpl.use("Agg")

    def axes():
        own = plt.subplots()[1]  # for a row, since a picture changes the scales
        return kind(None, "None").made(lambda: own)

    def pixels(state):
        return np.ones((2, 2))

    def table(name):
        return kind({name: np.ones(2), "cost": np.ones(2)})

    labels = array(np.array([0.0, 1, 1, 0])[:, None])
    shape = kind((3, 4))
    ROWS = [
        row(plot.cost_curve, table=table("step"), ax=axes()),
        row(plot.range_curve, table=table("lr"), ax=axes()),
        row(plot.rate_curve, ax=axes()),
        row(plot.decision_regions, y=labels, ax=axes()),
        row(plot.render_regions, y=labels),
        row(plot.write_player, frame=kind(pixels)),
        row(plot.heat_map, matrix=array, ax=axes()),
        row(plot.filters, W=array, ax=axes(), shape=kind((2, 2))),
        row(
            plot.pictures,
            images=array(np.ones((2, 3, 3))),
            titles=kind(["a", "b"], "texts"),
            ax=axes(),
            colors=kind("red"),
        ),
        row(plot.picture, shape=shape, ax=axes()),
        row(plot.render, shape=shape),
        row(plot.coordinates, shape=shape),
    ]
