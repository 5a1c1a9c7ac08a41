"""Arguments in a set without inner points, or in a domain that f does not enforce."""

import math

import numpy as np

from tests.nasty.base import among, between, decades, drawn, elementwise, mixed, nasty, normal

EXACT = 1e-12


def distribution(rng):
    p = rng.random(rng.integers(2, 5)) + 0.01
    return p / p.sum()


def two_distributions(rng):
    p = distribution(rng)
    return p, (np.roll(p, 1) + 1 / len(p)) / 2


def direction(rng, n=3):
    x = rng.standard_normal(n)
    return x / np.linalg.norm(x)


def is_distribution(p):
    if abs(p.sum() - 1) > (EXACT if p.dtype == np.float64 else 1e-5) or (p < 0).any():
        raise ValueError("probabilities must be positive and sum to 1")


def is_direction(x):
    if abs(x @ x - 1) > (EXACT if x.dtype == np.float64 else 1e-5):
        raise ValueError("a direction has length 1")


def entropy(p):
    is_distribution(p)
    return -(p * np.log(p)).sum()


def kl(p, q):
    is_distribution(p)
    is_distribution(q)
    return (p * np.log(p / q)).sum()


def geodesic(x, y):
    is_direction(x)
    is_direction(y)
    return np.arccos(x @ y)


def geodesic_vjp(args, dA):
    x, y = args
    slope = -dA / np.sqrt(1 - (x @ y) ** 2)
    return slope * y, slope * x


def rotated(q, v):
    """The vector v, turned by a quaternion of length 1."""
    is_direction(q)
    t = 2 * np.cross(q[1:], v)
    return v + q[0] * t + np.cross(q[1:], t)


def rotated_vjp(args, dA):
    q, v = args
    w, r = q[0], q[1:]
    t = 2 * np.cross(r, v)
    dt = w * dA + np.cross(dA, r)
    dr = np.cross(t, dA) + 2 * np.cross(v, dt)
    dw = dA @ t
    dv = dA + 2 * np.cross(dt, r)
    return np.concatenate([[dw], dr]), dv


def tangent_cosine_vjp(args, dA):
    """Of x @ y for directions, the gradient along the sphere."""
    x, y = args
    return dA * (y - (x @ y) * x), dA * (x - (x @ y) * y)


def interpolated(x, knots, heights):
    return np.interp(x, knots, heights)


def interpolated_vjp(args, dA):
    x, knots, heights = args
    i = np.clip(np.searchsorted(knots, x) - 1, 0, len(knots) - 2)
    inside = dA * ((x > knots[0]) & (x < knots[-1]))
    width = knots[i + 1] - knots[i]
    slope = (heights[i + 1] - heights[i]) / width
    share = (x - knots[i]) / width
    dknots, dheights = np.zeros_like(knots), np.zeros_like(heights)
    np.add.at(dknots, i, -inside * slope * (1 - share))
    np.add.at(dknots, i + 1, -inside * slope * share)
    np.add.at(dheights, i, inside * (1 - share))
    np.add.at(dheights, i + 1, inside * share)
    dheights[0] += dA[x <= knots[0]].sum()
    dheights[-1] += dA[x >= knots[-1]].sum()
    return inside * slope, dknots, dheights


def curve(rng):
    n = rng.integers(2, 5)
    return rng.uniform(-2, n + 1, 3), np.arange(n) + rng.uniform(0.1, 0.9, n), rng.standard_normal(n)


def increasing(rng):
    return (np.cumsum(rng.uniform(0.01, 1, rng.integers(2, 6))),)


def log_spacing(x):
    if (np.diff(x) <= 0).any():
        raise ValueError("x must increase")
    return np.log(np.diff(x)).sum()


def log_spacing_vjp(args, dA):
    inverse = dA / np.diff(args[0])
    return (np.append(0, inverse) - np.append(inverse, 0),)


def spread_of_sorted(x):
    """The mean distance of all pairs, in one pass over sorted numbers."""
    n = len(x)
    return x @ (2 * np.arange(n) - n + 1) / n**2


def spread_vjp(args, dA):
    n = len(args[0])
    return (dA * np.sign(args[0][:, None] - args[0]).sum(axis=1) / n**2,)


