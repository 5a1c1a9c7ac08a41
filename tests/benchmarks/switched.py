"""funcnn with NumPy alone, and with the kernels of layers, losses and optimizers, in one process."""

from funcnn import acceleration
from tests.benchmarks.contenders import KERNELS, OURS, installed
from tests.benchmarks.timing import Contender


def ours(contender: Contender) -> dict[str, Contender]:
    """The contender with NumPy alone; and with kernels, where llvmlite is installed."""
    with_kernels = {KERNELS: _switched(contender, off=False)} if installed("llvmlite") else {}
    return {OURS: plain(contender), **with_kernels}


def plain(contender: Contender) -> Contender:
    """With NumPy alone."""
    return _switched(contender, off=True)


def _switched(contender: Contender, *, off: bool) -> Contender:
    """The switch is turned at the start of each turn, which is not on the clock."""

    def start():
        acceleration._OFF.set(off)
        return contender.start()

    return contender._replace(start=start)
