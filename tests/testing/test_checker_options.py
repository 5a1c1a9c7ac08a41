"""Options of a check that say where f may be called, and what is left open at kinks and below a tolerance."""

from functools import partial

import numpy as np
import pytest

from funcnn import Grads, backward, forward, gradient, record
from funcnn.errors import KindError, RangeError
from funcnn.testing import (
    GradientError,
    Inconclusive,
    NotPure,
    NotTransposed,
    WrongGradient,
    WrongTogether,
    check_gradient,
    check_hessian,
    check_jvp,
    check_layer,
    check_loss,
    check_vjp,
)
from funcnn.testing import strategies as fst
from funcnn.testing.constraints import STRUCTURES
from funcnn.testing.domain import as_domain
from funcnn.testing.mutation import Mutant, is_caught
from funcnn.testing.verdict import NotFinite, Raised, WrongAtKink, WrongForFloat32, WrongForLayout
from tests.counts import FULL
from tests.mutants.limits import BY_NAME, WITH_OPTIONS
from tests.said import fails, says

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # domains are left on purpose
WRONG = {mutant.name: mutant for mutant in WITH_OPTIONS}
PAIR = np.array([0.3, 1.7])

options_of = lambda name: BY_NAME[name.split(": ")[0]].options


def test_names_are_unique():
    assert len(WRONG) == len(WITH_OPTIONS) >= 20


@pytest.mark.parametrize("name", [*WRONG][:: 1 if FULL else 4])
def test_a_mistake_is_found_with_the_options_of_the_right_function(name):
    assert is_caught(WRONG[name], partial(check_vjp, **options_of(name))), WRONG[name].why


# What the checker makes of arguments beside those of the user.


det_vjp = lambda args, dA: [dA * np.linalg.det(args[0]) * np.linalg.inv(args[0]).T]


def test_a_vjp_may_raise_at_ones_and_zeros():
    regular = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert check_vjp(np.linalg.det, det_vjp, [regular], aliasing=False).inconclusive == 0  # which tries them
    says(Raised, "LinAlgError", check_vjp, np.linalg.det, det_vjp, [np.array([[1.0, 2.0], [2.0, 4.0]])])


@pytest.mark.parametrize("number", [0, 1])
def test_a_shape_that_is_wrong_at_zeros_or_ones_is_found_by_drawn_arrays(number):
    def vjp(args, dA):
        return [dA.sum() if (args[0] == number).all() else dA * np.cos(args[0])]

    right = np.sin, lambda args, dA: [dA * np.cos(args[0])]
    mutant = Mutant("sin", "a shortcut", fst.tensors("m n"), right, (np.sin, vjp))
    assert is_caught(mutant, examples=1000) == "WrongShape"


def refusing(least, vjp):
    """A vjp that raises below a bound."""

    def checked(args, dA):
        if (args[0] < least).any():
            raise ValueError("too small")
        return vjp(args, dA)

    return checked


def test_a_vjp_may_raise_at_nudges_but_not_at_the_arguments():
    def rough(args, dA):  # so that the linearity of vjp is judged by its rounding errors
        return [dA * np.cos(args[0]) + 1e-5 * abs(dA)]

    for least in PAIR.min(), PAIR.min() * (1 + 1e-15):
        with pytest.raises(GradientError) as caught:
            check_vjp(np.sin, refusing(least, rough), [PAIR])
        assert isinstance(caught.value, Raised) == (least > PAIR.min())


def test_a_layout_is_judged_where_vjp_is_defined_beside():
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    vjp = lambda args, dA: [dA * args[0].ravel("K").reshape(args[0].shape) * 2]
    fails(WrongForLayout, check_vjp, np.square, vjp, [x])

    def near_x_only(args, dA):
        if abs(args[0] - x).max() > 1e-9:
            raise ValueError("far from x")
        return vjp(args, dA)

    assert check_vjp(np.square, near_x_only, [x]).verdict == "pass"  # so a tie could explain the difference


