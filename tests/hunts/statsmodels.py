"""Scores and Hessians of statsmodels, and derivatives of its links, norms, penalties and copulas."""

import warnings
from copy import copy
from functools import partial

import numpy as np
from scipy import stats
from statsmodels import api as sm
from statsmodels.base import _penalties as penalties
from statsmodels.discrete import conditional_models, count_model, truncated_model
from statsmodels.distributions.copula import transforms
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.gam.api import BSplines
from statsmodels.gam.gam_penalties import MultivariateGamPenalty, UnivariateGamPenalty
from statsmodels.genmod import families
from statsmodels.genmod.families import links, varfuncs
from statsmodels.multivariate.factor import Factor
from statsmodels.multivariate.factor_rotation import _gpa_rotation as rotation
from statsmodels.othermod.betareg import BetaModel
from statsmodels.regression.dimred import CovarianceReduction
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams
from statsmodels.regression.process_regression import ProcessMLE
from statsmodels.robust import norms

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.hunts.draws import GENERIC, POSITIVE, REAL, UNIT, each
from tests.nasty.base import between, drawn, mixed, normal

LIBRARIES = ["statsmodels", "scipy", "numpy"]
FOUND = "see docs/found.md"
RNG = np.random.default_rng(0)
ROWS = 8
X = np.column_stack([np.ones(ROWS), RNG.standard_normal((ROWS, 2))])
COUNTS = np.array([0, 1, 3, 0, 2, 5, 1, 4])
BINARY = np.array([0, 1, 1, 0, 1, 0, 0, 1])
CLASSES = np.array([0, 1, 2, 0, 2, 1, 1, 2])
SHARES = RNG.uniform(0.1, 0.9, ROWS)
REALS = RNG.standard_normal(ROWS)
GROUPS = np.repeat([0, 1], 4)
OF_COUNTS = "NegativeBinomialP of 1", "NegativeBinomialP of 2", "GeneralizedPoisson of 1", "GeneralizedPoisson of 2"
TRUNCATED = "TruncatedLFNegativeBinomialP of 1", "TruncatedLFGeneralizedPoisson"
KNOWN = {
    **{f"{name}, log alpha.{part}": "WrongGradient" for name in OF_COUNTS for part in ("score", "hessian")},
    **{f"NegativeBinomial, {which}, log alpha.hessian": "WrongGradient" for which in ("nb1", "nb2")},
    **{f"{name}.{part}": "WrongGradient" for name in TRUNCATED for part in ("score", "hessian", "score_obs")},
    "ZeroInflatedPoisson.hessian": "WrongGradient",
    "OLS.hessian": "WrongGradient",
    "copula Frank.deriv": "WrongGradient",
    "copula Gumbel.deriv2": "NotFinite",
}
BY_DIFFERENCES = {
    "ZeroInflatedPoisson, probit.score_obs",
    *[
        f"{name}.hessian"
        for name in (
            *("ZeroInflatedPoisson, probit", "ZeroInflatedGeneralizedPoisson", "ZeroInflatedNegativeBinomialP"),
            *("TruncatedLFPoisson", "TruncatedLFPoisson above 1", "TruncatedLFNegativeBinomialP"),
            "TruncatedLFGeneralizedPoisson of 1",
        )
    ],
}


def params(n, low=-1.0, high=1.0, positive=0):
    """Parameters, of which the last ones are positive."""

    def fill(rng):
        p = rng.uniform(low, high, n)
        p[n - positive :] = rng.uniform(0.2, 2.0, positive)
        return (p,)

    return drawn(fill)


def target(name, f, derivative, arguments, **options):
    known = {KNOWN[name]: FOUND} if name in KNOWN else {}
    if name in BY_DIFFERENCES:
        known["Inconclusive"] = "the library computes it by finite differences"
    return Target(name, pair(f, derivative), arguments, known=known, float32=False, **options)


def likelihood(name, model, n, *, positive=0, low=-1.0, high=1.0, parts="score hessian", **options):
    """The score of a model against its log-likelihood, of all rows and of each, and its Hessian against its score."""
    every = params(n, low, high, positive)
    pairs = {"score": ("loglike", "score"), "hessian": ("score", "hessian"), "score_obs": ("loglikeobs", "score_obs")}
    return [
        target(f"{name}.{part}", getattr(model, pairs[part][0]), getattr(model, pairs[part][1]), every, **options)
        for part in parts.split()
    ]


