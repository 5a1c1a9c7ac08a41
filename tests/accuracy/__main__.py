"""`python -m tests.accuracy [--dtype float32] [--count N] [name ...]`: the worst errors in ulps, as a table."""
# ruff: noqa: T201  a command prints

import argparse
import sys

import numpy as np

from tests.accuracy import every, subjects
from tests.accuracy.definitions import ELEMENTWISE
from tests.accuracy.measure import of_elementwise, of_loss, of_rows


def main():
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description="Errors in ulps against mpmath.")
    parser.add_argument("names", nargs="*", metavar="name", help="rules whose names contain one of these; else all")
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    parser.add_argument("--count", type=int, default=50, help="arguments of each of six kinds")
    asked = parser.parse_args()
    dtype = getattr(np, asked.dtype)
    columns = "plain", "an ulp of x forgiven", "given the cache", "of the row's largest", "least of the four"
    print("|", " | ".join(["rule", "result", *columns, "plain is worst at", "the least is worst at"]), "|")
    print("|---" * 9 + "|")
    wanted = lambda name: not asked.names or any([part in name for part in asked.names])
    for layer in ELEMENTWISE:
        if wanted(name := type(layer).__name__):
            print_rows(name, of_elementwise(layer, dtype, np.random.default_rng(0), asked.count))
    for names, measure in ((subjects.ROWS, of_rows), (subjects.LOSSES, of_loss)):
        for name in filter(wanted, names):
            print_rows(name, measure(name, dtype, np.random.default_rng(0), asked.count))


def print_rows(rule, table):
    """A row for the value, and a row for the gradient."""
    for result, (errors, at, (least, there)) in table.items():
        cells = ["" if error is None else f"{error:.2g}" for error in [*errors, least.least]]
        print("|", " | ".join([rule, result, *cells, shown(at), shown(there)]), "|", flush=True)


def shown(at):
    """The argument in four digits."""
    if type(at) is tuple:
        return "; ".join(map(shown, at))
    return " ".join([f"{v:.4g}" for v in np.ravel(at)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["floats"]:
        every.main(sys.argv[2:])
    else:
        with np.errstate(all="ignore"):
            main()
