"""What the checks of derivatives take beside plain arrays: trees, constants, complex numbers, and what they refuse."""

import re
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest

import funcnn as nn
from funcnn import Array, Dense, layers
from funcnn.errors import KindError
from funcnn.testing import (
    Inconclusive,
    NotDeterministic,
    NotLinear,
    NotPure,
    NotSymmetric,
    NotTransposed,
    Raised,
    WrongDtype,
    WrongForLayout,
    WrongGradient,
    WrongShape,
    check_gradient,
    check_hessian,
    check_jvp,
    check_vjp,
)
from tests.said import says

x = np.array([[0.5, -1.0, 2.0], [1.5, 3.0, -0.25]])
v = np.array([0.5, -1.0, 2.0])
z = np.array([[1.0 + 2.0j, -0.5j, 3.0]])
Pair = namedtuple("Pair", "first second")  # noqa: PYI024  the short form is what is tested


two = lambda x: (np.sin(x), {"double": 2 * x, "count": x.size})
two_vjp = lambda args, dA: [np.cos(args[0]) * dA[0] + 2 * dA[1]["double"]]


def two_jvp(args, tangents):
    return np.cos(args[0]) * tangents[0], {"double": 2 * tangents[0], "count": None}


def test_every_kind_of_tree_is_taken_and_given_back():
    tree = {"pair": Pair(x, [v, None]), 3: OrderedDict(b=np.float64(2.0)), "ids": np.array([0, 1])}

    def f(tree, y):
        assert isinstance(tree["pair"], Pair)
        assert isinstance(tree[3], OrderedDict)
        return tree["pair"].first[tree["ids"]] * tree["pair"].second[0] * tree[3]["b"] + y

    def vjp(args, dA, factor=1):
        tree = args[0]
        (X, (w, _)), b = tree["pair"], tree[3]["b"]
        dX = np.zeros_like(X)
        np.add.at(dX, tree["ids"], dA * w * b)
        rows = X[tree["ids"]]
        return {
            "pair": Pair(dX, (factor * (dA * rows * b).sum(axis=0), None)),
            3: {"b": (dA * rows * w).sum()},
            "ids": None,
        }, dA.sum()

    report = check_vjp(f, vjp, (tree, 1.5))
    assert report.decided == ('tree["pair"].first', 'tree["pair"].second[0]', 'tree[3]["b"]', "y")
    text = says(
        WrongGradient, r'first tree\["pair"\]\.second\[0\]\[0\]', check_vjp, f, lambda *a: vjp(*a, 2), (tree, 1.5)
    )
    assert "'ids': np.array([0, 1])" in text


def test_a_gradient_of_another_structure_is_refused_where_it_differs():
    f = lambda params: params["a"] * params["b"][0]
    args = ({"a": v, "b": [v]},)
    for gradient, message in (
        ({"a": v}, "the gradient of params must be a dict of 'a', 'b'; it lacks 'b'"),
        ({"a": v, "b": [v], 3: v}, "the gradient of params must be a dict of 'a', 'b'; it has more: 3"),
        (v, "the gradient of params must be a dict of 'a', 'b', not <f64"),
        ({"a": v, "b": v}, r'the gradient of params\["b"\] must be a list of 1, not <f64'),
        ({"a": v, "b": ()}, r'the gradient of params\["b"\] must be a list of 1, not a tuple of 0'),
        ({"a": v, "b": {}}, r'the gradient of params\["b"\] must be a list of 1, not an empty dict'),
        ({"a": v, "b": "no"}, r'the gradient of params\["b"\] must be a list of 1, not str'),
        (None, r'the gradient of params\["a"\] must have the shape of params\["a"\], \(3,\); it is None'),
    ):
        says(WrongShape, message, check_vjp, f, lambda args, dA, g=gradient: [g], args)
    says(
        WrongShape,
        "must give a gradient for each argument, 1 in all, in a tuple or a list; it gave 2",
        check_vjp,
        f,
        lambda *_: [v, v],
        args,
    )
    says(WrongShape, "in a tuple or a list; it gave float64 array", check_vjp, f, lambda *_: v, args)


