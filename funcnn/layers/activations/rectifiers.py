"""Rectifiers with a threshold, or with a slope below 0: Threshold, Selu, Celu and PRelu."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, as_array, as_dtype, namespace, wide
from funcnn.checked import checked
from funcnn.core import backward, forward
from funcnn.elementary import broken_slope, sign
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import constant, draw
from funcnn.layers.activations.elementwise import Elementwise
from funcnn.needs import Finite, FloatDtype, Positive
from funcnn.records import record
from funcnn.shapes import axes, shapes
from funcnn.sizes import Size


@record
class Threshold(Elementwise):
    """out = x where x > threshold, else below

    The slope is 1 where x > threshold and 0 elsewhere, at the threshold too. If `below` is not the threshold, out jumps
    there, and the slope leaves out the jump. With 0 and 0 it is a Relu.

    Fukushima 1969, Visual Feature Extraction by a Multilayered Network of Analog Threshold Elements, eq. 2.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Threshold(1.0, -1.0), np.array([[0.5, 1.0, 2.0]]))[0]
    array([[-1., -1.,  2.]])

    Raises:
        RangeError: `threshold` or `below` is not finite.
    """

    threshold: Finite = 0.0
    below: Finite = 0.0

    def value(self, x: Array) -> Array:
        return namespace(x).where(x <= self.threshold, self.below, x)

    def slope(self, kept: Array) -> Array:
        """1 where x > threshold, else 0"""
        return namespace(kept).maximum(sign(kept - self.threshold), 0)


@record
class Selu(Elementwise):
    """out = scale x where x > 0, else scale alpha (e^x - 1); scale = 1.0507..., alpha = 1.6732...

    The two constants make mean 0 and variance 1 a fixed point: through many layers whose weights have variance 1 / n_in
    (`lecun_normal`) the signal keeps its scale. The slope jumps at 0; there its left limit, scale alpha, is used.

    Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-Normalizing Neural Networks, eq. 2 and 14.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Selu(), np.array([[-1.0, 1.0]]))[0].round(4)
    array([[-1.1113,  1.0507]])
    """

    def value(self, x: Array) -> Array:
        xp = namespace(x)
        return xp.where(x > 0, _SCALE * x, _SCALE_ALPHA * xp.expm1(xp.where(x > 0, 0, x)))

    def slope(self, kept: Array) -> Array:
        """scale where x > 0, else scale alpha e^x"""
        xp = namespace(kept)
        return xp.where(kept > 0, _SCALE, _SCALE_ALPHA * xp.exp(xp.minimum(kept, 0)))


_SCALE = 1.0507009873554805
_SCALE_ALPHA = _SCALE * 1.6732632423543772


@record
class Celu(Elementwise):
    """out = x where x > 0, else alpha (e^(x / alpha) - 1)

    An Elu with slope 1 on both sides of 0 for every alpha. out is above -alpha.

    Barron 2017, Continuously Differentiable Exponential Linear Units.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.Celu(0.5), np.array([[-1.0, 1.0]]))[0].round(4)
    array([[-0.4323,  1.    ]])

    Raises:
        RangeError: `alpha` is 0 or negative.
    """

    alpha: Positive = 1.0

    def value(self, x: Array) -> Array:
        xp = namespace(x)
        return xp.where(x > 0, x, self.alpha * xp.expm1(xp.where(x > 0, 0, x) / self.alpha))

    def slope(self, kept: Array) -> Array:
        """1 where x > 0, else e^(x / alpha)"""
        xp = namespace(kept)
        return xp.exp(xp.minimum(kept, 0) / self.alpha)


@shapes(x="m ... n | ...", out="m ... n | ...")
@record
class PRelu:
    """out = x where x > 0, else alpha x, where alpha is trained

    alpha is a slope for each feature, or one for all.

        dx = dA where x > 0, else alpha dA;  dalpha = sum of dA min(x, 0) over all entries that share an alpha

    At 0 the slope is alpha, and dalpha is 0. alpha may become negative, so the cache is x, not out. Weight decay would
    pull alpha towards 0, and the layer towards a Relu: exclude alpha from the decay, as the paper does.

    He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, eq. 1 to 3.

    >>> import numpy as np
    >>> from funcnn import forward, layers
    >>> forward(layers.PRelu(np.array([0.25, 0.5])), np.array([[-1.0, -1.0], [2.0, 2.0]]))[0]
    array([[-0.25, -0.5 ],
           [ 2.  ,  2.  ]])

    Raises:
        ShapeError: alpha is not (n,) with n at least 1, or x has another number of features.
        KindError: x and alpha differ in dtype.
    """

    alpha: Array = axes("n | 1", nonempty=True)

    @classmethod
    @checked
    def init(cls, n: Size = 1, *, alpha: Finite = 0.25, dtype: FloatDtype = np.float64) -> PRelu:
        """n slopes, one for each feature, or one for all; 0.25 is the value of the paper, section 2.

        >>> PRelu.init()
        PRelu(alpha=<f64 [0.25]>)
        """
        return cls(draw(f"{cls.__name__}.init", "weights", constant(alpha), 0, (n,), dtype))


@forward.register(PRelu)
def prelu_forward(params: PRelu, x: Array) -> tuple[Array, Array]:
    """out = x where x > 0, else alpha x"""
    return namespace(x).where(x > 0, x, x * _factor(params)), x


@backward.register(PRelu)
def prelu_backward(params: PRelu, x: Array, dA: Array) -> Grads[PRelu]:
    """dx = dA where x > 0, else alpha dA; dalpha = sum of dA min(x, 0)"""
    by_feature = (wide(dA) * namespace(x).where(x > 0, 0, x)).reshape(-1, params.alpha.size)
    grads = gradient(params, alpha=as_dtype(by_feature.sum(0), x.dtype))
    return Grads(grads, as_array(dA * broken_slope(x, _factor(params))))


def _factor(params: PRelu) -> Array:
    """alpha, as a 0-d array if there is one slope for all features, since x may have no axis"""
    return params.alpha if params.alpha.size > 1 else params.alpha.reshape(())


step.register(PRelu)(positionwise)
