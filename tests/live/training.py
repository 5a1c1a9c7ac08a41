"""A network trained by NumPy, by its recorded programs, and by its page in a browser."""

import numpy as np

from funcnn import backward, forward, parameters, sgd, update
from funcnn.recording import record_step
from funcnn.recording.leaves import leaves_of
from funcnn.teach import write_playground
from tests.live.networks import NETWORKS, ROUNDED

STEPS, MANY_STEPS = 100, 300
LARGER = 16
"""How many times the stable rate the large one is."""


def trained(live, steps=STEPS):
    """The network and the optimizer after steps of Python."""
    params, optimizer = live.params, live.optimizer
    for _ in range(steps):
        out, cache = forward(params, live.x)
        _, dA = live.loss(out, live.y)
        grads, optimizer = update(optimizer, backward(params, cache, dA), params)
        params = sgd(params, grads, live.lr)
    return params, optimizer


def trained_portably(live, steps):
    """The trained numbers by path after steps of portable programs, and how many steps were taken.

    As on a page, the last one is that before a number which is not finite.
    """
    given = live.x, live.y, live.loss, live.lr
    program, (params, optimizer) = record_step(live.params, *given, optimizer=live.optimizer), trained(live, 1)
    later = record_step(params, *given, optimizer=optimizer)
    trees = {"params": live.params, "optimizer": live.optimizer, "x": live.x, "y": live.y, "lr": live.lr}
    state = {path: a for name, tree in trees.items() for path, a in leaves_of(tree, name).items()} | {"lr": live.lr}
    names = [f"params.{path}" for path in parameters(live.params) if f"grads.{path}" in program.outputs]
    taken = 0
    while taken < steps:
        made = program({name: state[name] for name, *_ in program.inputs}, portable=True)
        if not all([np.isfinite(made[name]).all() for name in ("cost", *names)]):
            break
        state.update({name: a for name, a in made.items() if name.startswith(("params.", "optimizer."))})
        program, taken = later, taken + 1
    return {name.removeprefix("params."): state[name] for name in names}, taken


def opened(live, open_page, folder):
    """The page of a network."""
    path = folder / "live.html"
    write_playground(live.params, live.x, live.y, live.loss, live.lr, path, optimizer=live.optimizer)
    return open_page(path)


def difference(name, open_page, folder):
    """The largest difference of a parameter from NumPy's, in proportion to the largest number of its array, by kind.

    The kinds are "exact" and "rounded": in the second, only rounding moves the parameter.
    """
    live = NETWORKS[name]
    made = after_steps(opened(live, open_page, folder), STEPS)
    found = {"exact": 0.0, "rounded": 0.0}
    expected = parameters(trained(live)[0])
    assert made.keys() == expected.keys()
    for own, numbers in expected.items():
        kind = "rounded" if own in ROUNDED.get(name, ()) else "exact"
        scale = max(1, abs(numbers).max())
        found[kind] = max(found[kind], abs(made[own].reshape(numbers.shape) - numbers).max() / scale)
    return found


def other_bits(name, open_page, folder):
    """The rate and the path of parameters without the bits of a portable program, at a stable and a large rate."""
    found = []
    for live in (NETWORKS[name], NETWORKS[name]._replace(lr=LARGER * NETWORKS[name].lr)):
        made = after_steps(opened(live, open_page, folder), MANY_STEPS)
        expected, _ = trained_portably(live, MANY_STEPS)
        assert made.keys() == expected.keys()
        found += [(live.lr, path) for path, a in expected.items() if made[path].tobytes() != a.astype(float).tobytes()]
    return found


def after_steps(page, steps):
    """The numbers of each parameter on a page after more steps."""
    page.tab.evaluate(f"playground.step({steps})")
    made = page.tab.evaluate("playground.parameters()")
    assert not page.requests
    assert not page.errors
    return {path: np.array(numbers, float) for path, numbers in made.items()}