def stirling(x):
    """Log gamma at 8 and beyond; below, another function."""
    series = (x - 0.5) * np.log(abs(x)) - x + 0.5 * math.log(2 * math.pi) + 1 / (12 * x)
    return np.where(x < 8, 100 * x, series)


def stirling_slope(x):
    return np.log(x) - 0.5 / x - 1 / (12 * x * x)


def log_gap_vjp(args, dA):
    x, y = args
    return -dA / (y - x), dA / (y - x)


def ordered_pair(rng):
    x = rng.standard_normal(3)
    return x, x + 10.0 ** rng.uniform(-6, 0, 3)


SETS = [
    nasty("entropy of probabilities", "refuses sums 1e-12 from 1")(
        drawn(lambda rng: (distribution(rng),)),
        (entropy, lambda args, dA: (-dA * (np.log(args[0]) + 1),)),
        options={"structure": {"p": "simplex"}},
    ),
    nasty("entropy of probabilities, its gradient centred", "along the simplex only")(
        drawn(lambda rng: (distribution(rng),)),
        (entropy, lambda args, dA: (-dA * (np.log(args[0]) - np.log(args[0]).mean()),)),
        options={"structure": {"p": "simplex"}},
    ),
    nasty("Kullback and Leibler, of probabilities", "the gradient of p without its 1")(
        drawn(two_distributions),
        (kl, lambda args, dA: (dA * np.log(args[0] / args[1]), -dA * args[0] / args[1])),
        options={"structure": {"p": "simplex", "q": "simplex"}},
    ),
    nasty("angle of two directions", "refuses lengths 1e-12 from 1")(
        drawn(lambda rng: (direction(rng), direction(rng))),
        (geodesic, geodesic_vjp),
        options={"structure": {"x": "unit norm", "y": "unit norm"}},
    ),
    nasty("cosine of two directions", "a gradient along the sphere")(
        drawn(lambda rng: (direction(rng), direction(rng))),
        (lambda x, y: x @ y, tangent_cosine_vjp),
        options={"structure": {"x": "unit norm", "y": "unit norm"}},
    ),
    nasty("rotation by a quaternion", "refuses lengths 1e-12 from 1")(
        drawn(lambda rng: (direction(rng, 4), rng.standard_normal(3))),
        (rotated, rotated_vjp),
        options={"structure": {"q": "unit norm"}},
    ),
    nasty("interpolation", "knots that increase, as does no roll of them")(
        drawn(curve), (interpolated, interpolated_vjp), options={"structure": {"knots": "sorted"}}
    ),
    nasty("log of spacings", "refuses numbers that do not increase")(
        drawn(increasing), (log_spacing, log_spacing_vjp), options={"structure": {"x": "sorted"}}
    ),
    nasty("mean distance of sorted numbers", "another function where they are not sorted")(
        drawn(increasing), (spread_of_sorted, spread_vjp), options={"structure": {"x": "sorted"}}
    ),
    elementwise("Stirling's series", "another function below 8")(
        mixed(among(8.0), decades(-4, 1, signed=False, around=8.0)),
        stirling,
        stirling_slope,
        options={"domain": {"x": (8, None)}},
    ),
    elementwise("arcsin, clipped", "flat beyond its ends")(
        mixed(among(-1.0, 1.0), between(-1, 1)),
        lambda x: np.arcsin(np.clip(x, -1, 1)),
        lambda x: 1 / np.sqrt((1 - x) * (1 + x)),
        options={"domain": {"x": (-1, 1)}},
    ),
    nasty("log of a gap", "x below y, and f does not say so")(
        drawn(ordered_pair),
        (lambda x, y: np.log(abs(y - x)), log_gap_vjp),
        options={"domain": lambda x, y: (x < y).all()},
    ),
    elementwise("log of a positive part", "0 beside its domain")(
        mixed(decades(-3, 0, signed=False), normal(3, 0.1)),
        lambda x: np.log(np.where(x > 0, x, 1)),
        lambda x: 1 / x,
        options={"domain": {"x": (0, math.inf)}},
    ),
]