def discrete():
    n, every = X.shape[1], "score hessian score_obs"
    offset, exposure = REALS / 2, np.exp(SHARES)
    yield from likelihood("Logit", sm.Logit(BINARY, X), n, parts=every)
    yield from likelihood("Logit with offset", sm.Logit(BINARY, X, offset=offset), n)
    yield from likelihood("Probit", sm.Probit(BINARY, X), n, parts=every)
    multinomial = sm.MNLogit(CLASSES, X)
    yield from likelihood("MNLogit", multinomial, 2 * n)
    rows = lambda p: multinomial.loglikeobs(p).sum(axis=1)
    yield target("MNLogit.score_obs", rows, multinomial.score_obs, params(2 * n))
    yield from likelihood("Poisson", sm.Poisson(COUNTS, X), n, parts=every)
    exposed = sm.Poisson(COUNTS, X, offset=offset, exposure=exposure)
    yield from likelihood("Poisson with offset and exposure", exposed, n)
    geometric = sm.NegativeBinomial(COUNTS, X, loglike_method="geometric")
    yield from likelihood("NegativeBinomial, geometric", geometric, n, parts=every)
    made = {
        "GeneralizedPoisson of 1": sm.GeneralizedPoisson(COUNTS, X, p=1),
        "GeneralizedPoisson of 2": sm.GeneralizedPoisson(COUNTS, X, p=2),
        "NegativeBinomialP of 1": sm.NegativeBinomialP(COUNTS, X, p=1),
        "NegativeBinomialP of 2": sm.NegativeBinomialP(COUNTS, X, p=2),
        "NegativeBinomial, nb1": sm.NegativeBinomial(COUNTS, X, loglike_method="nb1"),
        "NegativeBinomial, nb2": sm.NegativeBinomial(COUNTS, X, loglike_method="nb2"),
    }
    for name, model in made.items():
        model._transparams = False  # the last parameter is alpha
        yield from likelihood(name, model, n + 1, positive=1, low=-0.5, high=0.5, parts=every)
        logged = copy(model)
        logged._transparams = True  # the last parameter is log(alpha), as in a fit with use_transparams=True
        if name.startswith("NegativeBinomial,"):
            logged._initialize()  # which binds methods to the copy
        yield from likelihood(f"{name}, log alpha", logged, n + 1, low=-0.5, high=0.5)


def inflated():
    n, more = X.shape[1], np.ones((ROWS, 1))
    made = {
        "ZeroInflatedPoisson": (count_model.ZeroInflatedPoisson, {}, 0),
        "ZeroInflatedPoisson, probit": (count_model.ZeroInflatedPoisson, {"inflation": "probit"}, 0),
        "ZeroInflatedGeneralizedPoisson": (count_model.ZeroInflatedGeneralizedPoisson, {}, 1),
        "ZeroInflatedNegativeBinomialP": (count_model.ZeroInflatedNegativeBinomialP, {}, 1),
    }
    for name, (cls, options, positive) in made.items():
        model = cls(COUNTS, X, exog_infl=more, **options)
        yield from of_counts(name, model, 1 + n + positive, positive, differences=name != "ZeroInflatedPoisson")


def of_counts(name, model, n, positive, *, differences=True):
    """Such a model computes some of its derivatives by differences."""
    tolerance = 1e-4 if differences else 0.0
    parts = "score hessian score_obs"
    return likelihood(name, model, n, positive=positive, low=-0.5, high=0.5, parts=parts, tolerance=tolerance)


def truncated():
    n = X.shape[1]
    made = {
        "TruncatedLFPoisson": (truncated_model.TruncatedLFPoisson, {}, 0),
        "TruncatedLFPoisson above 1": (truncated_model.TruncatedLFPoisson, {"truncation": 1}, 0),
        "TruncatedLFNegativeBinomialP": (truncated_model.TruncatedLFNegativeBinomialP, {}, 1),
        "TruncatedLFNegativeBinomialP of 1": (truncated_model.TruncatedLFNegativeBinomialP, {"p": 1}, 1),
        "TruncatedLFGeneralizedPoisson": (truncated_model.TruncatedLFGeneralizedPoisson, {}, 1),
        "TruncatedLFGeneralizedPoisson of 1": (truncated_model.TruncatedLFGeneralizedPoisson, {"p": 1}, 1),
    }
    for name, (cls, options, positive) in made.items():
        yield from of_counts(name, cls(COUNTS + 2, X, **options), n + positive, positive)
    yield from of_counts("_RCensoredPoisson", truncated_model._RCensoredPoisson(COUNTS, X), n, 0)