def stale_arcsin():
    kept = []

    def arcsin(x):
        if (abs(x) > 1).any():
            raise ValueError("beyond 1")
        kept[:] = [x]
        return np.arcsin(x)

    return arcsin, lambda args, dA: [dA / np.sqrt(1 - kept[0] ** 2)]


def test_memory_is_found_in_a_domain_that_x_plus_1_leaves():
    fails(NotPure, check_vjp, *stale_arcsin(), [np.array([0.5])])


LIMITED = {
    "an interval": {"domain": {"x": (0.2, 2)}},
    "an interval without a lower end": {"domain": {"x": (None, 1.75)}},
    "a predicate": {"domain": lambda x: (x > 0.2).all()},
    "a predicate of every entry": {"domain": lambda x: x < 1.75},
}


@pytest.mark.parametrize("options", LIMITED.values(), ids=LIMITED)
def test_f_and_vjp_are_called_inside_the_domain(options):
    inside = options["domain"]
    if isinstance(inside, dict):
        low, high = inside["x"]
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        inside = lambda x: (low <= x) & (x <= high)

    def f(x):
        assert np.iscomplexobj(x) or np.all(inside(x))
        return np.sin(x)

    def vjp(args, dA):
        assert np.all(inside(args[0]))
        return [dA * np.cos(args[0])]

    assert check_vjp(f, vjp, [PAIR], **options).inconclusive == 0
    fails(WrongGradient, check_vjp, f, lambda args, dA: [2 * g for g in vjp(args, dA)], [PAIR], **options)
    says(Inconclusive, "outside domain", check_vjp, f, vjp, [np.array([0.1, 1.8])], **options)


# Structures.

OUTSIDE = np.array([[0.5, 2.0, -1.0], [0.3, 0.1, 0.7], [1.0, -0.6, 0.4]])
ORTHOGONAL = np.linalg.qr(OUTSIDE)[0]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_projection_keeps_its_set_and_its_gradient_is_that_of_the_composition(structure):
    owns = {"sorted": np.sort(OUTSIDE), "positive definite": OUTSIDE @ OUTSIDE.T + np.eye(3), "orthogonal": ORTHOGONAL}
    own = owns.get(structure)
    if own is None:
        own = STRUCTURES[structure].near(np.ones(3) / 3 if structure == "simplex" else np.ones(3) / 3**0.5)
        own = own.project(abs(OUTSIDE) / abs(OUTSIDE).sum(axis=-1, keepdims=True))
    domain = as_domain("it", ["A"], [own], None, {"A": structure})
    inside = domain.fitted((own,))
    assert np.array_equal(domain.fitted(inside)[0], inside[0])
    assert np.allclose(inside[0], own, rtol=1e-15)
    weights = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.0], [0.5, 2.0, 4.0]])
    f = lambda A: (np.sin(domain.fitted((A,))[0]) * weights).sum()

    def vjp(args, dA):
        inside = domain.fitted(args)
        return [dA * g for g in domain.pulled_back(args, [weights * np.cos(inside[0])])]

    check_vjp(f, vjp, [abs(OUTSIDE) + np.eye(3)])


def test_a_gradient_counts_along_its_set_only():
    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    reads_one_triangle = lambda A: np.tril(A).sum() + np.tril(A, -1).sum()
    vjp = lambda args, dA: [dA * np.ones_like(args[0])]
    assert check_vjp(reads_one_triangle, vjp, [A], structure={"A": "symmetric"}).verdict == "pass"
    with pytest.raises(
        WrongGradient, match='# structure of A: "symmetric"; its gradient is compared on the tangent space'
    ):
        check_vjp(reads_one_triangle, lambda args, dA: [dA * np.tril(args[0])], [A], structure={"A": "symmetric"})
    fails(WrongGradient, check_vjp, reads_one_triangle, vjp, [A])


def polar(x):
    U, _, V = np.linalg.svd(x)
    return U @ V


centred = lambda x: x - x.mean()

