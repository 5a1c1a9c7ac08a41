"""Laws of every loss, with weights: the mean of terms, their gradient, and what is done with arguments."""

import inspect
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import funcnn
from funcnn import losses, mse, tree_map
from funcnn.arrays import is_float
from funcnn.losses import weighted
from funcnn.testing import check_loss
from funcnn.trees import leaves
from tests.counts import at_most
from tests.loss_cases import CASES, OTHERS, arguments


def law(check=None, *, examples=25):
    """A test of `check(case, weight)` for every loss."""
    if check is None:
        return lambda check: law(check, examples=examples)

    def test(name, data):
        check(*data.draw(arguments(name)))

    test.__name__ = test.__qualname__ = check.__name__
    test = pytest.mark.parametrize("name", CASES)(at_most(examples, quick=3)(given(st.data())(test)))
    test.check = check
    return test


def floats(tree):
    return [a for a in leaves(tree) if is_float(a)]


def each(f, tree):
    """f of each array of floats, so that masks and classes stay."""
    return tree_map(lambda a: f(a) if is_float(a) else a, tree)


def copied(tree):
    """Arrays that may be written to."""
    return tuple(map(copied, tree)) if type(tree) is tuple else None if tree is None else np.array(tree)


def assert_close(made, expected, scale):
    """Costs and gradients are equal to rounding; the terms of a cost may cancel."""
    (cost, dA), (other, other_dA) = made, expected
    assert cost == pytest.approx(other, rel=1e-10, abs=1e-12 * scale)
    for a, b in zip(leaves(dA), leaves(other_dA), strict=True):
        assert a.shape == b.shape
        assert np.allclose(a, b, rtol=1e-10, atol=1e-13 * abs(b).max(initial=0))


def size_of_terms(case, dA):
    """About the largest sum of absolute values from which a cost is computed."""
    return 1 + sum([abs(a).max() * abs(d).sum() for a, d in zip(floats(case.out), floats(dA), strict=True)])


def bits(tree):
    return [(a.dtype, a.shape, a.tobytes()) for a in leaves(tree)]


# What the gradient is.


@pytest.mark.unwatched
@law
def test_the_gradient_is_the_derivative_of_the_cost(case, weight):
    check_loss(case.loss, case.out, case.y)


@pytest.mark.unwatched
@law
def test_the_gradient_with_weights_is_the_derivative_of_the_weighted_cost_and_blocks_of_rows_combine(case, weight):
    check_loss(weighted(case.loss), case.out, (case.y, weight))


# What the cost is.


@law
def test_the_cost_is_a_mean_over_examples(case, weight):
    """With each row twice, it is the same, and the gradient of a row is half; the order of rows has no effect."""
    cost, dA = case.loss(case.out, case.y, weight)
    twice = lambda tree: tree_map(lambda a: np.concatenate([a, a]), tree)
    again = case.loss(twice(case.out), twice(case.y), twice(weight))
    scale = size_of_terms(case, dA)
    assert_close(again, (cost, each(lambda a: a / 2, twice(dA))), scale)
    turned = lambda tree: tree_map(lambda a: a[::-1], tree)
    assert_close(case.loss(turned(case.out), turned(case.y), turned(weight)), (cost, turned(dA)), scale)


@law
def test_each_position_between_rows_and_outputs_counts_as_an_example(case, weight):
    if len(case.terms) < 2:
        return  # there is none
    flat = lambda tree: tree_map(lambda a: a.reshape(-1, *a.shape[2:]) if a.ndim > 1 else a.repeat(case.terms[1]), tree)
    cost, dA = case.loss(case.out, case.y, weight)
    out, mask = case.out if type(case.out) is tuple and case.out[1] is None else (case.out, ())
    given = (flat(out), None) if mask is None else flat(out)
    made, d = case.loss(given, flat(case.y), flat(weight))
    assert_close((made, d), (cost, flat(dA)), size_of_terms(case, dA))


@law
def test_weights_multiply_and_do_not_normalise(case, weight):
    """Cost and gradient are linear in the weights, and with weights of 1 they are those without weights."""
    one, other = (case.loss(case.out, case.y, w) for w in (weight, weight[::-1] / 4))
    both = case.loss(case.out, case.y, weight + weight[::-1] / 4)
    scale = size_of_terms(case, both[1])
    total = tree_map(np.add, *[each(np.asarray, dA) for _, dA in (one, other)])
    assert_close(both, (one[0] + other[0], total), scale)
    assert_close(case.loss(case.out, case.y, np.ones_like(weight)), case.loss(case.out, case.y), scale)


@law
def test_what_has_weight_0_has_no_effect_and_a_gradient_of_0(case, weight):
    rows = weight.reshape(len(weight), -1).any(axis=1)
    cost, dA = case.loss(case.out, case.y, weight)
    other = lambda tree: tree_map(lambda a: np.where(rows.reshape(-1, *[1] * (a.ndim - 1)), a, a[::-1]), tree)
    again, again_dA = case.loss(other(case.out), other(case.y), weight)
    assert cost == again
    for a, b in zip(floats(dA), floats(again_dA), strict=True):
        assert np.array_equal(a, b)
        terms = weight.reshape(weight.shape + (1,) * (a.ndim - weight.ndim))
        assert not np.where(terms == 0, a, 0).any()
    nothing, zeros = case.loss(case.out, case.y, 0 * weight)
    assert nothing == 0
    assert not any([d.any() for d in leaves(zeros)])