def conditional():
    Z, counts = X[:, 1:], np.array([0, 1, 3, 0, 2, 5, 1, 4])
    yield from likelihood(
        "ConditionalLogit", conditional_models.ConditionalLogit(BINARY, Z, groups=GROUPS), 2, parts="score"
    )
    yield from likelihood(
        "ConditionalPoisson", conditional_models.ConditionalPoisson(counts, Z, groups=GROUPS), 2, parts="score"
    )
    yield from likelihood(
        "ConditionalMNLogit", conditional_models.ConditionalMNLogit(CLASSES, Z, groups=GROUPS), 4, parts="score"
    )


GLMS = {
    "Gaussian": (families.Gaussian, REALS, [links.Identity]),
    "Gaussian, log": (families.Gaussian, REALS, [links.Log]),
    "Poisson": (families.Poisson, COUNTS, [links.Log]),
    "Poisson, sqrt": (families.Poisson, COUNTS, [links.Sqrt]),
    "Gamma": (families.Gamma, COUNTS + 1, [links.Log]),
    "Gamma, inverse": (families.Gamma, COUNTS + 1, [links.InversePower]),
    "InverseGaussian": (families.InverseGaussian, COUNTS + 1, [links.Log]),
    "InverseGaussian, inverse squared": (families.InverseGaussian, COUNTS + 1, [links.InverseSquared]),
    "NegativeBinomial": (families.NegativeBinomial, COUNTS, [links.Log]),
    "NegativeBinomial, its link": (families.NegativeBinomial, COUNTS, [links.NegativeBinomial]),
    "Tweedie": (lambda link: families.Tweedie(link, var_power=1.5, eql=True), COUNTS + 1, [links.Log]),
    "Binomial": (families.Binomial, BINARY, [links.Logit]),
    "Binomial, probit": (families.Binomial, BINARY, [links.Probit]),
    "Binomial, cauchy": (families.Binomial, BINARY, [links.Cauchy]),
    "Binomial, cloglog": (families.Binomial, BINARY, [links.CLogLog]),
    "Binomial, loglog": (families.Binomial, BINARY, [links.LogLog]),
    "Binomial, cdf": (families.Binomial, BINARY, [lambda: links.CDFLink(stats.t(5))]),
    "Binomial of shares": (families.Binomial, SHARES, [links.Logit]),
}
POSITIVE_PREDICTOR = {
    "Poisson, sqrt",
    "Gamma, inverse",
    "InverseGaussian, inverse squared",
    "NegativeBinomial, its link",
}


def glm():
    Z = np.column_stack([np.ones(ROWS), SHARES])
    for name, (family, y, (link,)) in GLMS.items():
        model = sm.GLM(y, Z, family=family(link=link()))
        low, high = (0.2, 1.0) if name in POSITIVE_PREDICTOR else (-0.5, 0.5)
        if name.endswith("its link"):
            low, high = -0.9, -0.2
        every = params(2, low, high)
        scale = 1.0 if name.startswith("Binomial") else 1.5
        yield from of_scale(f"GLM {name}", model, scale, every)
        rows = lambda p, m=model, s=scale: m.family.loglike_obs(m.endog, m.predict(p), m.var_weights, scale=s)
        yield target(f"GLM {name}.score_obs", rows, partial(model.score_obs, scale=scale), every)
    weights = {"var_weights": np.arange(1.0, ROWS + 1), "freq_weights": np.arange(ROWS, 0, -1.0)}
    for which, weight in weights.items():
        model = sm.GLM(COUNTS + 1, Z, family=families.Gamma(link=links.Log()), **{which: weight})
        yield from of_scale(f"GLM with {which}", model, 1.5, params(2))


def of_scale(name, model, scale, every):
    score = partial(model.score, scale=scale)
    yield target(f"{name}.score", partial(model.loglike, scale=scale), score, every)
    yield target(f"{name}.hessian", score, partial(model.hessian, scale=scale, observed=True), every)


