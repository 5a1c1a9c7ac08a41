"""Results that later calls may not change: stale memos, pools of buffers, calls that are counted."""

import numpy as np
import pytest

from funcnn.testing import check_vjp
from funcnn.testing.purity import FirstResults
from funcnn.testing.verdict import Inconclusive, NotPure, RefusedDtype
from tests.mutants import memos

X = np.array([[0.3, -1.7, 0.8], [2.1, 0.4, -0.6]])
END = {"late": 0}


def stale(memo):
    return memo["f"], lambda args, dA: memo["vjp"](*args, dA)


def late(f, slope):
    """Another function once the numbers are compared."""
    return f, lambda args, dA: [dA * slope(args[0])]


FOUND = {
    "f by printed digits": (
        stale(memos.memo(lambda x: (x.shape, str(x)))),
        "vjp gives another result after many other calls",
    ),
    "f once, by the first entry": (
        stale(memos.filled_once(lambda x: x.flat[0])),
        "vjp gives the gradient of x of an earlier call, when one entry has changed",
    ),
    "vjp once, by the first entry": (
        stale({"f": np.sin, "vjp": memos.kept_first(lambda x: x.flat[0])}),
        "vjp gives the gradient of x of an earlier call, when one entry has changed",
    ),
    "vjp once, by the sum": (
        stale({"f": np.sin, "vjp": memos.kept_first(np.sum)}),
        "vjp gives the gradient of x of an earlier call, when two entries have changed places",
    ),
    "a memo of vjp by printed digits": (
        stale({"f": np.sin, "vjp": memos.kept_first(str)}),
        "vjp gives the gradient of an earlier call at arguments that differ in their last digits",
    ),
    "a pool of values": (late(memos.pool_of_values(12), np.cos), "f changes an earlier result after many other calls"),
    "a pool of gradients": (
        stale({"f": np.sin, "vjp": memos.pool(12)}),
        "vjp changes an earlier gradient after many other calls",
    ),
    "another vjp in the end": (
        late(np.sin, lambda x: np.cos(x) * (1 + END["late"])),
        "vjp gives another result after many other calls",
    ),
    "another f in the end": (
        late(lambda x: np.sin(x) + END["late"], np.cos),
        "f gives another result after many other calls",
    ),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_does_not_last_is_found_in_one_check(what, monkeypatch):
    pair, message = FOUND[what]
    check = FirstResults.check_lasting

    def checked(self):
        monkeypatch.setitem(END, "late", 1)
        check(self)

    monkeypatch.setattr(FirstResults, "check_lasting", checked)
    with pytest.raises(NotPure, match=message):
        check_vjp(*pair, [X])


@pytest.mark.parametrize("size", range(8, 34))
def test_a_pool_of_any_size_is_found(size):
    with pytest.raises(NotPure, match="vjp changes an earlier gradient after many other calls"):
        check_vjp(*stale({"f": np.sin, "vjp": memos.pool(size)}), [X])


def refusing(x):
    if (abs(x) > 1).any():
        raise ValueError("beyond 1")
    return np.arcsin(x)


@pytest.mark.parametrize(
    ("f", "slope", "x"),
    [
        (refusing, lambda x: 1 / np.sqrt(1 - x * x), np.array([0.99, 0.5])),
        (np.positive, np.ones_like, X),
        (np.sin, np.cos, X[0, 0]),
    ],
    ids=["new arguments are refused", "the same gradient everywhere", "one entry"],
)
def test_what_lasts_is_spared(f, slope, x):
    assert check_vjp(*late(f, slope), [x]).verdict == "pass"


def test_without_entries_nothing_is_changed():
    assert check_vjp(*late(np.sin, np.cos), [np.zeros((0, 3))]).probes == 0


def test_a_gradient_that_repeats_in_float32_is_no_memo():
    vjp = lambda args, dA: [dA * np.cos(args[0].astype(np.float32)).astype(args[0].dtype)]
    assert check_vjp(np.sin, vjp, [X], tolerance=1e-5).verdict == "pass"


def test_a_gradient_that_is_0_but_for_rounding_is_no_stale_memo():
    mean = lambda x, w: (w * x).sum() / w.sum()
    vjp = lambda args, dA: (dA * args[1] / args[1].sum(), dA * (args[0] - mean(*args)) / args[1].sum())
    assert check_vjp(mean, vjp, (np.array([-0.125]), np.array([0.5]))).verdict == "pass"


def test_a_staircase_between_small_changes_is_no_stale_memo():
    x1 = [[0.001669702472247533, 2.3624651415883164e-06, 1.0, 0.00029082309699129315]]
    x1 += [[0.0005263715986325777, 5.6967100612167015e-06, -0.0011770264246122833, 0.5]]
    x2 = [[1.0, 1.0, 1.0803456803151127e-05, -0.0013058780097049902]]
    x2 += [[-2.6186046327501895, 1.0, 0.00212689477437422, -0.013701930937266165]]
    vjp = lambda args, dA: [dA, -dA * np.floor(args[0] / args[1])]
    assert check_vjp(np.mod, vjp, (np.array(x1), np.array(x2))).verdict == "pass"


def test_a_triangle_wave_whose_periods_fit_into_a_step_is_no_stale_memo():
    vjp = lambda args, dA: [dA * np.sign(args[0] % 2 - 1)]
    for seed in (5, 11, 29, 37):
        with pytest.raises(Inconclusive, match="the values of f are too rough"):
            check_vjp(lambda x: abs(x % 2 - 1), vjp, [np.random.default_rng(seed).uniform(0, 1e7, 3)])


def test_a_gradient_that_stays_is_right_where_none_can_be_computed_beside_it():
    seen = []

    def vjp(args, dA):
        if any([0 < abs(args[0] - x).max() < 1e-5 for x in seen]):
            raise ValueError("too near to another one")
        seen.append(args[0].copy())
        return [dA * np.ones_like(args[0])]

    assert check_vjp(np.sum, vjp, [X], float32=False).verdict == "pass"


def test_a_call_that_is_right_is_no_remedy():
    def vjp(args, dA):
        if args[0].dtype == np.float32:
            raise ValueError("float64, please")
        return [dA * np.ones_like(args[0])]

    with pytest.raises(RefusedDtype, match="for float32 arguments\n"):
        check_vjp(np.sum, vjp, [X])
