"""Deflections and Hessians of lenstronomy's lens profiles.

Missing are profiles without a potential in closed form whose integrals or interpolations take seconds.
"""

import inspect
import warnings

import numpy as np
from lenstronomy.LensModel.profile_list_base import lens_class

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["lenstronomy", "numpy", "scipy"]
SHAPELETS = "the ladder operators have wrong signs, see docs/found/lenstronomy.md"
KNOWN = {
    "SHAPELETS_POLAR.derivatives": SHAPELETS,
    "SHAPELETS_POLAR.hessian": SHAPELETS,
    "DIPOLE.derivatives": "an experimental profile whose potential is 0",
    "DIPOLE.hessian": "the matrix is not symmetric, see docs/found/lenstronomy.md",
    "SIS_TRUNCATED.hessian": "slopes of r at another place, see docs/found/lenstronomy.md",
    "SHIFT.derivatives": "the potential is 0, see docs/found/lenstronomy.md",
}
# many Hessians of lenstronomy are differences of its deflections
TOLERANCES = {"derivatives": 1e-4, "hessian": 1e-2}
DIFFERENCES = (
    "CHAMELEON CURVED_ARC_TAN_DIFF DOUBLE_CHAMELEON HERNQUIST_ELLIPSE_POTENTIAL NFW_ELLIPSE_POTENTIAL NIE SIE"
    " TNFW_ELLIPSE_POTENTIAL TRIPLE_CHAMELEON"
)
ROUGH = {
    **{f"{name}.hessian": "a difference of deflections, whose rounding error is large" for name in DIFFERENCES.split()},
    "CNFW.derivatives": "the potential is a numerical integral",
    "CNFW_ELLIPSE_POTENTIAL.derivatives": "the potential is a numerical integral",
}
WITHOUT_POTENTIAL = ["CURVED_ARC_CONST", "CURVED_ARC_SPT", "PSEUDO_DPL", "TNFWC", "SERSIC_ELLIPSE_KAPPA", "SPL_CORE"]
MODELS = [
    "CHAMELEON",
    "CNFW",
    "CNFW_ELLIPSE_POTENTIAL",
    "CONST_MAG",
    "CONVERGENCE",
    "coreBURKERT",
    "CORED_DENSITY",
    "CORED_DENSITY_2",
    "CORED_DENSITY_2_MST",
    "CORED_DENSITY_EXP",
    "CORED_DENSITY_EXP_MST",
    "CORED_DENSITY_MST",
    "CORED_DENSITY_ULDM_MST",
    "CSE",
    "CURVED_ARC_CONST",
    "CURVED_ARC_SIS_MST",
    "CURVED_ARC_SPP",
    "CURVED_ARC_SPT",
    "CURVED_ARC_TAN_DIFF",
    "DIPOLE",
    "DOUBLE_CHAMELEON",
    "EPL",
    "EPL_BOXYDISKY_ELL",
    "EPL_BOXYDISKY",
    "EPL_MULTIPOLE_M1M3M4",
    "EPL_MULTIPOLE_M1M3M4_ELL",
    "EPL_MULTIPOLE_M3M4_ELL",
    "EPL_MULTIPOLE_M3M4",
    "EPL_NUMBA",
    "EPL_Q_PHI",
    "FLEXION",
    "FLEXIONFG",
    "GAUSSIAN",
    "GAUSSIAN_ELLIPSE_KAPPA",
    "GAUSSIAN_ELLIPSE_POTENTIAL",
    "GAUSSIAN_POTENTIAL",
    "HERNQUIST",
    "HERNQUIST_ELLIPSE_POTENTIAL",
    "HERNQUIST_ELLIPSE_CSE",
    "HESSIAN",
    "MULTIPOLE",
    "MULTIPOLE_ELL",
    "MULTI_GAUSSIAN",
    "MULTI_GAUSSIAN_ELLIPSE_KAPPA",
    "MULTI_GAUSSIAN_ELLIPSE_POTENTIAL",
    "NFW",
    "NFW_ELLIPSE_CSE",
    "NFW_ELLIPSE_POTENTIAL",
    "NIE",
    "NIE_POTENTIAL",
    "PJAFFE",
    "PJAFFE_ELLIPSE_POTENTIAL",
    "POINT_MASS",
    "POINT_MASS_LOG_SCALED",
    "PSEUDO_DPL",
    "SERSIC",
    "SERSIC_ELLIPSE_KAPPA",
    "SERSIC_ELLIPSE_POTENTIAL",
    "SHAPELETS_CART",
    "SHAPELETS_POLAR",
    "SHEAR",
    "SHEAR_GAMMA_PSI",
    "SHEAR_REDUCED",
    "SHIFT",
    "SIE",
    "SIS",
    "SIS_TRUNCATED",
    "SPEP",
    "SPL_CORE",
    "SPP",
    "TNFW",
    "TNFWC",
    "TNFW_ELLIPSE_POTENTIAL",
    "TRIPLE_CHAMELEON",
    "ULDM",
    "ARC_PERT",
]
RANGES = {
    **dict.fromkeys(
        ["theta_E", "b", "alpha_Rs", "alpha_1", "sigma0", "kappa_0", "kappa", "amp", "r_E", "theta_c"], (0.3, 1.2)
    ),
    **dict.fromkeys(
        [
            "Rs",
            "r_core",
            "w_c",
            "w_c1",
            "w_c2",
            "w_c3",
            "R_sersic",
            "Ra",
            "sigma",
            "sigma_x",
            "sigma_y",
            "beta",
            "s_scale",
            "s",
            "r_c",
        ],
        (0.3, 0.9),
    ),
    **dict.fromkeys(["w_t", "w_t1", "w_t2", "w_t3", "r_trunc"], (1.0, 2.0)),
    **dict.fromkeys(
        ["e1", "e2", "e11", "e21", "e12", "e22", "e13", "e23", "gamma1", "gamma2", "gamma_ext"], (-0.2, 0.2)
    ),
    **dict.fromkeys(["center_x", "center_y", "com_x", "com_y", "ra_0", "dec_0", "alpha_x", "alpha_y"], (-0.5, 0.5)),
    **dict.fromkeys(["phi", "phi_G", "psi", "psi_ext", "phi_m", "direction", "phi_dipole"], (-1.5, 1.5)),
    "gamma": (1.7, 2.3),
    "curvature": (0.2, 0.6),
    "dtan_dtan": (0.05, 0.1),
    "gamma_in": (0.8, 1.6),
    "gamma_inner": (0.8, 1.6),
    "gamma_outer": (2.5, 3.5),
    "q": (0.5, 0.9),
    "m": (3, 4),
    "slope": (4.0, 9.0),
    "n_sersic": (0.8, 4.0),
    "mu_r": (0.5, 1.5),
    "mu_t": (2.0, 5.0),
    "tangential_stretch": (2.0, 5.0),
    "radial_stretch": (0.8, 1.5),
    "a": (1.5, 1.9),
    "a_c": (0.4, 0.9),
    "lambda_approx": (0.7, 0.95),
    "f_b": (0.05, 0.9),
    "c_s": (5.0, 12.0),
}
GAUSSIANS = {"amp": np.array([0.5, 0.8]), "sigma": np.array([0.4, 1.1]), "scale_factor": 1.3}
CHOSEN = {
    "SHAPELETS_CART": {"coeffs": (0.3, -0.2, 0.5, 0.1, 0.7, -0.4)},
    "SHAPELETS_POLAR": {"coeffs": (0.3, -0.2, 0.5, 0.1, 0.7, -0.4)},
    "MULTI_GAUSSIAN": GAUSSIANS,
    "MULTI_GAUSSIAN_ELLIPSE_KAPPA": GAUSSIANS,
    "MULTI_GAUSSIAN_ELLIPSE_POTENTIAL": GAUSSIANS,
    "CONST_MAG": {"parity": -1},
    "PJAFFE": {"Ra": 0.4, "Rs": 1.3},
    "PJAFFE_ELLIPSE_POTENTIAL": {"Ra": 0.4, "Rs": 1.3},
    "TNFWC": {"Rs": 0.9, "alpha_Rs": 0.7, "r_trunc": 1.4, "r_core": 0.3, "center_x": 0.1, "center_y": -0.1},
    "PSEUDO_DPL": {
        "Rs": 0.9, "alpha_Rs": 0.7, "gamma_inner": 0.7, "gamma_outer": 2.6, "center_x": 0.1, "center_y": -0.1,
    },
    "ARC_PERT": {"coeff": 0.4, "d_r": 0.7, "d_phi": 0.9, "center_x": 0.1, "center_y": -0.1},
    "HESSIAN": {"f_xy": 0.2, "f_yx": 0.2},
}  # fmt: skip