@dataclass(frozen=True, slots=True)
class Linear:
    """A layer of a user, with settings and a field that its constructor computes."""

    W: Array
    b: Array | None
    activation: Callable[[Array], Array] = np.sin
    name: str = "linear"
    inputs: int = 2
    turned: Array = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "turned", self.W.T)


@attrs.frozen
class Net:
    """A network of a user."""

    layers: list[Linear]
    _scale: float
    seed: int = 3


class Moments(NamedTuple):
    """A result with names."""

    mean: Any
    spread: Any


@dataclass
class Normal:
    """A result whose constructor refuses what a cotangent may be."""

    mean: Array
    deviation: Array
    count: int

    def __post_init__(self):
        if (self.deviation < 0).any():
            raise ValueError("a deviation is not negative")


NET = Net([Linear(x, None), Linear(x.T, np.array([0.5, 2.0, 1.0]), inputs=3)], 1.5)


def apply(net, v):
    first, second = net.layers
    hidden = first.activation(v @ first.turned) * net._scale
    out = hidden @ second.turned + second.b
    return Normal(out, out * out, out.size)


def apply_vjp(args, dA, made=Net, factor=1.0):
    (net, v), (first, second) = args, args[0].layers
    assert type(dA) is Normal
    assert dA.count == 3
    inner = v @ first.turned
    hidden = np.sin(inner) * net._scale
    dout = dA.mean + 2 * (hidden @ second.turned + second.b) * dA.deviation
    dhidden = second.W.T @ dout
    dinner = dhidden * net._scale * np.cos(inner)
    grads = [Linear(np.outer(dinner, v), None), Linear(factor * np.outer(dout, hidden), dout)]
    return made(grads, (dhidden * np.sin(inner)).sum()), first.W.T @ dinner


def test_instances_of_dataclasses_and_attrs_classes():
    args = NET, np.array([0.25, -1.0, 2.0])
    report = check_vjp(apply, apply_vjp, args)
    assert report.decided == ("net.layers[0].W", "net.layers[1].W", "net.layers[1].b", "net._scale", "v")
    text = says(
        WrongGradient,
        r"apply: dW, 6 of 6 entries wrong, first net\.layers\[1\]\.W\[0, 0\]",
        check_vjp,
        apply,
        lambda *given: apply_vjp(*given, factor=1.001),
        args,
    )
    assert "net = Net(layers=[Linear(W=np.array([[0.5, -1.0, 2.0], [1.5, 3.0, -0.25]]), b=None, activation=" in text
    assert re.search(r"\n    dA = Normal\(mean=np.array\(.*\), deviation=np.array\(.*\), count=3\)", text)


def test_a_gradient_of_an_instance_is_one_of_its_class_or_has_its_names():
    f = lambda p: p.mean * p.spread
    for made in (Moments, lambda *parts: parts, lambda *parts: [*parts]):
        check_vjp(f, lambda args, dA, made=made: [made(dA * args[0].spread, dA * args[0].mean)], [Moments(v, v + 1)])
    layer, g = Linear(v, v), lambda layer: layer.W * layer.b
    for made in (Linear, lambda W, b: {"b": b, "W": W}, namedtuple("Other", "W b")):  # noqa: PYI024  as above
        check_vjp(g, lambda args, dA, made=made: [made(dA * args[0].b, dA * args[0].W)], [layer])
    wanted = r"the gradient of layer must be Linear\(W, b, activation, name, inputs\)"
    for gradient, difference in (
        ({"W": v}, "; it lacks b$"),
        ({"W": v, "b": v, "c": v, "name": "c"}, "; it has more: c$"),
        (namedtuple("Other", "W c")(v, v), "; it lacks b and has more: c"),  # noqa: PYI024  as above
        (Net([], 1.0), "; it lacks W, b and has more: layers, _scale, seed"),
        ((v, v), ", not a tuple of 2"),
        (v, ", not <f64"),
    ):
        message = f"{wanted}{difference}"
        says(WrongShape, f"(?m){message}", check_vjp, g, lambda args, dA, given=gradient: [given], [layer])
    for gradient, shown in ((Pair(v, v), r"Pair\(first, second\)"), ((v,), "a tuple of 1")):
        message = rf"the gradient of p must be Moments\(mean, spread\), not {shown}"
        says(WrongShape, message, check_vjp, f, lambda args, dA, given=gradient: [given], [Moments(v, v)])
    check_vjp(lambda x: (x[0], x[1]), lambda args, dA: [Pair(1 * dA[0], 1 * dA[1])], [(v, v)])


