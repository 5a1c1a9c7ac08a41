"""What a run of the tests costs, in counts that do not depend on the machine's load, and the most that it may cost.

`pytest --budget NAME` prints the counts of all workers and fails if one exceeds its limit in `MOST`. A limit is about a
fifth above the count of one run, since Hypothesis draws other examples in each.
"""

import subprocess
from collections import Counter

import pytest

from funcnn.testing.differentiation.vector_function import VectorFunction

VALUES, PROGRAMS, PROCESSES = "values of functions under check", "programs compiled by XLA", "processes started"
# Processes: two for each file that is marked (tests/teach/grading), lives of trainings, sweeps and soaks that are
# killed, workers of hunts, and scripts in an interpreter of their own. 370 programs are for the bridges to JAX and
# optax. Half of the values are for mistakes that are hard to see: unseen ones, small entries beside large ones,
# functions with coarse rounding; a tenth is for the tutor of funcnn.teach, which estimates each Jacobian at several
# draws.
MOST = {
    "readme": {VALUES: 3_200_000, PROGRAMS: 0, PROCESSES: 165},
    "full": {VALUES: 11_000_000, PROGRAMS: 4_000, PROCESSES: 345},
}
counts: Counter[str] = Counter({VALUES: 0, PROGRAMS: 0, PROCESSES: 0})


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --budget NAME`."""
    parser.addoption("--budget", choices=MOST, help="print what the tests cost; fail above this budget")


def pytest_configure(config: pytest.Config) -> None:
    """Counting begins."""
    if config.getoption("--budget"):
        _count(VectorFunction, "value", VALUES)
        _count(subprocess.Popen, "__init__", PROCESSES)


def pytest_collection_finish() -> None:
    """By now the tests have imported JAX, if it is installed."""
    try:
        from jax import monitoring
    except ImportError:
        return
    monitoring.register_event_duration_secs_listener(_compiled)


def _compiled(event: str, _: float, **__: object) -> None:
    counts[PROGRAMS] += event == "/jax/core/compile/backend_compile_duration"


def _count(cls: type, method: str, what: str) -> None:
    plain = getattr(cls, method)

    def counted(self, *args, **settings):
        counts[what] += 1
        return plain(self, *args, **settings)

    setattr(cls, method, counted)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node) -> None:
    """A worker of pytest-xdist has ended."""
    counts.update(getattr(node, "workeroutput", {}).get("counts", {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its counts on; the process that began the run compares the sums with the limits."""
    name = session.config.getoption("--budget")
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["counts"] = dict(counts)
    elif name and any([counts[what] > most for what, most in MOST[name].items()]):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter) -> None:
    """The counts, and which are too high."""
    name = terminalreporter.config.getoption("--budget")
    if name:
        terminalreporter.section(f"budget: {name}")
        for what, most in MOST[name].items():
            verdict = "" if counts[what] <= most else ": too many; mend what costs more, or raise it with a reason"
            terminalreporter.line(f"{counts[what]:12,} {what}, at most {most:,}{verdict}")
