"""Special functions and log determinants of TensorFlow Probability on JAX. Install `tfp-nightly`."""

import jax
from tensorflow_probability.substrates import jax as tfp

from funcnn.testing.jax import pair
from tests.hunts.draws import *

LIBRARIES = ["tfp-nightly", "jax", "numpy"]
jax.config.update("jax_disable_most_optimizations", val=True)
tfm, tfb, tfd = tfp.math, tfp.bijectors, tfp.distributions
ORDER = between(0.2, 4.0)
TO_8 = between(0.1, 8.0)
INSIDE = between(0.03, 0.97)
D = numpy.float64  # parameters are as wide as arguments
SCALAR_BIJECTORS = {
    "Exp": (tfb.Exp(), GENERIC),
    "Expm1": (tfb.Expm1(), GENERIC),
    "Sigmoid": (tfb.Sigmoid(), REAL),
    "Sigmoid of limits": (tfb.Sigmoid(low=D(-1.0), high=D(3.0)), GENERIC),
    "Softplus": (tfb.Softplus(), REAL),
    "Softplus of hinge": (tfb.Softplus(hinge_softness=D(0.7)), GENERIC),
    "Softsign": (tfb.Softsign(), GENERIC),
    "Tanh": (tfb.Tanh(), GENERIC),
    "Sinh": (tfb.Sinh(), GENERIC),
    "SinhArcsinh": (tfb.SinhArcsinh(skewness=D(0.3), tailweight=D(1.3)), GENERIC),
    "NormalCDF": (tfb.NormalCDF(), GENERIC),
    "GumbelCDF": (tfb.GumbelCDF(D(0.3), D(1.2)), GENERIC),
    "Power of 3": (tfb.Power(D(3.0)), between(0.2, 3.0)),
    "PowerTransform": (tfb.PowerTransform(D(0.4)), between(-1.5, 3.0)),
    "Square": (tfb.Square(), between(0.2, 3.0)),
    "Reciprocal": (tfb.Reciprocal(), between(0.2, 3.0)),
    "Log": (tfb.Log(), between(0.2, 3.0)),
    "Log1p": (tfb.Log1p(), between(0.2, 3.0)),
    "WeibullCDF": (tfb.WeibullCDF(D(1.2), D(0.7)), between(0.2, 3.0)),
    "KumaraswamyCDF": (tfb.KumaraswamyCDF(D(1.3), D(2.1)), INSIDE),
    "FrechetCDF": (tfb.FrechetCDF(D(0.0), D(1.2), D(1.7)), between(0.2, 3.0)),
    "GompertzCDF": (tfb.GompertzCDF(D(1.2), D(0.7)), between(0.2, 3.0)),
    "RayleighCDF": (tfb.RayleighCDF(D(1.2)), between(0.2, 3.0)),
    "MoyalCDF": (tfb.MoyalCDF(D(0.2), D(1.1)), GENERIC),
    "GeneralizedExtremeValueCDF": (tfb.GeneralizedExtremeValueCDF(D(0.0), D(1.0), D(0.2)), between(-1.0, 3.0)),
    "Shift and Scale": (tfb.Shift(D(1.0))(tfb.Scale(D(2.0))), GENERIC),
}
TABLE = {
    **named(tfm, "erfcx logerfc logerfcx dawsn log_cosh round_exponential_bump_function log1psquare", each(REAL, "n")),
    "smootherstep": (tfm.smootherstep, each(between(-0.5, 1.5), "n")),
    "erfcinv": (tfm.erfcinv, each(between(0.05, 1.95), "n")),
    "softplus_inverse": (tfm.softplus_inverse, each(between(0.01, 8.0), "n")),
    "sqrt1pm1": (tfm.sqrt1pm1, each(between(-0.9, 5.0), "n")),
    "log1mexp": (tfm.log1mexp, each(between(0.01, 5.0), "n")),
    "lambertw": (tfm.lambertw, each(between(-0.3, 8.0), "n")),
    "log_gamma_correction": (tfm.log_gamma_correction, each(between(8.0, 40.0), "n")),
    "log_gamma_difference": (tfm.log_gamma_difference, of((ORDER, "n"), (between(8.0, 40.0), "n"))),
    "lbeta": (tfm.lbeta, of((between(0.1, 30.0), "n"), (between(0.1, 30.0), "n"))),
    "log_combinations": (tfm.log_combinations, of((between(5.0, 9.0), "n"), (between(0.5, 4.0), "n"))),
    "log_add_exp": (tfm.log_add_exp, TWO),
    "log_sub_exp": (tfm.log_sub_exp, of((between(2.0, 4.0), "n"), (between(0.0, 1.5), "n"))),
    "owens_t": (tfm.owens_t, of((GENERIC, "n"), (GENERIC, "n"))),
    "atan_difference": (tfm.atan_difference, of((GENERIC, "n"), (GENERIC, "n"))),
    "betainc": (tfm.betainc, of((ORDER, "n"), (ORDER, "n"), (INSIDE, "n"))),
    "betainc of larger a": (tfm.betainc, of((between(1.0, 40.0), "n"), (between(1.0, 40.0), "n"), (INSIDE, "n"))),
    "betaincinv": (tfm.betaincinv, of((ORDER, "n"), (ORDER, "n"), (INSIDE, "n"))),
    "igammainv": (tfm.igammainv, of((ORDER, "n"), (INSIDE, "n"))),
    "igammacinv": (tfm.igammacinv, of((ORDER, "n"), (INSIDE, "n"))),
    # by the order v they are documented to have no gradient
    "log_bessel_ive of z": (lambda z: tfm.log_bessel_ive(1.3, z), each(TO_8, "n")),
    "log_bessel_kve of z": (lambda z: tfm.log_bessel_kve(1.3, z), each(TO_8, "n")),
    "bessel_kve of z": (lambda z: tfm.bessel_kve(1.3, z), each(TO_8, "n")),
    "bessel_ive of z": (lambda z: tfm.bessel_ive(1.3, z), each(TO_8, "n")),
    "bessel_iv_ratio of z": (lambda z: tfm.bessel_iv_ratio(1.3, z), each(TO_8, "n")),
    "reduce_logmeanexp": (tfm.reduce_logmeanexp, ANY),
    "reduce_log_harmonic_mean_exp": (tfm.reduce_log_harmonic_mean_exp, ANY),
    "log_cumsum_exp": (lambda x: tfm.log_cumsum_exp(x, axis=-1), ANY),
    "soft_threshold": (tfm.soft_threshold, of((GENERIC, "n"), (between(0.1, 1.0), "n"))),
    "hpsd_logdet": (tfm.hpsd_logdet, matrices(definite), {"structure": {"matrix": "positive definite"}}),
    "fill_triangular": (tfm.fill_triangular, each(REAL, "6")),
}


def log_det(bijector):
    """The values of a monotone bijector, and its slopes by its own log determinant."""
    forward, _ = pair(bijector.forward)
    log_slope, _ = pair(lambda x: bijector.forward_log_det_jacobian(x, 0))
    sign = -1 if isinstance(bijector, tfb.Reciprocal) else 1
    return forward, lambda args, dA: [(sign * dA * numpy.exp(log_slope(*args))).astype(args[0].dtype)]


KNOWN = {}
TARGETS = [
    *targets(TABLE, pair, KNOWN),
    *[
        Target(f"{name}, slope", log_det(bijector), each(fill, "n"), tolerance=1e-6)  # constants are in float32
        for name, (bijector, fill) in SCALAR_BIJECTORS.items()
    ],
]
