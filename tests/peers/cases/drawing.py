"""What the cases are drawn with."""

from hypothesis import strategies as st

from funcnn.testing.strategies import tensor


def within(limit, *shape):
    """Values of `tensor`, ties and zeros among them, but none of its +-800: sums of those would cancel to noise."""
    return tensor(shape).map(lambda a: a.clip(-limit, limit))


def elementwise(*activations, x=tensor):
    """Each in turn with an x of one, two and three axes, of values up to +-800."""
    shapes = [(7,), (4, 3), (2, 3, 4)]
    return [(st.just(activations[i % len(activations)]), x(shape)) for i, shape in enumerate(shapes)]
