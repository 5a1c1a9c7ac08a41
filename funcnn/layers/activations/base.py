"""The most common activations."""

from __future__ import annotations

from funcnn.arrays import Array, namespace
from funcnn.elementary import (
    broken_slope,
    is_positive,
    positive_part,
    sigmoid,
    sigmoid_and_slope,
    softplus,
    tanh_and_slope,
    tanh_slope,
)
from funcnn.layers.activations.elementwise import Elementwise
from funcnn.needs import Rate
from funcnn.records import record
from funcnn.traits import gives_probabilities, like_x, probabilities


@record
class Identity(Elementwise):
    """out = x; dx = dA"""

    def value(self, x: Array) -> Array:
        return x

    def slope(self, kept: Array) -> Array:
        return namespace(kept).ones_like(kept)


gives_probabilities.register(Identity)(like_x)


@record
class Relu(Elementwise):
    """out = max(x, 0)

    The slope at 0 is 0. Nair & Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Relu(), np.array([[-1.0, 0.0, 2.0]]))[0]
    array([[0., 0., 2.]])
    """

    keeps = "out"

    value = staticmethod(positive_part)

    def slope(self, kept: Array) -> Array:
        """1 where out > 0, else 0"""
        return is_positive(kept)


@record
class LeakyRelu(Elementwise):
    """out = x where x > 0, else alpha x

    Maas, Hannun & Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models. At 0 the slope is alpha.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.LeakyRelu(0.1), np.array([[-1.0, 2.0]]))[0]
    array([[-0.1,  2. ]])

    Raises:
        RangeError: `alpha` is negative: out would not have the sign of x, from which the slope is computed.
    """

    alpha: Rate = 0.01
    keeps = "out"

    def value(self, x: Array) -> Array:
        return namespace(x).where(x > 0, x, self.alpha * x)

    def slope(self, kept: Array) -> Array:
        """1 where out > 0, else alpha"""
        return broken_slope(kept, self.alpha)


@record
class Sigmoid(Elementwise):
    """out = 1 / (1 + e^-x)

    out is exact to rounding in both tails. out is a probability, as `binary_cross_entropy` takes it; losses of logits
    take x. Rumelhart, Hinton & Williams 1986, Learning Representations by Back-Propagating Errors, eq. 2.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Sigmoid(), np.array([[-800.0, 0.0, 800.0]]))[0].round(4)
    array([[0. , 0.5, 1. ]])
    """

    keeps = "slope"

    value = staticmethod(sigmoid)

    value_and_slope = staticmethod(sigmoid_and_slope)

    def slope(self, kept: Array) -> Array:
        """out (1 - out), as out / (1 + e^x), which keeps its digits where out rounds to 1"""
        return sigmoid_and_slope(kept)[1]


gives_probabilities.register(Sigmoid)(probabilities)


@record
class Tanh(Elementwise):
    """out = tanh(x)

    LeCun, Bottou, Orr & Müller 1998, Efficient BackProp, section 4.4.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Tanh(), np.array([[0.0, 800.0]]))[0]
    array([[0., 1.]])
    """

    keeps = "slope"

    def value(self, x: Array) -> Array:
        return namespace(x).tanh(x)

    value_and_slope = staticmethod(tanh_and_slope)

    def slope(self, kept: Array) -> Array:
        """1 - tanh(x)^2, from e^-2|x|, since out rounds to 1 or -1 where the slope is small"""
        return tanh_slope(kept)


@record
class Softplus(Elementwise):
    """out = log(1 + e^x), as max(x, 0) + log(1 + e^-|x|), which cannot overflow.

    Dugas et al. 2001, Incorporating Second-Order Functional Knowledge for Better Option Pricing.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Softplus(), np.array([[0.0, 800.0]]))[0].round(4)
    array([[6.931e-01, 8.000e+02]])
    """

    value = staticmethod(softplus)

    def slope(self, kept: Array) -> Array:
        """1 / (1 + e^-x)"""
        return sigmoid(kept)


@record
class Elu(Elementwise):
    """out = x where x > 0, else alpha (e^x - 1)

    Clevert, Unterthiner & Hochreiter 2016, Fast and Accurate Deep Network Learning by Exponential Linear Units, eq. 15.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Elu(), np.array([[-1.0, 2.0]]))[0].round(4)
    array([[-0.6321,  2.    ]])

    Raises:
        RangeError: `alpha` is negative.
    """

    alpha: Rate = 1.0

    def value(self, x: Array) -> Array:
        xp = namespace(x)
        return xp.where(x > 0, x, self.alpha * xp.expm1(xp.where(x > 0, 0, x)))

    def slope(self, kept: Array) -> Array:
        """1 where x > 0, else alpha e^x, and not the equal out + alpha, which cancels where out is near -alpha"""
        xp = namespace(kept)
        return xp.where(kept > 0, 1, self.alpha * xp.exp(xp.minimum(kept, 0)))
