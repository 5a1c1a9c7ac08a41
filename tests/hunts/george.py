"""Gradients of george's kernels by their parameters and by both inputs."""

from functools import partial

import numpy as np
from george import kernels

from funcnn.testing.hunt import Target
from tests.hunts.draws import drawn

LIBRARIES = ["george", "numpy"]
FOUND = "see docs/found/george.md"
FULL = [[1.0, 0.3], [0.3, 0.7]]
METRICS = {"": 0.8, " of each axis": [0.8, 1.3], " of a full metric": FULL}
STATIONARY = "ExpSquaredKernel", "ExpKernel", "Matern32Kernel", "Matern52Kernel"
KERNELS = {
    **{
        f"{name}{which}": partial(getattr(kernels, name), metric=metric, ndim=2)
        for name in STATIONARY
        for which, metric in METRICS.items()
    },
    "RationalQuadraticKernel": partial(kernels.RationalQuadraticKernel, log_alpha=0.3, metric=[0.8, 1.3], ndim=2),
    "CosineKernel": partial(kernels.CosineKernel, log_period=0.3, ndim=2, axes=0),
    "ExpSine2Kernel": partial(kernels.ExpSine2Kernel, gamma=1.3, log_period=0.3, ndim=2, axes=1),
    "ConstantKernel": partial(kernels.ConstantKernel, log_constant=0.3, ndim=2),
    "DotProductKernel": partial(kernels.DotProductKernel, ndim=2),
    "LocalGaussianKernel": partial(kernels.LocalGaussianKernel, location=0.5, log_width=0.3, ndim=2, axes=0),
    **{
        f"LinearKernel of {n}": partial(kernels.LinearKernel, log_gamma2=0.3, order=n, ndim=2, axes=0)
        for n in (1, 2, 3)
    },
    **{f"PolynomialKernel of {n}": partial(kernels.PolynomialKernel, log_sigma2=0.3, order=n, ndim=2) for n in (2, 3)},
    "ExpSquaredKernel of one axis": partial(kernels.ExpSquaredKernel, 0.8, ndim=2, axes=1),
    "Sum": lambda: kernels.ExpSquaredKernel(0.8, ndim=2) + kernels.Matern32Kernel(0.5, ndim=2),
    "Product": lambda: kernels.ExpSquaredKernel(0.8, ndim=2) * kernels.DotProductKernel(ndim=2),
}


def of_kernels():
    for name, make in KERNELS.items():
        start = make().get_parameter_vector()
        draw = lambda rng, start=start: (
            start * rng.uniform(0.8, 1.2, start.size) + 0.1 * rng.standard_normal(start.size),
            rng.uniform(0.2, 2, (3, 2)),
            rng.uniform(0.2, 2, (2, 2)),
        )

        def at(p, make=make):
            kernel = make()
            kernel.set_parameter_vector(p)
            return kernel

        value = lambda p, x, y, at=at: at(p).get_value(np.array(x), np.array(y))
        inputs = lambda key, args, at=at: getattr(at(args[0]), key)(np.array(args[1]), np.array(args[2]))
        vjps = {
            "get_gradient": lambda args, dA, g=inputs: [np.tensordot(dA, g("get_gradient", args), 2), None, None],
            "get_x1_gradient": lambda args, dA, g=inputs: [
                None,
                np.einsum("nm,nmd->nd", dA, g("get_x1_gradient", args)),
                None,
            ],
            "get_x2_gradient": lambda args, dA, g=inputs: [
                None,
                None,
                np.einsum("nm,nmd->md", dA, g("get_x2_gradient", args)),
            ],
        }
        known = {"WrongGradient": FOUND} if name.endswith("full metric") else None
        for i, (key, vjp) in enumerate(vjps.items()):
            if start.size or i:
                made = value, vjp
                yield Target(f"{name}.{key}", made, drawn(draw), argnums=i, known=known, float32=False, layouts=False)


TARGETS = [*of_kernels()]
