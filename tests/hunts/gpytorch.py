"""Kernels of gpytorch with derivatives as observations, and the functions that have a backward pass by hand."""

import warnings
from functools import partial

import gpytorch
import numpy as np
import torch
from gpytorch import functions, kernels

from funcnn.testing.hunt import Target
from funcnn.testing.torch import pair
from tests.hunts.draws import between, normal, of

LIBRARIES = ["gpytorch", "torch"]
FOUND = "see docs/found/gpytorch.md"
LENGTHS = between(0.5, 2.0)


def of_lengthscale(make):
    """A kernel as a function of the root of its lengthscale; the kernel has a backward pass by hand."""

    def f(lengthscale, x, y):
        kernel = make().to(x.dtype)
        kernel.raw_lengthscale_constraint = gpytorch.constraints.Positive(lambda x: x, lambda x: x)
        del kernel.raw_lengthscale
        kernel.raw_lengthscale = lengthscale.square().reshape(1, 1)
        return kernel(x.detach(), y.detach()).to_dense()  # with gradients of x, other code runs

    return f


def first(f):
    def slope(lengthscale, x, y):
        with torch.enable_grad():
            lengthscale = lengthscale.clone().requires_grad_() if not lengthscale.requires_grad else lengthscale
            (found,) = torch.autograd.grad(f(lengthscale, x, y).sum(), lengthscale, create_graph=True)
        return found

    return slope


def by_second_input(kernel, n=2):
    """The blocks of `kernel` hold the values and the slopes by the second input."""

    def value(x, y):
        return np.array(rows(kernel, x, y)[:, :, 0])

    def vjp(args, dA):
        return [None, np.einsum("nm,nmd->md", dA, rows(kernel, *args)[:, :, 1 : n + 1])]

    return value, vjp


def rows(kernel, x, y):
    """The row of values of each first point: (n, m, 1 + slopes)."""
    with torch.no_grad():
        K = kernel(torch.tensor(x), torch.tensor(y)).to_dense().numpy()
    size = K.shape[0] // len(x)
    return K[::size].reshape(len(x), len(y), -1)


MADE = {
    "RBFKernel": kernels.RBFKernel,
    **{f"MaternKernel of {nu}": partial(kernels.MaternKernel, nu) for nu in (0.5, 1.5, 2.5)},
}
WITH_SLOPES = {
    "RBFKernelGrad": kernels.RBFKernelGrad,
    "RBFKernelGrad of each axis": partial(kernels.RBFKernelGrad, ard_num_dims=2),
    "Matern52KernelGrad": kernels.Matern52KernelGrad,
    "PolynomialKernelGrad": partial(kernels.PolynomialKernelGrad, power=2),
    "RBFKernelGradGrad": kernels.RBFKernelGradGrad,
}


def targets():
    points = (normal(), "3 2"), (normal(), "3 2")
    for name, make in MADE.items():
        f = of_lengthscale(make)
        every = of((LENGTHS, "1"), *points)
        yield Target(f"{name} by the lengthscale", pair(f), every, argnums=0, float32=False)
        known = {"WrongGradient": FOUND}
        yield Target(f"{name} twice by the lengthscale", pair(first(f)), every, argnums=0, known=known, float32=False)
    for name, make in WITH_SLOPES.items():
        made = by_second_input(make().double())
        yield Target(name, made, of(*points), argnums=1, float32=False, layouts=False)
    yield Target("log_normal_cdf above -1", pair(functions.log_normal_cdf), of((between(-0.9, 3), "n")), float32=False)
    small, known = of((between(-8, -1.1), "n")), {"WrongGradient": FOUND}
    yield Target("log_normal_cdf below -1", pair(functions.log_normal_cdf), small, known=known, float32=False)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [*targets()]
