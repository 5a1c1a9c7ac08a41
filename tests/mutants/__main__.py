"""`python -m tests.mutants [--curve] [--ablate] [--tutor] [--quick] [--every N]`: mistakes found, by checker."""
# ruff: noqa: T201  a command prints

import argparse
import logging
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from tests.mutants import LATER, MUTANTS
from tests.mutants.ablation import print_ablation
from tests.mutants.curve import print_curve
from tests.mutants.peers import CHECKERS
from tests.mutants.trials import draw, fault_of, first_fault, print_row
from tests.mutants.tutoring import print_scores
from tests.nasty import NASTY

PICTURE = Path(__file__).parents[2] / "docs" / "operating_curve.svg"


def main():
    """Try every checker on every mutant and on its correct pair, and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="Checkers of gradients side by side.")
    parser.add_argument("--quick", action="store_true", help="few mutants, few examples, no picture: does it run?")
    parser.add_argument("--seeds", type=int, default=1, help="how many times to draw the examples")
    parser.add_argument("--examples", type=int, default=100, help="examples of each mutant and each correct pair")
    parser.add_argument("--every", type=int, default=1, help="try one mutant in N, since all of them take hours")
    parser.add_argument("--survivors", action="store_true", help="list the mutants that each checker did not find")
    parser.add_argument("--curve", action="store_true", help="try several tolerances; draw docs/operating_curve.svg")
    parser.add_argument("--ablate", action="store_true", help="check_vjp without each of its parts, one at a time")
    parser.add_argument("--tutor", action="store_true", help="which mistakes funcnn.teach.diagnose names")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()  # jax logs every exception of a function
    if asked.tutor:
        print_scores()
        return
    quick = (120, 2) if asked.curve or asked.ablate else (40, 3)
    every, examples = quick if asked.quick else (asked.every, asked.examples)
    mutants = MUTANTS[::every]
    if asked.ablate:
        print_ablation([*MUTANTS, *LATER][::every], NASTY[::every], examples)
        return
    if asked.curve:
        print_curve(mutants, NASTY[::every], examples, None if asked.quick else PICTURE)
        return
    pairs = {mutant.name.split(":")[0]: mutant for mutant in mutants}
    drawn = {
        name: [draw(mutant.arguments, seed, examples) for seed in range(asked.seeds)] for name, mutant in pairs.items()
    }
    print(f"{len(mutants)} mutants, {len(pairs)} correct pairs, {examples} examples, {asked.seeds} seeds")
    print_row("checker", "caught", "false alarms", "caught by one normal example", "its false alarms")
    print_row(*["---"] * 5)
    for name, check in CHECKERS.items():
        with np.errstate(all="ignore"):
            report(name, check, mutants, pairs, drawn, survivors=asked.survivors)


def report(name, check, mutants, pairs, drawn, *, survivors):
    """Print the row of one checker; print the errors it raised and the mutants it did not find to stderr."""
    raised, through = Counter(), []
    caught = alarmed = alarmed_once = caught_once = alarms = 0
    for mutant in mutants:
        batches = drawn[mutant.name.split(":")[0]]
        faults = [first_fault(check, mutant.wrong, batch) for batch in batches]
        raised.update(filter(None, faults))
        caught += sum([fault is not None for fault in faults])
        through += [mutant.name] * (None in faults)
        caught_once += fault_of(check, mutant.wrong, generic(batches[0])) is not None
    for pair, mutant in pairs.items():
        examples = [args for batch in drawn[pair] for args in batch]
        found = sum([fault_of(check, mutant.right, args) is not None for args in examples])
        alarms += found
        alarmed += found > 0
        alarmed_once += fault_of(check, mutant.right, generic(drawn[pair][0])) is not None
    seeds = len(next(iter(drawn.values())))
    total = sum([len(batch) for batches in drawn.values() for batch in batches])
    print_row(
        name,
        f"{caught} of {len(mutants) * seeds}",
        f"{alarmed} of {len(pairs)} pairs, {alarms} of {total} examples",
        f"{caught_once} of {len(mutants)}",
        f"{alarmed_once} of {len(pairs)}",
    )
    print(f"{name} raised {dict(raised)}", file=sys.stderr)
    if survivors:
        print(*through, sep="\n", file=sys.stderr)


def generic(batch):
    """The arguments with the most different sizes, filled with normal numbers, as in a test written by hand."""
    args = max(batch, key=lambda args: (len({n for a in args for n in a.shape}), sum([a.size for a in args])))
    rng = np.random.default_rng(0)
    return tuple([rng.standard_normal(a.shape) if a.dtype.kind == "f" else a for a in args])


if __name__ == "__main__":
    main()