# What is done with arguments, and what results are.


@law
def test_arguments_are_not_written_and_results_are_own_arrays(case, weight):
    given = copied((case.out, case.y, weight))
    before = bits(given)
    cost, dA = case.loss(*given)
    assert bits(given) == before
    assert not any([np.shares_memory(a, d) for a in leaves(given) for d in leaves(dA)])
    assert case.loss(*given)[0] == cost
    assert bits(case.loss(case.out, case.y, weight)[1]) == bits(dA)  # of read-only arrays


@law
def test_dtype_in_is_dtype_out_and_a_cost_is_a_float(case, weight):
    """y and the weight have any dtype: they are cast to the dtype of the computation, which rounds the gradient."""
    narrow, wide = np.float16, np.float64
    of = lambda dtype, tree: each(lambda a: np.clip(a, -3, 3).astype(dtype), tree)  # float16 ends at 65504
    for dtype in (narrow, np.float32, wide):
        out, y = of(dtype, case.out), of(narrow, case.y)
        with np.errstate(over="ignore"):  # so may a slope
            results = [case.loss(out, of(other, y), of(other, weight)) for other in (narrow, wide)]
        for cost, dA in results:
            assert type(cost) is float
            assert [(d.dtype, d.shape) for d in floats(dA)] == [(a.dtype, a.shape) for a in floats(out)]
        assert results[0][0] == results[1][0]
        assert bits(results[0][1]) == bits(results[1][1])
        if case.loss is losses.triplet:
            continue  # its slope jumps where two distances are equal up to rounding
        exact = case.loss(of(wide, out), of(wide, y), of(wide, weight))[1]
        for a, b in zip(floats(results[0][1]), floats(exact), strict=True):
            in_range = abs(b) < np.finfo(narrow).max / 2
            assert np.allclose(a[in_range], b[in_range], rtol=1e-2, atol=1e-2 * (abs(b).max() + 1 / b.size))


@law
def test_an_array_may_lie_in_memory_in_any_order(case, weight):
    cost, dA = case.loss(case.out, case.y, weight)
    spread = lambda a: np.repeat(np.asfortranarray(a), 2, axis=-1)[..., ::2]
    assert_close(case.loss(*tree_map(spread, (case.out, case.y, weight))), (cost, dA), size_of_terms(case, dA))


# Every loss.


def takes_out_and_y(value):
    try:
        return [*inspect.signature(value).parameters][:2] == ["out", "y"]
    except (TypeError, ValueError):
        return False


def defined(module):
    """The public functions of a module that are losses."""
    found = [value for name, value in vars(module).items() if not name.startswith("_") and callable(value)]
    return [value for value in found if value.__module__ == module.__name__ and takes_out_and_y(value)]


def without_case(namespace, modules):
    """The losses of a namespace, or of its modules, without a case."""
    exported = set(namespace.__all__) - OTHERS - CASES.keys()
    return exported | {value.__name__ for module in modules for value in defined(module)} - CASES.keys()


FILES = sorted(Path(losses.__file__).parent.glob("[!_]*.py"))
MODULES = [import_module(f"funcnn.losses.{path.stem}") for path in FILES]
INSIDE = {"check_alike", "gathered", "minus_log_p", "multiplied", "one_hot"}  # helpers whose arguments have these names


def test_no_loss_is_unproven():
    unproven = without_case(losses, MODULES) - INSIDE
    assert unproven == set(), f"give {unproven} a card in funcnn/about, or a case in tests/loss_cases.py"
    assert CASES.keys() | OTHERS == set(losses.__all__), "each name must be in funcnn/losses/__init__.pyi"
    assert not any([takes_out_and_y(getattr(losses, name)) for name in OTHERS])
    private = {value.__name__ for module in MODULES for value in defined(module)} - INSIDE - set(losses.__all__)
    assert private == set(), f"add {private} to funcnn/losses/__init__.pyi"
    assert {value.__name__ for value in vars(funcnn).values() if takes_out_and_y(value)} >= {"mse"}


def test_a_loss_without_a_case_is_noticed(monkeypatch):
    def newcomer(out, y, weight=None):
        return mse(out, y, weight)

    module = import_module("funcnn.losses.regression")
    newcomer.__module__ = module.__name__
    monkeypatch.setattr(module, "newcomer", newcomer, raising=False)
    assert without_case(losses, MODULES) - INSIDE == {"newcomer"}


@pytest.mark.parametrize("name", CASES)
def test_every_setting_of_a_loss_takes_several_values(name):
    loss = getattr(losses, name)
    needed = [p.name for p in inspect.signature(loss).parameters.values() if p.kind is p.KEYWORD_ONLY]
    seen = {setting: set() for setting in needed if name != "joint"}  # its factors belong to the loss that it makes

    @settings(max_examples=60, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(CASES[name])
    def draw(case):
        for setting, values in seen.items():
            values.add(case.loss.keywords.get(setting))

    draw()
    assert all([len(values) > 1 for values in seen.values()])
