"""Adagrad, Adadelta and RMSProp: step lengths from the size of past gradients."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, namespace
from funcnn.needs import Fraction, Positive, Rate
from funcnn.optimizers.base import PerArray
from funcnn.records import record
from funcnn.scalars import power


@record(kw_only=True)
class Adagrad(PerArray):
    """s' = s + g^2, g' = g / (sqrt(s') + eps)

    Duchi, Hazan & Singer 2011, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization, fig. 1,
    the diagonal form. Torch has the same rule; optax has eps below the root and begins with s = 0.1.

    Raises:
        RangeError: `eps` is negative.
    """

    eps: Rate = 1e-10

    def step(self, g: Array, p: Array, t: int, s: Array | float = 0) -> tuple[Array, Array]:
        """g' and s'"""
        s = g * g + s
        root = power(s, 0.5)
        root += self.eps
        return g / root, s


@record(kw_only=True)
class Adadelta(PerArray):
    """s' = rho s + (1 - rho) g^2, g' = g sqrt(d + eps) / sqrt(s' + eps), d' = rho d + (1 - rho) g'^2

    The steps have the units of the parameters, so use lr = 1. Zeiler 2012, ADADELTA: An Adaptive Learning Rate
    Method, algorithm 1. Torch and optax have the same rule.

    Raises:
        RangeError: `rho` is not in [0, 1), or `eps` is not above 0 (with 0, every step has length 0).
    """

    rho: Fraction = 0.9
    eps: Positive = 1e-6

    def step(
        self, g: Array, p: Array, t: int, s: Array | float = 0, d: Array | float = 0
    ) -> tuple[Array, Array, Array]:
        """g', s' and d'"""
        s = self.rho * s + (1 - self.rho) * (g * g)
        made = power(d + self.eps, 0.5) / power(s + self.eps, 0.5) * g
        return made, s, self.rho * d + (1 - self.rho) * (made * made)


@record(kw_only=True)
class RMSProp(PerArray):
    """s' = rho s + (1 - rho) g^2, g' = g / (sqrt(s') + eps)

    If `centred`, g is divided by the deviation from the mean gradient instead: c' = rho c + (1 - rho) g, and s' - c'^2
    is under the root. With momentum, the step is along m' = momentum m + g / (sqrt(...) + eps). Tieleman & Hinton 2012,
    Lecture 6.5 of Neural Networks for Machine Learning; centred: Graves 2013, Generating Sequences With Recurrent
    Neural Networks, eq. 38 to 41, which has eps below the root. Torch has this rule, and optax with eps_in_sqrt=False.

    Raises:
        RangeError: `rho` or `momentum` is not in [0, 1), or `eps` is negative.
    """

    rho: Fraction = 0.9
    eps: Rate = 1e-8
    centred: bool = False
    momentum: Fraction = 0.0

    def step(
        self, g: Array, p: Array, t: int, s: Array | float = 0, c: Array | float = 0, m: Array | float = 0
    ) -> tuple[Any, ...]:
        """g' and s', then c' and m', which stay 0 if they are not used"""
        s = self.rho * s + (1 - self.rho) * (g * g)
        root = s
        if self.centred:
            c = self.rho * c + (1 - self.rho) * g
            root = namespace(g).maximum(s - c * c, 0)  # rounding can make it negative
        root = power(root, 0.5)
        root += self.eps
        g = g / root
        if self.momentum:
            m = g = self.momentum * m + g
        return g, s, c, m
