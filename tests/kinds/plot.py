"""The functions of `funcnn.plot`."""

from importlib.util import find_spec

import numpy as np

from tests.kinds.kinds import array, count, layer, schedule
from tests.kinds.rows import kind, row

ROWS = []
if find_spec("matplotlib"):
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    from funcnn.plot import (
        coordinates,
        cost_curve,
        decision_regions,
        picture,
        pictures,
        range_curve,
        rate_curve,
        render,
    )

    mpl.use("Agg")

    def axes():
        own = plt.subplots()[1]  # for a row, since a picture changes the scales
        return kind(None, "None").made(lambda: own)

    labels = array(np.array([0.0, 1, 1, 0])[:, None])
    shape = kind((3, 4))
    ROWS += [
        row(cost_curve, table=kind({"step": np.arange(2), "cost": np.ones(2)}), ax=axes()),
        row(range_curve, table=kind({"lr": np.ones(2), "cost": np.ones(2)}), ax=axes()),
        row(rate_curve, lr=schedule, steps=count, ax=axes()),
        row(decision_regions, params=layer, x=array, y=labels, ax=axes(), points=count(3)),
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
