"""Laws of every metric: what rows and positions are, the range, the best value, and what is done with arguments."""

import inspect
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import metrics
from funcnn.metrics import unpadded
from funcnn.testing import strategies as fst
from funcnn.training.scores import direction_of
from tests.counts import at_most, to_fail


class Case(NamedTuple):
    """A metric, its arguments, and outputs that answer everything right."""

    metric: Any
    out: Any
    y: Any
    right: Any


@st.composite
def of_classes(draw, name, *, may_ask=True):
    """The outputs of classes with a class, or soft labels, for each example; or yes and no for each output."""
    [out] = draw((fst.tensors("m k") | fst.tensors("m t k")).filter(lambda arrays: arrays[0].shape[-1] > 1))
    metric = getattr(metrics, name)
    if may_ask and draw(st.booleans()):
        y = draw(hnp.arrays(bool, out.shape))
        return Case(partial(metric, threshold=draw(st.sampled_from([0, 0.5]))), out, y, 2.0 * y - 1)
    if name == "top_k_accuracy":
        metric = partial(metric, k=draw(st.integers(1, out.shape[-1])))
    y = draw(hnp.arrays(int, out.shape[:-1], elements=st.integers(0, out.shape[-1] - 1)))
    one_hot = np.eye(out.shape[-1])[y]
    return Case(metric, out, draw(st.sampled_from([y, one_hot])), 900 * one_hot)


@st.composite
def of_numbers(draw, name):
    out, y = draw(fst.tensors("m k", "m k", least=2) | fst.tensors("m t k", "m t k", least=2))
    return Case(getattr(metrics, name), np.clip(out, -50, 50), np.clip(y, -50, 50), np.clip(y, -50, 50))


CASES = {
    "accuracy": of_classes("accuracy"),
    "confusion": of_classes("confusion"),
    "confusion_per_class": of_classes("confusion_per_class"),
    "f1": of_classes("f1"),
    "perplexity": of_classes("perplexity", may_ask=False),
    "precision": of_classes("precision"),
    "r2": of_numbers("r2"),
    "recall": of_classes("recall"),
    "top_k_accuracy": of_classes("top_k_accuracy", may_ask=False),
}
COUNTS = {"confusion", "confusion_per_class"}
RANGES = {"perplexity": (1, np.inf), "r2": (-np.inf, 1), **dict.fromkeys(COUNTS, (0, np.inf))}  # of others (0, 1)


def law(check):
    """A test of `check(name, case, data)` for every metric."""

    def test(name, data):
        if name == "r2":
            pytest.importorskip("sklearn", reason="r2 needs it")
        check(name, data.draw(CASES[name]), data)

    test.__name__ = test.__qualname__ = check.__name__
    test = pytest.mark.parametrize("name", CASES)(at_most(25, quick=5)(given(st.data())(test)))
    test.check = check
    return test


def assert_close(made, expected):
    """Equal to rounding; NaN, for a class that does not occur, equals NaN."""
    assert np.allclose(made, expected, rtol=1e-9, atol=1e-12, equal_nan=True)


@law
def test_a_metric_does_not_depend_on_the_order_of_rows(name, case, data):
    order = data.draw(st.permutations(range(len(case.out))))
    assert_close(case.metric(case.out[order], case.y[order]), case.metric(case.out, case.y))


@law
def test_with_each_row_twice_counts_double_and_all_else_stays(name, case, data):
    twice = case.metric(*[np.concatenate([a, a]) for a in (case.out, case.y)])
    assert_close(twice, case.metric(case.out, case.y) * (2 if name in COUNTS else 1))


@law
def test_a_metric_is_in_its_range_and_of_its_kind(name, case, data):
    made = case.metric(case.out, case.y)
    low, high = RANGES.get(name, (0, 1))
    kind = float if not np.ndim(made) else np.ndarray
    assert type(made) is kind
    assert np.asarray(made).dtype.kind == ("i" if name in COUNTS else "f")
    known = np.asarray(made)[~np.isnan(made)]
    assert ((low - 1e-12 <= known) & (known <= high + 1e-12)).all()
    assert kind is np.ndarray or known.size


@law
def test_right_answers_are_the_best_ones(name, case, data):
    best, made = case.metric(case.right, case.y), case.metric(case.out, case.y)
    if name in COUNTS:
        wrong = ~np.eye(best.shape[-1], dtype=bool)
        assert not best[..., wrong].any()
        assert best.sum() == made.sum()
    else:
        low, high = RANGES.get(name, (0, 1))
        wanted = high if direction_of(getattr(metrics, name)) == "higher" else low
        assert_close(best, np.where(np.isnan(best), np.nan, wanted))
        assert np.ndim(best) or not np.isnan(best)


