"""What each part of the checker adds: mistakes that are missed, and alarms that are raised, without the part."""

import sys
from collections import Counter
from contextlib import ExitStack
from functools import wraps
from statistics import mean
from unittest.mock import patch

import numpy as np

from funcnn.testing import GradientError, Inconclusive, check_vjp
from funcnn.testing.comparison import gradient
from funcnn.testing.comparison.comparison import compare
from funcnn.testing.comparison.finding import worst_finding
from funcnn.testing.comparison.second_checks import Outcome
from tests.mutants.trials import draw, print_row

RIGHT = 4  # examples of each function that is right; all of them are checked, so that they take longest
NOTHING = "nothing"


def at_once(measurement, probe, quotients, slopes, deviation, *, thorough):
    """Each difference beyond its bound is a finding."""
    first, none = compare(measurement, [probe], slopes).of(0), np.zeros(len(measurement.cotangents), bool)
    numeric = first.numeric, first.numeric
    finding = worst_finding(measurement, probe, first, first.wrong, numeric, first.bound) if first.wrong.any() else None
    return Outcome(first.settled, none, finding, none)


def entries_alone(*args, probes=gradient.probes):
    return [probe for probe in probes(*args) if probe.entry is not None]


no_slope = lambda f, x, direction: np.full(f(x).size, np.nan)

COMPARISON = "funcnn.testing.comparison"
PARTS = {  # the options, or what stands in the place of functions, without each part
    NOTHING: {},
    "float32": {"float32": False},
    "layouts": {"layouts": False},
    "purity": {"purity": False},
    "linearity in dA": {"funcnn.testing.structure._check_linearity": lambda *_: None},
    "joint directions": {f"{COMPARISON}.gradient.probes": entries_alone},
    "blocks of outputs": {f"{COMPARISON}.gradient.tested_blocks": lambda _: []},
    "units of powers of two": {f"{COMPARISON}.gradient.rescaled": lambda _: None},
    "steps of every size": {f"{COMPARISON}.tried.other_sizes": lambda *_: iter(())},
    "complex step": {f"{COMPARISON}.{name}.complex_step": no_slope for name in ("comparison", "blocks")},
    "second checks": {f"{COMPARISON}.tried.outcome_of": at_once},
}


def print_ablation(mutants, nasty, examples):
    """Print one row for each part that is left out, `nothing` first; and to stderr the mistakes that the part found."""
    twins = {family_of(mutant): mutant for mutant in mutants}
    drawn = {family: draw(mutant.arguments, 0, examples) for family, mutant in twins.items()}
    wrong = {mutant.name: (mutant.wrong, drawn[family_of(mutant)]) for mutant in mutants}
    right = [(mutant.right, drawn[family][:RIGHT]) for family, mutant in twins.items()]
    hard = [(one.pair, draw(one.arguments, 0, RIGHT), one.options) for one in nasty]
    counts = (
        f"{len(wrong)} wrong functions, {examples} examples; {len(right)} twins and {len(hard)} nasty ones, {RIGHT}"
    )
    print_row(counts, "not found", "twins: alarms, undecided", "nasty: alarms, undecided", "calls")
    print_row(*["---"] * 5)
    every = {}
    for part in PARTS:
        with without(part) as options, np.errstate(all="ignore"):
            found = {name: is_found(pair, batch, options) for name, (pair, batch) in wrong.items()}
            calls = []
            of_twins = verdicts([(pair, batch, {}) for pair, batch in right], options, calls)
            of_nasty = verdicts(hard, options, [])
        if part == NOTHING:
            every = found
        lost = [name for name in wrong if every.get(name, True) and not found[name]]
        print_row(part, f"{len(lost)}", *map(shown, (of_twins, of_nasty)), f"{mean(calls):.0f}")
        print(part, *lost, sep="\n  ", file=sys.stderr, flush=True)  # noqa: T201  a command prints


def family_of(mutant):
    """Two families may have the same name."""
    return mutant.name.split(":")[0], id(mutant.arguments)


class without(ExitStack):
    """The checker without a part; the value are options that leave it out."""

    def __init__(self, part):
        super().__init__()
        self.changes = PARTS[part]

    def __enter__(self):
        super().__enter__()
        for target, other in self.changes.items():
            if "." in target:
                self.enter_context(patch(target, other))
        return {name: other for name, other in self.changes.items() if "." not in name}


def is_found(pair, batch, options):
    """Whether the mistake is found in one of the examples."""
    for args in batch:
        try:
            check_vjp(*pair, args, inconclusive="error", **options)
        except GradientError:
            return True
        except Inconclusive:
            pass
    return False


def verdicts(cases, options, calls):
    """How many examples are reported as wrong, or not decided; the calls of f and vjp in each are added to `calls`."""
    found = Counter()
    for (f, vjp), batch, own in cases:
        for args in batch:
            counter = Counter()
            pair = [counted(one, counter) for one in (f, vjp)]
            try:
                check_vjp(*pair, args, **{**own, "inconclusive": "error", **options})
            except GradientError:
                found["wrong"] += 1
            except Inconclusive:
                found["undecided"] += 1
            calls.append(counter.total())
    return found


def counted(f, counter):
    @wraps(f)
    def called(*args):
        counter[f] += 1
        return f(*args)

    return called


def shown(found):
    return f"{found['wrong']}, {found['undecided']}"
