"""The writer of tests: what it reads of a function, what it prints, and that the printed tests run as they are."""

import functools
import importlib.util
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import find, settings
from hypothesis import strategies as st

from funcnn.errors import KindError
from funcnn.testing.__main__ import main
from funcnn.testing.write import write
from funcnn.testing.write.calls import GuessedCall
from funcnn.testing.write.evidence import Evidence, evidence
from funcnn.testing.write.parameters import FoundParameter, described, parameters

ROOT = Path(__file__).parents[2]
PREY = '''
import numpy as np
from funcnn import Elementwise, record
from numpy.typing import NDArray

def softplus(x: NDArray[np.float64]):
    return np.logaddexp(0, x)
def softplus_deriv(x):
    return np.exp(-np.logaddexp(0, -x))

def affine(x, W, b):
    return x @ W + b
def affine_vjp(dA, x, W, b):
    return dA @ W.T, x.T @ dA, dA.sum(0)

def entropy(p, base=None):
    """The entropy.

    Parameters
    ----------
    p : (N,) array_like
        Probabilities.
    """
    return -(p * np.log(p)).sum()
def grad_entropy(p):
    return -np.log(p) - 1

def root(x):
    return np.sqrt(x)
def root_prime(x):
    return 0.5 / np.sqrt(x)

def logit_and_vjp(p):
    return np.log(p / (1 - p)), lambda dA: dA / (p * (1 - p))
def product_and_grads(x, y):
    """x: 1-D array"""
    return (x * y).sum(), (y, x)
def product_and_vjp(x, y):
    return x * y, lambda dA: (dA * y, dA * x)
def square_and_grad(x):
    return x**2, 2 * x

def quadratic(x, A):
    return x @ A @ x
def quadratic_grad(x, A):
    return (A + A.T) @ x, np.outer(x, x)

def residuals(x):
    """
    Args:
        x: 1-D array
    """
    return np.array([x[0] ** 2 - 1, x.sum()])
def residuals_jac(x):
    J = np.ones((2, x.size))
    J[0] = 0
    J[0, 0] = 2 * x[0]
    return J

def solve(A, b):
    """
    :param array A: of shape (n, n)
    :param array b: of shape (n,)
    """
    return np.linalg.solve(A, b)
def vjp_solve(args, dA):
    A, b = args
    db = np.linalg.solve(A.T, dA)
    return -np.outer(db, np.linalg.solve(A, b)), db

def logdet(A):
    """
    Args:
        A (array): a positive-definite matrix
    """
    return np.log(np.linalg.det(A))
def logdet_grad(A):
    return np.linalg.inv(A).T

def pick(table, ids):
    """
    Args:
        table (array): of shape (v, d)
        ids (array of ints): of shape (m,)
    """
    return table[ids]
def pick_backward(table, ids, dA):
    dE = np.zeros_like(table)
    np.add.at(dE, ids, dA)
    return dE, None

def power(x, n: int):
    return x**n
def power_vjp(x, n, dA):
    return dA * n * x ** (n - 1), None

def spread(x):
    """x : array"""
    return np.diff(x, axis=0)[0] / len(np.diff(x))
def spread_vjp(x, dA):
    out = np.zeros_like(x)
    out[0], out[1] = -dA / (len(x) - 1 if x.ndim == 1 else len(x)), dA / (len(x) - 1 if x.ndim == 1 else len(x))
    return out

def sine(x):
    return np.sin(x)
def sine_prime(x):
    return 1.01 * np.cos(x)

def odd(x, mode: str):
    raise ValueError
def odd_vjp(x, mode, dA):
    return dA

def nameless(*args):
    return np.sin(args[0])
def nameless_vjp(args, dA):
    return [dA]

def rough(x):
    return np.zeros_like(x) * x
def rough_vjp(x, dA):
    return "nothing"

def alone(x):
    return np.sin(x)

def joined(arrays):
    """
    Args:
        arrays: list of arrays
    """
    return np.concatenate(arrays)
def joined_vjp(args, dA):
    first, second = args[0]
    return [[dA[: len(first)], dA[len(first) :]]]

def absolute(out, y):
    return abs(out - y).mean(), np.sign(out - y).astype(out.dtype) / out.dtype.type(out.size)

def never(x):
    return np.full_like(x, np.nan) * x
def never_prime(x):
    return x

SINE = (np.sin, lambda args, dA: [dA * np.cos(args[0])])
BAD_PAIR = (np.sin, 3)
NUMBER = 3

@record
class Scale(Elementwise):
    factor: float = 2.0
    def value(self, x):
        return self.factor * x
    def slope(self, kept):
        return self.factor + 0 * kept

@record
class NoLayer:
    factor: float = 2.0
'''
PASS = {
    "softplus": ['fst.tensors("m n"))', "[dA * prey.softplus_deriv(*args)]"],
    "affine": ['fst.tensors("m n", "n k", "k"))', "prey.affine_vjp(dA, *args)"],
    "entropy": ['domain={"p": (0, 1)}', "# Not given: base.", '"N"'],
    "root": ["0 < x, where its values are finite", "0.1 + abs(x)"],
    "logit_and_vjp": ["lambda p: prey.logit_and_vjp(p)[0]", "0.5 + 0.475 * np.tanh(p)"],
    "product_and_grads": ["[dA * one for one in prey.product_and_grads(*args)[1]]"],
    "product_and_vjp": ["[*prey.product_and_vjp(*args)[1](dA)]"],
    "square_and_grad": ["[dA * prey.square_and_grad(*args)[1]]"],
    "quadratic": ['fst.tensors("n", "n n"))', "[dA * one for one in prey.quadratic_grad(*args)]"],
    "residuals": ["*jacobian_pair(prey.residuals, prey.residuals_jac)", 'fst.tensors("n")'],
    "solve": ["A is invertible", "prey.solve, prey.vjp_solve, args"],
    "logdet": ['structure={"A": "positive definite"}', "prey.logdet_grad"],
    "pick": ["the numbers in ids", '"v d", "m"'],
    "power": ["n = 1", "return [x, 1]"],
    "joined": ["[[arrays_0, arrays_1]]"],
    "SINE": ["check_vjp(*prey.SINE, args)"],
    "absolute": ["check_loss(prey.absolute, *args)"],
    "Scale": ["the settings of the layer", "fst.register(prey.Scale, "],
}


