"""Where a function has no derivative: an interval is allowed, from its values alone, and no number outside."""

import re

import numpy as np
import pytest

from funcnn import huber
from funcnn.layers import Elu
from funcnn.testing import check_layer, check_loss, check_vjp
from funcnn.testing.verdict import NotFinite, WrongAtKink, WrongGradient, WrongTogether

AT_0 = np.array([0.0, 1.0, -2.0])


def relu(x):
    return np.maximum(x, 0)


def slopes(slope):
    """The vjp of an elementwise function, in the dtype of dA."""
    return lambda args, dA: [(dA * slope(args[0])).astype(dA.dtype)]


def where_0(at_0, elsewhere):
    return slopes(lambda x: np.where(x == 0, at_0, elsewhere(x)))


@pytest.mark.parametrize("at_0", [0.0, 0.3, 1.0])
def test_any_slope_between_those_beside_a_kink_passes(at_0):
    report = check_vjp(relu, where_0(at_0, lambda x: x > 0), [AT_0])
    assert report.kinks > 0
    assert report.inconclusive == 0


@pytest.mark.parametrize("at_0", [2.0, -1.0, 1.001, -0.001])
def test_one_outside_does_not(at_0):
    with pytest.raises(WrongAtKink, match=r"at a kink of f: allowed \[-?\d.*, .*\] \+- .*: .* outside"):
        check_vjp(relu, where_0(at_0, lambda x: x > 0), [AT_0])


def test_the_interval_is_in_the_message():
    with pytest.raises(WrongAtKink) as caught:
        check_vjp(relu, lambda args, dA: [2 * dA], [0.0])
    head, numbers, *_, dA = str(caught.value).splitlines()
    assert head == "relu: dx, 1 of 1 entries wrong, first x"
    low, high = re.search(r"analytic .*, at a kink of f: allowed \[(.*), (.*)\] \+- .*: ", numbers).groups()
    assert sorted([float(low), float(high)]) == sorted([0, float(re.search(r"np.array\((.*)\)", dA).group(1))])


@pytest.mark.parametrize("frequency", [1e7, 1e8])
@pytest.mark.parametrize("scale", [1.0, 1e299])
@pytest.mark.parametrize("x", [0.6037611574366157, -0.18258805876155226, 0.1768130055252255, 0.91, -0.37])
def test_a_wave_shorter_than_the_distances_of_samples_is_no_kink(frequency, scale, x):
    f, slope = lambda x: scale * np.sin(frequency * x), lambda x: scale * frequency * np.cos(frequency * x)
    assert check_vjp(f, slopes(slope), [x]).kinks == 0
    with pytest.raises(WrongGradient) as caught:
        check_vjp(f, slopes(lambda x: -slope(x)), [x])
    assert type(caught.value) is WrongGradient


def test_a_nan_at_a_kink_is_wrong_since_the_slopes_are_bounded():
    with pytest.raises(
        NotFinite, match=r"1 of 3 entries wrong, first x\[0\]\n    analytic nan, but the slope of f is 0"
    ):
        check_vjp(np.abs, lambda args, dA: [dA * args[0] / np.sqrt(args[0] ** 2)], [AT_0])


@pytest.mark.parametrize("x", [1.0, AT_0])
def test_an_infinite_gradient_of_a_bounded_slope_is_wrong(x):
    with pytest.raises(NotFinite, match=r"analytic -?(inf|nan), but the slope of f is"):
        check_vjp(np.sin, lambda args, dA: [dA * np.inf], [x])


A, B = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, 5.0])


def maximum(a, b):
    return np.maximum(a, b)


def test_a_tie_counted_twice_is_wrong_though_no_entry_is():
    with pytest.raises(
        WrongTogether, match="the gradients of all arguments are wrong together, though each alone is right"
    ):
        check_vjp(maximum, lambda args, dA: [dA * (args[0] >= args[1]), dA * (args[1] >= args[0])], [A, B])


TRIPLE = np.array([2.0, 2.0, 2.0, 0.0])
SHARES = {
    "the first": lambda x: np.arange(x.size) == x.argmax(),
    "the second": lambda x: np.arange(x.size) == x.argmax() + 1,
    "each a third": lambda x: (x == x.max()) / (x == x.max()).sum(),
}