WEIGHTS = np.array([[1.0, -2.0, 0.5], [3.0, 1.0, -1.0], [0.5, 2.0, 4.0]])
# By name: a structure, an argument in it, and a constant on it, whose gradient has no effect.
ALONG = {
    "orthogonal": ("orthogonal", ORTHOGONAL, lambda Q: (Q.T @ Q).sum() ** 2),
    "two orthogonal columns": ("orthogonal", ORTHOGONAL[:, 1:], lambda Q: (Q.T @ Q).sum() ** 2),
    "orthogonal in float32": ("orthogonal", ORTHOGONAL.astype(np.float32), lambda Q: np.exp((Q.T @ Q).sum())),
    "skew": ("skew", OUTSIDE - OUTSIDE.T, lambda S: np.sin(S + S.T).sum()),
    "a projection onto orthogonal matrices": (polar, ORTHOGONAL, lambda Q: (Q.T @ Q).sum() ** 2),
    "an oblique projection": (lambda p: p / p.sum(), np.array([[0.2, 0.3, 0.5]]), lambda p: np.exp(p.sum())),
    "a projection onto vectors of mean 0": (centred, np.array([[0.5, -1.0, 0.5]]), lambda x: np.sin(x.sum())),
}


@pytest.mark.parametrize("name", ALONG)
def test_a_structure_compares_along_its_set_in_every_check(name):
    structure, A, constant = ALONG[name]
    W = WEIGHTS[: A.shape[0], : A.shape[1]]
    f = lambda A: (np.sin(A) * W).sum() + constant(A)
    grad, wrong = (
        (lambda A: np.cos(A) * W.astype(A.dtype)),
        (lambda A: np.cos(A) * W.astype(A.dtype) * (A.max() / 2 < A)),
    )
    within = {"structure": {"A": structure}, "purity": False}

    def vjp(slope):
        return check_vjp(f, lambda args, dA: [dA * slope(args[0])], [A], **within)

    def jvp(slope):
        vjp = lambda args, dA: [dA * (slope(args[0]) + args[0])] if structure == "orthogonal" else [dA * slope(args[0])]
        return check_jvp(f, lambda args, t: (t[0] * slope(args[0])).sum(), [A], vjp=vjp, **within)

    scalar = lambda slope: check_gradient(f, slope, A, **within)

    def hessian(slope):
        doubled = lambda A: A * (1 + constant(A))  # its Jacobian times a tangent is the tangent times a number
        return check_hessian(
            doubled, lambda A, p: p * (slope(A) / grad(A)) * (1 + constant(A)), A, product=True, **within
        )

    def loss(slope):
        of = lambda out, y: (f(out), slope(out))
        return check_loss(of, A, A, rows=False, structure={"out": structure}, purity=False)

    for check in (vjp, jvp, scalar, hessian, loss):
        report = check(grad)
        assert report.decided == ("out" if check is loss else "A",)
        says(WrongGradient, "# structure of", check, wrong)


def test_a_vjp_that_is_not_the_transpose_along_a_structure():
    f, jvp = lambda S: S * WEIGHTS, lambda args, t: t[0] * WEIGHTS.astype(t[0].dtype)
    S, within = OUTSIDE + OUTSIDE.T, {"structure": {"S": "symmetric"}}
    turned = lambda args, dA: [(dA * WEIGHTS).T]  # as good for a symmetric S
    assert check_jvp(f, jvp, [S], vjp=turned, **within).verdict == "pass"
    fails(NotTransposed, check_jvp, f, jvp, [S], vjp=turned)
    fails(NotTransposed, check_jvp, f, jvp, [S], vjp=lambda args, dA: [1.001 * g for g in turned(args, dA)], **within)


def test_a_structure_of_a_large_argument_of_a_jvp():
    A = np.random.default_rng(1).normal(size=(11, 11))
    S = A - A.T
    jvp = lambda args, t: np.array([(t[0] * np.cos(args[0]) * A).sum()])
    f = lambda S, y: np.array([(np.sin(S) * A).sum() + (S + S.T).sum() ** 2])
    large = np.ones(100)
    check_jvp(f, lambda args, t: jvp(args, t) + 0 * t[1].sum(), [S, large], structure={"S": "skew"})
    fails(WrongGradient, check_jvp, f, lambda args, t: 2 * jvp(args, t), [S, large], structure={"S": "skew"})