@pytest.fixture
def prey(tmp_path, monkeypatch):
    (tmp_path / "prey.py").write_text(PREY, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "prey", raising=False)
    return tmp_path


def test_tests_are_written_that_pass_as_they_are(prey):
    before = settings.get_current_profile_name()
    written = write(*[f"prey:{name}" for name in PASS], examples=1)
    assert settings.get_current_profile_name() == before
    assert written.unfinished == ()
    for name, words in PASS.items():
        one = re.search(rf"(?s)(\A|\n\n\n)(?=(def|fst|#|@)[^\0]*?\ndef test_{name.lower()}\b)", written.source)
        assert one, name
        for word in words:
            assert word in written.source, (name, word)
    path = prey / "test_written.py"
    path.write_text(written.source, "utf-8")
    found = runpy.run_path(str(path))
    assert len([name for name in found if name.startswith("test_")]) == len(PASS)
    compile(written.source, "written", "exec")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sine", ["# The trial failed: WrongGradient: sine: dx, 1 of 1 entries wrong"]),
        ("odd", ["# fill in: the shapes of x, mode; no call that was tried is accepted", "prey.odd_vjp"]),
        ("nameless", ["# fill in: the arguments, which have no names", 'fst.tensors("m n")']),
        ("rough", ["# fill in: how the derivative is called", "prey.rough, prey.rough_vjp, args"]),
        ("never", ["its values are not finite in any interval that was tried", "no example was decided"]),
        ("spread", ["least=2"]),
    ],
)
def test_what_is_open_is_said_in_the_source(prey, name, words):
    written = write(f"prey:{name}", examples=1)
    assert written.unfinished == (() if name == "spread" else (f"test_{name}",))
    for word in words:
        assert word in written.source


def test_two_tests_have_two_names(prey):
    source = write("prey:softplus", "prey.softplus", examples=1).source
    assert re.findall(r"def (\w+)", source) == ["test_softplus", "test_softplus_2"]


@pytest.mark.parametrize(("name", "code"), [("prey:softplus", 0), ("prey:sine", 1), ("prey:gone", 2)])
def test_the_command_prints_the_file(prey, capsys, name, code):
    assert main(["write", name, "--examples", "1"]) == code
    printed = capsys.readouterr()
    assert ("def test_" in printed.out) == (code < 2)
    assert printed.err == ["", "not ready: test_sine\n", "write: prey has no gone\n"][code]


def test_what_a_function_prints_does_not_stand_in_the_file(prey, capsys):
    path = prey / "prey.py"
    path.write_text(
        PREY + "def loud(x):\n    print('noise')\n    return x\ndef loud_vjp(x, dA):\n    return dA\n", "utf-8"
    )
    assert main(["write", "prey:loud", "--examples", "1"]) == 0
    printed = capsys.readouterr()
    assert "noise" not in printed.out
    assert "noise" in printed.err


