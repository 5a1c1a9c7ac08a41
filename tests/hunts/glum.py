"""Links and distributions of glum, and the gradients and Hessians of its rows."""

import numpy as np
from glum import _distribution as distributions
from glum import _link as links

from funcnn.testing.scipy import pair
from tests.hunts.draws import *

LIBRARIES = ["glum", "numpy"]
UNIT_INSIDE = between(0.05, 0.95)
PLUS = between(0.2, 4.0)
ETA = each(between(-1.5, 1.5), "n")


def diagonal(slope):
    return lambda x: np.diag(np.broadcast_to(slope(x), x.shape))


FLOAT32 = dict.fromkeys(
    ("WrongGradient", "Inconclusive"), "powers and theta are kept in float32, so slopes have errors of about 1e-7"
)

ROUNDED = (
    "NegativeBinomial.unit_deviance",
    "NegativeBinomial, ",
    "link Tweedie -0.5",
    "link Tweedie 1.1",
    "Tweedie 1.1",
)


def target(name, f, slope, arguments):
    known = FLOAT32 if name.startswith(ROUNDED) else {}
    return Target(name, pair(f, diagonal(slope)), arguments, float32=False, known=known)


LINKS = {
    "Identity": (links.IdentityLink(), GENERIC, GENERIC),
    "Log": (links.LogLink(), PLUS, GENERIC),
    "Logit": (links.LogitLink(), UNIT_INSIDE, GENERIC),
    "Cloglog": (links.CloglogLink(), UNIT_INSIDE, between(-2.0, 1.0)),
    **{f"Tweedie {p}": (links.TweedieLink(p), PLUS, PLUS) for p in (0, 1, 1.5, 2, 3, -0.5, 1.1)},
}
DISTRIBUTIONS = {
    "Normal": (distributions.NormalDistribution(), GENERIC, GENERIC, ("Identity", "Log")),
    "Poisson": (distributions.PoissonDistribution(), PLUS, PLUS, ("Log", "Identity", "Tweedie 1.5")),
    "Gamma": (distributions.GammaDistribution(), PLUS, PLUS, ("Log", "Tweedie 2")),
    "InverseGaussian": (distributions.InverseGaussianDistribution(), PLUS, PLUS, ("Log", "Tweedie 3")),
    "GeneralizedHyperbolicSecant": (distributions.GeneralizedHyperbolicSecant(), GENERIC, GENERIC, ("Identity",)),
    "Binomial": (distributions.BinomialDistribution(), UNIT_INSIDE, UNIT_INSIDE, ("Logit", "Cloglog")),
    "NegativeBinomial": (distributions.NegativeBinomialDistribution(0.7), PLUS, PLUS, ("Log", "Identity")),
    **{
        f"Tweedie {p}": (distributions.TweedieDistribution(p), PLUS, PLUS, ("Log", "Identity"))
        for p in (0, 1, 1.5, 1.1, 2, 3, 2.5, -0.5)
    },
}


def of_links():
    for name, (link, mu, eta) in LINKS.items():
        yield target(f"link {name}.derivative", link.link, link.derivative, each(mu, "n"))
        yield target(f"link {name}.inverse_derivative", link.inverse, link.inverse_derivative, each(eta, "n"))
        second = link.inverse_derivative2
        yield target(f"link {name}.inverse_derivative2", link.inverse_derivative, second, each(eta, "n"))


def of_distributions():
    for name, (made, fill, outcomes, names) in DISTRIBUTIONS.items():
        y = outcomes(np.random.default_rng(1), (24,))
        first = lambda mu, y=y: y[: mu.size]
        mu = each(fill, "n")
        yield target(f"{name}.unit_variance", made.unit_variance, made.unit_variance_derivative, mu)
        deviance = lambda m, made=made, first=first: made.unit_deviance(first(m), m)
        slope = lambda m, made=made, first=first: made.unit_deviance_derivative(first(m), m)
        yield target(f"{name}.unit_deviance", deviance, slope, mu)
        w = np.resize([1.0, 2.0, 0.5, 3.0, 1.5], 24)
        for link_name in names:
            link = LINKS[link_name][0]
            eta = each(fill, "n").map(lambda args, link=link: [link.link(args[0])])
            if name == "Normal":
                eta = ETA
            yield of_rows(f"{name}, {link_name}", made, link, first, w, eta)


def of_rows(name, made, link, first, w, eta):
    """The gradient of the log-likelihood by eta, which is minus half of the gradient of the deviance."""

    def f(e):
        return -made.unit_deviance(first(e), link.inverse(e)) * w[: e.size] / 2

    def slope(e):
        return made.rowwise_gradient_hessian(link, None, 1.0, None, first(e), w[: e.size], e, link.inverse(e))[0]

    return target(f"{name}.rowwise_gradient", f, slope, eta)


TARGETS = [*of_links(), *of_distributions()]