def test_instances_in_forward_mode_in_exact_arithmetic_and_as_records():
    f = lambda p: Moments(p.W * p.b, {"count": 3, "sum": p.W.sum()})

    def jvp(args, tangents, factor=1.0):
        (p,), (t,) = args, tangents
        assert type(t) is type(p)
        return Moments(p.W * t.b + factor * t.W * p.b, {"count": None, "sum": t.W.sum()})

    for p in (Linear(v, 2 * v), Dense(np.ones((2, 1)), np.ones(1))):
        check_jvp(f, jvp, [p])
        says(WrongGradient, r"first p\.W\[0", check_jvp, f, lambda *given: jvp(*given, factor=2), [p])
    pytest.importorskip("mpmath", reason="exact arithmetic computes with it")
    check_jvp(f, jvp, [Linear(v, 2 * v)], exact=True)
    message = r"dp\.W, wrong in exact arithmetic at p\.W\[\d\]"
    says(WrongGradient, message, check_jvp, f, lambda *a: jvp(*a, factor=1 + 2.0**-50), [Linear(v, 2 * v)], exact=True)


def test_constants_without_numbers_are_not_built_again():
    @dataclass
    class Setting:
        name: str
        made: bool = field(init=False, default=False)

    def f(x, how):
        assert how is given
        return 2 * x

    given = Setting("double")
    given.made = True
    assert check_vjp(f, lambda args, dA: [2 * dA, None], [v, given]).decided == ("x",)


def test_a_key_with_a_dot_is_named_whole():
    args = ({"conv.weight": v},)
    message = r'dparams\["conv\.weight"\], 3 of 3 entries wrong, first params\["conv\.weight"\]\[0\]'
    says(
        WrongGradient,
        message,
        check_vjp,
        lambda params: 2 * params["conv.weight"],
        lambda _, dA: [{"conv.weight": dA}],
        args,
    )


def test_empty_trees_and_values_without_axes_or_entries():
    assert (
        check_vjp(lambda x, none: (x.sum(), x[:0]), lambda args, dA: [dA[0] + 0 * args[0], None], (v, None)).kinks == 0
    )
    report = check_vjp(lambda t: t, lambda args, dA: [dA], ({"a": np.float64(2.0), "b": np.zeros((0, 2))},))
    assert report.decided == ('t["a"]',)
    report = check_jvp(lambda t: t, lambda args, tangents: tangents[0], ({"a": 2.0, "b": np.zeros((0, 2))},))
    assert report.decided == ('t["a"]',)
    assert check_jvp(np.sin, lambda args, t: np.cos(args[0]) * t[0], [np.zeros(0)]).probed == "nothing"


def test_a_value_whose_structure_changes():
    calls = []

    def f(x):
        calls.append(x)
        return (x, x) if len(calls) == 1 else (x,)

    def g(x):
        calls.append(x)
        return (x, x) if len(calls) == 1 else (x, x[:1])

    says(NotDeterministic, "the result of f must be a tuple of 2, not a tuple of 1", check_vjp, f, two_vjp, [v])
    calls.clear()
    says(NotDeterministic, "a result of another shape", check_vjp, g, two_vjp, [v])


