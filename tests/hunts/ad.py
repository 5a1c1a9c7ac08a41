"""Functions of ad, which computes gradients and Hessians forward."""

from ad import admath, adnumber

from tests.hunts.draws import *

LIBRARIES = ["ad", "numpy"]
np = numpy


def pair(f, *, of_gradient=False):
    """A function of one or two numbers, applied to each entry; or the sum of its gradient, with its Hessian."""

    def at(xs):
        variables = [adnumber(float(x)) for x in xs]
        return f(*variables), variables

    def weighted(xs):
        value, variables = at(xs)
        return sum([(i + 1.0) * g for i, g in enumerate(value.gradient(variables))])

    def slopes(xs):
        value, variables = at(xs)
        if of_gradient:
            return np.arange(1.0, 1 + len(xs)) @ np.array(value.hessian(variables), "float64")
        return value.gradient(variables)

    def each_entry(g, args, *shape):
        return np.array([g(xs) for xs in zip(*[np.ravel(x) for x in args], strict=True)], "float64").reshape(*shape)

    def value(*args):
        return each_entry(weighted if of_gradient else lambda xs: at(xs)[0].x, args, np.shape(args[0]))

    def vjp(args, dA):
        J = each_entry(slopes, args, (*np.shape(args[0]), len(args)))
        return [np.asarray(dA) * J[..., i] for i in range(len(args))]

    return value, vjp


N = "n"
SIGNED = mixed(normal(), normal(0, 5), decades(-5, 0))
BEYOND = lambda rng, shape: rng.choice([-1.0, 1.0], shape) * rng.uniform(1.1, 5, shape)
WITHIN = between(-0.9, 0.9)
PLUS = between(0.1, 5.0)
TABLE = {
    **named(admath, "sin cos tan sinh cosh tanh exp expm1 erf erfc asinh atan fabs degrees radians", each(SIGNED, N)),
    **named(admath, "csc sec cot csch sech coth acot acsch", each(SIGNED, N)),
    **named(admath, "asin acos atanh", each(WITHIN, N)),
    **named(admath, "log log10 log1p sqrt ln lgamma gamma factorial", each(PLUS, N)),
    **named(admath, "acsc asec acoth", each(BEYOND, N)),
    "gamma of negative x": (lambda x: admath.gamma(x), each(between(-0.9, -0.1), N)),
    "lgamma of large x": (admath.lgamma, each(between(5.0, 90.0), N)),
    "lgamma of negative x": (admath.lgamma, each(between(-0.9, -0.1), N)),
    "acosh": (admath.acosh, each(between(1.1, 5.0), N)),
    "asech": (admath.asech, each(between(0.1, 0.9), N)),
    "log of base 3": (lambda x: admath.log(x, 3), each(PLUS, N)),
    "log of both": (lambda x, y: admath.log(x, y), of((PLUS, N), (between(1.2, 4.0), N))),
    "atan2": (admath.atan2, of((SIGNED, N), (SIGNED, N))),
    "hypot": (admath.hypot, of((SIGNED, N), (SIGNED, N))),
    "power": (admath.power, of((PLUS, N), (SIGNED, N))),
    "power of negative x": (lambda x, y: (-x) ** (y * 0 + 2), of((PLUS, N), (SIGNED, N))),
    "power 2": (lambda x: x**2, each(REAL, N)),
    "power 1": (lambda x: x**1, each(REAL, N)),
    "power 3": (lambda x: x**3, each(REAL, N)),
    "2 to the power": (lambda x: 2**x, each(REAL, N)),
    "1 / x": (lambda x: 1 / x, each(SIGNED, N)),
    "x / y": (lambda x, y: x / y, of((SIGNED, N), (SIGNED, N))),
    "x * y": (lambda x, y: x * y, of((REAL, N), (REAL, N))),
    "x - y": (lambda x, y: x * x - y * x, of((REAL, N), (REAL, N))),
    "1 - x": (lambda x: 1 - x * x, each(REAL, N)),
    "mod": (lambda x, y: x % y, of((SIGNED, N), (PLUS, N))),
    "5 mod": (lambda y: 5 % y, each(PLUS, N)),
    "abs": (abs, each(SIGNED, N)),
    "neg": (lambda x: -x * x, each(REAL, N)),
    "np.hypot": (np.hypot, of((SIGNED, N), (SIGNED, N))),
    "x * sin y": (lambda x, y: x * admath.sin(y), of((SIGNED, N), (SIGNED, N))),
    "sin of x * y": (lambda x, y: admath.sin(x * y), of((GENERIC, N), (GENERIC, N))),
    "x ** x": (lambda x: x**x, each(PLUS, N)),
}
KNOWN = {
    "log of both": {"WrongGradient": "found: the base counts as a constant"},
    "lgamma of large x": {"Error": "found: it overflows with gamma, and so do its slopes, at smaller x"},
    "mod": {"Inconclusive": "the slopes are constants"},
    "power 1": {"Error": "found: 0 to the power -1, although its factor is 0"},
}
TARGETS = [
    Target(f"{name}{after}", pair(f, of_gradient=second), arguments, float32=False, known=KNOWN.get(name))
    for name, (f, arguments) in TABLE.items()
    for after, second in (("", False), (", Hessian", True))
]
