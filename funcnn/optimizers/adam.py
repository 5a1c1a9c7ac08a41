"""Adam and its variants, each of which differs from it in one place."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import Array, namespace
from funcnn.gradients import Grads
from funcnn.needs import Fraction, Rate
from funcnn.optimizers.base import P, PerArray, per_array_update, update
from funcnn.optimizers.transforms import decayed
from funcnn.paths import Where
from funcnn.records import record
from funcnn.scalars import power

Memory = Array | float


@record(kw_only=True)
class Adam(PerArray):
    """m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2, g' = m' / (1 - b1^t) / (sqrt(v' / (1 - b2^t)) + eps)

    Kingma & Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 1. The memory is m / (1 - b1) and
    v / (1 - b2), the sums s' = b s + g of gradients and of squares, which saves two of eleven passes over the arrays.
    Torch and optax have the same rule.

    >>> from funcnn import Adam, TrainState, mlp
    >>> start = TrainState(mlp([2, 8, 1], seed=0), Adam(b2=0.99))

    Raises:
        RangeError: `b1` or `b2` is not in [0, 1), or `eps` is negative.
    """

    b1: Fraction = 0.9
    b2: Fraction = 0.999
    eps: Rate = 1e-8

    def step(self, g: Array, p: Array, t: int, m: Memory = 0, v: Memory = 0) -> tuple[Array, ...]:
        """g', and the two sums"""
        m, v = self.sums(g, m, v)
        return self.mean(m, t) / self.root(v, t), m, v

    def sums(self, g: Array, m: Memory, v: Memory) -> tuple[Array, Array]:
        """m' / (1 - b1) and v' / (1 - b2)"""
        m = self.b1 * m
        m += g
        v = self.b2 * v
        v += g * g
        return m, v

    def mean(self, m: Array, t: int) -> Array:
        """m' / (1 - b1^t), from the sum"""
        return (1 - self.b1) / (1 - power(self.b1, t)) * m

    def root(self, v: Array, t: int) -> Array:
        """sqrt(v' / (1 - b2^t)) + eps, from the sum"""
        root = power(v, 0.5)
        root *= power((1 - self.b2) / (1 - power(self.b2, t)), 0.5)
        root += self.eps
        return root


@record(kw_only=True)
class AdamW(Adam):
    """Adam's g' + decay p: a decay that is not divided by the size of the gradient, unlike an L2 penalty

    The same as `(Adam(), Decay(decay, where))`. Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization,
    algorithm 2, where the decay is multiplied by a schedule, not by lr; here, as in torch and optax, it is multiplied
    by lr. Only the parameters that `where` chooses decay: `"!*.b"` excludes the biases.

    >>> from funcnn import AdamW, TrainState, mlp
    >>> start = TrainState(mlp([2, 8, 1], seed=0), AdamW(decay=0.1, where="!*.b"))

    Raises:
        RangeError: as Adam, or `decay` is negative.
        FuncnnError: in `update`, `where` matches no parameter.
    """

    decay: Rate = 0.01
    where: Where = "*"


@update.register(AdamW)
def adamw_update(optimizer: AdamW, grads: Grads[P], params: P) -> tuple[Grads[P], AdamW]:
    """Adam, then the decay"""
    steps, after = per_array_update(optimizer, grads, params)
    return decayed(steps, params, optimizer.decay, optimizer.where), after


@record(kw_only=True)
class AMSGrad(Adam):
    """Adam with the largest v' so far in place of v', so that the divisor does not shrink with v'

    Reddi, Kale & Kumar 2018, On the Convergence of Adam and Beyond, algorithm 2, which has neither Adam's corrections
    1 - b^t nor its eps. Here, as in torch, both are used, and the largest v' is taken before the correction; optax
    takes the largest value after the correction.

    Raises:
        RangeError: as Adam.
    """

    def step(self, g: Array, p: Array, t: int, m: Memory = 0, v: Memory = 0, top: Memory = 0) -> tuple[Array, ...]:
        """g', the two sums, and the largest second sum so far"""
        m, v = self.sums(g, m, v)
        top = namespace(g).maximum(v, top)
        return self.mean(m, t) / self.root(top, t), m, v, top


@record(kw_only=True)
class NAdam(Adam):
    """Adam with Nesterov's lookahead, where mu_t = b1 (1 - 0.96^(psi t) / 2) and pi_t = mu_1 mu_2 ... mu_t

    g' = (mu_(t+1) m' / (1 - pi_(t+1)) + (1 - mu_t) g / (1 - pi_t)) / (sqrt(v' / (1 - b2^t)) + eps)

    m' and v' are Adam's. Dozat 2016, Incorporating Nesterov Momentum into Adam, algorithm 2, with the schedule of
    Sutskever et al. 2013 that Dozat suggests, as in torch. A large psi, such as 1e6, makes mu_t = b1 from the first
    step on, as in optax.

    Raises:
        RangeError: as Adam, or `psi` is negative.
    """

    psi: Rate = 0.004

    def step(self, g: Array, p: Array, t: int, m: Memory = 0, v: Memory = 0, pi: float = 1.0) -> tuple[Any, ...]:
        """g', the two sums, and pi_t"""
        m, v = self.sums(g, m, v)
        mu, ahead = [self.b1 * (1 - 0.5 * power(0.96, self.psi * i)) for i in (t, t + 1)]
        pi = pi * mu
        made = ahead * (1 - self.b1) / (1 - pi * ahead) * m
        made += (1 - mu) / (1 - pi) * g
        return made / self.root(v, t), m, v, pi


@record(kw_only=True)
class RAdam(Adam):
    """Adam with a factor below 1 in early steps; the first of these steps are not divided by the root of v'

    rho_t = rho - 2 t b2^t / (1 - b2^t), where rho = 2 / (1 - b2) - 1. If rho_t > 5, g' is Adam's times
    sqrt((rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)), otherwise it is m' / (1 - b1^t).

    Liu et al. 2020, On the Variance of the Adaptive Learning Rate and Beyond, algorithm 2, with the
    bound 4 and no eps. The authors' code and torch have 5, as here. Optax has this rule; torch adds eps to sqrt(v').

    Raises:
        RangeError: as Adam.
    """

    def step(self, g: Array, p: Array, t: int, m: Memory = 0, v: Memory = 0) -> tuple[Array, ...]:
        """g', and the two sums"""
        m, v = self.sums(g, m, v)
        mean, rho = self.mean(m, t), 2 / (1 - self.b2) - 1
        if rho <= 5:  # rho_t is less than rho
            return mean, m, v
        b2_t = power(self.b2, t)
        rho_t = rho - 2 * t * b2_t / (1 - b2_t)
        squared = (rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t)
        factor = power(abs(squared), 0.5) / self.root(v, t)
        return mean * namespace(g).where(rho_t > 5, factor, 1), m, v
