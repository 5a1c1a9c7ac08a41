"""What `python -m funcnn` prints: versions, BLAS, optional libraries, and the result of a self-check."""
# ruff: noqa: T201  a command prints

from __future__ import annotations

import platform
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import funcnn
from funcnn.blas import blas
from funcnn.compilation.state_step import compiled_step
from funcnn.core import backward, forward, sgd
from funcnn.extras import LIBRARIES, install
from funcnn.files.store import fingerprint, load, save
from funcnn.layers.activations.base import Sigmoid, Tanh
from funcnn.layers.chain import mlp
from funcnn.losses.classification import binary_cross_entropy
from funcnn.optimizers.adam import Adam
from funcnn.prediction import predict
from funcnn.training.loop import TrainState
from funcnn.trees.vectors import from_vector, to_vector

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0], [1], [1], [0]])  # exclusive or
NET = (*mlp([2, 4, 1], hidden=Tanh(), seed=1), Sigmoid())
FINGERPRINT = "c450d043857ac234"
NOT_COMPILED = f"needs llvmlite; write {install('llvmlite')}"


def main(words: Sequence[str]) -> int:
    """Print the report. The result is 0 if the self-check found no error, otherwise 1."""
    about = "Print versions, BLAS and optional libraries, and check that this installation computes correctly."
    ArgumentParser(prog="python -m funcnn", description=about).parse_args(words)
    for name, text in report():
        print(f"{name:15}{text}")
    failed = False
    for check in (training, gradients, files, bits):
        error = self_check(check)
        failed = failed or error is not None
        print(f"{'self-check':15}{check.__name__} {'ok' if error is None else f'failed: {error}'}")
    print("failed" if failed else "ok")
    return int(failed)


def report() -> Iterator[tuple[str, str]]:
    """Lines of a name and a text."""
    yield "funcnn", f"{funcnn.__version__}, from {Path(funcnn.__file__).parent}"
    yield "Python", f"{platform.python_version()}, {platform.platform()}"
    yield "NumPy", np.__version__
    yield "attrs", version("attrs")
    yield "BLAS", f"{(found := blas())}"
    if found.remedy:
        yield "faster BLAS", found.remedy
    for library, (_, use) in LIBRARIES.items():
        yield library, f"{_version(library):15}{use}"
    of_bits = f"{_trained()} of a small trained network, which must be {FINGERPRINT}"
    yield "fingerprint", of_bits if _trained() else NOT_COMPILED


def self_check(check: Callable[[], str]) -> str | None:
    """What is wrong, or None."""
    try:
        return check() or None
    except Exception as error:  # noqa: BLE001  whatever fails is reported
        return f"{type(error).__name__}: {error}"


def training() -> str:
    """The exclusive or is learned in 500 steps."""
    params = NET
    for _ in range(500):
        out, cache = forward(params, X)
        cost, dA = binary_cross_entropy(out, Y)
        params = sgd(params, backward(params, cache, dA), 2.0)
    right = bool(((predict(params, X) > 0.5) == Y).all())
    return "" if right and cost < 0.02 else f"the cost is {cost:.3g} after 500 steps and must be below 0.02"


def gradients() -> str:
    """The gradient of each parameter is near the central difference of the cost."""
    out, cache = forward(NET, X)
    gradient = to_vector(backward(NET, cache, binary_cross_entropy(out, Y)[1]).params)
    start, h = to_vector(NET), 1e-5

    def cost(vector: np.ndarray) -> float:
        return float(binary_cross_entropy(forward(from_vector(NET, vector), X)[0], Y)[0])

    steps = h * np.eye(len(start))
    differences = [(cost(start + step) - cost(start - step)) / (2 * h) for step in steps]
    error = float(abs(gradient - differences).max())
    # Measured: 8e-12, where the largest gradient is 0.03.
    return "" if error < 1e-7 else f"a gradient differs from the difference quotient by {error:.3g}"


def files() -> str:
    """A network that is saved and loaded is equal."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.npz"
        save(path, NET)
        return "" if load(path) == NET else "a network that was saved and loaded is not equal"


def bits() -> str:
    """A network that is trained by portable machine code has the bits that it has on every machine."""
    found = _trained()
    return "" if found in {"", FINGERPRINT} else f"the fingerprint is {found} and must be {FINGERPRINT}"


@cache
def _trained() -> str:
    """The fingerprint of a network after 100 steps; an empty string if nothing can be compiled."""
    step, state = compiled_step(binary_cross_entropy, portable=True), TrainState(NET, Adam())
    try:
        for _ in range(100):
            state = step(state, X, Y, 0.1)
    except ImportError:
        return ""
    return fingerprint(state)


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
