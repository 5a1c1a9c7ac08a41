"""The first call for a deep chain, of pairs of Dense(8, 8) and Tanh: a step with a compiled loss, and one under jit.

`python -m tests.benchmarks.depth NAME PAIRS` is a process that prints the CPU seconds of its first call; nothing that
was compiled before is used.
"""
# ruff: noqa: T201  a command prints

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np

from tests.benchmarks.contenders import COMPILED, JIT, installed

PAIRS = (10, 100, 1000)
WIDTH, ROWS = 8, 32
FEW = 15  # times fewer repeats than of a step
PACKAGES = {COMPILED: "llvmlite", JIT: "jax"}
TOO_LONG = 300  # seconds


def times_of_depth(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of first calls, each in a process of its own; without a contender whose process fails or takes long."""
    pairs = name.removeprefix("depth-")
    times: dict[str, list[float]] = {who: [] for who, packages in PACKAGES.items() if installed(packages)}
    for _ in range(max(1, repeats // FEW)):
        for who in list(times):
            try:
                times[who].append(first_call(who, pairs))
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                print(f"{name}, {who}: {error}", file=sys.stderr)
                del times[who]
    return times


def first_call(who: str, pairs: str) -> float:
    """CPU seconds, as a new process prints them."""
    command = [sys.executable, "-m", "tests.benchmarks.depth", who, pairs]
    with TemporaryDirectory() as folder:
        env = os.environ | {"FUNCNN_CACHE": folder}
        root = Path(__file__).parents[2]
        made = subprocess.run(command, check=True, cwd=root, env=env, stdout=subprocess.PIPE, timeout=TOO_LONG)
    return float(made.stdout)


def with_compiled(pairs: int) -> tuple[Any, Any]:
    """A step of a chain with a compiled loss; and whether it was compiled."""
    from funcnn import Dense, Tanh, mse, sgd
    from funcnn.compilation import compiled, explain

    net = sum([(Dense.init(WIDTH, WIDTH, seed=i), Tanh()) for i in range(pairs)], ())
    x, gradients = np.ones((ROWS, WIDTH)), compiled(mse)

    def step():
        _, grads = gradients(net, x, x)
        sgd(net, grads, 0.1)

    return step, lambda: explain(gradients, net, x, x)


def with_jax(pairs: int) -> tuple[Any, Any]:
    """A jitted step, waited for, of layers that are written one after another."""
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", val=True)
    random, x = np.random.default_rng(0), np.ones((ROWS, WIDTH))
    params = [(random.uniform(-0.5, 0.5, (WIDTH, WIDTH)), np.zeros(WIDTH)) for _ in range(pairs)]

    def cost(params):
        out = x
        for W, b in params:
            out = jnp.tanh(out @ W + b)
        return jnp.mean((out - x) ** 2)

    def step(params):
        value, grads = jax.value_and_grad(cost)(params)
        return value, jax.tree.map(lambda p, g: p - 0.1 * g, params, grads)

    jitted = jax.jit(step)
    return lambda: jax.block_until_ready(jitted(params)), lambda: "compiled"


if __name__ == "__main__":
    step, how = {COMPILED: with_compiled, JIT: with_jax}[sys.argv[1]](int(sys.argv[2]))
    began = process_time()
    step()
    print(process_time() - began)
    if not str(how()).startswith("compiled"):
        raise SystemExit(str(how()))