def test_results_that_are_kept_and_changed():
    kept = np.zeros(3)
    f = lambda x: (np.add(x, 0, out=kept), x * 1)
    says(NotPure, "f changes an earlier result", check_vjp, f, lambda args, dA: [dA[0] + dA[1]], [v])
    given = []

    def g(x):
        given[:] = [x * 1, x * 2]
        return tuple(given)

    def writes(args, dA):
        given[0] += 1
        return [dA[0] + 2 * dA[1]]

    says(NotPure, "vjp changes what f returned before", check_vjp, g, writes, [v])


def test_constants_have_the_precision_of_the_arguments_and_are_not_written_to():
    seen = set()

    def f(x, a, *, b, name):
        seen.add((x.dtype, a.dtype, b.dtype, name))
        return a * x * b.real

    def vjp(args, dA, *, b, name):
        return [args[1] * dA * b.real]

    options = {"argnums": -2, "kwargs": {"b": v + 0j, "name": "it"}}
    check_vjp(f, vjp, (v, v.astype(np.float32)), **options)
    wide, narrow = (np.dtype(np.float64), np.dtype(complex)), (np.dtype(np.float32), np.dtype(np.complex64))
    assert seen >= {(d, d, c, "it") for d, c in (wide, narrow)}

    def writes(args, dA, *, b, name):
        b += 1
        return [dA]

    says(NotPure, "vjp writes to its arguments", check_vjp, f, writes, (v, v), **options)


def test_whole_numbers_of_python_stay_what_they_are():
    def f(x, seed, shape, axis):
        assert [type(seed), type(shape), type(shape[0]), type(axis)] == [int, tuple, int, np.int64]
        return (x * np.random.default_rng(seed).random(x.shape).astype(x.dtype)).reshape(shape).sum(axis)

    def vjp(args, dA):
        x, seed, shape, axis = args
        whole = np.broadcast_to(np.expand_dims(dA, axis), shape).reshape(x.shape)
        return [whole * np.random.default_rng(seed).random(x.shape).astype(x.dtype), None, None, None]

    args = np.arange(6.0).reshape(2, 3), 3, (3, 2), np.int64(1)
    assert check_vjp(f, vjp, args).decided == ("x",)
    with pytest.raises(WrongGradient) as caught:
        check_vjp(f, lambda args, dA: [2 * vjp(args, dA)[0], None, None, None], args)
    assert "\n    seed = 3\n    shape = (3, 2)\n" in str(caught.value)


def test_a_constant_keeps_its_mask():
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    check_vjp(lambda x, m: x * m.sum(), lambda args, dA: [dA * args[1].sum(), None], (np.ones(2), masked), argnums=0)


def test_a_gradient_for_each_argument_or_for_each_of_argnums():
    for vjp in (lambda args, dA: [dA * args[1]], lambda args, dA: [dA * args[1], "not looked at"]):
        assert check_vjp(np.multiply, vjp, (v, v), argnums=[0]).decided == ("x1",)
    report = check_vjp(
        np.subtract, lambda args, dA: [1 * dA, -dA], (v, v), argnums=(1, 0)
    )  # of each argument, in order
    assert report.decided == ("x2", "x1")


def test_domain_and_structure_know_the_leaves():
    tried = []

    def inside(params):
        tried.append(params["x"].min())
        return (params["x"] > 0).all()

    log = (lambda params: np.log(params["x"]), lambda args, dA: [{"x": dA / args[0]["x"]}], ({"x": v**2},))
    check_vjp(*log, domain=inside)
    assert min(tried) <= 0
    check_vjp(*log, domain={'params["x"]': (0, None)})
    says(Inconclusive, "outside domain", check_vjp, *log, domain={'params["x"]': (9, None)})
    jvp = (log[0], lambda args, t: t[0]["x"] / args[0]["x"], log[2])
    check_jvp(*jvp, domain=inside)
    says(Inconclusive, "outside domain", check_jvp, *jvp, domain={'params["x"]': (9, None)})
    S = np.array([[2.0, 1.0], [1.0, 3.0]])
    inverse = (
        lambda t: np.linalg.inv(t[0]),
        lambda args, dA: [(-(P := np.linalg.inv(args[0][0])).T @ dA @ P.T,)],
        ((S,),),
    )
    check_vjp(*inverse, structure={"t[0]": "symmetric"})


