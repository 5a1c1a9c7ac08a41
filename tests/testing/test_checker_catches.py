"""Every mistake planted in a backward pass is found within a hundred examples, and the message is true."""

import pytest

from funcnn.testing import GradientError, check_vjp
from funcnn.testing.mutation import score
from tests.counts import FULL
from tests.mutants import LATER, MUTANTS, coincidences
from tests.mutants.claims import false_claims

pytestmark = pytest.mark.unwatched

WRONG = {mutant.name: mutant for mutant in [*MUTANTS, *LATER]}
SOME = WRONG if FULL else {*[*WRONG][::20], *[mutant.name for mutant in coincidences.MUTANTS[::5]]}


@pytest.fixture
def seeds(request):
    return range(5 if request.config.getoption("--full") else 1)


def test_names_are_unique():
    assert len(WRONG) == len(MUTANTS) + len(LATER)
    assert len(MUTANTS) >= 84


@pytest.mark.parametrize("name", sorted(SOME))
def test_it_is_caught(name, seeds):
    wrong, false = WRONG[name], []

    def check(f, vjp, args):
        try:
            check_vjp(f, vjp, args)
        except GradientError as error:
            false.extend(false_claims(wrong, args, error))
            raise

    table = score([wrong], check, seeds=seeds)
    assert not table.survivors, f"{table}\nwhy anybody would write it: {wrong.why}"
    assert not false