def others():
    n = X.shape[1]
    yield from likelihood("OLS", sm.OLS(REALS, X), n, parts="score hessian")
    ols = sm.OLS(REALS, X)
    yield target("OLS.score of a scale", partial(ols.loglike, scale=2.0), partial(ols.score, scale=2.0), params(n))
    beta = {"Beta": {}, "Beta, probit": {"link": links.Probit()}, "Beta of precisions": {"exog_precision": X[:, :2]}}
    for name, options in beta.items():
        more = 2 if "exog_precision" in options else 1
        yield from likelihood(name, BetaModel(SHARES, X, **options), n + more, parts="score hessian score_obs")
    times, status = np.array([3, 1, 4, 1, 5, 2, 2, 2.0]), np.array([1, 1, 0, 1, 1, 1, 1, 0])
    for ties in ("breslow", "efron"):
        for name, options in {"": {}, " of strata": {"strata": GROUPS}, " with entry": {"entry": times - 0.9}}.items():
            model = PHReg(times, X[:, 1:], status=status, ties=ties, **options)
            yield from likelihood(f"PHReg, {ties}{name}", model, 2, parts="score hessian")
    yield from likelihood("CovarianceReduction", CovarianceReduction(GROUPS, X[:, 1:], 1), 2, parts="score")
    corr = np.corrcoef(RNG.standard_normal((20, 4)).T)
    yield from likelihood("Factor", Factor(corr=corr, n_factor=1, nobs=20, method="ml"), 8, low=0.2, parts="score")
    process = ProcessMLE(REALS, X[:, :2], X[:, :1], X[:, :1], X[:, :1], np.tile(np.arange(4.0), 2), GROUPS)
    yield from likelihood("ProcessMLE", process, 5, low=-0.7, high=0.7, parts="score")
    for use_sqrt in (True, False):
        model = MixedLM(REALS, X[:, :2], groups=GROUPS, exog_re=X[:, :1], use_sqrt=use_sqrt)
        vars(model).update(reml=True, cov_pen=None, fe_pen=None, _freepat=None)  # as fit sets them
        name = f"MixedLM{', sqrt' if use_sqrt else ''}"
        yield from likelihood(name, model, 1, low=0.3, parts="score")

        f, score = of_all(model, model.loglike), of_all(model, model.score)
        yield target(f"{name}.score of all", f, score, params(3, positive=1))
        if not use_sqrt:  # which its Hessian does not take
            hessian = lambda p, m=model: m.hessian(packed(m, p))[0]
            yield target(f"{name}.hessian", score, hessian, estimates(model))


def packed(model, p):
    return MixedLMParams.from_packed(p, model.k_fe, model.k_re, use_sqrt=model.use_sqrt, has_fe=True)


def estimates(model):
    """A variance, and the fixed effects that are estimated for it: elsewhere terms of the Hessian are left out.

    Methods that evaluate the Hessian elsewhere, such as "newton", are refused by `MixedLM.fit`.
    """

    def fill(rng):
        variance = rng.uniform(0.2, 2.0, 1)
        effects, _ = model.get_fe_params(variance[:, None], np.zeros(0))
        return (np.concatenate([effects, variance]),)

    return drawn(fill)


def of_all(model, f):
    """A function of fixed effects and variances, and not of variances alone."""
    return lambda p: f(packed(model, p), profile_fe=False)


NORMS = {
    "LeastSquares": norms.LeastSquares(),
    "HuberT": norms.HuberT(),
    "RamsayE": norms.RamsayE(),
    "AndrewWave": norms.AndrewWave(),
    "TrimmedMean": norms.TrimmedMean(),
    "Hampel": norms.Hampel(),
    "TukeyBiweight": norms.TukeyBiweight(),
    "TukeyQuartic": norms.TukeyQuartic(),
    "StudentT": norms.StudentT(),
    "MQuantileNorm": norms.MQuantileNorm(0.3, norms.HuberT()),
}
LINKS = {
    "Logit": (links.Logit(), UNIT),
    "Power of 0.5": (links.Power(0.5), POSITIVE),
    "InversePower": (links.InversePower(), POSITIVE),
    "InverseSquared": (links.InverseSquared(), POSITIVE),
    "Identity": (links.Identity(), GENERIC),
    "Log": (links.Log(), POSITIVE),
    "LogC": (links.LogC(), UNIT),
    "Probit": (links.Probit(), UNIT),
    "CDFLink of t": (links.CDFLink(stats.t(5)), UNIT),
    "Cauchy": (links.Cauchy(), UNIT),
    "CLogLog": (links.CLogLog(), UNIT),
    "LogLog": (links.LogLog(), UNIT),
    "NegativeBinomial": (links.NegativeBinomial(2.0), POSITIVE),
}


def diagonal(slope):
    return lambda x: np.diag(slope(x))