@pytest.mark.parametrize("share", SHARES)
def test_of_three_that_are_tied_any_may_win(share):
    assert check_vjp(lambda x: x.max(), slopes(SHARES[share]), [TRIPLE]).inconclusive == 0


@pytest.mark.parametrize("share", [lambda x: x == x.max(), lambda x: x > x.max(), lambda x: (x == x.max()) / 2])
def test_but_all_of_it_must_go_to_somebody(share):
    with pytest.raises(WrongTogether, match=r"entries of dx are wrong together.*tie.*\n    along np.array\("):
        check_vjp(lambda x: x.max(), slopes(share), [TRIPLE])


def test_a_kink_nearby_is_told_from_one_that_is_here():
    for x in (1e-7, -1e-7):
        assert check_vjp(relu, slopes(lambda x: x > 0), [x]).kinks == 0
        with pytest.raises(WrongGradient):
            check_vjp(relu, slopes(lambda x: x < 0), [x])


@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_an_entry_that_is_not_finite_and_does_not_matter_is_nobodys_mistake(missing):
    vjp = lambda args, dA: [2 * dA * np.isfinite(args[0])]
    report = check_vjp(lambda x: 2 * np.where(np.isfinite(x), x, 0), vjp, [np.array([1.0, missing])])
    assert report.decided == ("x",)


to_every_tie = lambda x, dA: dA * (x == x.max())


def test_a_tie_of_one_argument_is_named_with_that_argument():
    vjp = lambda args, dA: [to_every_tie(args[0], dA), dA + 0 * args[1]]
    with pytest.raises(WrongTogether, match="the entries of da are wrong together, though each alone is right"):
        check_vjp(lambda a, b: a.max() + b.sum(), vjp, [np.ones(2), np.arange(3.0)])


def test_a_tie_of_more_than_are_looked_at_one_by_one():
    with pytest.raises(
        WrongTogether, match="though no entry tested alone is found wrong: f has a kink at these arguments"
    ):
        check_vjp(np.max, lambda args, dA: [to_every_tie(args[0], dA)], [np.zeros(200)])


def test_what_is_wrong_in_a_small_entry_alone_is_said_of_that_entry():
    """The slope of the last entry lacks the first, 1e-7, which raw differences of some step or other also say."""
    x = np.array([1e-7, 3.0, 0.3166450164719021, -1.0])
    quartic = lambda x: ((x - 1) ** 4).sum() + x[0] * x[-1]

    def vjp(args, dA):
        (x,) = args
        gradient = 4 * (x - 1) ** 3
        gradient[0] += x[-1]
        return [dA * gradient]

    with pytest.raises(WrongGradient, match=r"1 of 4 entries wrong, first x\[3\]"):
        check_vjp(quartic, vjp, [x])


def test_a_slope_that_changes_beside_a_kink_is_not_narrowed_by_a_lucky_sample():
    """One of the far samples comes close to the kink here, and so seems to say that the slopes do not change."""
    rows = [[1e-07, 0.0001, 0.1], [0.6607929217270263, 30.0, 800.0], [1e-07, -0.001, -0.9957153901865851]]
    rows += [[1e-07, 0.5, -1.2602438798825923], [9.999999999999999e-06, -0.13644493951285103, 0.0001]]
    rows += [[0.5, -0.3297126244250999, 1.0620757877855616], [0.5, 1e-07, -0.0], [-800.0, -0.0, -0.07803901853109632]]
    check_layer(Elu(2.0), np.array(rows).reshape(2, 4, 3))


@pytest.mark.parametrize("seed", [49, 93, 104, 139, 198, 216, 220, 268, 315, 336, 418, 498])
def test_slopes_that_bend_close_to_x_are_spared(seed):
    """Errors on the bend of the loss and 1e-5 and 1e-7 beside it: coarse steps agree, and are a little off together."""
    random = np.random.default_rng(seed)
    out = random.choice([-1.0, 1.0], (1, 20))
    check_loss(huber, out, random.choice([0.0, 0.0, 1e-5, -1e-5, 1e-7, 800.0, -800.0], (1, 20)))


def test_where_no_kink_is_known_none_is_named():
    def vjp(args, dA):
        return [2 * args[0] * dA * (np.arange(200) != 142)]  # an entry that is not tested alone

    with pytest.raises(WrongTogether, match=r"though no entry tested alone is found wrong\n"):
        check_vjp(lambda x: (x * x).sum(), vjp, [np.linspace(1, 2, 200)])