def test_complex_values_of_real_arguments_and_real_values_of_complex_ones():
    for convention, given in (("torch", lambda z: z), ("jax", np.conj)):  # from torch's gradients to those of each

        def phase_vjp(args, dA, given=given):
            return [(given(dA) * np.exp(1j * args[0]).conj() * -1j).real]

        size_vjp = lambda args, dA, given=given: [dA * given(args[0]) / abs(args[0])]
        wrong_vjp = lambda args, dA, given=given: [2 * dA * given(args[0]).conj()]
        check_vjp(lambda x: np.exp(1j * x), phase_vjp, [v], convention=convention)
        check_vjp(abs, size_vjp, [z], convention=convention)
        message = r"dimag\(z\), 3 of 3 entries wrong, first imag\(z\)\[0, 0\]"
        says(WrongGradient, message, check_vjp, lambda z: abs(z) ** 2, wrong_vjp, [z - 1j], convention=convention)
    check_vjp(lambda z: (z.real, z * 1j), lambda args, dA: [dA[0] - 1j * dA[1]], [z], convention="torch")
    check_vjp(lambda z: z * 2, lambda args, dA: [2 * dA], [3j], convention="torch")
    says(
        WrongDtype,
        "the gradient of z must be complex128, as z is, not float64",
        check_vjp,
        lambda z: z * 1,
        lambda args, dA: [dA.real],
        [z],
        convention="jax",
    )
    says(
        WrongShape,
        r"the gradient of real\(z\) must have the shape of real\(z\)",
        check_vjp,
        lambda z: z * 1,
        lambda *_: [None],
        [z],
        convention="jax",
    )
    says(
        WrongDtype,
        "gradient of x must be float64, as x is, not complex128",
        check_vjp,
        lambda x: x * 1j,
        lambda args, dA: [-1j * dA],
        [v],
        convention="torch",
    )


@pytest.mark.parametrize(
    ("error", "message", "jvp"),
    [
        (WrongShape, "the tangent of f must be a tuple of 2, not <f64", lambda args, t: t[0]),
        (WrongShape, r"shape of its value, \(3,\); it is None", lambda args, t: (t[0], {"double": None, "count": 0})),
        (
            WrongShape,
            r"shape of its value, \(3,\); it is \(1,\)",
            lambda args, t: (t[0][:1], {"double": t[0], "count": 0}),
        ),
        (
            WrongDtype,
            "must be float64, as its value is, not float32",
            lambda args, t: (t[0].astype("f"), {"double": t[0], "count": 0}),
        ),
        (Raised, "jvp raised KeyError where f did not", lambda args, t: {}["lost"]),
        (NotPure, "jvp writes to its arguments", lambda args, t: t[0].fill(0)),
        (NotLinear, "jvp of zeros is not zero", lambda args, t: (t[0] + 1, {"double": t[0], "count": 0})),
        (NotLinear, "jvp of -1 tangents", lambda args, t: (abs(t[0]), {"double": t[0], "count": 0})),
        (NotLinear, "jvp of a sum", lambda args, t: (t[0] + t[0].max() + t[0].min(), {"double": t[0], "count": 0})),
        (
            NotDeterministic,
            "jvp gives another result",
            lambda args, t: (t[0] * np.random.default_rng().random(), {"double": t[0], "count": 0}),
        ),
        (
            WrongForLayout,
            "reversed tangents",
            lambda args, t: (
                np.lib.stride_tricks.as_strided(t[0]) * (t[0].strides[0] > 0),
                {"double": t[0], "count": 0},
            ),
        ),
        (WrongGradient, "dx, 3 of 3 entries wrong", lambda args, t: (t[0], {"double": 3 * t[0], "count": 0})),
    ],
)
def test_a_wrong_jvp_is_named(error, message, jvp):
    says(error, message, check_jvp, two, jvp, [v])


