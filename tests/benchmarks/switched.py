"""Layers, losses and optimizers in NumPy, and as they compute inside a compiled function, in one process."""

from contextlib import ExitStack

from funcnn.compilation.inside import inside
from tests.benchmarks.contenders import KERNELS, OURS, installed
from tests.benchmarks.timing import Contender


def ours(contender: Contender) -> dict[str, Contender]:
    """The contender with NumPy alone; and as a part of a compiled function, where llvmlite is installed."""
    with_kernels = {KERNELS: _switched(contender, on=True)} if installed("llvmlite") else {}
    return {OURS: plain(contender), **with_kernels}


def plain(contender: Contender) -> Contender:
    """With NumPy alone."""
    return _switched(contender, on=False)


def _switched(contender: Contender, *, on: bool) -> Contender:
    """The switch is turned at the start of each turn, which is not on the clock."""

    def start():
        _switch.close()
        _switch.enter_context(inside([] if on else None))
        return contender.start()

    return contender._replace(start=start)


_switch = ExitStack()  # which holds the turn that is on