def test_a_projection_of_ones_own_is_checked():
    half = lambda args, dA: [dA / 2]
    x, f = np.array([0.5, -1.0, 0.5]), lambda x: x / 2

    def refused(error, message, project, x=x):
        says(error, message, check_vjp, f, half, [x], structure={"x": project})

    refused(RangeError, r"check_vjp: x must equal its projection P in structure, P\(x\) = x; it does not", abs)
    slides = lambda x: x + (np.array([0.5, -1.0, 0.5]) - x) / 2
    refused(RangeError, r"structure of x must be a projection, P\(P\(x\)\) = P\(x\); it is not", slides)
    what = r"check_vjp: structure of x must return an array of floats of shape \(3,\), as x has, not"
    for project, given in ((lambda x: x[1:], "<f64"), (lambda x: None, "None"), (lambda x: x > 0, "<b8")):
        refused(KindError, f"{what} {given}", project)
    edge = lambda x: np.where((x != 1) & (abs(x - 1) < 1e-4), np.nan, x)  # not defined on both sides of an entry
    refused(RangeError, "structure of x must have finite slopes at x; it has not", edge, np.array([1.0, 0.25, 0.25]))
    refused(KindError, "structure of x must be a projection or one of .*, not the class float", float)
    assert check_vjp(np.abs, lambda args, dA: [dA * np.sign(args[0])], [x], structure={"x": centred}).inconclusive == 0


# Bounds that are not finite.


def log_slope(args, dA):
    (x,) = args
    return [dA * (x - 1) / (1 - x) ** 2]


def test_a_bound_of_nan_is_no_mistake_in_float32():
    x = np.array([1 - 2.0**-23, 2.0])
    assert check_vjp(lambda x: np.log(abs(1 - x)), log_slope, [x], resolution=1e-2).verdict == "pass"

    def nan_in_float32(args, dA):
        return [g * (np.nan if g.dtype == np.float32 else 1) for g in log_slope(args, dA)]

    says(WrongForFloat32, "nan", check_vjp, lambda x: np.log(abs(1 - x)), nan_in_float32, [x], resolution=1e-2)


def narrow(vjp):
    return lambda args, dA: vjp(args, dA) if dA.dtype == np.float64 else [1 / 0]


def test_what_vjp_raises_in_float32_alone_is_a_mistake():
    with pytest.raises(Raised, match="ZeroDivisionError"):
        check_vjp(np.sin, narrow(lambda args, dA: [dA * np.cos(args[0])]), [PAIR])


@pytest.mark.parametrize("x", [0.3, 0.5])
def test_what_vjp_raises_in_float32_at_some_arguments_is_none(x):
    def vjp(args, dA):
        if dA.dtype == np.float32 and args[0] != np.float32(0.5):
            raise ValueError("too small")
        return [dA * np.cos(args[0])]

    def raises_at_the_rounded_one(args, dA):
        if args[0] == np.float64(np.float32(x)) != x or (dA.dtype == np.float32 and args[0] == np.float32(x)):
            raise ValueError("here")
        return [dA * np.cos(args[0])]

    if x == 0.5:
        assert check_vjp(np.sin, vjp, [x]).verdict == "pass"
    assert check_vjp(np.sin, raises_at_the_rounded_one, [x]).verdict == "pass"


def test_numbers_that_overflow_in_a_larger_cotangent_are_linear():
    x = np.array([708.0, 650.0])

    def vjp(args, dA):
        e = np.exp(args[0])
        return [dA * e / e.sum()]

    assert check_vjp(lambda x: np.log(np.exp(x).sum(keepdims=True)), vjp, [x]).verdict == "pass"
    with pytest.raises(GradientError, match="vjp of a dA of zeros is not zero"):
        check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0]) if dA.any() else dA + np.inf], [PAIR])


# Kinks.

TIES = np.array([3.0, 1.0, 3.0])

every_tie = lambda args, dA: [dA * (args[0] == args[0].max())]