def test_a_complex_step_does_not_pass_a_complex_argument():
    def f(x, z):  # far from 0, so that steps alone do not decide it
        return 1e12 + abs(x) ** 3 * z.imag

    def vjp(args, dA):
        x, z = args
        return 3 * x * abs(x) * z.imag * dA, abs(x) ** 3 * dA * 1j

    says(Inconclusive, "too rough", check_vjp, f, vjp, [v, z[0]], convention="torch")


def test_a_jvp_keeps_what_it_gave_and_nothing_of_other_calls():
    check_jvp(two, two_jvp, [v])
    buffer, last = np.zeros(3), []

    def f(x):
        last[:] = [x]
        return np.sin(x)

    says(
        NotPure,
        "jvp changes a tangent that it returned",
        check_jvp,
        np.sin,
        lambda args, t: np.multiply(np.cos(args[0]), t[0], out=buffer),
        [v],
    )
    says(
        NotPure,
        "jvp gives another result after f or jvp was called",
        check_jvp,
        f,
        lambda args, t: np.cos(last[0]) * t[0],
        [v],
    )

    def reraised(args, t):
        raise WrongGradient("of my own")

    says(WrongGradient, "of my own", check_jvp, np.sin, reraised, [v])

    def only_positive(args, t):
        if args[0][0] < 0:
            raise ValueError("elsewhere")
        return t[0] * 1

    check_jvp(lambda x: x * 1, only_positive, [np.array([0.5, 1.0, -2.0])])


def test_a_jvp_beside_whole_numbers_constants_and_its_vjp():
    ids = np.array([0, 2])
    f, jvp = (
        (lambda x, ids, how: x[ids] * how),
        (lambda args, t: t[0][args[1]] * args[2] if t[1] is t[2] is None else None),
    )

    def vjp(args, dA):
        dx = np.zeros_like(args[0])
        np.add.at(dx, args[1], dA * args[2])
        return [dx, *[None for _ in args[1:]]]

    report = check_jvp(f, jvp, (v, ids, 3), vjp=vjp, argnums=0)
    assert report.decided == ("x",)
    message = r"vjp is not the transpose of jvp: along x, <u, J v> is -?\d.*, but <J' u, v> is"
    says(NotTransposed, message, check_jvp, f, jvp, (v, ids, 3), vjp=lambda *a: [2 * vjp(*a)[0]], argnums=0)
    take, ahead, back = (
        (lambda x, ids: x[ids]),
        (lambda args, t: t[0][args[1]]),
        (lambda args, dA: vjp((*args, 1), dA)[:2]),
    )
    check_jvp(take, ahead, (v, ids), vjp=back)


def test_large_arrays_are_probed_in_part():
    large = np.linspace(0.5, 2, 200).reshape(2, 100)
    calls = []

    def jvp(args, t, wrong=1.0):
        calls.append(args)
        return wrong * np.cos(args[0]) * t[0] + args[1]["y"] * t[1]["y"]

    f = lambda x, t: np.sin(x) + t["y"] ** 2 / 2
    report = check_jvp(f, jvp, (large, {"y": 2.0}))
    assert "every entry of x along random directions" in report.probed
    says(
        WrongGradient,
        r"dx\[\d, \d+\], 1 of 1 entries wrong, first x\[\d, \d+\]",
        check_jvp,
        f,
        lambda *a: jvp(*a, 2.0),
        (large, {"y": 2.0}),
    )
    check_jvp(f, jvp, (large, {"y": 2.0}), domain=lambda x, t: x.shape == (2, 100))
    assert check_hessian(lambda x: x**3, lambda x, p: 3 * x**2 * p, large, product=True).verdict == "pass"


