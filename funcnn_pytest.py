"""The pytest plugin: a summary of all checks, and tracebacks that end where the user's code calls the checker.

The plugin imports neither funcnn nor numpy nor hypothesis, so that pytest starts as fast as without it;
`funcnn.testing` finds it in `sys.modules` and records in `ledger`. The plugin has no effect on a test in which no check
failed, and a suite that checks no gradient gets no summary. No hook raises an error, which would end the run of pytest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any

import pytest

ledger: Ledger | None = None  # of the running session

_CHECKS_OF_ARGUMENTS = ("funcnn.checked", "funcnn.needs", "funcnn.fields", "funcnn.arrays")
_INSIDES = ("funcnn.testing", *_CHECKS_OF_ARGUMENTS, "hypothesis", "_pytest", "pluggy")
_MOST_LINES = 10  # about undecided arguments
_SHELL = "hypothesis_temporary_module_"  # the module of the function by which @given replaces a test
# What Python itself reads of an exception, whose class may give other values or raise errors.
_CAUSE, _CONTEXT, _TRACEBACK = [
    vars(BaseException)[name].__get__ for name in ("__cause__", "__context__", "__traceback__")
]
_MEMBERS = vars(BaseExceptionGroup)["exceptions"].__get__


@dataclass
class Tally:
    """The verdicts of the checks of one subject in one test."""

    verdicts: dict[str, int] = field(default_factory=dict)
    kinks: int = 0  # in checks that passed
    resolutions: set[float] = field(default_factory=set)
    decided: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)
    tolerated: dict[str, float] = field(default_factory=dict)  # by argument: the largest relative error
    reason: str = "no probe decided"  # of the last inconclusive check


class Ledger:
    """The verdicts of a session, by test, then kind and subject; `resolution` is set in the ini file, else None."""

    def __init__(self, resolution: float | None, outer: Ledger | None) -> None:
        self.resolution, self.outer, self.test = resolution, outer, ""
        self.tests: dict[str, dict[tuple[str, str], Tally]] = {}

    def record(
        self,
        subject: str,
        verdict: str,
        kinks: int = 0,
        undecided: Iterable[str] = (),
        reason: str = "",
        resolution: float | None = None,
        *,
        kind: str = "function",
        decided: Iterable[str] = (),
        tolerated: Mapping[str, float] | None = None,
    ) -> None:
        """Record a check: the verdict is pass, fail or inconclusive, the kind layer, loss, optimizer or function."""
        tally = self.tests.setdefault(self.test, {}).setdefault((kind, str(subject)), Tally())
        tally.verdicts[verdict] = tally.verdicts.get(verdict, 0) + 1
        tally.kinks += int(kinks) if verdict == "pass" else 0
        tally.reason = str(reason) or tally.reason
        tally.resolutions.update([float(resolution)] if resolution else [])  # xdist sends what is Python's own
        tally.decided.update(map(str, decided))
        tally.undecided.update(map(str, undecided))
        for name, error in (tolerated or {}).items():
            tally.tolerated[str(name)] = max(float(error), tally.tolerated.get(str(name), 0.0))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Record verdicts for the running test. A test that passes although a check failed expected the failure."""
        __tracebackhide__ = True
        self.test = item.nodeid
        try:
            result = yield
        finally:
            self.test = ""
        if item.nodeid in self.tests:
            kept = {key: tally for key, tally in self.tests[item.nodeid].items() if "fail" not in tally.verdicts}
            self.tests[item.nodeid] = kept
        return result

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> None:
        """Hide frames of the checker; if a test ran out of examples, say that they were inconclusive."""
        with suppress(Exception):
            if call.excinfo is not None:
                _explain(call.excinfo.value, list(self.tests.get(item.nodeid, {}).values()))
                if not item.config.getoption("fulltrace", default=False):
                    _shorten(call.excinfo)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Send the verdicts of a worker of pytest-xdist."""
        with suppress(Exception):  # also in a run without workers
            plain = {test: {key: vars(tally) for key, tally in mine.items()} for test, mine in self.tests.items()}
            session.config.workeroutput["funcnn"] = plain  # type: ignore[attr-defined]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Merge the verdicts of a worker; a worker that crashed sends none."""
        with suppress(Exception):
            for test, mine in node.workeroutput["funcnn"].items():
                self.tests.setdefault(test, {}).update({key: Tally(**values) for key, values in mine.items()})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The number of subjects by verdict, the tolerated errors, and the arguments that were never decided."""
        with suppress(Exception):
            tested, undecided = [*self.tested(), *self.tolerated()], list(self.undecided())
            if tested:
                terminalreporter.write_sep("=", "gradients")
            more = [f"and {len(undecided) - _MOST_LINES} more"] if len(undecided) > _MOST_LINES else []
            for line in [*tested, *undecided[:_MOST_LINES], *more]:
                terminalreporter.write_line(line)

    def tested(self) -> Iterator[str]:
        """A line for each kind of subject; a subject whose checks all passed or were inconclusive counts as tested."""
        entries = [(kind, subject, tally) for mine in self.tests.values() for (kind, subject), tally in mine.items()]
        for kind in sorted({kind for kind, _, _ in entries}):
            tallies = [(subject, tally) for its, subject, tally in entries if its == kind]
            wrong = {subject for subject, tally in tallies if "fail" in tally.verdicts}
            passed = {subject for subject, tally in tallies if "pass" in tally.verdicts} - wrong
            kinked = {subject for subject, tally in tallies if tally.kinks} - wrong
            left = {subject for subject, _ in tallies} - passed - wrong
            counts = [(kinked, "with kinks"), (left, "inconclusive"), (wrong, "wrong")]
            plural = "" if len(passed) == 1 else "es" if kind.endswith("s") else "s"
            parts = [f"{len(passed)} {kind}{plural} tested", *[f"{len(some)} {what}" for some, what in counts if some]]
            asked = {r for _, tally in tallies for r in tally.resolutions}
            span = " to ".join([_number(r) for r in sorted({min(asked), max(asked)})]) if asked else ""
            yield ", ".join(parts) + (f" at float64 {span}" if span else "")

    def tolerated(self) -> Iterator[str]:
        """A line for each argument whose gradient has errors that a test tolerates."""
        for test, mine in sorted(self.tests.items()):
            for (_, subject), tally in mine.items():
                for name, error in sorted(tally.tolerated.items()):
                    yield f"the gradient of {name} of {subject} is off by up to {_number(error)}, tolerated in {test}"

    def undecided(self) -> Iterator[str]:
        """A line for each argument that no example of a test decided; a failing test has its own message."""
        for test, mine in sorted(self.tests.items()):
            for (_, subject), tally in mine.items():
                if tally.verdicts.keys() == {"inconclusive"}:
                    yield f"every check of {subject} was inconclusive in {test}: {tally.reason}"
                elif "fail" not in tally.verdicts:
                    leaves = sorted(tally.undecided - tally.decided)
                    yield from [f"{leaf} of {subject} was never decided in {test}" for leaf in leaves]


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """`funcnn_resolution = 1e-7` in the ini file is the default of every check."""
    parser.addini("funcnn_resolution", "relative error of a gradient that a check must be able to find", default=None)
    with suppress(Exception):  # pytest rewrites all packages of a plugin's distribution, and has no public way out
        pluginmanager.rewrite_hook._must_rewrite.discard("funcnn")  # type: ignore[attr-defined]  # noqa: SLF001


def pytest_configure(config: pytest.Config) -> None:
    """Open the ledger."""
    global ledger  # noqa: PLW0603  the checker, which has no config, finds it here
    given = config.getini("funcnn_resolution")
    try:
        valid = not given or 0 < float(given) < 1
    except ValueError:
        valid = False
    if not valid:
        raise pytest.UsageError(f"funcnn_resolution must be a number between 0 and 1, such as 1e-7, not {given!r}")
    ledger = Ledger(float(given) if given else None, outer=ledger)
    config.pluginmanager.register(ledger, "funcnn-ledger")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the ledger; in a test that runs pytest, the ledger of the outer session is restored."""
    global ledger  # noqa: PLW0603
    if ledger is not None and config.pluginmanager.is_registered(ledger):
        ledger = ledger.outer


