"""`python -m tests.mutants --tutor`: how many mistakes of mutants `funcnn.teach.diagnose` names, and which wrongly."""
# ruff: noqa: T201  a command prints

import numpy as np

from funcnn.teach import diagnose
from funcnn.testing import GradientError, Inconclusive
from tests.mutants.labels import LABELLED, is_even
from tests.mutants.trials import draw

EXAMPLES = 40  # drawn examples, whose shapes are used
MOST = 60  # numbers in an example, if there are such examples


def trials_of(mutant):
    """Arguments for a diagnosis: normal numbers in the shapes of drawn examples, then some examples as they are.

    First the shapes with many different sizes of at least 3, as the page of the tutor asks for, then those with equal
    sizes and with sizes of 1.
    """
    batch = draw(mutant.arguments, 0, EXAMPLES)
    total = lambda args: sum([a.size for a in args])
    short = lambda args: sum([n < 3 for a in args for n in a.shape])
    different = lambda args: len({n for a in args for n in a.shape if n > 2})
    shapes = {tuple([a.shape for a in args]): args for args in batch if total(args) <= MOST}
    every = list(shapes.values()) or batch[:4]
    rich = sorted(every, key=lambda args: (-different(args), short(args), -total(args)))
    alike = sorted(every, key=lambda args: (short(args), different(args), -total(args)))
    rng = np.random.default_rng(0)
    for args in [*rich[:3], *alike[:2], max(every, key=short)]:
        yield tuple([rng.standard_normal(a.shape) if a.dtype.kind == "f" else a for a in args])
    yield tuple([abs(rng.standard_normal(a.shape)) if a.dtype.kind == "f" else a for a in rich[0]])
    yield from rich[:2]


def name_of(mutant):
    """The name that the tutor gives at the first arguments at which a gradient is wrong; None if it gives none."""
    for args in trials_of(mutant):
        try:
            found = diagnose(*mutant.wrong, args)
        except (GradientError, Inconclusive, ValueError, ArithmeticError):  # which f itself raises, or vjp
            continue
        if found.kind:  # a gradient is wrong
            return found.name
    return None


def score(chosen):
    """For each mutant that is chosen by its name: its name, its label, and the name that the tutor gives."""
    with np.errstate(all="ignore"):
        return [(mutant.name, label, name_of(mutant)) for mutant, label, _ in LABELLED if chosen(mutant.name)]


def is_right(label, name):
    """Whether a name is the label, or one of the names of a label."""
    return name in label.split(" / ")


def has_name(label):
    """Whether a label is a name of a mistake."""
    return not label.startswith("other")


def wrong_names(rows):
    """The rows with a name that is not in their label."""
    return [row for row in rows if row[2] is not None and not is_right(*row[1:])]


def print_scores():
    """The scores of the families whose hash is odd, then those of the others."""
    for is_kept, title in ((False, "families that were seen"), (True, "families that were kept")):
        rows = score(lambda name, kept=is_kept: is_even(name.split(": ")[0]) == kept)
        nameable = [row for row in rows if has_name(row[1])]
        named = [row for row in nameable if is_right(*row[1:])]
        print(f"{title}: {len(named)} of {len(nameable)} mutants with a name are named")
        print(f"{title}: {len(wrong_names(rows))} of {len(rows)} mutants have a wrong name")
        for name, label, found in wrong_names(rows):
            print(f"  {name}: {found}, and the label is {label}")
        for name, label, found in nameable:
            if found is None:
                print(f"  without a name: {name}: {label}")