def test_the_hull_asks_of_each_entry_by_itself():
    fails(WrongTogether, check_vjp, np.max, every_tie, [TIES])
    report = check_vjp(np.max, every_tie, [TIES], at_kinks="hull")
    assert report.kinks > 0
    with pytest.raises(WrongAtKink):
        check_vjp(np.max, lambda args, dA: [2 * g for g in every_tie(args, dA)], [TIES], at_kinks="hull")
    with pytest.raises(WrongGradient, match="1 of 3 entries"):
        check_vjp(np.max, lambda args, dA: [every_tie(args, dA)[0] + dA * (args[0] == 1)], [TIES], at_kinks="hull")


def norm_vjp(args, dA):
    return [dA * args[0] / np.sqrt((args[0] ** 2).sum(axis=1, keepdims=True))[:, 0][:, None] * np.ones_like(args[0])]


row_norm = lambda x: np.sqrt((x**2).sum(axis=1, keepdims=True))


def test_a_kink_that_is_skipped_is_not_asked():
    x = np.array([[0.0], [3.0]])
    fails(NotFinite, check_vjp, row_norm, norm_vjp, [x])
    report = check_vjp(row_norm, norm_vjp, [x], at_kinks="skip")
    assert report.inconclusive > 0
    two = lambda args, dA: [dA * np.where(args[0] == 0, 2, np.sign(args[0]))]
    assert check_vjp(abs, two, [np.array([0.0, 1.0])], at_kinks="skip").verdict == "pass"
    with pytest.raises(Inconclusive, match="f has a kink at these arguments, and at_kinks leaves it out"):
        check_vjp(abs, two, [np.zeros(1)], at_kinks="skip")
    with pytest.raises(WrongGradient, match="1 of 2 entries"):
        check_vjp(abs, lambda args, dA: [dA * 2], [np.array([0.0, 1.0])], at_kinks="skip")


# A tolerance.


def off_by(e):
    return lambda args, dA: [dA * np.cos(args[0]) * dA.dtype.type(1 + e)]


def test_a_smaller_error_than_the_tolerance_is_reported():
    report = check_vjp(np.sin, off_by(1e-6), [PAIR], tolerance=1e-5)
    assert report.tolerated == {"x": pytest.approx(1e-6, rel=1e-3)}
    assert "; relative errors tolerated: 1e-06 in the gradient of x" in str(report)
    assert report.inconclusive == 0
    assert check_vjp(np.sin, off_by(0), [PAIR], tolerance=1e-5).tolerated == {}
    says(WrongGradient, "2 of 2 entries", check_vjp, np.sin, off_by(2e-5), [PAIR], tolerance=1e-5)


def test_an_error_of_one_output_is_not_tolerated_for_that_of_another():
    x = np.array([1.0])
    f = lambda x: np.concatenate([x, 2 * x])
    vjp = lambda args, dA: [dA[:1] * dA.dtype.type(1 + 1e-6) + 2 * dA[1:] * dA.dtype.type(1 + 1e-4)]
    fails(WrongGradient, check_vjp, f, vjp, [x], tolerance=1e-5)
    assert check_vjp(f, vjp, [x], tolerance=1e-3).tolerated["x"] == pytest.approx(1e-4, rel=1e-2)


def test_several_arguments_may_be_off_together():
    def vjp(args, dA):
        return [dA * args[1] * dA.dtype.type(1 + 1e-6), dA * args[0] * dA.dtype.type(1 + 1e-6)]

    report = check_vjp(lambda x, y: x * y, vjp, [np.array(2.0), np.array(3.0)], tolerance=1e-5)
    assert report.tolerated.keys() == {"x", "y", "all arguments"}


@record
class Arcsin:
    """A layer that refuses numbers beyond 1."""


@forward.register(Arcsin)
def arcsin_forward(params, x):
    if (abs(x) > 1).any():
        raise ValueError("beyond 1")
    return np.arcsin(x), x


@backward.register(Arcsin)
def arcsin_backward(params, x, dA):
    return Grads(gradient(params), dA / np.sqrt(1 - x * x))


def test_a_layer_may_refuse_x_plus_1():
    assert check_layer(Arcsin(), np.array([[0.5, -0.25]])).verdict == "pass"
