"""Drawn examples of a pair, and the errors that a checker raises on them."""

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

PLAIN = settings(
    phases=[Phase.generate], database=None, deadline=None, derandomize=False, suppress_health_check=list(HealthCheck)
)


def draw(arguments, seed, examples):
    """The arguments of the examples of one test."""
    found = []

    @hypothesis.seed(seed)
    @settings(PLAIN, max_examples=examples)
    @given(arguments)
    def run(args):
        found.append(args)

    run()
    return found


def first_fault(check, pair, batch):
    """The name of the first error of a checker; None if all examples pass."""
    return next(filter(None, (fault_of(check, pair, args) for args in batch)), None)


def fault_of(check, pair, args):
    """The name of the error that a checker raises. Any error counts, since some checkers find a wrong shape only so."""
    try:
        check(*pair, args)
    except Exception as error:  # noqa: BLE001  any error counts
        return type(error).__name__
    return None


def print_row(*cells):
    """One line of a Markdown table."""
    print("|", " | ".join(cells), "|", flush=True)  # noqa: T201  a command prints
