"""Trees, several outputs, forward mode, Hessians, complex numbers: wrong derivatives are found, right ones pass."""

import numpy as np
import pytest

from funcnn.testing import GradientError, check_gradient, check_hessian, check_jvp, check_vjp

rng = np.random.default_rng(0)
W, b, x = rng.standard_normal((3, 2)), rng.standard_normal(2), rng.standard_normal((4, 3))
V, c = rng.standard_normal((2, 2)), rng.standard_normal(2)
S = rng.standard_normal((3, 3))
v = rng.standard_normal(3)
z, w = (rng.standard_normal(2) + 1j * rng.standard_normal(2) for _ in range(2))
PARAMS = {"W": W, "b": b}
LAYERS = [{"W": W, "b": b}, {"W": V, "b": c}]

dense = lambda params, x: x @ params["W"] + params["b"]


def mlp(layers, x):
    for layer in layers[:-1]:
        x = np.tanh(x @ layer["W"] + layer["b"])
    return x @ layers[-1]["W"] + layers[-1]["b"]


def mlp_vjp(args, dA, *, swapped=False):
    (first, last), x = args
    h = np.tanh(x @ first["W"] + first["b"])
    dz = dA @ last["W"].T * (1 - h * h)
    grads = [{"W": x.T @ dz, "b": dz.sum(0)}, {"W": h.T @ dA, "b": dA.sum(0)}]
    if swapped:
        grads[0]["b"], grads[1]["b"] = grads[1]["b"], grads[0]["b"]
    return grads, dz @ first["W"].T


moments = lambda x: {"mean": x.mean(axis=0), "square": (x * x).mean(axis=0)}
split = lambda x: (np.sin(x), (np.cos(x), x.sum()))


def ranked(x):
    order = np.argsort(x)
    return x[order], order


scaled = lambda x, scale, power=1: scale * x**power
loss = lambda x, A, y: float(0.5 * ((A @ x - y) ** 2).sum())
quartic = lambda x: (x**4).sum() / 4 + x[0] * x[1] * x[2]
quartic_grad = lambda x: x**3 + np.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]])


def quartic_hess(x):
    return np.diag(3 * x**2) + np.array([[0, x[2], x[1]], [x[2], 0, x[0]], [x[1], x[0], 0]])


def rotation_field(x):  # the gradient of no function
    return np.array([-x[1], x[0], x[2]])


power = lambda z: (z * z.conj()).real.sum()

kept, jac = np.zeros(3), True


def vjp_of(f, args, **options):
    return lambda vjp: check_vjp(f, vjp, args, **options)


def jvp_of(f, args, **options):
    return lambda jvp: check_jvp(f, jvp, args, **options)


def gradient_of(f, x, **options):
    return lambda grad: check_gradient(f, grad, x, **options)


def hessian_of(grad, x, **options):
    return lambda hess: check_hessian(grad, hess, x, **options)


def dense_grads(args, dA, of_W=lambda x, dA: x.T @ dA):
    params, x = args
    return {"W": of_W(x, dA), "b": dA.sum(axis=0)}, dA @ params["W"].T


