"""The functions of `funcnn.plot`."""

from importlib.util import find_spec

import numpy as np

from tests.kinds.kinds import array, count, layer, path, run, schedule, text
from tests.kinds.rows import kind, row

ROWS = []
if find_spec("matplotlib"):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    from funcnn.plot import (
        coordinates,
        cost_curve,
        decision_regions,
        filters,
        heat_map,
        picture,
        pictures,
        range_curve,
        rate_curve,
        render,
        render_regions,
        write_player,
    )

    mpl.use("Agg")

    def axes():
        own = plt.subplots()[1]  # for a row, since a picture changes the scales
        return kind(None, "None").made(lambda: own)

    def pixels(state):
        return np.ones((2, 2))

    labels = array(np.array([0.0, 1, 1, 0])[:, None])
    shape = kind((3, 4))
    ROWS += [
        row(cost_curve, table=kind({"step": np.arange(2), "cost": np.ones(2)}), ax=axes()),
        row(range_curve, table=kind({"lr": np.ones(2), "cost": np.ones(2)}), ax=axes()),
        row(rate_curve, lr=schedule, steps=count, ax=axes()),
        row(decision_regions, params=layer, x=array, y=labels, ax=axes(), points=count(3)),
        row(render_regions, params=layer, x=array, y=labels, points=count(3)),
        row(write_player, path=path, run=run, frame=kind(pixels), every=count, title=text),
        row(heat_map, matrix=array, ax=axes()),
        row(filters, W=array, ax=axes(), shape=kind((2, 2)), columns=count | "None"),
        row(
            pictures,
            images=array(np.ones((2, 3, 3))),
            titles=kind(["a", "b"], "texts"),
            ax=axes(),
            columns=count,
            colors=kind("red"),
        ),
        row(picture, params=layer, shape=shape, ax=axes(), rows=count),
        row(render, params=layer, shape=shape, rows=count),
        row(coordinates, shape=shape),
    ]
