"""The arrays that Hypothesis draws: sizes first, then ties, zeros and extreme numbers; small ones after shrinking."""

from functools import partial

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import funcnn as nn
from funcnn import Dense
from funcnn.testing import check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.mutation import is_caught
from funcnn.testing.networks.completeness import every_layer
from funcnn.testing.networks.table import table
from funcnn.testing.tensors import _lattice
from tests.counts import in_full
from tests.mutants import angles
from tests.mutants.trials import draw

few = settings(max_examples=100, database=None, derandomize=True, phases=[Phase.generate])
many = settings(few, max_examples=400)


def drawn(strategy, examples=few):
    """What a strategy gives."""
    found = []

    def keep(value):
        found.append(value)

    examples(given(strategy)(keep))()
    return found


def test_named_sizes_make_shapes():
    for a, b, c in drawn(fst.tensors("m n", "n 3", "n")):
        assert a.shape[1] == b.shape[0] == c.shape[0]
        assert b.shape[1] == 3
        assert {array.dtype for array in (a, b, c)} == {np.dtype(float)}
        assert not any(array.flags.writeable for array in (a, b, c))


def test_sizes_are_often_equal_and_now_and_then_large():
    sizes = drawn(fst.dims("m", "n"), many)
    assert all(1 <= size <= 17 for d in sizes for size in d.values())
    assert len({(d["m"], d["n"]) for d in sizes}) > 8
    assert any(max(d.values()) > 4 for d in sizes)
    assert any(d["m"] == 1 < d["n"] for d in sizes)
    wide = drawn(fst.dims("m", "n", most=50), many)
    assert 0.1 < np.mean([d["m"] == d["n"] for d in wide]) < 0.5  # where chance alone would make it 0.02


def test_sizes_have_limits_of_ones_own_and_may_be_none():
    for d in drawn(fst.dims("m", least=3, most=3)):
        assert 3 <= d["m"] <= 13
    assert drawn(fst.dims())[0] == {}
    assert {a.shape for (a,) in drawn(fst.tensors("2 3"))} == {(2, 3)}
    assert drawn(fst.tensors(""))[0][0].shape == ()
    assert (0, 3) in {a.shape for (a,) in drawn(fst.tensors("m 3", least=0, most=1))}


def test_every_regime_occurs():
    arrays = drawn(fst.tensor((3, 4)), many)

    def occurs(what):
        return any(what(a) for a in arrays)

    def multiple_of(part):
        return lambda a: (a / part == np.round(a / part)).all() and np.ptp(a) > 0

    assert occurs(lambda a: (a == 0).all())
    assert occurs(lambda a: multiple_of(1 / 8)(a) and not multiple_of(1 / 2)(a))
    assert occurs(lambda a: multiple_of(1 / 2)(a) and abs(a).max() > 2)
    assert occurs(lambda a: len(np.unique(a)) == a.size and abs(a).max() < 5 and not multiple_of(1 / 8)(a))
    assert occurs(lambda a: abs(a).max() == 800)
    assert occurs(lambda a: ((a != 0) & (abs(a) < 1e-5)).any())
    assert occurs(lambda a: np.ptp(a) == 0 != a.flat[0])
    assert occurs(lambda a: (np.diff(a.ravel()) > 0).all())
    assert occurs(lambda a: (np.diff(a.ravel()) < 0).all())
    assert occurs(lambda a: set(a.flat) == {-1.0, 1.0})
    assert occurs(lambda a: 5 < abs(a).max() < 50)
    assert all(np.isfinite(a).all() for a in arrays)


@in_full
def test_nearly_every_seed_draws_arrays_of_small_length():
    bounds = np.array([1e-3, 1e-4, 1e-6, 1e-8])
    found = [[np.linalg.norm(a) for a in draw(fst.tensor((3,)), start, 100)] for start in range(20)]
    reached = [[any(0 < length < bound for length in lengths) for bound in bounds] for lengths in found]
    assert (np.sum(reached, axis=0) >= 18).all()


