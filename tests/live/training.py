"""A network trained for 100 steps by Python and by its page in a browser."""

import numpy as np

from funcnn import backward, forward, parameters, sgd, update
from funcnn.teach import write_playground
from tests.live.networks import NETWORKS, ROUNDED

STEPS = 100


def trained(live):
    """The network after 100 steps of Python."""
    params, optimizer = live.params, live.optimizer
    for _ in range(STEPS):
        out, cache = forward(params, live.x)
        _, dA = live.loss(out, live.y)
        grads, optimizer = update(optimizer, backward(params, cache, dA), params)
        params = sgd(params, grads, live.lr)
    return params


def difference(name, open_page, folder):
    """The largest difference of a parameter, in proportion to the largest number of its array, by kind of parameter.

    The kinds are "exact" and "rounded": in the second, only rounding moves the parameter.
    """
    live, path = NETWORKS[name], folder / "live.html"
    write_playground(live.params, live.x, live.y, live.loss, live.lr, path, optimizer=live.optimizer)
    page = open_page(path)
    page.tab.evaluate(f"playground.step({STEPS})")
    made = page.tab.evaluate(
        "Object.fromEntries(Object.entries(playground.parameters()).map(([path, a]) => [path, Array.from(a)]))"
    )
    found = {"exact": 0.0, "rounded": 0.0}
    expected = parameters(trained(live))
    assert made.keys() == expected.keys()
    for own, numbers in expected.items():
        kind = "rounded" if own in ROUNDED.get(name, ()) else "exact"
        scale = max(1, abs(numbers).max())
        found[kind] = max(found[kind], abs(np.reshape(made[own], numbers.shape) - numbers).max() / scale)
    assert not page.requests
    assert not page.errors
    return found