def _explain(error: BaseException, mine: list[Tally]) -> None:
    """Give the reason if hypothesis found no examples since all were inconclusive."""
    filtered = _is(error, "Unsatisfiable") or (_is(error, "FailedHealthCheck") and "filter_too_much" in str(error))
    if filtered and mine and all([tally.verdicts.keys() == {"inconclusive"} for tally in mine]):
        n, asked = sum([tally.verdicts["inconclusive"] for tally in mine]), mine[-1].resolutions
        coarser = f"a coarser resolution than {_number(max(asked))}" if asked else "a coarser resolution"
        advice = f"draw arguments of moderate size, away from kinks and jumps, or ask for {coarser}"
        error.args = (f"{n} of {n} examples were inconclusive: {mine[-1].reason}; {advice}",)


def _shorten(found: pytest.ExceptionInfo[BaseException]) -> None:
    """Hide frames of the checker, if it raised the error or a related one: for a gradient or for its arguments."""
    error, related = found.value, _related(found.value)
    if any([_is(one, "GradientError", "Inconclusive", "FuncnnError") and _is_of_checker(one) for one in related]):
        shown = (type(error), error, _trimmed(found.tb))
        found.traceback = pytest.ExceptionInfo.from_exc_info(shown).traceback
        for one in related:
            traceback = _TRACEBACK(one)
            if traceback and (one is not error or _is_group(one)):  # read by pytest
                BaseException.with_traceback(one, _trimmed(traceback))


def _is(error: BaseException, *names: str) -> bool:
    return any([cls.__name__ in names for cls in type(error).__mro__])


def _is_group(error: BaseException) -> bool:
    return issubclass(type(error), BaseExceptionGroup)  # isinstance would ask the error for its __class__


def _is_of_checker(error: BaseException) -> bool:
    return any([f"{_module(link.tb_frame)}.".startswith("funcnn.testing.") for link in _links(_TRACEBACK(error))])


def _related(error: BaseException) -> list[BaseException]:
    """An error, the members of an exception group, and all their causes, each once."""
    found, known = [error], {id(error)}
    for one in found:  # the list grows in the loop
        for other in (_CAUSE(one), _CONTEXT(one), *(_MEMBERS(one) if _is_group(one) else ())):
            if other is not None and id(other) not in known:
                known.add(id(other))
                found.append(other)
    return found


def _trimmed(traceback: TracebackType) -> TracebackType:
    """The frames of the user's code; else the frame of @given; else all frames."""
    links = _links(traceback)
    outside = [link for link in links if not _is_inside(link.tb_frame)]
    users = [link for link in outside if not _module(link.tb_frame).startswith(_SHELL)]
    kept = None
    for link in reversed(users or outside or links):
        kept = TracebackType(kept, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return kept or traceback


def _links(traceback: TracebackType | None) -> list[TracebackType]:
    links = []
    while traceback is not None:
        links.append(traceback)
        traceback = traceback.tb_next
    return links


def _is_inside(frame: FrameType) -> bool:
    inside = any([f"{_module(frame)}.".startswith(f"{name}.") for name in _INSIDES])
    return inside or frame.f_locals.get("__tracebackhide__") is True


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def _number(value: float) -> str:
    """1e-09 as 1e-9."""
    return f"{value:.3g}".replace("e-0", "e-")
