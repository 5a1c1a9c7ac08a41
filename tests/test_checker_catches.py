"""Every mistake planted in a backward pass is found within a hundred examples."""

import pytest

from funcnn.testing.mutation import score
from tests.counts import FULL
from tests.mutants import LATER, MUTANTS

pytestmark = pytest.mark.unwatched

WRONG = {mutant.name: mutant for mutant in [*MUTANTS, *LATER]}
SOME = [*WRONG][:: 1 if FULL else 20]


@pytest.fixture
def seeds(request):
    return range(5 if request.config.getoption("--full") else 1)


def test_names_are_unique():
    assert len(WRONG) == len(MUTANTS) + len(LATER)
    assert len(MUTANTS) >= 84


@pytest.mark.parametrize("name", SOME)
def test_it_is_caught(name, seeds):
    table = score([WRONG[name]], seeds=seeds)
    assert not table.survivors, f"{table}\nwhy anybody would write it: {WRONG[name].why}"
