"""Patterns of parameter paths, constraints, and numbers in fields."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Dense, FuncnnError, Grads, Tanh, mlp, parameters, record, update
from funcnn.errors import KindError, RangeError
from funcnn.needs import Fraction, Positive, Rate
from funcnn.optimizers import Decay, Rates, nonnegative, project
from funcnn.paths import Where, chosen, map_chosen
from funcnn.trees import leaves, map_parameters
from tests.said import says

NET = (Dense.init(2, 3, seed=0), Tanh(), (Dense.init(3, 3, seed=1), Dense.init(3, 1, seed=2)))
PATHS = tuple(parameters(NET))  # 0.W 0.b 2.0.W 2.0.b 2.1.W 2.1.b

CHOSEN = {
    "*": PATHS,
    "*.W": ("0.W", "2.0.W", "2.1.W"),
    "!*.b": ("0.W", "2.0.W", "2.1.W"),
    "0.*": ("0.W", "0.b"),
    "2.*": ("2.0.W", "2.0.b", "2.1.W", "2.1.b"),  # a star crosses dots
    "2.0.W": ("2.0.W",),
    "?.W": ("0.W",),
    "2.[01].b": ("2.0.b", "2.1.b"),
    ("*.W", "0.b"): ("0.W", "0.b", "2.0.W", "2.1.W"),
    ("!*.b", "!2.*"): ("0.W",),
    ("2.*", "!*.b"): ("2.0.W", "2.1.W"),
    ("!*.b", "2.*"): ("2.0.W", "2.1.W"),  # in any order
    ("0.*", "0.W"): ("0.W", "0.b"),
    "!*": (),
}


@pytest.mark.parametrize("where", CHOSEN, ids=str)
def test_patterns_choose_paths(where):
    yes = chosen("test", where, PATHS)
    assert tuple([path for path, one in zip(PATHS, yes, strict=True) if one]) == CHOSEN[where]
    visited = map_chosen(lambda a: 0 * a + 7, where, NET, function="test")
    assert tuple([path for path, a in parameters(visited).items() if (a == 7).all()]) == CHOSEN[where]
    for path, a in parameters(visited).items():
        assert path in CHOSEN[where] or a is parameters(NET)[path]


def test_case_matters():
    says(FuncnnError, r"^test: no parameter matches '\*\.w'; there are 0\.W, 0\.b", chosen, "test", "*.w", PATHS)


@given(st.sampled_from(PATHS), st.sampled_from(PATHS))
def test_to_choose_and_to_spare_are_opposites(one, two):
    yes, no = chosen("", (one, two), PATHS), chosen("", (f"!{one}", f"!{two}"), PATHS)
    assert [a != b for a, b in zip(yes, no, strict=True)] == [True] * len(PATHS)


def test_where_there_are_no_parameters_any_pattern_will_do():
    assert chosen("test", "*.W", ()) == ()
    assert map_chosen(lambda a: a, "*.W", (Tanh(),), function="test") == (Tanh(),)
    grads = Grads(Tanh(), None)
    assert update(Decay(0.1, "0.W"), grads, Tanh())[0] == grads


def test_a_single_array_has_the_empty_path():
    one = np.ones(2)
    assert update(Decay(1.0), Grads(one, None), one)[0].params.tolist() == [2, 2]
    assert update(Decay(1.0, "!*"), Grads(one, None), one)[0].params.tolist() == [1, 1]


def test_the_rest_comes_along():
    other = map_parameters(lambda a: 0 * a + 2, NET)
    made = map_chosen(lambda a, b: a * 0 + b, "0.W", NET, other, function="test")
    assert (made[0].W == 2).all()
    assert made[2] == NET[2]


def test_factors_multiply_where_several_match():
    one = Grads(map_parameters(np.ones_like, NET), None)
    made, _ = update(Rates((("2.*", 0.5), ("*.b", 3.0), (("!*.W", "!0.*"), 0.0))), one, NET)
    factors = {path: set(a.ravel().tolist()) for path, a in parameters(made.params).items()}
    assert factors == {"0.W": {1}, "0.b": {3}, "2.0.W": {0.5}, "2.0.b": {0}, "2.1.W": {0.5}, "2.1.b": {0}}


def test_no_factors_change_nothing():
    grads = Grads(NET, None)
    assert update(Rates(()), grads, NET) == (grads, Rates(()))


def test_a_projection_is_of_those_that_are_chosen():
    net = mlp([2, 3, 1], hidden=Tanh(), seed=0)
    net = map_parameters(lambda a: a - 1, net)
    made = project(net, nonnegative, "0.W")
    assert made[0].W.tolist() == np.maximum(net[0].W, 0).tolist()
    assert [a.tolist() for a in leaves(made)[1:]] == [a.tolist() for a in leaves(net)[1:]]
    assert not made[0].W.flags.writeable


def test_a_projection_of_a_number_is_one():
    made = project(np.array(-2.0), lambda p: p.max())
    assert isinstance(made, np.ndarray)
    assert made.shape == ()


@record
class Numbers:
    share: Fraction = 0.5
    width: Positive = 1.0
    rate: Rate = 0.0
    where: Where = "*"


@record
class Needed:
    share: Fraction
    width: Positive
    rate: Rate


TAKEN = {"share": (0, 0.0, 0.999, 1 - 2**-53), "width": (5e-324, 1, 1e308), "rate": (0, 0.0, 1e308)}
REFUSED = {
    "share": ("in [0, 1)", (1.0, -1e-9, 2, math.inf, math.nan)),
    "width": ("finite and above 0", (0.0, -1.0, math.inf, math.nan)),
    "rate": ("finite and not negative", (-5e-324, math.inf, -math.inf, math.nan)),
}


@pytest.mark.parametrize("field", TAKEN)
def test_numbers_that_make_sense_are_taken(field):
    for value in TAKEN[field]:
        taken = getattr(Numbers(**{field: value}), field)
        assert type(taken) is float
        assert taken == value


@pytest.mark.parametrize("field", REFUSED)
def test_other_numbers_are_refused(field):
    needed, values = REFUSED[field]
    for value in values:
        with pytest.raises(RangeError) as caught:
            Numbers(**{field: value})
        assert str(caught.value) == f"Numbers: {field} must be {needed}, not {value}"


def test_without_a_default_they_must_be_given():
    assert Needed(0.5, 1, 0) == Needed(0.5, 1.0, 0.0)
    says(KindError, r"^Needed: share, width, rate must be given; its fields are share, width, rate$", Needed)


@pytest.mark.parametrize("value", ["", "!", (), ("*.W", ""), 3, None, ("*", 3), b"*"])
def test_what_is_no_pattern_is_refused(value):
    says(KindError, r'^Numbers: where must be a pattern of paths, such as "\*\.W", or a tuple of', Numbers, where=value)


def test_patterns_are_taken():
    assert [Numbers(where=where).where for where in ("*.W", ("a", "!b"))] == ["*.W", ("a", "!b")]
