"""Formulas of physics and chemistry in SI units, with constants of many magnitudes."""

import numpy as np

from .base import at, case

GAS, FARADAY, G = 8.314, 96485.0, 9.81


def _planck_slope(x, small):
    return np.where(x < 1e-4, small * x, (3 * x**2 * np.expm1(x) - x**3 * np.exp(x)) / np.expm1(x) ** 2)


CASES = [
    case("coulomb energy: The sign of the force is forgotten.")(
        at(lambda q, r: 8.99e9 * q[0] * q[1] / r, [1e-6, 2e-9], [0.3, 0.5]),
        wrong=lambda dA, q, r: [8.99e9 * np.sum(dA / r) * q[::-1], dA * 8.99e9 * q[0] * q[1] / r**2],
        right=lambda dA, q, r: [8.99e9 * np.sum(dA / r) * q[::-1], -dA * 8.99e9 * q[0] * q[1] / r**2],
    ),
    case("coulomb energy, charge squared: The two charges are regarded as equal in the gradient of the small charge.")(
        at(lambda q, r: 8.99e9 * q[0] * q[1] / r, [1e-5, 2e-8], [2.5]),
        wrong=lambda dA, q, r: [8.99e9 * dA / r * q[1] * np.ones(2), -dA * 8.99e9 * q[0] * q[1] / r**2],
        right=lambda dA, q, r: [8.99e9 * dA / r * q[::-1], -dA * 8.99e9 * q[0] * q[1] / r**2],
    ),
    case("diode current: The gradient of the saturation current forgets the minus 1.")(
        at(lambda s, v: s * np.expm1(v / 0.02585), [1e-12], [0.02, -0.3, 0.05]),
        wrong=lambda dA, s, v: [np.sum(dA * np.exp(v / 0.02585)), dA * s * np.exp(v / 0.02585) / 0.02585],
        right=lambda dA, s, v: [np.sum(dA * np.expm1(v / 0.02585)), dA * s * np.exp(v / 0.02585) / 0.02585],
    ),
    case(
        "kinetic and elastic energy: "
        "The factor 1/2 of the elastic energy is kept although the square is differentiated."
    )(
        at(lambda v, x, k: np.sum(v**2) / 2 + np.sum(k * x**2) / 2, [3.0, -1.0], [1e-7, 2e-6], [200.0, 50.0]),
        wrong=lambda dA, v, x, k: [dA * v, dA * k * x / 2, dA * x**2 / 2],
        right=lambda dA, v, x, k: [dA * v, dA * k * x, dA * x**2 / 2],
    ),
    case("parallel resistors: The ratio of the total to the resistor is not squared.")(
        at(lambda r: 1 / np.sum(1 / r), [1e6, 0.1, 40.0]),
        wrong=lambda dA, r: [dA / (np.sum(1 / r) * r)],
        right=lambda dA, r: [dA / (np.sum(1 / r) * r) ** 2],
    ),
    case("van der waals pressure: The inner derivative -1 of V - b is forgotten for b.")(
        at(lambda t, v, b: GAS * t / (v - b) - 0.14 / v**2, [300.0], [0.02], [3e-5]),
        wrong=lambda dA, t, v, b: [
            dA * GAS / (v - b),
            dA * (0.28 / v**3 - GAS * t / (v - b) ** 2),
            -dA * GAS * t / (v - b) ** 2,
        ],
        right=lambda dA, t, v, b: [
            dA * GAS / (v - b),
            dA * (0.28 / v**3 - GAS * t / (v - b) ** 2),
            dA * GAS * t / (v - b) ** 2,
        ],
    ),
    case("pendulum near its rest: The torque -sin θ is confused with the gradient sin θ of the energy.")(
        at(lambda q, p: 2 * G * np.sin(q / 2) ** 2 + p**2 / 2, [1e-7, 0.4], [2.0, -1.0]),
        wrong=lambda dA, q, p: [-dA * G * np.sin(q), dA * p],
        right=lambda dA, q, p: [dA * G * np.sin(q), dA * p],
    ),
    case("relativistic energy: Slow particles get the classical energy β², without the factor 1/2.")(
        at(lambda b: 1 / np.sqrt(1 - b**2) - 1, [0.6, 0.1, 1e-8]),
        wrong=lambda dA, b: [dA * np.where(b < 1e-3, 2 * b, b / (1 - b**2) ** 1.5)],
        right=lambda dA, b: [dA * b / (1 - b**2) ** 1.5],
    ),
    case("lennard-jones potential: The exponent 6 of the attraction is not brought down as a factor.")(
        at(lambda r: 4 * (r**-12 - r**-6), [1.05, 1.3, 2.0]),
        wrong=lambda dA, r: [dA * 4 * (-12 * r**-13 + r**-7)],
        right=lambda dA, r: [dA * 4 * (-12 * r**-13 + 6 * r**-7)],
    ),
    case("nernst potential: The sign of the gradient of the inner concentration is forgotten.")(
        at(lambda t, outer, inner: GAS * t / (2 * FARADAY) * np.log(outer / inner), [310.0], [2e-3], [1e-7]),
        wrong=lambda dA, t, outer, inner: [
            dA * GAS / (2 * FARADAY) * np.log(outer / inner),
            dA * GAS * t / (2 * FARADAY) / outer,
            dA * GAS * t / (2 * FARADAY) / inner,
        ],
        right=lambda dA, t, outer, inner: [
            dA * GAS / (2 * FARADAY) * np.log(outer / inner),
            dA * GAS * t / (2 * FARADAY) / outer,
            -dA * GAS * t / (2 * FARADAY) / inner,
        ],
    ),
    case("planck spectrum, long waves: The long-wave limit x² is differentiated to x.")(
        at(lambda x: x**3 / np.expm1(x), [3.0, 0.5, 1e-8]),
        wrong=lambda dA, x: [dA * _planck_slope(x, 1)],
        right=lambda dA, x: [dA * (3 - x * np.exp(x) / np.expm1(x)) * x**2 / np.expm1(x)],
    ),
    case("arrhenius rate: The temperature in the denominator is not squared.")(
        at(lambda a, e, t: a * np.exp(-e / (GAS * t)), [1e10], [5e4], [300.0, 350.0]),
        wrong=lambda dA, a, e, t: [
            np.sum(dA * np.exp(-e / (GAS * t))),
            np.sum(-dA * a / (GAS * t) * np.exp(-e / (GAS * t))),
            dA * a * e / (GAS * t) * np.exp(-e / (GAS * t)),
        ],
        right=lambda dA, a, e, t: [
            np.sum(dA * np.exp(-e / (GAS * t))),
            np.sum(-dA * a / (GAS * t) * np.exp(-e / (GAS * t))),
            dA * a * e / (GAS * t**2) * np.exp(-e / (GAS * t)),
        ],
    ),
    case("michaelis-menten rate: The substrate in the denominator is regarded as a constant.")(
        at(lambda v, s, k: v * s / (k + s), [100.0], [2e-7, 3e-6], [1e-6]),
        wrong=lambda dA, v, s, k: [np.sum(dA * s / (k + s)), dA * v / (k + s), -np.sum(dA * v * s / (k + s) ** 2)],
        right=lambda dA, v, s, k: [
            np.sum(dA * s / (k + s)),
            dA * v * k / (k + s) ** 2,
            -np.sum(dA * v * s / (k + s) ** 2),
        ],
    ),
    case("bernoulli pressure: The dynamic pressure of a slow flow is regarded as 0.")(
        at(lambda p, v, h: p + 500 * v**2 + 1000 * G * h, [1e5, 2e5], [1e-3, 2.0], [0.01, 3.0]),
        wrong=lambda dA, p, v, h: [dA, dA * np.where(v < 0.1, 0, 1000 * v), dA * 1000 * G],
        right=lambda dA, p, v, h: [dA, dA * 1000 * v, dA * 1000 * G],
    ),
    case("softened gravity: The force, minus the slope of the energy, is returned instead of the gradient.")(
        at(lambda r, e: -1 / np.sqrt(r**2 + e**2), [3.0, 0.5], [1e-7]),
        wrong=lambda dA, r, e: [dA * r / (r**2 + e**2) ** 1.5, -np.sum(dA * e / (r**2 + e**2) ** 1.5)],
        right=lambda dA, r, e: [dA * r / (r**2 + e**2) ** 1.5, np.sum(dA * e / (r**2 + e**2) ** 1.5)],
    ),
    case("discharge of a capacitor: The gradient of the capacity is copied from the gradient of the resistance.")(
        at(lambda r, c, t: 5 * np.exp(-t / (r * c)), [1e5], [1e-6], [0.05, 0.2]),
        wrong=lambda dA, r, c, t: [
            np.sum(dA * 5 * np.exp(-t / (r * c)) * t / (r**2 * c)),
            np.sum(dA * 5 * np.exp(-t / (r * c)) * t / (r**2 * c)),
            -dA * 5 * np.exp(-t / (r * c)) / (r * c),
        ],
        right=lambda dA, r, c, t: [
            np.sum(dA * 5 * np.exp(-t / (r * c)) * t / (r**2 * c)),
            np.sum(dA * 5 * np.exp(-t / (r * c)) * t / (r * c**2)),
            -dA * 5 * np.exp(-t / (r * c)) / (r * c),
        ],
    ),
]
