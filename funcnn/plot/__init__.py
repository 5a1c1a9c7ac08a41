"""Plots of costs, learning rates, decision regions, images and weights. Only this package imports matplotlib.

Each function draws on `ax`, or on a new figure, and returns the Axes: `cost_curve(table).figure.savefig("cost.png")`.
No window is opened and no style is set. `render`, `render_regions` and `coordinates` return arrays.
"""

from funcnn.extras import needing

with needing(__name__, "matplotlib"):
    from funcnn.plot.curves import cost_curve, range_curve, rate_curve
    from funcnn.plot.images import coordinates, picture, pictures, render
    from funcnn.plot.player import write_player
    from funcnn.plot.regions import decision_regions, render_regions
    from funcnn.plot.weights import filters, heat_map

__all__ = [
    "coordinates",
    "cost_curve",
    "decision_regions",
    "filters",
    "heat_map",
    "picture",
    "pictures",
    "range_curve",
    "rate_curve",
    "render",
    "render_regions",
    "write_player",
]