def test_layers_and_losses_of_funcnn(prey):
    written = write("funcnn:Dense", "funcnn.losses:huber", "funcnn:binary_cross_entropy", examples=2)
    assert written.unfinished == ()
    assert "@given(fst.cases(funcnn.Dense))\ndef test_dense(case):\n    check_layer(*case)" in written.source
    assert "from funcnn.testing import check_layer, check_loss\n" in written.source


LIBRARIES = {
    "torch": """
import torch
def f(x: torch.Tensor, p: float): return torch.tanh(x) * p
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    def backward(ctx, dA):
        return 3 * ctx.saved_tensors[0] ** 2 * dA
class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(2.0))
    def forward(self, x): return self.factor * x
net = Scaled()
""",
    "jax": """
import jax
def f(x: jax.Array, n: int): return jax.numpy.tanh(x) * n
""",
    "autograd": """
import autograd.numpy as np
def f(x): return np.tanh(x)
""",
    "mygrad": """
import mygrad
def f(x): return mygrad.tanh(x)
""",
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_adapter_is_that_of_the_library(library, prey):
    pytest.importorskip(library, reason="its functions are tested")
    (prey / f"of_{library}.py").write_text(LIBRARIES[library], "utf-8")
    names = ["f", "Cube", "net", "Scaled"] if library == "torch" else ["f"]
    written = write(*[f"of_{library}:{name}" for name in names], examples=1)
    assert written.unfinished == ()
    assert f"from funcnn.testing.{library} import pair\n" in written.source
    if library == "torch":
        assert "check_vjp(*pair(of_torch.Cube.apply), args)" in written.source
        assert (
            "(*pair(of_torch.Scaled(), parameters=True), (*parameters_of(of_torch.Scaled()), *args))" in written.source
        )


def test_functions_of_torch_in_c(prey):
    pytest.importorskip("torch", reason="its functions are tested")
    (prey / "of_jax.py").write_text(LIBRARIES["jax"], "utf-8")
    has_jax = importlib.util.find_spec("jax") is not None
    names = ["torch:erfinv", "torch.special:log_ndtr", "torch.nn:GELU", *(["of_jax:f"] if has_jax else [])]
    written = write(*names, examples=1)
    assert written.unfinished == ()
    assert 'domain={"input": (-1, 1)}' in written.source
    assert "def erfinv_of_arrays(input):\n    return torch.erfinv(input)" in written.source
    assert ("pair as torch_pair" in written.source) == has_jax
    with pytest.raises(KindError, match=r"torch[.]nn:Linear needs arguments; name an instance, such as net = Linear"):
        write("torch.nn:Linear")


def test_a_function_without_an_array_has_no_call_to_try(prey):
    (prey / "counts.py").write_text(
        "def count(n: int):\n    return float(n)\n\n\ndef count_deriv(n):\n    return 1.0\n", "utf-8"
    )
    written = write("counts:count", examples=1)
    assert written.unfinished == ("test_count",)
    assert "# fill in: the shapes of n; no call that was tried is accepted" in written.source


def test_annotations_of_jaxtyping():
    jaxtyping = pytest.importorskip("jaxtyping", reason="its annotations are read")
    Float, Int = jaxtyping.Float, jaxtyping.Int
    rows = {
        Float[np.ndarray, "m n"]: Evidence("x", "array", "m n"),
        Float[np.ndarray, "*batch 3 #n rows=2 _"]: Evidence("x", "array", "3 n 2 axis3"),
        Float[np.ndarray, "m n-1"]: Evidence("x", "array", None),
        Float[np.ndarray, ""]: Evidence("x", "array", ""),
        Int[np.ndarray, "m"]: Evidence("x", "ints", "m"),
    }
    for annotation, found in rows.items():
        assert evidence(FoundParameter("x", annotation=annotation)) == found


KINDS = {
    "(M, N) array_like": ("array", "M N"),
    "ndarray of shape (n_samples, n)": ("array", "n_samples n"),
    "array_like, shape (..., n, n)": ("array", "n n"),
    "{(M,), (M, N)} array_like": ("array", "M"),
    "array of shape (2n,)": ("array", None),
    "2-D array": ("array", "m n"),
    "Tensor": ("array", None),
    "LongTensor": ("ints", None),
    "sequence of Tensors": ("arrays", None),
    "float": ("number", ""),
    "int": ("int", None),
    "str": ("other", None),
    "{'mean', 'sum'}": ("other", None),
    "": ("", None),
}
WORDS = {
    "must be > 0": (0, None),
    "at least 1.5": (1.5, None),
    "less than 3": (None, 3),
    "numbers in [0, 1]": (0, 1),
    "between -1 and 1": (-1, 1),
    "where 0 <= x < 2": (0, 2),
    "non-negative input": (0, None),
    "negative input": (None, 0),
    "log-probabilities": None,
    "probabilities": (0, 1),
    "in [3, 2]": None,
    "an input": None,
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_docstrings(kind):
    found = evidence(FoundParameter("x", kind=kind))
    assert (found.role, found.shape) == KINDS[kind]


@pytest.mark.parametrize("words", WORDS)
def test_intervals_of_docstrings(words):
    assert evidence(FoundParameter("x", words=words)).interval == WORDS[words]


@pytest.mark.parametrize(
    ("annotation", "role"),
    [(float, "number"), (int, "int"), (bool, "other"), (np.ndarray, "array"), ("Tensor", "array"), (list["int"], "")],
)
def test_annotations(annotation, role):
    assert evidence(FoundParameter("x", annotation=annotation)).role == role


def test_pytorch_writes_shapes_as_formulas():
    words = r"input tensor of shape :math:`(\text{minibatch} , \text{in\_channels} , iW)`"
    assert evidence(FoundParameter("x", words=words)).shape == "minibatch in_channels iW"
    assert evidence(FoundParameter("x", words=r"shape :math:`(\frac{n}{g}, 3)`")).shape is None


def test_parameters_of_a_docstring():
    doc = (
        "f(x, axis=0, *, out=None) -> Tensor\n\nArgs:\n    x (Tensor): the\n        input\n    no sentence\n\nAfter: it"
    )
    assert described(doc) == {"x": ("Tensor", "the\n    input")}

    class Untyped:
        __signature__ = "none"
        __doc__ = doc

        def __call__(self):
            pass

    untyped = Untyped()
    assert [(one.name, one.is_required) for one in parameters(untyped)] == [("x", True), ("axis", False)]
    untyped.__doc__ = "f(x y)"
    assert parameters(untyped) is None
    untyped.__doc__ = "no call"
    assert parameters(untyped) is None


def test_annotations_without_values_are_strings():
    def f(x: "Unknown"): ...  # noqa: F821  a name that is not there

    assert parameters(f)[0].annotation == "Unknown"
    assert parameters(functools.wraps(f)(lambda *args: args))[0].annotation == "Unknown"


def test_a_call_without_arrays_moves_none():
    assert GuessedCall((), ("1",)).sources() == {}


HOOK = """
import sys
{first}
{second}
from hypothesis import find, given, settings, strategies as st
import funcnn
assert isinstance(find(st.from_type(funcnn.Dense), lambda layer: True), funcnn.Dense)

@funcnn.record
class Plain:
    number: int

assert find(st.from_type(Plain), lambda one: True).number == 0
import funcnn_hypothesis
assert funcnn.records.watchers.count(funcnn_hypothesis.register) == 1
"""


@pytest.mark.parametrize(
    ("first", "second"), [("import hypothesis", "import funcnn"), ("import funcnn", "import hypothesis")]
)
def test_hypothesis_finds_layers_by_its_entry_point(tmp_path, first, second):
    import tomllib

    points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["hypothesis"]
    about = tmp_path / "other-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Name: other\nVersion: 0\n", "utf-8")
    lines = [f"{name} = {value}" for name, value in points.items()]
    (about / "entry_points.txt").write_text("\n".join(["[hypothesis]", *lines]), "utf-8")
    (tmp_path / "run.py").write_text(HOOK.format(first=first, second=second), "utf-8")
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; import run"]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stderr == ""


def test_records_are_registered_once(monkeypatch):
    import funcnn_hypothesis
    from funcnn import Tanh, records

    def draws(cls, strategy):
        drawn.append((cls, strategy(cls)))

    drawn = []
    monkeypatch.setattr(records, "watchers", [])
    monkeypatch.setattr(st, "register_type_strategy", draws)
    monkeypatch.setattr(records, "plans", {Tanh: ()})
    funcnn_hypothesis.register_all()
    funcnn_hypothesis.register_all()
    assert records.watchers == [funcnn_hypothesis.register]
    (cls, strategy), _ = drawn
    assert cls is Tanh
    assert find(strategy, lambda layer: True) == Tanh()
    funcnn_hypothesis.register(type("NoLayer", (), {}))
    assert drawn[-1][1] is NotImplemented
    monkeypatch.delitem(sys.modules, "funcnn.records")
    funcnn_hypothesis.register_all()
    assert len(drawn) == 3


def test_importing_hypothesis_does_not_import_funcnn():
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import funcnn_hypothesis; print('funcnn' in sys.modules)"
    command = [sys.executable, "-S", "-c", f"import site; site.main(); {code}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
