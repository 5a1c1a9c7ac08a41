"""Who makes a training step, and where: imported only by its user, so that a program pays for its own imports alone."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tests.benchmarks.timing import FOLD

OURS, FOUR, BARE, KERNELS = "funcnn", "four lines", "bare NumPy", "kernels"
ONE_THREAD, FOLDED_ONE = "compiled, one thread", "fold, one thread"
ONNX, PREDICTOR, STEP = "ONNX Runtime", "predictor", "compiled_step"
COMPILED, FOLDED, JIT, FORI = "compiled", "fold", "JAX jit", "JAX fori_loop"
NUMPY, OWN = {OURS, FOUR, BARE}, {OURS, KERNELS, COMPILED, STEP, FOLDED, PREDICTOR}
PEERS = ["article", "autograd", "MyGrad", "scikit-learn", "torch", JIT, FORI, "JAX", ONNX]
IN_A_LOOP = {FOLDED, FOLDED_ONE, FORI}  # those that make FOLD steps in a call
WITH_OPTIMIZERS = {OURS, "torch", JIT, FORI, COMPILED, STEP, FOLDED}
ON_TWO_CORES = {*WITH_OPTIMIZERS, "article", ONE_THREAD, FOLDED_ONE}  # the others have nothing to gain
# The ways of funcnn that have tables of their own, and whom these compare.
WAYS = {
    KERNELS: ("as segments of a compiled function", [OURS, "torch", "JAX"]),
    COMPILED: ("with a compiled loss", [ONE_THREAD, OURS, "article", "torch", JIT, "JAX"]),
    STEP: ("by `compiled_step`", [COMPILED, OURS, "torch", JIT, "JAX"]),
    PREDICTOR: ("by `predictor`", [OURS, "torch", "JAX", ONNX]),
    FOLDED: (f"with a compiled loss that makes {FOLD} steps a call", [FOLDED_ONE, OURS, "article", "torch", FORI]),
}
# The packages that a contender needs, its module here, and the function that makes it.
CONTENDERS = {
    OURS: ("", "house", "training"),
    FOUR: ("", "house", "four_lines"),
    BARE: ("", "bare", "bare"),
    "article": ("", "article", "article"),
    "autograd": ("autograd", "peers", "with_autograd"),
    "MyGrad": ("mygrad", "peers", "with_mygrad"),
    "scikit-learn": ("sklearn", "peers", "with_sklearn"),
    "torch": ("torch", "peers", "with_torch"),
    JIT: ("jax", "peers", "with_jax"),
    FORI: ("jax", "peers", "with_fori_loop"),
    COMPILED: ("funcnn.compilation llvmlite", "house", "with_compiled"),
    STEP: ("llvmlite", "house", "with_compiled_step"),
    FOLDED: ("funcnn.compilation llvmlite", "house", "folded"),
    ONE_THREAD: ("funcnn.compilation llvmlite", "house", "with_one_thread"),
    FOLDED_ONE: ("funcnn.compilation llvmlite", "house", "folded_in_one_thread"),
}


def installed(packages: str) -> bool:
    """Whether all of them can be imported."""
    return all([find_spec(package) for package in packages.split()])


def maker(who: str) -> Callable[..., Any]:
    """A function of a workload."""
    _, module, function = CONTENDERS[who]
    return getattr(import_module(f"tests.benchmarks.{module}"), function)


def here() -> list[str]:
    """Those whose packages are installed."""
    return [who for who, (packages, *_) in CONTENDERS.items() if installed(packages)]
