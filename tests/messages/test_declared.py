"""What a declaration of an argument refuses: a sentence for each need, and a law for all functions that declare one."""

import inspect
import math
import sys
from functools import partial
from pathlib import Path

import attrs
import numpy as np
import pytest

from funcnn import Relu, needs
from funcnn.annotations import needed_by
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.needs import guard, need_of
from funcnn.records import plans
from funcnn.schedules import Plateau
from funcnn.testing.options import NEEDS
from tests.kinds.trials import packed
from tests.kinds.wrong import WRONG
from tests.messages.test_kinds import ROWS, in_a_folder_of_its_own  # noqa: F401  a fixture
from tests.says import assert_says, raises, range_error

SENTENCES = {
    "Number": {
        "text": "a number, not str",
        True: "a number, not bool",
        Plateau(0.1): "a number, not Plateau; write a.lr",
    },
    "Finite": {math.nan: "finite, not nan", -math.inf: "finite, not -inf", None: "a number, not None"},
    "Rate": {-0.1: "finite and not negative, not -0.1", math.inf: "finite and not negative, not inf"},
    "Positive": {0: "finite and above 0, not 0", math.nan: "finite and above 0, not nan"},
    "Fraction": {1: "in [0, 1), not 1", -0.5: "in [0, 1), not -0.5"},
    "Whole": {1.5: "a whole number, not float", 2.0: "a whole number, not float; write int(a)"},
    "Natural": {-1: "at least 0, not -1", True: "a whole number, not bool", 2**63: f"at most {2**63 - 1}, not {2**63}"},
    "Count": {
        0: "at least 1, not 0",
        10**50: f"at most {2**63 - 1}, not about 10**50",
        math.nan: "a whole number, not float",
    },
    "Flag": {1: "True or False, not int", "yes": "True or False, not str", None: "True or False, not None"},
    "Text": {1: "a string, not int", b"a": "a string, not bytes"},
    "FloatDtype": {
        dtype: f"a type of real floats, such as np.float32, not {given}"
        for dtype, given in {
            np.int32: "int32",
            bool: "bool",
            complex: "complex128",
            "c8": "complex64",
            object: "object",
            str: "str",
            "f4,f4": "void64",
            None: "None",
            "half a float": "'half a float'",
            3: "int",
            Relu(): "Relu",
            "f4,x,(": "'f4,x,('",
        }.items()
    },
    "Function": {1: "a function, not int", dict: "a function, not the class dict"},
    "FilePath": {1: "a path, not int", None: "a path, not None"},
    "Arrays": {None: "an array, not None", Plateau(0.1): "an array, not Plateau"},
    "Seed": {
        -1: "an int in [0, 2**31), or a tuple of them, not -1",
        0.5: "an int in [0, 2**31), or a tuple of them, not 0.5",
    },
}


@pytest.mark.parametrize(
    ("need", "value", "sentence"),
    [(need, value, sentence) for need, rows in SENTENCES.items() for value, sentence in rows.items()],
)
def test_a_need_says_what_it_needs(need, value, sentence):
    kind = KindError if sentence.startswith(("a ", "an ", "True ")) else RangeError
    assert_says(raises(kind, partial(guard(getattr(needs, need)), "f", "a", value)) >> f"f: a must be {sentence}")


def test_a_number_beyond_the_largest_float():
    sentence = "f: a must be in [-1.8e+308, 1.8e+308], not about 10**400"
    assert_says(range_error(partial(needs.as_number, "f", "a", 10**400)) >> sentence)


def test_each_need_has_a_sentence():
    assert SENTENCES.keys() == {name for name, value in vars(needs).items() if hasattr(value, "__metadata__")}


VALUES = {
    **WRONG,
    **{repr(number): partial(np.float64, number) for number in (-1, 0, 1, 2, math.inf)},
    "-1": lambda: -1,
}


def names_around(cls, field):
    """The names of the module that defines a field, which may be the module of a base."""
    base = next(base for base in cls.__mro__ if field in inspect.get_annotations(base))
    return vars(sys.modules[base.__module__])


def declared(row):
    """The arguments of a row for which a need is declared, with the need; without the states, which may be traced."""
    function = inspect.unwrap(row.function)
    if function in plans:
        fields = [field for field in attrs.fields(function) if field.init and "state" not in field.metadata]
        found = [
            (field.name, needed_by(field.type, names_around(function, field.name)))
            for field in fields
            if field.name in row.kinds
        ]
    else:
        takes_options = hasattr(function, "__signature__")
        is_checked = takes_options or function is not row.function
        parameters = inspect.signature(function).parameters.values() if is_checked else []
        space = vars(sys.modules[function.__module__])
        found = [(parameter.name, need_of(parameter.annotation, space)) for parameter in parameters]
        found += [option for option in NEEDS.items() if takes_options and option[0] in row.kinds]
    return [(name, need) for name, need in found if need]


@pytest.mark.parametrize("row", [row for row in ROWS if declared(row)], ids=lambda row: row.name)
def test_what_a_declaration_refuses_is_refused_by_the_function(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    caller = row.name if inspect.ismethod(row.function) else getattr(row.function, "__name__", row.name)
    for name, need in declared(row):
        is_each, refused = name in packed(row), 0
        for make in VALUES.values():
            value = make()
            try:
                if not need.holds(value):
                    need.explain(caller, f"{name}[0]" if is_each else name, value)
            except FuncnnError as error:
                refused += 1
                is_read = inspect.isgenerator(value) and value.gi_frame is None
                again = make() if is_read else value
                given = {**row.values(), name: (again,) if is_each else again}
                assert_says(raises(type(error), partial(row.call, given)) >> str(error))
        assert refused, name


LIST = Path(__file__).with_name("declared.txt")


def lines_of(row):
    """What the arguments of a row must be, a line each."""
    return [f"{row.name}: {name} must be {need.needed}" for name, need in declared(row)]


@pytest.mark.parametrize("row", [row for row in ROWS if declared(row)], ids=lambda row: row.name)
def test_a_declaration_changes_on_purpose(row):
    """A declaration is the only place that has the limits: `python -m tests.messages.test_declared` lists them anew.

    A function that came after the list was written has no lines in it.
    """
    listed = [line for line in LIST.read_text("utf-8").splitlines() if line.startswith(f"{row.name}: ")]
    named = [line for one in ROWS if one.name == row.name for line in lines_of(one)]
    assert listed in ([], named)


if __name__ == "__main__":
    LIST.write_text("".join([f"{line}\n" for row in ROWS for line in lines_of(row)]), "utf-8")
