"""Functions of scipy.special with the derivatives that its documentation and the DLMF give, computed by scipy."""

import numpy as np
from scipy import special
from scipy.optimize import rosen, rosen_der, rosen_hess

from funcnn.testing.scipy import pair
from tests.hunts.draws import *

LIBRARIES = ["scipy", "numpy"]
MODULES = ["scipy.special"]
PHI = np.sqrt(2 * np.pi)
ROOT = np.sqrt(np.pi)

normal_density = lambda x: np.exp(-x * x / 2) / PHI


def both(f, *first):
    """The two results of a function that returns its value and its derivative."""
    return lambda x: f(*first, x)[0], lambda x: f(*first, x)[1]


# {how an argument is drawn: {name: (function, slope)}}
SLOPES = {
    REAL: {
        "erf": (special.erf, lambda x: 2 / ROOT * np.exp(-x * x)),
        "erfc": (special.erfc, lambda x: -2 / ROOT * np.exp(-x * x)),
        "ndtr": (special.ndtr, normal_density),
        "log_ndtr": (special.log_ndtr, lambda x: np.exp(-x * x / 2 - special.log_ndtr(x)) / PHI),
        "expit": (special.expit, lambda x: special.expit(x) * special.expit(-x)),
        "log_expit": (special.log_expit, lambda x: special.expit(-x)),
        "j0": (special.j0, lambda x: -special.j1(x)),
        "j1": (special.j1, lambda x: (special.j0(x) - special.jv(2, x)) / 2),
        "i0": (special.i0, special.i1),
        "i1": (special.i1, lambda x: (special.i0(x) + special.iv(2, x)) / 2),
        "huber": (lambda x: special.huber(1.5, x), lambda x: np.clip(x, -1.5, 1.5)),
        "pseudo_huber": (lambda x: special.pseudo_huber(1.5, x), lambda x: x / np.sqrt(1 + (x / 1.5) ** 2)),
        "cosm1": (special.cosm1, lambda x: -np.sin(x)),
        "sindg": (special.sindg, lambda x: np.pi / 180 * special.cosdg(x)),
        "radian": (lambda x: special.radian(x, 3.0, 2.0), lambda x: np.pi / 180 + 0 * x),
    },
    GENERIC: {
        "erfcx": (special.erfcx, lambda x: 2 * x * special.erfcx(x) - 2 / ROOT),
        "erfi": (special.erfi, lambda x: 2 / ROOT * np.exp(x * x)),
        "dawsn": (special.dawsn, lambda x: 1 - 2 * x * special.dawsn(x)),
        "fresnel, S": (lambda x: special.fresnel(x)[0], lambda x: np.sin(np.pi * x * x / 2)),
        "fresnel, C": (lambda x: special.fresnel(x)[1], lambda x: np.cos(np.pi * x * x / 2)),
        "airy, Ai": (lambda x: special.airy(x)[0], lambda x: special.airy(x)[1]),
        "airy, Ai'": (lambda x: special.airy(x)[1], lambda x: x * special.airy(x)[0]),
        "airy, Bi": (lambda x: special.airy(x)[2], lambda x: special.airy(x)[3]),
        "airy, Bi'": (lambda x: special.airy(x)[3], lambda x: x * special.airy(x)[2]),
        "jvp 2": (lambda x: special.jvp(2, x), lambda x: special.jvp(2, x, 2)),
        "pbdv": both(special.pbdv, 1.5),
        "pbvv": both(special.pbvv, 1.5),
        "pbwa": both(special.pbwa, 1.5),
        "mathieu_cem": both(special.mathieu_cem, 1, 2),
        "mathieu_sem": both(special.mathieu_sem, 1, 2),
        "hyp1f1": (lambda x: special.hyp1f1(1.5, 2.5, x), lambda x: 1.5 / 2.5 * special.hyp1f1(2.5, 3.5, x)),
        "hyp0f1": (lambda x: special.hyp0f1(1.5, x), lambda x: special.hyp0f1(2.5, x) / 1.5),
        "ellipkinc": (lambda x: special.ellipkinc(x, 0.5), lambda x: 1 / np.sqrt(1 - np.sin(x) ** 2 / 2)),
        "ellipeinc": (lambda x: special.ellipeinc(x, 0.5), lambda x: np.sqrt(1 - np.sin(x) ** 2 / 2)),
        "ellipj, sn": (
            lambda x: special.ellipj(x, 0.5)[0],
            lambda x: special.ellipj(x, 0.5)[1] * special.ellipj(x, 0.5)[2],
        ),
        "wrightomega": (special.wrightomega, lambda x: special.wrightomega(x) / (1 + special.wrightomega(x))),
        "tandg": (special.tandg, lambda x: np.pi / 180 / special.cosdg(x) ** 2),
        "exp2": (special.exp2, lambda x: np.log(2) * special.exp2(x)),
        "exp10": (special.exp10, lambda x: np.log(10) * special.exp10(x)),
        "stdtr": (lambda t: special.stdtr(3, t), lambda t: 2 / (np.pi * np.sqrt(3)) / (1 + t * t / 3) ** 2),
        "owens_t of a": (
            lambda a: special.owens_t(0.7, a),
            lambda a: np.exp(-0.245 * (1 + a * a)) / (2 * np.pi * (1 + a * a)),
        ),
        "eval_hermite": (lambda x: special.eval_hermite(4, x), lambda x: 8 * special.eval_hermite(3, x)),
        "eval_hermitenorm": (lambda x: special.eval_hermitenorm(4, x), lambda x: 4 * special.eval_hermitenorm(3, x)),
        "sph_harm_y of phi": (
            lambda x: special.sph_harm_y(3, 2, 0.4, x, diff_n=1)[0].imag,
            lambda x: special.sph_harm_y(3, 2, 0.4, x, diff_n=1)[1][..., 1].imag,
        ),
        "ivp 0": (lambda x: special.ivp(0, x), lambda x: special.ivp(0, x, 2)),
        "powm1 of y": (lambda y: special.powm1(0.9, y), lambda y: np.log(0.9) * 0.9**y),
        "voigt_profile": (
            lambda x: special.voigt_profile(x, 1.3, 0.7),
            lambda x: -(lambda z: z * special.wofz(z))((x + 0.7j) / (1.3 * np.sqrt(2))).real / (1.3**2 * ROOT),
        ),
        "wofz": (lambda x: special.wofz(x).imag, lambda x: 2 / ROOT - 2 * x * special.wofz(x).imag),
        "ellipj, cn": (
            lambda x: special.ellipj(x, 0.7)[1],
            lambda x: -special.ellipj(x, 0.7)[0] * special.ellipj(x, 0.7)[2],
        ),
        "ellipj, dn": (
            lambda x: special.ellipj(x, 0.7)[2],
            lambda x: -0.7 * special.ellipj(x, 0.7)[0] * special.ellipj(x, 0.7)[1],
        ),
        "ellipj, phi": (lambda x: special.ellipj(x, 0.7)[3], lambda x: special.ellipj(x, 0.7)[2]),
        "expm1": (special.expm1, np.exp),
        # the logistic distribution
        "tklmbda": (lambda x: special.tklmbda(x, 0.0), lambda x: special.expit(x) * special.expit(-x)),
    },
    OPEN: {
        "erfinv": (special.erfinv, lambda x: ROOT / 2 * np.exp(special.erfinv(x) ** 2)),
        "pro_ang1": both(special.pro_ang1, 1, 1, 0.5),
        "obl_ang1": both(special.obl_ang1, 1, 1, 0.5),
        "hyp2f1": (
            lambda x: special.hyp2f1(0.5, 1.5, 2.5, 0.9 * x),
            lambda x: 0.9 * 0.3 * special.hyp2f1(1.5, 2.5, 3.5, 0.9 * x),
        ),
        "eval_legendre": (lambda x: special.eval_legendre(3, x), lambda x: (15 * x * x - 3) / 2),
        "eval_chebyt": (lambda x: special.eval_chebyt(4, x), lambda x: 4 * special.eval_chebyu(3, x)),
        "eval_gegenbauer": (lambda x: special.eval_gegenbauer(3, 0.5, x), lambda x: special.eval_gegenbauer(2, 1.5, x)),
        "eval_jacobi": (
            lambda x: special.eval_jacobi(3, 0.5, 1.5, x),
            lambda x: 3 * special.eval_jacobi(2, 1.5, 2.5, x),
        ),
        "eval_legendre 2.5": (
            lambda x: special.eval_legendre(2.5, 0.9 * x),
            lambda x: 0.9 * 2.5 * 3.5 / 2 * special.hyp2f1(-1.5, 4.5, 2, (1 - 0.9 * x) / 2),
        ),
        "eval_gegenbauer 2.5": (
            lambda x: special.eval_gegenbauer(2.5, 0.7, 0.9 * x),
            lambda x: 0.9 * 1.4 * special.eval_gegenbauer(1.5, 1.7, 0.9 * x),
        ),
        "eval_jacobi 2.5": (
            lambda x: special.eval_jacobi(2.5, 0.5, 1.5, 0.9 * x),
            lambda x: 0.9 * 2.75 * special.eval_jacobi(1.5, 1.5, 2.5, 0.9 * x),
        ),
        **{
            f"legendre_p {n}": (
                lambda x, n=n: special.legendre_p(n, x, diff_n=1)[0],
                lambda x, n=n: special.legendre_p(n, x, diff_n=1)[1],
            )
            for n in (1, 4)
        },
        "legendre_p, slope": (
            lambda x: special.legendre_p(5, x, diff_n=2)[1],
            lambda x: special.legendre_p(5, x, diff_n=2)[2],
        ),
        **{
            f"assoc_legendre_p {n} {m}": (
                lambda x, n=n, m=m: special.assoc_legendre_p(n, m, 0.9 * x, diff_n=1)[0],
                lambda x, n=n, m=m: 0.9 * special.assoc_legendre_p(n, m, 0.9 * x, diff_n=1)[1],
            )
            for n, m in ((3, 1), (4, -2), (2, 2))
        },
        "assoc_legendre_p, slope": (
            lambda x: special.assoc_legendre_p(3, 1, 0.9 * x, diff_n=2)[1],
            lambda x: 0.9 * special.assoc_legendre_p(3, 1, 0.9 * x, diff_n=2)[2],
        ),
        "pro_ang1 2 3": both(special.pro_ang1, 2, 3, 1.5),
        "obl_ang1 0 3": both(special.obl_ang1, 0, 3, 1.5),
    },
    UNIT: {
        "erfcinv": (special.erfcinv, lambda x: -ROOT / 2 * np.exp(special.erfcinv(x) ** 2)),
        "ndtri": (special.ndtri, lambda x: 1 / normal_density(special.ndtri(x))),
        "logit": (special.logit, lambda x: 1 / (x * (1 - x))),
        "digamma of negative x": (
            lambda x: special.digamma(-0.1 - 0.8 * x),
            lambda x: -0.8 * special.polygamma(1, -0.1 - 0.8 * x),
        ),
        "betainc": (
            lambda x: special.betainc(1.5, 2.5, x),
            lambda x: np.sqrt(x) * (1 - x) ** 1.5 / special.beta(1.5, 2.5),
        ),
        "betaincc": (
            lambda x: special.betaincc(1.5, 2.5, x),
            lambda x: -np.sqrt(x) * (1 - x) ** 1.5 / special.beta(1.5, 2.5),
        ),
        "ellipk": (special.ellipk, lambda m: (special.ellipe(m) - (1 - m) * special.ellipk(m)) / (2 * m * (1 - m))),
        "ellipkm1": (
            special.ellipkm1,
            lambda p: -(special.ellipe(1 - p) - p * special.ellipkm1(p)) / (2 * p * (1 - p)),
        ),
        "ellipe": (special.ellipe, lambda m: (special.ellipe(m) - special.ellipk(m)) / (2 * m)),
        "bdtr of p": (lambda p: special.bdtr(2, 5, p), lambda p: -30 * p**2 * (1 - p) ** 2),
        "eval_sh_chebyt": (lambda x: special.eval_sh_chebyt(4, x), lambda x: 8 * special.eval_chebyu(3, 2 * x - 1)),
        "gammaincinv": (
            lambda p: special.gammaincinv(1.5, p),
            lambda p: (lambda x: special.gamma(1.5) * np.exp(x) / np.sqrt(x))(special.gammaincinv(1.5, p)),
        ),
        "gammainccinv": (
            lambda p: special.gammainccinv(1.5, p),
            lambda p: (lambda x: -special.gamma(1.5) * np.exp(x) / np.sqrt(x))(special.gammainccinv(1.5, p)),
        ),
        "betaincinv": (
            lambda p: special.betaincinv(1.5, 2.5, p),
            lambda p: (lambda x: special.beta(1.5, 2.5) / (np.sqrt(x) * (1 - x) ** 1.5))(
                special.betaincinv(1.5, 2.5, p)
            ),
        ),
        "betainccinv": (
            lambda p: special.betainccinv(1.5, 2.5, p),
            lambda p: (lambda x: -special.beta(1.5, 2.5) / (np.sqrt(x) * (1 - x) ** 1.5))(
                special.betainccinv(1.5, 2.5, p)
            ),
        ),
        "stdtrit": (
            lambda p: special.stdtrit(3, p),
            lambda p: (lambda t: np.pi * np.sqrt(3) / 2 * (1 + t * t / 3) ** 2)(special.stdtrit(3, p)),
        ),
        "chdtri": (
            lambda p: special.chdtri(3, p),
            lambda p: (lambda x: -np.sqrt(2 * np.pi / x) * np.exp(x / 2))(special.chdtri(3, p)),
        ),
        "fdtri": (lambda p: special.fdtri(2, 4, p), lambda p: (1 + special.fdtri(2, 4, p) / 2) ** 3),
        "gdtrix": (
            lambda p: special.gdtrix(2.0, 1.5, p),
            lambda p: (lambda x: ROOT / (2**2.5 * np.sqrt(x) * np.exp(-2 * x)))(special.gdtrix(2.0, 1.5, p)),
        ),
        "nbdtr": (lambda p: special.nbdtr(2, 3, p), lambda p: 30 * p**2 * (1 - p) ** 2),
        "kolmogi": (
            special.kolmogi,
            lambda p: (
                lambda x: 1 / (8 * x * sum([(-1) ** k * k * k * np.exp(-2 * (k * x) ** 2) for k in range(1, 60)]))
            )(special.kolmogi(p)),
        ),
    },
    POSITIVE: {
        "gammaln": (special.gammaln, special.digamma),
        "loggamma": (special.loggamma, special.digamma),
        "gamma": (special.gamma, lambda x: special.gamma(x) * special.digamma(x)),
        "rgamma": (special.rgamma, lambda x: -special.rgamma(x) * special.digamma(x)),
        "digamma": (special.digamma, lambda x: special.polygamma(1, x)),
        "polygamma 1": (lambda x: special.polygamma(1, x), lambda x: special.polygamma(2, x)),
        "beta of a": (
            lambda a: special.beta(a, 1.5),
            lambda a: special.beta(a, 1.5) * (special.digamma(a) - special.digamma(a + 1.5)),
        ),
        "betaln of a": (lambda a: special.betaln(a, 1.5), lambda a: special.digamma(a) - special.digamma(a + 1.5)),
        "gammainc": (lambda x: special.gammainc(1.5, x), lambda x: np.sqrt(x) * np.exp(-x) / special.gamma(1.5)),
        "gammaincc": (lambda x: special.gammaincc(1.5, x), lambda x: -np.sqrt(x) * np.exp(-x) / special.gamma(1.5)),
        "exp1": (special.exp1, lambda x: -np.exp(-x) / x),
        "expi": (special.expi, lambda x: np.exp(x) / x),
        "expn 2": (lambda x: special.expn(2, x), lambda x: -special.expn(1, x)),
        "expn 3": (lambda x: special.expn(3, x), lambda x: -special.expn(2, x)),
        "sici, Si": (lambda x: special.sici(x)[0], lambda x: np.sin(x) / x),
        "sici, Ci": (lambda x: special.sici(x)[1], lambda x: np.cos(x) / x),
        "shichi, Shi": (lambda x: special.shichi(x)[0], lambda x: np.sinh(x) / x),
        "shichi, Chi": (lambda x: special.shichi(x)[1], lambda x: np.cosh(x) / x),
        "spence": (special.spence, lambda x: np.log(x) / (1 - x)),
        "y0": (special.y0, lambda x: -special.y1(x)),
        "y1": (special.y1, lambda x: (special.y0(x) - special.yn(2, x)) / 2),
        "i0e": (special.i0e, lambda x: special.i1e(x) - np.sign(x) * special.i0e(x)),
        "k0": (special.k0, lambda x: -special.k1(x)),
        "k0e": (special.k0e, lambda x: special.k0e(x) - special.k1e(x)),
        "k1": (special.k1, lambda x: -(special.k0(x) + special.kn(2, x)) / 2),
        "kv 1.5": (lambda x: special.kv(1.5, x), lambda x: special.kvp(1.5, x)),
        "jv 1.5": (lambda x: special.jv(1.5, x), lambda x: special.jvp(1.5, x)),
        "yv 1.5": (lambda x: special.yv(1.5, x), lambda x: special.yvp(1.5, x)),
        "iv 1.5": (lambda x: special.iv(1.5, x), lambda x: special.ivp(1.5, x)),
        "iti0k0, I": (lambda x: special.iti0k0(x)[0], special.i0),
        "iti0k0, K": (lambda x: special.iti0k0(x)[1], special.k0),
        "itj0y0, J": (lambda x: special.itj0y0(x)[0], special.j0),
        "itj0y0, Y": (lambda x: special.itj0y0(x)[1], special.y0),
        "itairy, Ai": (lambda x: special.itairy(x)[0], lambda x: special.airy(x)[0]),
        "itairy, Bi": (lambda x: special.itairy(x)[1], lambda x: special.airy(x)[2]),
        "itstruve0": (special.itstruve0, lambda x: special.struve(0, x)),
        "itmodstruve0": (special.itmodstruve0, lambda x: special.modstruve(0, x)),
        "it2struve0": (special.it2struve0, lambda x: -special.struve(0, x) / x),
        "ker": (special.ker, special.kerp),
        "kei": (special.kei, special.keip),
        "ber": (special.ber, special.berp),
        "bei": (special.bei, special.beip),
        "spherical_jn": (lambda x: special.spherical_jn(2, x), lambda x: special.spherical_jn(2, x, derivative=True)),
        "spherical_yn": (lambda x: special.spherical_yn(2, x), lambda x: special.spherical_yn(2, x, derivative=True)),
        "spherical_in": (lambda x: special.spherical_in(2, x), lambda x: special.spherical_in(2, x, derivative=True)),
        "spherical_kn": (lambda x: special.spherical_kn(2, x), lambda x: special.spherical_kn(2, x, derivative=True)),
        "hyperu": (lambda x: special.hyperu(1.5, 2.5, x), lambda x: -1.5 * special.hyperu(2.5, 3.5, x)),
        "lambertw": (lambda x: special.lambertw(x).real, lambda x: 1 / (x + np.exp(special.lambertw(x).real))),
        "entr": (special.entr, lambda x: -np.log(x) - 1),
        "rel_entr": (lambda x: special.rel_entr(x, 2.0), lambda x: np.log(x / 2) + 1),
        "kl_div": (lambda x: special.kl_div(x, 2.0), lambda x: np.log(x / 2)),
        "boxcox": (lambda x: special.boxcox(x, 0.3), lambda x: x**-0.7),
        "boxcox of 0": (lambda x: special.boxcox(x, 0.0), lambda x: 1 / x),
        "boxcox1p": (lambda x: special.boxcox1p(x, 0.3), lambda x: (1 + x) ** -0.7),
        "inv_boxcox": (lambda x: special.inv_boxcox(x, 0.3), lambda x: (1 + 0.3 * x) ** (0.7 / 0.3)),
        "xlogy": (lambda x: special.xlogy(2.0, x), lambda x: 2 / x),
        "xlog1py": (lambda x: special.xlog1py(2.0, x), lambda x: 2 / (1 + x)),
        "cbrt": (special.cbrt, lambda x: 1 / (3 * special.cbrt(x) ** 2)),
        "pdtr of m": (lambda m: special.pdtr(3, m), lambda m: -(m**3) * np.exp(-m) / 6),
        "chdtr": (lambda x: special.chdtr(3, x), lambda x: np.sqrt(x / (2 * np.pi)) * np.exp(-x / 2)),
        "gdtr": (lambda x: special.gdtr(2.0, 1.5, x), lambda x: 2**1.5 * np.sqrt(x) * np.exp(-2 * x) * 2 / ROOT),
        "fdtr": (lambda x: special.fdtr(2, 4, x), lambda x: (1 + x / 2) ** -3),
        "eval_genlaguerre": (
            lambda x: special.eval_genlaguerre(3, 0.5, x),
            lambda x: -special.eval_genlaguerre(2, 1.5, x),
        ),
        "struve 1": (lambda x: special.struve(1, x), lambda x: special.struve(0, x) - special.struve(1, x) / x),
        "modstruve 1": (
            lambda x: special.modstruve(1, x),
            lambda x: special.modstruve(0, x) - special.modstruve(1, x) / x,
        ),
        "jve 1.5": (lambda x: special.jve(1.5, x), lambda x: special.jvp(1.5, x)),
        "ive 1.5": (
            lambda x: special.ive(1.5, x),
            lambda x: (special.ive(0.5, x) + special.ive(2.5, x)) / 2 - special.ive(1.5, x),
        ),
        "kve 1.5": (
            lambda x: special.kve(1.5, x),
            lambda x: -(special.kve(0.5, x) + special.kve(2.5, x)) / 2 + special.kve(1.5, x),
        ),
        "hankel1": (lambda x: special.hankel1(1.5, x).imag, lambda x: special.h1vp(1.5, x).imag),
        "hankel2": (lambda x: special.hankel2(2, x).imag, lambda x: special.h2vp(2, x).imag),
        "kvp 2": (lambda x: special.kvp(2, x), lambda x: special.kvp(2, x, 2)),
        "kelvin, Ke": (lambda x: special.kelvin(x)[1].real, lambda x: special.kelvin(x)[3].real),
        "kerp": (special.kerp, lambda x: -special.kei(x) - special.kerp(x) / x),  # Kelvin's equation
        "berp": (special.berp, lambda x: -special.bei(x) - special.berp(x) / x),
        "it2i0k0, I": (lambda x: special.it2i0k0(x)[0], lambda x: (special.i0(x) - 1) / x),
        "it2i0k0, K": (lambda x: special.it2i0k0(x)[1], lambda x: -special.k0(x) / x),
        "it2j0y0, J": (lambda x: special.it2j0y0(x)[0], lambda x: (1 - special.j0(x)) / x),
        "it2j0y0, Y": (lambda x: special.it2j0y0(x)[1], lambda x: -special.y0(x) / x),
        "modfresnelp": (lambda x: special.modfresnelp(x)[0].real, lambda x: -np.cos(x * x)),
        "modfresnelm": (lambda x: special.modfresnelm(x)[0].imag, lambda x: np.sin(x * x)),
        "mathieu_modcem1": both(special.mathieu_modcem1, 2, 0.7),
        "mathieu_modcem2": both(special.mathieu_modcem2, 2, 0.7),
        "mathieu_modsem1": both(special.mathieu_modsem1, 2, 0.7),
        "mathieu_modsem2": both(special.mathieu_modsem2, 2, 0.7),
        "riccati_jn": (
            lambda x: np.array([special.riccati_jn(2, a)[0][2] for a in x]),
            lambda x: np.array([special.riccati_jn(2, a)[1][2] for a in x]),
        ),
        "riccati_yn": (
            lambda x: np.array([special.riccati_yn(2, a)[0][2] for a in x]),
            lambda x: np.array([special.riccati_yn(2, a)[1][2] for a in x]),
        ),
        "powm1": (lambda x: special.powm1(x, 0.3), lambda x: 0.3 * x**-0.7),
        "poch": (
            lambda z: special.poch(z, 1.5),
            lambda z: special.poch(z, 1.5) * (special.digamma(z + 1.5) - special.digamma(z)),
        ),
        "multigammaln": (
            lambda a: np.array([special.multigammaln(b, 2) for b in 1 + a]),
            lambda a: special.digamma(1 + a) + special.digamma(0.5 + a),
        ),
        "wright_bessel": (lambda x: special.wright_bessel(0.7, 1.5, x), lambda x: special.wright_bessel(0.7, 2.2, x)),
        "log_wright_bessel": (
            lambda x: special.log_wright_bessel(0.7, 1.5, x),
            lambda x: np.exp(special.log_wright_bessel(0.7, 2.2, x) - special.log_wright_bessel(0.7, 1.5, x)),
        ),
        "ndtri_exp": (lambda x: special.ndtri_exp(-x), lambda x: -np.exp(-x) / normal_density(special.ndtri_exp(-x))),
        "chndtr": (
            lambda x: special.chndtr(x, 5, 1.5),
            lambda x: (special.chndtr(x, 3, 1.5) - special.chndtr(x, 5, 1.5)) / 2,
        ),
        "pdtrc": (lambda m: special.pdtrc(3, m), lambda m: m**3 * np.exp(-m) / 6),
        "gdtrc": (lambda x: special.gdtrc(2.0, 1.5, x), lambda x: -(2**2.5) * np.sqrt(x) * np.exp(-2 * x) / ROOT),
        "elliprf": (lambda x: special.elliprf(x, 1.0, 2.0), lambda x: -special.elliprd(1.0, 2.0, x) / 6),
        "elliprc": (lambda x: special.elliprc(x, 2.0), lambda x: -special.elliprd(2.0, 2.0, x) / 6),
        "elliprg": (
            lambda x: special.elliprg(x, 1.0, 2.0),
            lambda x: (special.elliprf(x, 1.0, 2.0) - x * special.elliprd(1.0, 2.0, x) / 3) / 4,
        ),
        "log1p": (special.log1p, lambda x: 1 / (1 + x)),
        "inv_boxcox1p": (lambda x: special.inv_boxcox1p(x, 0.3), lambda x: (1 + 0.3 * x) ** (0.7 / 0.3)),
    },
    ABOVE_1: {
        "polygamma 4": (lambda x: special.polygamma(4, x), lambda x: special.polygamma(5, x)),
        "zeta of q": (lambda q: special.zeta(2.5, q), lambda q: -2.5 * special.zeta(3.5, q)),
        "exprel": (special.exprel, lambda x: (x * np.exp(x) - np.expm1(x)) / x**2),
        "cotdg": (special.cotdg, lambda x: -np.pi / 180 / special.sindg(x) ** 2),
        "assoc_legendre_p above 1": (
            lambda x: special.assoc_legendre_p(3, 1, x, branch_cut=3, diff_n=1)[0],
            lambda x: special.assoc_legendre_p(3, 1, x, branch_cut=3, diff_n=1)[1],
        ),
        **{
            f"sph_legendre_p {n} {m}": (
                lambda x, n=n, m=m: special.sph_legendre_p(n, m, x, diff_n=1)[0],
                lambda x, n=n, m=m: special.sph_legendre_p(n, m, x, diff_n=1)[1],
            )
            for n, m in ((3, 0), (3, 2), (4, -1))
        },
        "sph_harm_y": (
            lambda x: special.sph_harm_y(3, 2, x, 0.4, diff_n=1)[0].real,
            lambda x: special.sph_harm_y(3, 2, x, 0.4, diff_n=1)[1][..., 0].real,
        ),
        "pro_rad1": both(special.pro_rad1, 1, 2, 0.5),
        "pro_rad2": both(special.pro_rad2, 1, 2, 0.5),
        "obl_rad1": both(special.obl_rad1, 1, 2, 0.5),
        "obl_rad2": both(special.obl_rad2, 1, 2, 0.5),
        "sinc": (special.sinc, lambda x: np.cos(np.pi * x) / x - np.sin(np.pi * x) / (np.pi * x * x)),
    },
    lambda rng, shape: 3 + POSITIVE(rng, shape): {
        "binom": (
            lambda n: special.binom(n, 3),
            lambda n: special.binom(n, 3) * (special.digamma(n + 1) - special.digamma(n - 2)),
        )
    },
    between(0.3, 3.0): {
        "kolmogorov": (
            special.kolmogorov,
            lambda x: 8 * x * sum([(-1) ** k * k * k * np.exp(-2 * (k * x) ** 2) for k in range(1, 60)]),
        )
    },
    between(0.05, 0.95): {
        # 1 - x - x**2 up to 1 / 2, and (1 - x)**2 above
        "smirnov": (lambda x: special.smirnov(2, x), lambda x: np.where(x < 0.5, -1 - 2 * x, 2 * x - 2))
    },
}
KNOWN = {
    "itairy, Ai": {"WrongGradient": "the integral is right to 2e-9: see docs/found.md"},
    "itairy, Bi": {"WrongGradient": "the integral is right to 1e-9: see docs/found.md"},
    "obl_rad2": {"WrongGradient": "wrong for x below 2: see docs/found.md"},
    "mathieu_cem": {"WrongGradient": "x is in degrees, the derivative is by radians: see docs/found.md"},
    "mathieu_sem": {"WrongGradient": "x is in degrees, the derivative is by radians: see docs/found.md"},
}


def diagonal(slope):
    return lambda x: np.diag(slope(x))


TABLE = {
    name: ((f, diagonal(slope)), each(fill, "n"))
    for fill, found in SLOPES.items()
    for name, (f, slope) in found.items()
} | {
    "rosen": ((rosen, rosen_der), each(GENERIC, "n", least=3)),
    "rosen_der": ((rosen_der, rosen_hess), each(GENERIC, "n", least=3)),
    "softmax": (
        (special.softmax, lambda x: (lambda p: np.diag(p) - np.outer(p, p))(special.softmax(x))),
        each(REAL, "n"),
    ),
    "log_softmax": ((special.log_softmax, lambda x: np.eye(len(x)) - special.softmax(x)), each(REAL, "n")),
    "logsumexp": ((special.logsumexp, special.softmax), each(REAL, "n")),
}
TARGETS = targets(TABLE, lambda both: pair(*both), KNOWN)
