"""`python -m tests.wasm.tour`: each layer, loss and optimizer, training, files and the course, in half a minute."""
# ruff: noqa: T201  a command prints

import warnings
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import Phase, find, settings
from hypothesis.errors import HypothesisWarning

import funcnn as nn
from funcnn.files import fingerprint
from funcnn.teach import check, diagnose, write_steps
from funcnn.testing import check_layer, check_loss, check_optimizer
from funcnn.testing import strategies as fst
from tests.cards import OPTIMIZERS, optimizers_of
from tests.loss_cases import CASES

SOLUTIONS = Path(__file__).parents[2] / "docs" / "course" / "solutions"
ONCE = settings(phases=[Phase.generate], database=None, deadline=None)
NET = nn.mlp([2, 3, 1], hidden=nn.Tanh(), seed=0)


def checked(strategy, check):
    """Check a drawn case, but not the first, which is as small as can be, nor one that shows nothing."""
    number = count()
    find(strategy, lambda case: next(number) and check(case), settings=ONCE, random=Random(0))


def trained(folder):
    """A convolution is trained, saved and loaded; its first step is a page."""
    x = np.linspace(-1, 1, 8 * 36).reshape(8, 6, 6, 1)
    y = np.where(x.mean((1, 2)) > 0, 1.0, 0.0)
    params = nn.Conv2d.init(1, 2, 3, seed=0), nn.Tanh(), nn.Flatten(), nn.Dense.init(32, 1, seed=1)
    *_, end = nn.train(nn.TrainState(params, nn.Adam()), [(x, y)] * 20, nn.value_and_grad(nn.mse), 0.02)
    nn.save(folder / "run.npz", end)
    assert nn.load(folder / "run.npz") == end
    assert nn.mse(nn.predict(end.params, x), y)[0] < nn.mse(nn.predict(params, x), y)[0] / 2
    write_steps(NET, np.ones((1, 2)), np.ones((1, 1)), nn.mse, 0.1, folder / "steps.html")
    diagnosis = diagnose(np.tanh, lambda args, dA: [dA * (1 - args[0] ** 2)], [np.linspace(-2, 2, 6)])
    assert diagnosis.name == "slope at x"


def main(every=1):
    """All of it, or every third layer, loss and optimizer; prints counts, and the fingerprint of initial weights."""
    warnings.simplefilter("ignore", HypothesisWarning)
    layers, losses, optimizers = [list(what)[::every] for what in (fst.registered(), CASES, OPTIMIZERS)]
    for layer in layers:
        checked(fst.cases(layer), lambda case: check_layer(*case))
    for loss in losses:
        checked(CASES[loss], lambda case: check_loss(case.loss, case.out, case.y))
    for cls in optimizers:
        check_optimizer(optimizers_of(cls)[-1], NET)
    with TemporaryDirectory() as folder:
        trained(Path(folder))
    course = [check(path) for path in sorted(SOLUTIONS.glob("unit*.py"))[::every]]
    done = sum([result.state == "done" for progress in course for result in progress.results])
    what = f"{len(layers)} layers, {len(losses)} losses, {len(optimizers)} optimizers, {done} exercises"
    print(f"{what}, {fingerprint(NET)}")


if __name__ == "__main__":
    main()
