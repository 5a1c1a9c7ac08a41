"""`python -m tests.fingerprints.trained`: fingerprints of networks or of functions, for one processor."""
# ruff: noqa: T201  a command prints

import argparse
from importlib import import_module

from funcnn import TrainState, train
from funcnn.compilation import compiled, compiled_step, predictor
from funcnn.files import fingerprint
from funcnn.parallel import sharded, threads
from funcnn.trees import astype
from tests.fingerprints.functions import results
from tests.fingerprints.networks import NETWORKS, rows

STEPS = 60


def emulate(cpu, features):
    """Compile for a processor with these features of this one, by LLVM's names."""
    module = import_module("funcnn.compilation.engine")
    module._engine.cache_clear()
    made = module.Engine(cpu, features)
    module._engine = lambda: made


def result(name, *, alone=False):
    """The fingerprint of a gradient, a state and a prediction; unless `alone`, other engines must have these bits."""
    net, loss, optimizer, dtype, m = NETWORKS[name]
    net, (x, y) = astype(net, dtype), rows(m, dtype, loss)
    step, function = compiled_step(loss, portable=True), compiled(loss, portable=True)
    state = TrainState(net, optimizer)
    for _ in range(STEPS):
        state = step(state, x, y, 0.01)
    gradient = function(state.params, x, y)
    if not alone:
        folding = compiled(loss, threads=2, portable=True)
        *_, folded = train(TrainState(net, optimizer), [(x, y)] * STEPS, folding, 0.01, every=20)
        with threads(2) as executor:
            blocks = [sharded(function, rows=100, executor=one)(state.params, x, y) for one in (None, executor)]
        others = [compiled(loss, threads=count, portable=True)(state.params, x, y) for count in (2, 3, 4)]
        for one, other in [(state, folded), blocks, *[(gradient, other) for other in others]]:
            assert fingerprint(one) == fingerprint(other)
    return fingerprint((gradient, state, predictor(state.params, portable=True)(x)))


def main():
    """Print the name and the fingerprint of each network."""
    parser = argparse.ArgumentParser(prog="python -m tests.fingerprints.trained")
    parser.add_argument("--cpu")
    parser.add_argument("--features", default="")
    parser.add_argument("--alone", action="store_true", help="no folds, threads and shards")
    parser.add_argument("--functions", type=int, default=0, help="arguments of each function, in place of networks")
    parser.add_argument("names", nargs="*")
    asked = parser.parse_args()
    if asked.cpu:
        emulate(asked.cpu, asked.features)
    if asked.functions:
        found = results(asked.functions)
    else:
        found = ((name, result(name, alone=asked.alone)) for name in asked.names or NETWORKS)
    for name, bits in found:
        print(f"{name}: {bits}", flush=True)


if __name__ == "__main__":
    main()
