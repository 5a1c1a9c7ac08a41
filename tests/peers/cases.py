"""Cases of each layer, of those that its strategy draws, for oracles that compile anew for each shape."""

from functools import cache

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import tree_map
from funcnn.about import cards
from funcnn.arrays import is_float
from funcnn.layers import Dense, LogSoftmax, Softmax
from funcnn.testing.strategies import cases, tensor
from funcnn.trees import leaves, map_parameters

CORNERS = {cls: card.corners for cls, card in cards("activations").items()}
# The rules of these are those of JAX at zeros and ties too, and of values up to +-800.
AT_TIES = {*CORNERS, Dense, Softmax, LogSoftmax}


@cache
def three(layer):
    """[(params, x)]: the largest of those with the fewest arrays, the most arrays, and a number in between."""
    largest = {}

    @settings(
        max_examples=60,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(layer))
    def look(case):
        form = tuple([a.ndim for a in arrays(case)])
        largest[form] = max(largest.get(form, case), case, key=size)

    look()
    forms = sorted(largest, key=lambda form: (len(form), form))
    return [largest[forms[i]] for i in sorted({0, len(forms) // 2, len(forms) - 1})]


def arrays(tree):
    """Every array of params, or of x, in which a mask may be None."""
    if type(tree) is tuple:
        return [a for part in tree for a in arrays(part)]
    return [] if tree is None else leaves(tree)


def size(case):
    """The number of different sizes, then the number of entries."""
    found = arrays(case)
    return len({n for a in found for n in a.shape if n > 1}), sum([a.size for a in found])


@st.composite
def redrawn(draw, layer, case):
    """The case with other parameters and another x: within +-3, without ties, so that JAX has the same gradients."""
    params, x = case
    entries = lambda a: draw(tensor(a.shape).map(lambda b: off(b, layer)))

    def moved(a):
        if a is None or type(a) is tuple:
            return a if a is None else tuple(map(moved, a))
        return entries(a) if is_float(a) else draw(hnp.arrays(bool, a.shape)) if a.dtype == bool else a

    bounded = tree_map(lambda a: a.clip(-3, 3) if is_float(a) else a, params)
    return map_parameters(entries, bounded), moved(x)


def off(a, layer):
    if layer in AT_TIES:  # at the ends of a clip JAX halves the gradient, where ours is 0
        return np.where(np.isin(a, CORNERS.get(layer, ())), a + 1e-9, a)
    return a.clip(-3, 3) + 1.2345678e-6 * np.arange(1, a.size + 1).reshape(a.shape)


def untied(layer, seed=0):
    """Each of the three with normal numbers for floats."""
    rng = np.random.default_rng(seed)

    def normal(a):
        if a is None or type(a) is tuple:
            return a if a is None else tuple(map(normal, a))
        return rng.standard_normal(a.shape) if is_float(a) else a

    for params, x in three(layer):
        bounded = tree_map(lambda a: a.clip(-3, 3) if is_float(a) else a, params)
        yield map_parameters(normal, bounded), normal(x)