def parameters(name, f, rng):
    given = {}
    for key in inspect.signature(f).parameters:
        if key not in {"x", "y", "args", "kwargs", "maxiter", "target_precision"} | CHOSEN.get(name, {}).keys():
            low, high = RANGES.get(key, (-0.3, 0.3))
            given[key] = rng.integers(low, high + 1) if key == "m" else rng.uniform(low, high)
    return {**given, **CHOSEN.get(name, {})}


def points():
    return drawn(lambda rng: (rng.uniform(-2, 2, 2),))


def number(value):
    return float(np.squeeze(value))


def lens(name):
    model = lens_class(name)
    given = parameters(name, model.function, np.random.default_rng(0))
    slopes = lambda p: np.array([number(value) for value in model.derivatives(*p, **given)])
    rows = lambda p: np.reshape([number(value) for value in model.hessian(*p, **given)], (2, 2))
    pairs = {"derivatives": (lambda p: number(model.function(*p, **given)), slopes), "hessian": (slopes, rows)}
    for part, both in pairs.items():
        if part == "hessian" or name not in WITHOUT_POTENTIAL:
            full = f"{name}.{part}"
            known = {"WrongGradient": KNOWN[full]} if full in KNOWN else None
            known = {"Inconclusive": ROUGH[full]} if full in ROUGH else known
            tolerance = TOLERANCES[part]
            yield Target(full, pair(*both), points(), known=known, float32=False, tolerance=tolerance)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [one for name in MODELS for one in lens(name)]