def test_cases_of_layers_are_drawn_in_the_same_regimes():
    lengths = [abs(x).max() for _, x in drawn(fst.cases(Dense))]
    assert any(0 < length < 1e-4 for length in lengths)


@pytest.mark.parametrize("mutant", angles.MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mistake_below_a_small_angle_is_caught(mutant):
    check = partial(check_vjp, float32=False, layouts=False, purity=False)
    assert is_caught(mutant, check) is not None


def test_failures_shrink_to_small_multiples_of_an_eighth():
    def shrunk(shape, fails):
        return find(
            fst.tensors(shape), lambda arrays: fails(arrays[0]), settings=settings(database=None, derandomize=True)
        )[0].tolist()

    assert shrunk("m n", lambda a: True) == [[0.125]]
    assert shrunk("m", lambda a: a.max() > 0.3) in ([0.375], [0.5])
    assert shrunk("m", lambda a: a.min() < 0) == [-0.125]
    assert shrunk("m n", lambda a: a.size >= 4 and a[-1, -1] > 0)[-1][-1] == 0.125
    assert shrunk("m", lambda a: np.count_nonzero(a) >= 2) == [0.125, 0.125]
    with pytest.raises(NoSuchExample):
        find(fst.tensor((2,)), lambda a: a.size > 2, settings=few)


def test_large_arrays_are_drawn_from_one_number():
    [(a,), *_] = drawn(fst.tensors("200 300"), settings(few, max_examples=5))
    assert a.shape == (200, 300)
    assert len(np.unique(_lattice(7, (30, 1)))) > 8
    assert (_lattice(7, (30, 1)) == _lattice(7, (30, 1))).all()


def test_the_digits_of_a_lattice_count_up_in_both_signs_the_last_entry_first():
    assert [_lattice(k, ()).item() for k in range(6)] == [1, 0, -1, 2, -2, 3]
    assert _lattice(1, (2, 2)).tolist() == [[1, 1], [1, 0]]
    assert _lattice(32 + 2, (2,)).tolist() == [0, -1]
    assert abs(_lattice(32**4 - 1, (4,))).max() == 16
    assert _lattice(0, (0, 3)).shape == (0, 3)


@in_full
def test_every_layer_has_a_case_of_its_own_class():
    for cls in fst.registered():
        for params, x in drawn(fst.cases(cls), settings(few, max_examples=10)):
            assert type(params) is cls
            nn.forward(params, x)
    assert Dense in fst.registered()
    assert nn.Elementwise not in fst.registered()


@in_full
def test_a_case_of_any_layer():
    kinds = {type(params) for params, _ in drawn(fst.layers(), many)}
    assert kinds <= set(fst.registered())
    assert len(kinds) > 10


def test_a_layer_of_ones_own_is_registered_once():
    @nn.record
    class Half(nn.Elementwise):
        def value(self, x):
            return x / 2

        def slope(self, kept):
            return 0 * kept + 0.5

    with pytest.raises(nn.errors.KindError, match="there is no strategy for Half"):
        fst.cases(Half)
    fst.register(Half, fst.tensors("m n").map(lambda arrays: (Half(), *arrays)))
    try:
        assert drawn(fst.cases(Half))[0][0] == Half()
        assert drawn(st.from_type(Half))[0] == Half()
    finally:
        del table[Half]


def test_one_line_proves_every_layer_of_a_package(monkeypatch):
    test = every_layer("funcnn")
    [mark] = test.pytestmark
    assert mark.args == ("layer", fst.registered())
    assert mark.kwargs["ids"](Dense) == "Dense"
    assert test(layer=nn.layers.Identity) is None
    monkeypatch.delitem(table, nn.Flatten)
    with pytest.raises(nn.errors.KindError, match="there is no strategy for Flatten"):
        test(layer=nn.Flatten)