# (the check of a derivative, the right one): {what is wrong: the wrong one}
ROWS = {
    (vjp_of(dense, (PARAMS, x)), dense_grads): {
        "a leaf of a dict": lambda args, dA: dense_grads(args, dA, lambda x, dA: x.T @ dA / len(x)),
        "a forgotten key": lambda args, dA: ({"W": args[1].T @ dA}, dense_grads(args, dA)[1]),
    },
    (vjp_of(mlp, (LAYERS, x)), mlp_vjp): {
        "swapped leaves of one shape": lambda args, dA: mlp_vjp(args, dA, swapped=True),
        "a list too short": lambda args, dA: (mlp_vjp(args, dA)[0][:1], mlp_vjp(args, dA)[1]),
    },
    (vjp_of(split, (v,)), lambda args, dA: [dA[0] * np.cos(args[0]) - dA[1][0] * np.sin(args[0]) + dA[1][1]]): {
        "the cotangent of the second output": lambda args, dA: [
            dA[0] * np.cos(args[0]) + dA[1][0] * np.sin(args[0]) + dA[1][1]
        ],
        "the cotangent of the first output for the second": lambda args, dA: [
            dA[0] * np.cos(args[0]) - dA[0] * np.sin(args[0]) + dA[1][1]
        ],
        "an output without cotangent": lambda args, dA: [dA[0] * np.cos(args[0]) - dA[1][0] * np.sin(args[0])],
    },
    (
        vjp_of(moments, (x,)),
        lambda args, dA: [np.broadcast_to(dA["mean"] / 4 + 2 * args[0] * dA["square"] / 4, args[0].shape)],
    ): {
        "outputs by name": lambda args, dA: [
            np.broadcast_to(dA["mean"] / 4 + args[0] * dA["square"] / 4, args[0].shape)
        ]
    },
    (vjp_of(ranked, (v,)), lambda args, dA: [dA[0][np.argsort(np.argsort(args[0]))]]): {
        "an output of whole numbers": lambda args, dA: [dA[0][np.argsort(args[0])]]
    },
    (vjp_of(scaled, (v, 3.0), argnums=0), lambda args, dA: [args[1] * dA]): {
        "an argument by its number": lambda args, dA: [args[1] * args[0] * dA]
    },
    (
        vjp_of(lambda how, x: np.sin(x) if how == "sin" else x, ("sin", v), argnums=1),
        lambda args, dA: (None, dA * np.cos(args[1])),
    ): {"a word beside the arguments": lambda args, dA: (None, dA * np.sin(args[1]))},
    (
        vjp_of(scaled, (v, np.array(2.0)), kwargs={"power": 3}),
        lambda args, dA, power: [power * args[1] * args[0] ** (power - 1) * dA, (args[0] ** power * dA).sum()],
    ): {"keywords": lambda args, dA, power: [args[1] * args[0] ** (power - 1) * dA, (args[0] ** power * dA).sum()]},
    (vjp_of(lambda x: (2 * x, 3 * x), (v,)), lambda args, dA: [2 * dA[0] + 3 * dA[1]]): {
        "a buffer in a tuple": lambda args, dA: [np.multiply(dA[0], 2, out=dA[0]) + 3 * dA[1]]
    },
    (vjp_of(lambda x: (2 * x, 3 * x), (x,)), lambda args, dA: [2 * dA[0] + 3 * dA[1]]): {
        "cotangents in memory order": lambda args, dA: [2 * dA[0] + 3 * dA[1].ravel("K").reshape(dA[1].shape)]
    },
    (jvp_of(lambda x, y: x * y, (v, v[::-1])), lambda args, tangents: args[1] * tangents[0] + args[0] * tangents[1]): {
        "a jvp that forgets a tangent": lambda args, tangents: args[1] * tangents[0]
    },
    (jvp_of(np.sin, (v,)), lambda args, t: np.cos(args[0]) * t[0]): {
        "a jvp of a wrong slope": lambda args, t: np.sin(args[0]) * t[0],
        "a jvp that is not linear": lambda args, t: np.cos(args[0]) * abs(t[0]),
    },
    (jvp_of(lambda x: S @ x, (v,)), lambda args, t: S @ t[0]): {"a jvp that is transposed": lambda args, t: S.T @ t[0]},
    (jvp_of(dense, (PARAMS, x)), lambda args, t: t[1] @ args[0]["W"] + args[1] @ t[0]["W"] + t[0]["b"]): {
        "a jvp of trees": lambda args, t: t[1] @ args[0]["W"] + args[1] @ t[0]["W"]
    },
    (jvp_of(split, (v,)), lambda args, t: (np.cos(args[0]) * t[0], (-np.sin(args[0]) * t[0], t[0].sum()))): {
        "a jvp of several outputs": lambda args, t: (np.cos(args[0]) * t[0], (np.sin(args[0]) * t[0], t[0].sum()))
    },
    (jvp_of(np.square, (v,)), lambda args, t: 2 * args[0] * t[0]): {
        "a jvp that writes to its tangent": lambda args, t: np.multiply(2 * args[0], t[0], out=t[0])
    },
    (jvp_of(np.square, (x,)), lambda args, t: 2 * args[0] * t[0]): {
        "a jvp of another shape": lambda args, t: (2 * args[0] * t[0]).ravel()
    },
    (lambda vjp: check_jvp(lambda x: S @ x, lambda args, t: S @ t[0], (v,), vjp=vjp), lambda args, dA: [S.T @ dA]): {
        "a vjp that is not the transpose of the jvp": lambda args, dA: [S @ dA]
    },
    (gradient_of(loss, v, args=(S, np.ones(3))), lambda x, A, y: A.T @ (A @ x - y)): {
        "a gradient without its transpose": lambda x, A, y: A @ (A @ x - y)
    },
    (lambda f: check_gradient(f, jac, v), lambda x: (quartic(x), quartic_grad(x))): {
        "a gradient beside its value": lambda x: (quartic(x), 4 * quartic_grad(x))
    },
    (gradient_of(quartic, v), quartic_grad): {"a gradient in a buffer": lambda x: np.add(quartic_grad(x), 0, out=kept)},
    (hessian_of(quartic_grad, v), quartic_hess): {
        "a Hessian without its mixed terms": lambda x: np.diag(3 * x**2),
        "a Hessian of one triangle": lambda x: np.triu(quartic_hess(x)),
    },
    (lambda pair: check_hessian(*pair, v), (quartic_grad, quartic_hess)): {
        "a Hessian that is not symmetric": (rotation_field, lambda x: np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    },
    (hessian_of(quartic_grad, v, product=True), lambda x, p: quartic_hess(x) @ p): {
        "the product of a Hessian and a vector": lambda x, p: quartic_hess(x) @ p + p,
        "a product by the diagonal": lambda x, p: np.diag(quartic_hess(x)) * p,
    },
    (
        vjp_of(lambda z, w: z * w, (z, w), convention="torch"),
        lambda args, dA: [dA * args[1].conj(), dA * args[0].conj()],
    ): {"conj forgotten, as torch has it": lambda args, dA: [dA * args[1], dA * args[0]]},
    (vjp_of(lambda z, w: z * w, (z, w), convention="jax"), lambda args, dA: [dA * args[1], dA * args[0]]): {
        "conj too many, as JAX has it": lambda args, dA: [dA * args[1].conj(), dA * args[0].conj()]
    },
    (vjp_of(power, (z,), convention="torch"), lambda args, dA: [2 * dA * args[0]]): {
        "a power, as torch has it": lambda args, dA: [2 * dA * args[0].conj()],
        "half of a power": lambda args, dA: [dA * args[0]],
    },
    (vjp_of(power, (z,), convention="jax"), lambda args, dA: [2 * dA * args[0].conj()]): {
        "a power, as JAX has it": lambda args, dA: [2 * dA * args[0]]
    },
    (
        vjp_of(lambda r, z: r * z, (v[:2], z), convention="torch"),
        lambda args, dA: [(dA * args[1].conj()).real, dA * args[0]],
    ): {"the real part of a gradient": lambda args, dA: [(dA * args[1]).real, dA * args[0]]},
    (
        jvp_of(lambda z: z * z.conj() * z, (z,), convention="jax"),
        lambda args, t: 2 * abs(args[0]) ** 2 * t[0] + args[0] ** 2 * t[0].conj(),
    ): {"a complex jvp": lambda args, t: 2 * abs(args[0]) ** 2 * t[0] + args[0] ** 2 * t[0]},
}


WRONG = {name: (check, wrong) for (check, _), found in ROWS.items() for name, wrong in found.items()}


@pytest.mark.parametrize("name", WRONG)
def test_the_wrong_derivative_is_found(name):
    check, wrong = WRONG[name]
    with pytest.raises(GradientError):
        check(wrong)


@pytest.mark.parametrize(("check", "right"), ROWS, ids=[", ".join(wrong) for wrong in ROWS.values()])
def test_its_right_twin_passes(check, right):
    report = check(right)
    assert report.verdict == "pass"
    assert report.decided
    assert report.undecided == ()


# Messages.


def message_of(check, *args, **settings):
    with pytest.raises(GradientError) as caught:
        check(*args, **settings)
    return str(caught.value)


@pytest.mark.parametrize("product", [False, True])
def test_an_entry_of_a_hessian_is_named_and_no_factor_contradicts_its_numbers(product):
    def hess(x, *p):
        H = np.array([[2.0, 1.0], [1.0, 6 * x[1]]])
        return H @ p[0] if p else H

    said = message_of(check_hessian, lambda x: np.array([2 * x[0], 3 * x[1] ** 2]), hess, [1.0, 2.0], product=product)
    assert "2 of 2 columns of H wrong, first H[1, 0]\n    analytic 1, numeric 0 +-" in said
    assert "x numeric" not in said


def test_a_product_of_several_outputs_has_no_entry_of_a_hessian():
    said = message_of(check_hessian, lambda x: x * x, lambda x: 3 * np.diag(x), np.arange(1.0, 31.0))
    assert "dx, 30 of 30 entries wrong, first x[0]\n" in said
    assert "analytic = 1.5 x numeric" in said


def test_the_tangents_of_a_jvp_are_pasted():
    f = lambda p, x: p["a"] * x

    def jvp(args, tangents):
        (p, x), (dp, dx) = args, tangents
        return dp["a"] * x + 2 * p["a"] * dx

    args = ({"a": np.array([0.5, 2.0])}, np.array([3.0, -1.0]))
    said = message_of(check_jvp, f, jvp, args)
    scope = {"np": np}
    exec("\n".join([line.strip() for line in said.splitlines() if " = np" in line or " = (" in line]), scope)
    found = scope["u"] @ jvp(args, scope["tangents"])
    assert f"analytic {found:.10g}, numeric {found / 2:.10g} +-" in said
    assert "dA" not in said


def test_tangents_that_are_wrong_together_have_a_cotangent():
    said = message_of(
        check_jvp, np.max, lambda args, v: (v[0] * (args[0] == args[0].max())).sum(), [np.array([1.0, 3.0, 3.0])]
    )
    assert "u = np.array(1.0)  # the numbers are <u, J v>" in said
    assert "tangents" not in said


def test_a_symmetric_argument_may_have_a_structure():
    def values_vjp(args, dA):
        ((A,),) = (p.values() if isinstance(p, dict) else (p,) for p in args)
        V = np.linalg.eigh(A)[1]
        return [{"A": (V * dA) @ V.T} if isinstance(args[0], dict) else (V * dA) @ V.T]

    A = np.array([[2.0, 1.0], [1.0, 3.0]])

    def of(A):
        return np.linalg.eigvalsh(A)

    of_part = lambda p: of(p["A"])
    assert 'f reads one triangle of A; if A is always symmetric, write structure={"A": "symmetric"}' in message_of(
        check_vjp, of, values_vjp, [A]
    )
    hint = """f reads one triangle of p["A"]; if p["A"] is always symmetric, write structure={'p["A"]': "symmetric"}"""
    assert hint in message_of(check_vjp, of_part, values_vjp, [{"A": A}])
    assert check_vjp(of_part, values_vjp, [{"A": A}], structure={'p["A"]': "symmetric"}).verdict == "pass"
    assert "triangle" not in message_of(check_vjp, of, lambda *a: [2 * g for g in values_vjp(*a)], [A])
    assert "triangle" not in message_of(check_vjp, of, values_vjp, [A + np.eye(2)[::-1] * [0, 1]])