def elementwise():
    for name, norm in NORMS.items():
        yield target(f"{name}.psi", norm.rho, diagonal(norm.psi), each(REAL, "n"))
        yield target(f"{name}.psi_deriv", norm.psi, diagonal(norm.psi_deriv), each(REAL, "n"))
    inside = between(0.05, 0.95)
    for name, (link, fill) in LINKS.items():
        p = inside if fill is UNIT else mixed(between(0.1, 3.0)) if fill is POSITIVE else fill
        yield target(f"link {name}.deriv", link, diagonal(link.deriv), each(p, "n"))
        yield target(f"link {name}.deriv2", link.deriv, diagonal(link.deriv2), each(p, "n"))
        z = each(p, "n").map(lambda args, link=link: [link(args[0])])
        yield target(f"link {name}.inverse_deriv", link.inverse, diagonal(link.inverse_deriv), z)
        yield target(f"link {name}.inverse_deriv2", link.inverse_deriv, diagonal(link.inverse_deriv2), z)
    for name, variance, fill in [
        ("Power of 1.5", varfuncs.Power(1.5), POSITIVE),
        ("Binomial", varfuncs.Binomial(3), inside),
        ("NegativeBinomial", varfuncs.NegativeBinomial(2.0), POSITIVE),
    ]:
        yield target(f"variance {name}.deriv", variance, diagonal(variance.deriv), each(fill, "n"))


PENALTIES = {
    "L2": penalties.L2(2.0),
    "L2Univariate": penalties.L2Univariate(),
    "PseudoHuber": penalties.PseudoHuber(0.5, 2.0),
    "SCAD": penalties.SCAD(0.7),
    "SCADSmoothed": penalties.SCADSmoothed(0.7, c0=0.1),
    "L2ConstraintsPenalty": penalties.L2ConstraintsPenalty(restriction=np.array([[1.0, -1.0, 0.0], [0.0, 2.0, 1.0]])),
}


def penalty():
    for name, one in PENALTIES.items():
        univariate = np.ndim(one.func(np.zeros(3)))
        matrix = name.endswith("ConstraintsPenalty")
        slope = diagonal(one.deriv) if univariate else one.deriv
        curvature = one.deriv2 if matrix else diagonal(one.deriv2)
        every = each(mixed(normal(0, 2)), "3")
        yield target(f"penalty {name}.deriv", one.func, slope, every)
        yield target(f"penalty {name}.deriv2", one.deriv, curvature, every)
    smoother = BSplines(np.column_stack([SHARES, REALS]), df=[5, 5], degree=[3, 3])
    single = UnivariateGamPenalty(smoother.smoothers[0], alpha=0.7)
    several = MultivariateGamPenalty(smoother, alpha=[0.7, 1.3])
    for name, one, n in [("UnivariateGamPenalty", single, 4), ("MultivariateGamPenalty", several, 8)]:
        yield target(f"{name}.deriv", one.func, one.deriv, params(n))
        yield target(f"{name}.deriv2", one.deriv, one.deriv2, params(n))


TRANSFORMS = {
    "Frank": (transforms.TransfFrank(), (2.0,)),
    "Clayton": (transforms.TransfClayton(), (1.5,)),
    "Gumbel": (transforms.TransfGumbel(), (1.5,)),
    "Indep": (transforms.TransfIndep(), ()),
}
STEPS = [
    ("deriv", "evaluate"),
    ("deriv2", "deriv"),
    ("deriv_inverse", "inverse"),
    ("deriv3_inverse", "deriv2_inverse"),
    ("deriv4_inverse", "deriv3_inverse"),
]


def copula():
    for name, (transform, theta) in TRANSFORMS.items():
        for slope, f in STEPS:
            if hasattr(transform, slope):
                fill = between(0.1, 2.0) if "inverse" in slope else between(0.05, 0.95)
                value, derivative = (of_theta(getattr(transform, key), theta) for key in (f, slope))
                yield target(f"copula {name}.{slope}", value, diagonal(derivative), each(fill, "n"))


def of_theta(f, theta):
    return lambda t: f(t, *theta)


ROTATIONS = {
    "oblimin": lambda L: rotation.oblimin_objective(L=L, gamma=0.5),
    "orthomax": lambda L: rotation.orthomax_objective(L=L, gamma=0.7),
    "Crawford-Ferguson": lambda L: rotation.CF_objective(L=L, kappa=0.3),
    "target": lambda L: rotation.vgQ_target(np.ones((4, 2)), L=L),
    "partial target": lambda L: rotation.vgQ_partial_target(np.ones((4, 2)), np.eye(4, 2), L=L),
}


def of_matrix(name, f):
    """A function of a matrix that returns value and gradient."""
    g = lambda L: f(L)[0], lambda args, dA: [dA * f(args[0])[1]]
    return Target(f"rotation {name}", g, each(GENERIC, "4 2"), float32=False)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of data that no fit would have
    TARGETS = [
        *discrete(),
        *inflated(),
        *truncated(),
        *conditional(),
        *glm(),
        *others(),
        *elementwise(),
        *penalty(),
        *copula(),
        *[of_matrix(name, f) for name, f in ROTATIONS.items()],
    ]