@law
def test_counts_and_sums_of_blocks_of_rows_add_up(name, case, data):
    cut = data.draw(st.integers(0, len(case.out)))
    parts = [(case.out[rows], case.y[rows]) for rows in (slice(0, cut), slice(cut, None))]
    blocks = [(out, y) for out, y in parts if len(out)]
    if name in COUNTS:
        assert_close(sum([case.metric(*block) for block in blocks]), case.metric(case.out, case.y))
    elif name in {"accuracy", "top_k_accuracy"}:
        shares = [len(out) / len(case.out) * case.metric(out, y) for out, y in blocks]
        assert_close(sum(shares), case.metric(case.out, case.y))
    elif name == "perplexity":
        found = [case.metric(*block) for block in (*blocks, (case.out, case.y))]
        if np.isfinite(found).all():  # e^710 is not
            shares = [len(out) / len(case.out) * np.log(one) for (out, _), one in zip(blocks, found, strict=False)]
            assert_close(sum(shares), np.log(found[-1]))


@law
def test_positions_count_as_rows_and_padded_positions_do_not_count(name, case, data):
    """At padded positions out and y may hold NaN; of a metric that needs two rows two are left."""
    mask = data.draw(hnp.arrays(bool, case.out.shape[: data.draw(st.integers(1, case.out.ndim - 1))]))
    mask[:2, ...] = True
    hidden = lambda a: np.where(
        mask.reshape(mask.shape + (1,) * (a.ndim - mask.ndim)), a, np.nan if a.dtype.kind == "f" else a
    )
    expected = case.metric(case.out[mask], case.y[mask])
    assert_close(unpadded(case.metric)((hidden(case.out), mask), hidden(case.y)), expected)
    assert_close(unpadded(case.metric)((case.out, None), case.y), case.metric(case.out, case.y))
    if case.out.ndim > 2 and name != "r2":  # whose outputs are all axes but the first
        flat = [a.reshape(-1, *a.shape[2:]) for a in (case.out, case.y)]
        assert_close(case.metric(*flat), case.metric(case.out, case.y))


@law
def test_arguments_are_not_written_and_may_have_any_dtype_and_order(name, case, data):
    out, y = np.array(case.out), np.array(case.y)
    made = case.metric(out, y)
    assert np.array_equal(out, case.out)
    assert np.array_equal(y, case.y)
    assert_close(case.metric(np.asfortranarray(out), np.repeat(y, 2, axis=-1)[..., ::2]), made)
    narrow = np.clip(out, -8, 8).astype(np.float16)
    others = [case.metric(narrow.astype(dtype), y) for dtype in (np.float16, np.float32, np.float64)]
    assert np.allclose(others[0], others[2], rtol=1e-5, equal_nan=True)
    assert np.allclose(others[1], others[2], rtol=1e-5, equal_nan=True)


def test_no_metric_is_unproven():
    assert CASES.keys() | {"unpadded"} == set(metrics.__all__)
    assert RANGES.keys() <= CASES.keys()
    for name in CASES:
        assert [*inspect.signature(getattr(metrics, name)).parameters][:2] == ["out", "y"]
        assert (direction_of(getattr(metrics, name)) is None) == (name in COUNTS)


# Each law is red for a metric that breaks it.


def of_first_row(metric):
    return lambda out, y: metric(out[:1], y[:1])


def a_sum(metric):
    return lambda out, y: metric(out, y) * len(out)


def in_percent(metric):
    return lambda out, y: 100 * metric(out, y)


def an_error_rate(metric):
    return lambda out, y: 1 - metric(out, y)


def of_single_floats(metric):
    return lambda out, y: np.float64(metric(out, y))


def without_the_last_row(metric):
    return lambda out, y: metric(out[: max(1, len(out) - 1)], y[: max(1, len(out) - 1)])


def of_the_largest_row(metric):
    return lambda out, y: max(metric(out[i : i + 1], y[i : i + 1]) for i in range(len(out)))


def a_mean_of_positions(metric):
    """Each row counts as much, however many of its positions there are."""
    return lambda out, y: (
        metric(out.reshape(-1, out.shape[-1])[:1], y.reshape(-1)[:1]) if out.ndim > 2 else metric(out, y)
    )


def that_clips_out(metric):
    def mistaken(out, y):
        if out.flags.writeable:
            out[...] = -out
        return metric(out, y)

    return mistaken


MISTAKES = [
    (test_a_metric_does_not_depend_on_the_order_of_rows, of_first_row),
    (test_a_metric_does_not_depend_on_the_order_of_rows, without_the_last_row),
    (test_with_each_row_twice_counts_double_and_all_else_stays, a_sum),
    (test_a_metric_is_in_its_range_and_of_its_kind, in_percent),
    (test_a_metric_is_in_its_range_and_of_its_kind, of_single_floats),
    (test_right_answers_are_the_best_ones, an_error_rate),
    (test_counts_and_sums_of_blocks_of_rows_add_up, of_the_largest_row),
    (test_positions_count_as_rows_and_padded_positions_do_not_count, a_mean_of_positions),
    (test_arguments_are_not_written_and_may_have_any_dtype_and_order, that_clips_out),
]


@pytest.mark.parametrize(("law", "mistake"), MISTAKES)
def test_each_law_is_red_for_a_metric_that_breaks_it(law, mistake):
    def check(data):
        case = data.draw(of_classes("accuracy", may_ask=False))
        whole = case._replace(y=case.y if case.y.ndim < case.out.ndim else case.y.argmax(axis=-1))
        law.check("accuracy", whole._replace(metric=mistake(whole.metric)), data)

    with pytest.raises(AssertionError):
        to_fail(given(st.data())(check))()
