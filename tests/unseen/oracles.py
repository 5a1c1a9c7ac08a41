"""True gradients of a case: the complex step, or difference quotients with 100 digits."""

import mpmath
import numpy as np

DIGITS = 100
mp = mpmath.mp.clone()
mp.dps = DIGITS


def _number(value):
    return value.value if isinstance(value, Big) else mp.mpf(float(value))


def _binary(name):
    def method(self, other):
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Big(getattr(self.value, name)(_number(other)))

    return method


def _comparison(name):
    return lambda self, other: bool(getattr(self.value, name)(_number(other)))


def _unary(function):
    return lambda self: Big(function(self.value))


class Big:
    """A number of 100 digits. NumPy's functions of object arrays call its methods: np.exp calls exp."""

    __slots__ = ("value",)
    __hash__ = None

    def __init__(self, value):
        self.value = value

    __add__, __radd__ = _binary("__add__"), _binary("__radd__")
    __sub__, __rsub__ = _binary("__sub__"), _binary("__rsub__")
    __mul__, __rmul__ = _binary("__mul__"), _binary("__rmul__")
    __truediv__, __rtruediv__ = _binary("__truediv__"), _binary("__rtruediv__")
    __pow__, __rpow__ = _binary("__pow__"), _binary("__rpow__")
    __lt__, __le__ = _comparison("__lt__"), _comparison("__le__")
    __gt__, __ge__ = _comparison("__gt__"), _comparison("__ge__")
    __eq__, __ne__ = _comparison("__eq__"), _comparison("__ne__")
    __neg__, __pos__, __abs__ = _unary(lambda v: -v), _unary(lambda v: v), _unary(abs)
    exp, expm1, log, log1p, sqrt = (_unary(f) for f in (mp.exp, mp.expm1, mp.log, mp.log1p, mp.sqrt))
    sin, cos, tan, arctan = (_unary(f) for f in (mp.sin, mp.cos, mp.tan, mp.atan))
    sinh, cosh, tanh, arcsin = (_unary(f) for f in (mp.sinh, mp.cosh, mp.tanh, mp.asin))

    def hypot(self, other):
        return Big(mp.hypot(self.value, _number(other)))

    def arctan2(self, other):
        return Big(mp.atan2(self.value, _number(other)))


def slopes(case, dA):
    """Return the true gradient of sum(dA * f(*args)) for each argument of the case."""
    slope = {"mpmath": _quotient, "complex": _complex_step}[case.by]
    return [
        np.array([slope(case, dA, k, i) for i in range(arg.size)]).reshape(arg.shape) for k, arg in enumerate(case.args)
    ]


def _quotient(case, dA, k, i):
    args = [np.frompyfunc(lambda v: Big(mp.mpf(v)), 1, 1)(arg) for arg in case.args]
    x = args[k].flat[i]
    step = max(abs(x.value), mp.mpf("1e-20")) * mp.mpf("1e-30")
    sides = []
    for h in (step, -step):
        args[k].flat[i] = Big(x.value + h)
        sides.append(mp.fsum(d * _number(out) for d, out in zip(dA.flat, case.f(*args).flat, strict=True)))
    return float((sides[0] - sides[1]) / (2 * step))


def _complex_step(case, dA, k, i):
    args = [arg.astype(complex) for arg in case.args]
    step = abs(args[k].flat[i]) * 1e-30 or 1e-30
    args[k].flat[i] += 1j * step
    return np.sum(dA * case.f(*args).imag) / step
