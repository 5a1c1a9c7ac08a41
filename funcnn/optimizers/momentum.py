"""Momentum, and Lion, which steps along the sign of a momentum."""

from __future__ import annotations

from funcnn.arrays import Array, namespace
from funcnn.needs import Fraction
from funcnn.optimizers.base import PerArray
from funcnn.records import record


@record(kw_only=True)
class Momentum(PerArray):
    """m' = beta m + g, g' = m'; with Nesterov's lookahead g' = g + beta m'

    The heavy ball: Polyak 1964, Some methods of speeding up the convergence of iteration methods, eq. 9. Nesterov's
    momentum has the form of Sutskever et al. 2013, On the importance of initialization and momentum in deep learning,
    eq. 3 and 4, with `params` as the point of the lookahead. Torch (SGD without dampening) and optax (trace) have the
    same rules.

    >>> from funcnn import Momentum, TrainState, mlp
    >>> start = TrainState(mlp([2, 8, 1], seed=0), Momentum(beta=0.9, nesterov=True))

    Raises:
        RangeError: `beta` is not in [0, 1).
    """

    beta: Fraction = 0.9
    nesterov: bool = False

    def step(self, g: Array, p: Array, t: int, m: Array | float = 0) -> tuple[Array, Array]:
        """g' and m'"""
        m = self.beta * m
        m += g
        return (g + self.beta * m if self.nesterov else m), m


@record(kw_only=True)
class Lion(PerArray):
    """g' = sign(b1 m + (1 - b1) g), m' = b2 m + (1 - b2) g

    Every number moves by lr, up or down; the paper recommends an lr three to ten times smaller than for Adam. Chen et
    al. 2023, Symbolic Discovery of Optimization Algorithms, algorithm 2; for its weight decay put `Decay` behind
    Lion. Optax has the same rule.

    >>> from funcnn import TrainState, mlp
    >>> from funcnn.optimizers import Decay, Lion
    >>> start = TrainState(mlp([2, 8, 1], seed=0), (Lion(), Decay(0.1)))

    Raises:
        RangeError: `b1` or `b2` is not in [0, 1).
    """

    b1: Fraction = 0.9
    b2: Fraction = 0.99

    def step(self, g: Array, p: Array, t: int, m: Array | float = 0) -> tuple[Array, Array]:
        """g' and m'"""
        mixed = self.b1 * m + (1 - self.b1) * g
        return namespace(g).sign(mixed), self.b2 * m + (1 - self.b2) * g