@pytest.fixture
def rosenbrock():
    """SciPy's function of Rosenbrock, its gradient, its Hessian, and the product of its Hessian with a vector."""
    optimize = pytest.importorskip("scipy.optimize", reason="its functions are checked")
    return optimize.rosen, optimize.rosen_der, optimize.rosen_hess, optimize.rosen_hess_prod


def test_hessians_of_every_kind(rosenbrock):
    _, rosen_der, rosen_hess, rosen_hess_prod = rosenbrock
    csr_array = pytest.importorskip("scipy.sparse", reason="a Hessian may be sparse").csr_array
    linalg = pytest.importorskip("scipy.sparse.linalg", reason="a Hessian may be a linear operator")
    aslinearoperator = linalg.aslinearoperator
    y = np.array([1.5, 2.0, 3.0])
    for made in (csr_array, aslinearoperator, lambda H: H, lambda H: H.tolist()):
        check_hessian(rosen_der, lambda x, made=made: made(rosen_hess(x)), y)
    check_hessian(rosen_der, rosen_hess_prod, [1, 2, 3], product=True)
    says(
        WrongShape, r"hess must return a matrix of shape \(3, 3\); it is \(3,\)", check_hessian, rosen_der, rosen_der, y
    )
    kept = np.zeros((3, 3))
    says(NotPure, "hess changes an array", check_hessian, rosen_der, lambda x: np.add(rosen_hess(x), 0, out=kept), y)
    turned = (lambda x: np.roll(x, 1) * 1.0, lambda x: np.roll(np.eye(x.size), 1, axis=0))
    says(
        NotSymmetric, r"hess is not symmetric: H\[\d, \d\] is [01], but H\[\d, \d\] is [01]", check_hessian, *turned, y
    )
    says(NotSymmetric, "<u, H v> is", check_hessian, *turned, np.arange(100.0) + 1)


def test_gradients_of_every_kind(rosenbrock):
    rosen, rosen_der = rosenbrock[:2]
    assert check_gradient(rosen, rosen_der, [1, 2, 3]).decided == ("x",)
    check_gradient(lambda x: np.array([rosen(x)]), lambda x: rosen_der(x).tolist(), (1.0, 2.0))
    check_gradient(lambda x, a: a * x**2, lambda x, a: 2 * a * x, np.float32(3.0), args=(2.0,))
    text = says(
        WrongShape,
        r"must have the shape of .*, \(3,\); it is \(3, 1\)",
        check_gradient,
        rosen,
        lambda x: rosen_der(x)[:, None],
        v,
    )
    assert "    x = np.array([0.5, -1.0, 2.0])" in text
    says(Raised, "grad raised KeyError where f did not", check_gradient, rosen, lambda x: {}["lost"], v)


def test_trees_in_exact_arithmetic():
    pytest.importorskip("mpmath", reason="exact arithmetic computes with it")
    f = lambda params, x: (params["a"] * x * x, {"sum": (x * x).sum(), "count": 3})

    def vjp(args, dA, factor=1.0):
        params, x = args
        assert dA[1]["count"] is None
        return {"a": (dA[0] * x * x).sum()}, factor * 2 * x * (dA[0] * params["a"] + dA[1]["sum"])

    check_vjp(f, vjp, ({"a": np.array(2.0)}, v), exact=True)
    with pytest.raises(WrongGradient, match="dx, wrong in exact arithmetic"):
        check_vjp(f, lambda *a: vjp(*a, factor=1 + 2.0**-50), ({"a": np.array(2.0)}, v), exact=True)


def test_terms_of_a_tangent_that_cancel():
    def softmax(x):
        e = np.exp(x - x.max())
        return e / e.sum()

    def jvp(args, t):
        s = softmax(args[0])
        return s * (t[0] - s @ t[0])

    for x in ([1.1441658720372287, -30.0], [-1.7471729232577715, 16.63723991391197, 6.59147749832255, -16.41]):
        check_jvp(softmax, jvp, [np.array(x)], vjp=lambda args, dA: [jvp(args, [dA])])


