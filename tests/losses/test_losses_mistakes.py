"""Each law of losses is red for a loss that breaks it, and wrong gradients of every loss are found."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.laws.test_laws_losses as laws
from funcnn import huber, tree_map
from funcnn.testing import GradientError
from tests.counts import FULL, to_fail
from tests.loss_cases import CASES, arguments

with_weights = laws.test_the_gradient_with_weights_is_the_derivative_of_the_weighted_cost_and_blocks_of_rows_combine


def in_part(tree, change):
    """The tree with the change of its first array of floats."""
    first = laws.floats(tree)[0]
    return tree_map(lambda a: change(a) if a is first else a, tree)


def changed(change):
    """The mistake that returns `change(cost, dA)`."""
    return lambda loss: lambda out, y, weight=None: change(*loss(out, y, weight))


def steeper(loss):
    """The gradient is a thousandth too large."""
    return changed(lambda cost, dA: (cost, in_part(dA, lambda d: d * 1.001)))(loss)


def without_last(loss):
    """The last entry has no gradient."""
    but_last = lambda d: d * (np.arange(d.size).reshape(d.shape) < d.size - 1)
    return changed(lambda cost, dA: (cost, in_part(dA, but_last)))(loss)


WRONG = {"steeper": steeper, "without the last entry": without_last}


@pytest.mark.parametrize("name", [*CASES][:: 1 if FULL else 4])
@pytest.mark.parametrize("mistake", WRONG.values(), ids=WRONG)
def test_a_wrong_gradient_of_any_loss_is_found(name, mistake):
    def check(data):
        case, weight = data.draw(arguments(name))
        with_weights.check(case._replace(loss=mistake(case.loss)), weight)

    with pytest.raises(GradientError):
        to_fail(given(st.data())(check))()


def of_weights(change):
    """The loss with other weights."""
    return lambda loss: lambda out, y, weight=None: loss(out, y, None if weight is None else change(weight))


def a_sum(loss):
    return lambda out, y, weight=None: (loss(out, y, weight)[0] * len(out), loss(out, y, weight)[1] * len(out))


def a_mean_over_rows_alone(loss):
    """The terms of a row are added."""

    def mistaken(out, y, weight=None):
        cost, dA = loss(out, y, weight)
        return cost * (out.size // len(out)), dA * (out.size // len(out))

    return mistaken


def first_row_counts_double(loss):
    def mistaken(out, y, weight=None):
        given = np.ones(len(out)) if weight is None else weight
        return loss(out, y, given + given * (np.arange(len(out)) == 0).reshape(-1, *[1] * (given.ndim - 1)))

    return mistaken


def regularised(loss):
    """out pays where its weight is 0 as well."""

    def mistaken(out, y, weight=None):
        cost, dA = loss(out, y, weight)
        return cost + 1e-3 * (out * out).mean(), dA + 2e-3 * out / out.size

    return mistaken


def with_gradient_at_weight_0(loss):
    def mistaken(out, y, weight=None):
        cost, dA = loss(out, y, weight)
        return cost, dA if weight is None else np.where(dA == 0, 1e-300, dA)

    return mistaken


def that_writes_y(loss):
    def mistaken(out, y, weight=None):
        made = loss(out, y, weight)
        if y.flags.writeable:
            y -= out
        return made

    return mistaken


def that_returns_out(loss):
    """Half the square of out, whose gradient without the divisor is out."""
    return lambda out, y, weight=None: ((out * out).sum() / 2, out[...])


def that_counts_calls(loss):
    calls = []

    def mistaken(out, y, weight=None):
        calls.append(0)
        cost, dA = loss(out, y, weight)
        return cost + len(calls), dA

    return mistaken


def in_the_order_of_memory(loss):
    def mistaken(out, y, weight=None):
        cost, dA = loss(out, y, weight)
        return cost, dA.ravel().reshape(dA.shape[::-1]).T if not out.flags.c_contiguous else dA

    return mistaken


wide_in_half = lambda cost, dA: (cost, dA * dA.dtype.type(1.5 if dA.dtype == np.float16 else 1))

MISTAKES = [
    (laws.test_the_gradient_is_the_derivative_of_the_cost, steeper),
    (laws.test_the_gradient_is_the_derivative_of_the_cost, without_last),
    (with_weights, a_sum),
    (with_weights, of_weights(lambda weight: weight / max(weight.mean(), 1e-9))),
    (laws.test_the_cost_is_a_mean_over_examples, a_sum),
    (laws.test_the_cost_is_a_mean_over_examples, first_row_counts_double),
    (laws.test_each_position_between_rows_and_outputs_counts_as_an_example, a_mean_over_rows_alone),
    (laws.test_weights_multiply_and_do_not_normalise, of_weights(lambda weight: weight / max(weight.mean(), 1e-9))),
    (laws.test_weights_multiply_and_do_not_normalise, of_weights(np.sqrt)),
    (laws.test_weights_multiply_and_do_not_normalise, of_weights(lambda weight: 2 * weight)),
    (laws.test_what_has_weight_0_has_no_effect_and_a_gradient_of_0, regularised),
    (laws.test_what_has_weight_0_has_no_effect_and_a_gradient_of_0, with_gradient_at_weight_0),
    (laws.test_what_has_weight_0_has_no_effect_and_a_gradient_of_0, of_weights(lambda weight: weight + 1e-12)),
    (laws.test_arguments_are_not_written_and_results_are_own_arrays, that_writes_y),
    (laws.test_arguments_are_not_written_and_results_are_own_arrays, that_returns_out),
    (laws.test_arguments_are_not_written_and_results_are_own_arrays, that_counts_calls),
    (laws.test_dtype_in_is_dtype_out_and_a_cost_is_a_float, changed(lambda cost, dA: (cost, dA.astype(float)))),
    (laws.test_dtype_in_is_dtype_out_and_a_cost_is_a_float, changed(lambda cost, dA: (np.float64(cost), dA))),
    (laws.test_dtype_in_is_dtype_out_and_a_cost_is_a_float, changed(wide_in_half)),
    (laws.test_an_array_may_lie_in_memory_in_any_order, in_the_order_of_memory),
]


@pytest.mark.parametrize(("law", "mistake"), MISTAKES)
def test_each_law_is_red_for_a_loss_that_breaks_it(law, mistake):
    def check(data):
        case, weight = data.draw(arguments("huber"))
        law.check(case._replace(loss=mistake(partial(huber, delta=0.5))), weight)

    with pytest.raises((AssertionError, GradientError)):
        to_fail(given(st.data())(check))()
