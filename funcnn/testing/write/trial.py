"""A trial of a test: its source is run with a few examples."""

from __future__ import annotations

import warnings
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from funcnn.testing.verdict import Inconclusive
from funcnn.testing.write.source import TestSource, page

_PROFILE = "funcnn-write"
settings.register_profile(
    _PROFILE, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


def tried(test: TestSource, examples: int) -> TestSource:
    """The test with the error of its trial."""
    if test.fill_in:
        return test
    before = settings.get_current_profile_name()
    settings.register_profile(_PROFILE, settings.get_profile(_PROFILE), max_examples=examples)
    settings.load_profile(_PROFILE)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names: dict[str, Any] = {"__name__": "written"}
            exec(compile(page([test]), "<written>", "exec"), names)  # noqa: S102  the source that is printed
            names[test.name]()
    except (Unsatisfiable, FailedHealthCheck, Inconclusive):
        return attrs.evolve(test, failed="no example was decided")
    except Exception as error:  # noqa: BLE001  an error of the library, or what the test found
        first = f"{type(error).__name__}: {error}".partition("\n")[0]
        return attrs.evolve(test, failed=first)
    finally:
        settings.load_profile(before)
    return test