def test_a_jvp_is_called_inside_its_domain_only():
    outside = []

    def log_jvp(args, t):
        outside.extend(args[0][args[0] <= args[1]])
        return t[0] / (args[0] - args[1]) - t[1] / (args[0] - args[1])

    def f(x, y):
        outside.extend(x[x <= y])
        return np.log(x - y)

    check_jvp(f, log_jvp, [np.array([1.0, 3.0]), np.array([0.5, 2.0])], domain=lambda x, y: x > y)
    assert outside == []


def test_a_hessian_may_be_symmetric_but_for_rounding():
    def hess(x, size):
        H = np.array([[2.0, 1.0], [1.0, 4.0]])
        H[0, 1] += size * np.sin(1e17 * x[0])  # another number for each last digit of x
        return H

    grad = lambda x, size: np.array([[2.0, 1.0], [1.0, 4.0]]) @ x
    assert check_hessian(grad, hess, [0.3, 0.7], args=(1e-11,)).verdict == "pass"
    says(NotSymmetric, "hess is not symmetric", check_hessian, grad, hess, [0.3, 0.7], args=(0.1,), tolerance=0.5)


def test_a_gradient_of_a_tree_of_parameters():
    def loss(net, w):
        return ((net.W * net.b - w) ** 2).sum()

    def grad(net, w, made=Linear, factor=1.0):
        e = 2 * (net.W * net.b - w)
        return made(factor * e * net.b, e * net.W)

    args = (np.array([1.0, 0.5, 2.0]),)
    net = Linear(v.astype(np.float32), np.array([2.0, 1.0, 3.0]))
    named = namedtuple("Named", "W b")  # noqa: PYI024  as above
    for x, made in ((net, Linear), (net, lambda W, b: {"W": W, "b": b}), (named(v, v + 1), named)):
        own = partial(grad, made=made)
        assert check_gradient(loss, own, x, args=args).decided == ("net.W", "net.b")
        assert check_gradient(loss, own, x, args=args, aliasing=False, fast=True).left_out
    says(WrongGradient, "loss: dW, 2 of 3 entries", check_gradient, loss, lambda *a: grad(*a, factor=2), net, args=args)
    says(WrongShape, "it lacks b", check_gradient, loss, lambda *a: {"W": grad(*a).W}, net, args=args)
    both = lambda net, w: (loss(net, w), grad(net, w))
    assert check_gradient(both, True, net, args=args).verdict == "pass"  # noqa: FBT003  as SciPy
    message = "check_gradient: x must be an array or a list of numbers, not dict"
    with pytest.raises(KindError, match=message):
        check_gradient(loss, grad, {"W": np.arange(3)})
    pytest.importorskip("mpmath", reason="exact arithmetic computes with it")
    assert check_gradient(both, True, net, args=args, exact=True).probed.endswith("as fractions")  # noqa: FBT003  as SciPy
    says(
        WrongGradient,
        r"dnet\.W, wrong in exact arithmetic",
        check_gradient,
        loss,
        lambda *a: grad(*a, factor=1 + 2.0**-48),
        net,
        args=args,
        exact=True,
    )


@pytest.mark.parametrize(
    "layer",
    [
        layers.Sine(),
        layers.LeakyRelu(),
        nn.Dropout(0.3, seed=1),
        nn.LayerNorm.init(2),
        nn.BatchNorm.init(2),
        nn.Frozen((Dense.init(2, 2, seed=2), nn.BatchNorm.init(2))),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_of_a_record_the_parameters_are_differentiated_and_not_its_settings_and_states(layer):
    def vjp(args, dA):
        grads = nn.backward(args[0], nn.forward(*args)[1], dA)
        return grads.params, grads.x

    net = (Dense.init(3, 2, seed=0), layer)
    report = check_vjp(lambda net, x: nn.forward(net, x)[0], vjp, (net, np.random.default_rng(0).random((4, 3))))
    names = [f"net[{path.replace('.', '].', 1)}" for path in nn.parameters(net)]
    assert report.decided == (*names, "x")
    assert report.verdict == "pass"
