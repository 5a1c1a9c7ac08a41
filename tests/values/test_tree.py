"""Trees: every array is found, in order, by its path."""

from types import MappingProxyType
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given

from funcnn import Adam, Array, Dense, Relu, TrainState, mlp, parameters, record, state, tree_map
from funcnn.arrays import same
from funcnn.files import fingerprint
from funcnn.testing import strategies as fst
from funcnn.trees import from_vector, leaves, map_parameters, replace, to_vector, with_parameters
from funcnn.trees.walks import row_count


@record
class Kept:
    inner: Any
    gain: Array
    mean: Array = state()
    seen: int = state(default=0)


net = (Dense.init(2, 3, seed=0), (Kept((Relu(), Dense.init(3, 1, seed=1, bias=False)), np.ones(1), mean=np.zeros(1)),))


def test_paths_lead_to_every_trained_array_in_order():
    assert list(parameters(net)) == ["0.W", "0.b", "1.0.inner.1.W", "1.0.gain"]
    assert [leaf.shape for leaf in leaves(net)] == [(2, 3), (3,), (3, 1), (1,), (1,)]
    assert list(parameters(np.ones(2))) == [""]
    assert parameters(()) == {}


def test_maps_reach_states_or_leave_them():
    doubled, trained = tree_map(lambda a: a + 1, net), map_parameters(lambda a: a + 1, net)
    assert doubled[1][0].mean == 1
    assert trained[1][0].mean == 0
    assert trained[1][0].gain == doubled[1][0].gain == 2
    assert tree_map(lambda a, b: a - b, net, net) == tree_map(np.zeros_like, net)
    assert not any(leaf.flags.writeable for leaf in leaves(doubled))
    assert tree_map(np.sum, np.ones((2, 2))).shape == ()


@given(fst.networks())
def test_vectors_and_networks_are_one(case):
    params, _ = case
    vector = to_vector(params)
    assert vector.shape == (sum(a.size for a in parameters(params).values()),)
    assert from_vector(params, vector) == params
    assert np.array_equal(to_vector(from_vector(params, vector + 1)), vector + 1)


def test_a_vector_keeps_states_and_dtypes():
    half = tree_map(lambda a: a.astype(np.float32), net)
    back = from_vector(half, np.arange(13.0))
    assert all(leaf.dtype == np.float32 for leaf in leaves(back))
    assert back[1][0].mean is half[1][0].mean
    assert to_vector(()).shape == (0,)
    assert from_vector((), np.zeros(0)) == ()


def test_replace_puts_one_part_in_another_place():
    new = replace(net, "1.0.inner.1.W", np.ones((3, 1)))
    assert new[1][0].inner[1].W.sum() == 3
    assert new[0] is net[0]
    assert replace(net, "0", Relu())[0] == Relu()
    assert net[0] == Dense.init(2, 3, seed=0)


def test_a_part_may_become_nothing_where_its_class_takes_that():
    holder = Kept(Relu(), np.ones(1), mean=np.zeros(1))
    assert replace(holder, "inner", None).inner is None
    assert replace(holder, "inner", (Relu(), Relu())).inner == (Relu(), Relu())
    assert replace((holder, 0.5, "text"), "1", None) == (holder, None, "text")
    assert replace(TrainState(net, Adam()), "optimizer", ()).optimizer == ()
    assert replace(((Relu(),), Relu()), "0", Relu()) == (Relu(), Relu())


def test_a_field_is_replaced_by_its_name_whatever_it_is_called_in_the_constructor():
    @record
    class Aliased:
        _rate: float = attrs.field(alias="rate")
        self_: float = 1.0

    assert replace((Aliased(rate=1.0),), "0._rate", 2.0) == (Aliased(rate=2.0),)
    assert replace(Aliased(rate=1.0), "self_", 2.0) == Aliased(1.0, 2.0)


@given(fst.networks())
def test_parameters_and_networks_are_one(case):
    params, _ = case
    assert with_parameters(params, parameters(params)) == params
    other = {path: array + 1 for path, array in parameters(params).items()}
    new = with_parameters(params, other)
    assert same(tuple(parameters(new).values()), tuple([other[path] for path in parameters(params)]))
    assert new == map_parameters(lambda a: a + 1, params)
    assert not any(leaf.flags.writeable for leaf in leaves(new))


def test_arrays_by_path_are_copied_and_states_stay():
    mine = {path: array.copy() for path, array in parameters(net).items()}
    new = with_parameters(net, MappingProxyType(mine))
    mine["0.b"][:] = 7
    assert new == net
    assert with_parameters(np.ones(2), {"": np.zeros(2)}).sum() == 0
    assert with_parameters((), {}) == ()
    assert with_parameters(np.ones(()), {"": np.float64(2)}) == 2


def test_vectors_of_complex_numbers_are_for_complex_trees():
    tree = map_parameters(lambda a: a.astype(complex), net)
    assert from_vector(tree, 1j * to_vector(net)) == map_parameters(lambda a: 1j * a.real, tree)
    assert from_vector(tree, to_vector(net)) == tree


def test_rows_are_counted_through_tuples():
    assert row_count("test", "x", (np.ones((3, 2)), (np.ones(3), np.ones((3, 1))))) == 3
    assert row_count("test", "x", (np.ones((3, 2)), None)) == 3


def test_fingerprints_tell_values_apart():
    assert fingerprint(net) == fingerprint(tree_map(np.copy, net))
    different = [
        *(net, net[:1], tree_map(lambda a: -a, net), tree_map(lambda a: a.astype(np.float32), net)),
        (net[0], (replace(net[1][0], "seen", 1),)),
        *(1, 1.0, True, "1", None, (), ((),), np.zeros((2, 3)), np.zeros((3, 2))),
    ]
    assert len({fingerprint(value) for value in different}) == len(different)


def test_fingerprints_are_equal_on_every_machine():
    """Of byte order and of layout in memory, which are a machine's own, nothing is seen."""
    a = np.arange(6.0).reshape(2, 3)
    assert fingerprint(a) == fingerprint(a.astype(">f8")) == fingerprint(np.asfortranarray(a)) == "c3d4f16cebf2e58f"
    assert fingerprint(mlp([1, 1], seed=0)[0].b) == "896350885ace56bb"


def test_a_class_that_was_replaced_still_has_a_fingerprint():
    def cell():
        @record
        class Cell:
            W: Array

        return Cell

    older = cell()(np.ones(1))
    before = fingerprint(older)
    cell()
    assert fingerprint(older) == before


def test_maps_refuse_unlike_trees():
    for other in (net[:1], (net[0], Relu()), Relu()):
        with pytest.raises(ValueError, match="all trees must have the same structure"):
            tree_map(lambda a, b: a, net, other)
    with pytest.raises(ValueError, match="all trees must have the same structure"):
        tree_map(lambda a, b: a, net[0], Relu())


def test_an_array_that_is_passed_on_stays_the_callers():
    mine = np.ones(3)
    [same] = tree_map(lambda a: a, (mine,))
    assert same is mine
    assert mine.flags.writeable
