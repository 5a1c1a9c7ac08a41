"""After a change of what the loss or a rule reads, a compiled function gives the result of value_and_grad."""

import os
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import TrainState, train, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.trees import leaves

rng = np.random.default_rng(0)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))

HELPERS = """
k = 2.0
def scale(a):
    return a * k
"""
START = """
from functools import partial, wraps
from types import MappingProxyType
from typing import Any

import numpy as np
import the_helpers
from funcnn import Array, Dense, Elementwise, Grads, backward, forward, gradient, mse, record
from funcnn.optimizers import PerArray

dense = Dense(np.arange(9.0).reshape(3, 3) / 9, np.ones(3))

@record
class Own(Elementwise):
    f: Any = None
    def value(self, x):
        return x * 2.0 if self.f is None else self.f(x)
    def slope(self, kept):
        return np.full_like(kept, 2.0)

net = (dense, Own())

def product(x, k):
    return x * k

def times(out, y, k):
    cost, dA = mse(out, y)
    return cost * k, dA * k

class Called:
    def __call__(self, out, y):
        return times(out, y, self.k)

def scaled_back(params, x, dA):
    return Grads(gradient(params, s=(x * dA).sum(axis=0)), dA * params.s)
"""


def reads(k, definitions, change):
    """A loss that multiplies mse by the expression k, whose value the statement `change` changes."""
    return f"{definitions}\ndef loss(out, y): return times(out, y, {k})", change


KEYWORD = "def loss(out, y, *, k=1.0): return times(out, y, k)"
IMPORTING = "def loss(out, y):\n from the_helpers import k\n return times(out, y, k)"
NESTED = "def loss(out, y):\n def inner(): return k\n return times(out, y, inner())\nk = 1.0"
CLOSURE = """
def made():
 k = 1.0
 def loss(out, y): return times(out, y, k)
 def change():
  nonlocal k
  k = 3.0
 return loss, change
loss, change = made()
"""
WRAPPED = """
def decorator(f):
 @wraps(f)
 def wrapper(*args): return f(*args)
 return wrapper
@decorator
def loss(out, y): return times(out, y, k)
k = 1.0
"""
OBJECT = "class Loss(Called): k = 1.0\nloss = Loss()"
INHERITED = "class Base(Called): k = 1.0\nclass Loss(Base): pass\nloss = Loss()"
PROPERTY = "class Loss(Called):\n @property\n def k(self): return 1.0\nloss = Loss()"
SLOT = "class Loss:\n __slots__ = ('k',)\n __call__ = Called.__call__\nloss = Loss()\nloss.k = 1.0"
CACHED = "from functools import *\nclass Loss(Called):\n @cached_property\n def k(self): return 1.0\nloss = Loss()"
PRIVATE = "class Loss:\n __slots__ = ('__k',)\n def __init__(self): self.__k = 1.0\n"
PRIVATE += " def __call__(self, out, y): return times(out, y, self.__k)\nloss = Loss()"
STATIC = "class Ks:\n @staticmethod\n def k(): return 1.0"
OF_CLASS = "class Ks:\n @classmethod\n def k(cls): return 1.0"
# The text of a module with a loss and a net, and the statements that change what they read.
EDITS = {
    "a global variable": reads("k", "k = 1.0", "k = 3.0"),
    "a class of number": reads("k", "k = 1", "k = 1.5"),
    "the sign of zero": reads("np.copysign(1.0, k)", "k = 0.0", "k = -0.0"),
    "a variable that hides a builtin": reads("abs(-2.0)", "", "abs = float"),
    "the code": reads("1.0", "", "loss.__code__ = (lambda out, y: times(out, y, 3.0)).__code__"),
    "a default": ("def loss(out, y, k=1.0): return times(out, y, k)", "loss.__defaults__ = (3.0,)"),
    "a keyword default": (KEYWORD, "loss.__kwdefaults__ = {'k': 3.0}"),
    "a keyword default in place": (KEYWORD, "loss.__kwdefaults__['k'] = 3.0"),
    "a list as default": ("def loss(out, y, k=[1.0]): return times(out, y, k[0])", "loss.__defaults__[0][0] = 3.0"),
    "a longer list": reads("sum(ks)", "ks = [1.0]", "ks.append(2.0)"),
    "a dict": reads("ks['k']", "ks = {'k': 1.0}", "ks['k'] = 3.0"),
    "a dict behind a view": reads("view['k']", "ks = {'k': 1.0}\nview = MappingProxyType(ks)", "ks['k'] = 3.0"),
    "an entry that is gone": reads("ks.get('k', 1.0)", "ks = {'k': 3.0}", "del ks['k']"),
    "a set": reads("sum(ks)", "ks = {1.0}", "ks.add(2.0)"),
    "an array": reads("float(ks[1])", "ks = np.ones(3)", "ks[1] = 3.0"),
    "a view": reads("float(view[0])", "ks = np.ones(3)\nview = ks[1:]\nview.setflags(write=False)", "ks[1] = 3.0"),
    "a helper": reads("k()", "def k(): return 1.0", "def k(): return 3.0"),
    "a helper's code": reads("k()", "def k(): return 1.0", "k.__code__ = (lambda: 3.0).__code__"),
    "a variable of another module": reads("the_helpers.scale(1.0)", "", "the_helpers.k = 3.0"),
    "a helper in another module": reads("the_helpers.scale(1.0)", "", "the_helpers.scale = lambda a: a * 5"),
    "an import in the loss": (IMPORTING, "the_helpers.k = 3.0"),
    "an attribute of the loss": ("def loss(out, y): return times(out, y, loss.k)\nloss.k = 1.0", "loss.k = 3.0"),
    "a nested function": (NESTED, "k = 3.0"),
    "a closure": (CLOSURE, "change()"),
    "a wrapped function": (WRAPPED, "k = 3.0"),
    "a partial": ("def of(k, out, y): return times(out, y, k * j)\nj, loss = 1.0, partial(of, 2.0)", "j = 3.0"),
    "the words of a partial": ("loss = partial(times, k=2.0)", "loss.keywords['k'] = 3.0"),
    "an object": (OBJECT, "loss.k = 3.0"),
    "an attribute of an object": ("loss = Called()\nloss.k = 1.0", "loss.k = 3.0"),
    "a class attribute": (OBJECT, "Loss.k = 3.0"),
    "an attribute of a base": (INHERITED, "Base.k = 3.0"),
    "an attribute in front of a base's": (INHERITED, "Loss.k = 3.0"),
    "a property": (PROPERTY, "Loss.k = property(lambda self: 3.0)"),
    "a property's code": (PROPERTY, "Loss.k.fget.__code__ = (lambda self: 3.0).__code__"),
    "an attribute of a dict": reads("ks.k", "class Config(dict): pass\nks = Config()\nks.k = 1.0", "ks.k = 3.0"),
    "an attribute of a tuple": reads("ks.k", "class Pair(tuple): pass\nks = Pair()\nks.k = 1.0", "ks.k = 3.0"),
    "an attribute of a set": reads("ks.k", "class Some(set): pass\nks = Some()\nks.k = 1.0", "ks.k = 3.0"),
    "an attribute of an array": reads(
        "ks.k", "class Own(np.ndarray): pass\nks = np.ones(2).view(Own)\nks.k = 1.0", "ks.k = 3.0"
    ),
    "an attribute of a metaclass": reads(
        "Loss.k", "class Meta(type): k = 1.0\nclass Loss(Called, metaclass=Meta): pass", "Meta.k = 3.0"
    ),
    "the bases of a class": reads("C.k", "class A: k = 1.0\nclass B: k = 3.0\nclass C(A): pass", "C.__bases__ = (B,)"),
    "a private slot": (PRIVATE, "loss._Loss__k = 3.0"),
    "a cached property": (CACHED, "loss.k = 3.0"),
    "a slot": (SLOT, "loss.k = 3.0"),
    "the class of an object": (f"{OBJECT}\nclass Other(Loss): k = 3.0", "loss.__class__ = Other"),
    "a bound method": ("class Losses(Called): k = 1.0\nlosses = Losses()\nloss = losses.__call__", "losses.k = 3.0"),
    "a method behind a bound method": (
        "class Losses:\n def k(self): return 1.0\n def loss(self, out, y): return times(out, y, self.k())\n"
        "loss = Losses().loss",
        "Losses.k = lambda self: 3.0",
    ),
    "a static method": reads("Ks.k()", STATIC, "Ks.k = staticmethod(lambda: 3.0)"),
    "a class method": reads("Ks.k()", OF_CLASS, "Ks.k = classmethod(lambda cls: 3.0)"),
    "a class method by its name as a string": reads(
        "getattr(Ks, 'k')()", OF_CLASS, "Ks.k = classmethod(lambda _: 3.0)"
    ),
    "a method of a layer": ("loss = mse", "Own.value = lambda self, x: x * 3.0"),
    "a method's code": ("loss = mse", "Own.value.__code__ = (lambda self, x: x * 3.0).__code__"),
    "a variable of a layer's method": ("k = 1.0\nloss = mse\nOwn.value = lambda self, x: x * k", "k = 3.0"),
    "a layer's setting": ("k = 1.0\nloss, net = mse, (dense, Own(lambda x: x * k))", "k = 3.0"),
    "a partial as a setting": ("loss, net = mse, (dense, Own(partial(product, k=1)))", "net[1].f.keywords['k'] = 3.0"),
    "the code of a rule": (
        "@record\nclass Scaled:\n s: Array\nbackward.register(Scaled)(scaled_back)\n@forward.register(Scaled)\n"
        "def scaled(params, x): return x * params.s * 1.0, x\nloss, net = mse, (Scaled(np.ones(3)),)",
        "scaled.__code__ = (lambda params, x: (x * params.s * 3.0, x)).__code__",
    ),
}


@pytest.fixture(autouse=True)
def _without_modules(monkeypatch):
    for name in ("the_module", "the_helpers"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))


def module(text):
    made = [sys.modules[name] for name in ("the_helpers", "the_module")]
    for one, code in zip(made, (HELPERS, START + text), strict=True):
        exec(code, vars(one))
    return made[1]


def is_plain(function, made):
    """The compiled function gives the result of the plain one; returns the cost."""
    cost, grads = function(made.net, x, y)
    expected, expected_grads = value_and_grad(made.loss)(made.net, x, y)
    for a, b in zip((cost, *leaves(grads)), (expected, *leaves(expected_grads)), strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-12)
    return cost


@pytest.mark.parametrize("name", EDITS)
def test_after_a_change_the_result_is_that_of_numpy(name):
    text, change = EDITS[name]
    made = module(text)
    function = compiled(made.loss)
    before = is_plain(function, made)
    assert explain(function, made.net, x, y).startswith("compiled: ")
    kept = function.step(made.net, x, y, [], [])
    assert function.step(made.net, x, y, [], []) is kept
    exec(change, vars(made))
    assert is_plain(function, made) != before
    assert explain(function, made.net, x, y).startswith("compiled: ")


def test_a_reason_is_forgotten_when_the_loss_changes():
    made = module("def loss(out, y): return times(out, np.sort(y), 1.0)")
    function = compiled(made.loss)
    assert explain(function, made.net, x, y).startswith("plain NumPy: there is no kernel for sort")
    exec("loss.__code__ = (lambda out, y: times(out, y, 1.0)).__code__", vars(made))
    assert explain(function, made.net, x, y).startswith("compiled: ")


def test_what_was_changed_back_uses_its_old_kernel():
    made = module("one, three = 1.0, 3.0\nk = one\ndef loss(out, y): return times(out, y, k)")
    function = compiled(made.loss)
    first = function.step(made.net, x, y, [], [])
    made.k = made.three
    second = function.step(made.net, x, y, [], [])
    made.k = made.one
    assert function.step(made.net, x, y, [], []) is first is not second


def test_a_list_to_which_a_loss_only_appends_is_not_read():
    made = module("calls = []\ndef loss(out, y):\n calls.append(1)\n return times(out, y, 1.0)")
    assert explain(compiled(made.loss), made.net, x, y).startswith("compiled: ")
    made = module("calls = []\ndef loss(out, y):\n calls.append(1)\n return times(out, y, float(len(calls)))")
    assert explain(compiled(made.loss), made.net, x, y) == "plain NumPy: the loss or a rule changes what it reads"


def test_what_changes_in_each_step_runs_plain():
    made = module("k = 1.0\ndef loss(out, y): return times(out, y, k)")
    function = compiled(made.loss)
    for made.k in np.arange(20.0):
        is_plain(function, made)
    assert explain(function, made.net, x, y) == "plain NumPy: the loss or a rule reads what changes in each step"
    assert len(function._steps) == 10
    is_plain(compiled(made.loss), made)


CANNOT = "plain NumPy: what the loss and the rules read cannot be compared in each step: "
CLOSED = {
    "bytearray(2)": "bytearray",
    "memoryview(bytearray(2))": "memoryview",
    "collections.deque([1.0])": "deque",
    "np.random.default_rng(0)": "Generator",
    "contextvars.ContextVar('k')": "ContextVar",
    "threading.Lock()": "lock",
    "[threading.Lock().acquire]": "lock",
}
REFUSED = {
    **{
        f"import collections, contextvars, threading, types\nhidden = {text}\n"
        "def loss(out, y):\n hidden\n return times(out, y, 1.0)": CANNOT + "an object of the class "
        f"{name}, which does not show its parts"
        for text, name in CLOSED.items()
    },
    "def loss(out, y): return times(out, y, eval('1.0'))": CANNOT + "loss calls eval",
    "def loss(out, y): return times(out, y, loss.__globals__['k'])\nk = 1.0": CANNOT + "loss reads __globals__",
    "import os\ndef loss(out, y): return times(out, y, float(os.environ.get('K', 1)))": CANNOT + "loss reads environ",
    "import sys\ndef loss(out, y): return times(out, y, float(len(sys.modules) > 0))": CANNOT
    + "loss reads sys.modules",
    "def loss(out, y): return times(out, y, getattr(the_helpers, 'k'))": CANNOT
    + "the module the_helpers is read as a whole",
    "ks = [1.0] * 50\ndef loss(out, y): return times(out, y, ks[3])": CANNOT
    + "more than 40 variables, functions and attributes",
    "ks = np.ones(5000)\ndef loss(out, y): return times(out, y, float(ks[3]))": (
        CANNOT + "an array of 40000 bytes that can be written to"
    ),
    "ks = set(range(1000))\ndef loss(out, y): return times(out, y, float(3 in ks))": (
        CANNOT + "more than 40 variables, functions and attributes"
    ),
    "n = 0\ndef loss(out, y):\n global n\n n += 1\n return times(out, y, float(n))": (
        "plain NumPy: the loss or a rule changes what it reads"
    ),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_compared_runs_plain(text):
    made = module(text)
    assert explain(compiled(made.loss), made.net, x, y) == REFUSED[text]


def test_numbers_as_settings_are_compared_by_value():
    made = module("loss = mse\n@record\nclass Times(Own):\n k: Any = 1.0\n def value(self, x): return x * self.k")
    function = compiled(made.loss)
    steps = []
    for k in (2.0, np.float64(2.0), float("2"), 2, True, 0.0, -0.0):
        made.net = (made.dense, made.Times(k=k))
        steps.append(function.step(made.net, x, y, [], []))
    assert steps[0] is steps[1] is steps[2]
    assert len(set(map(id, steps))) == 5


def test_class_methods_that_are_not_called_are_not_compared():
    made = module("def loss(out, y): return times(out, y, 1.0)\nrate = 1.0\nOwn.init = classmethod(lambda c: c(rate))")
    function = compiled(made.loss)
    step = function.step(made.net, x, y, [], [])
    made.rate = 2.0
    assert function.step(made.net, x, y, [], []) is step


def test_arrays_that_cannot_change_are_not_compared():
    made = module("ks = np.ones(5000)\nks.setflags(write=False)\ndef loss(out, y): return times(out, y, float(ks[3]))")
    assert explain(compiled(made.loss), made.net, x, y).startswith("compiled: ")
    made = module("ks = np.frombuffer(bytes(40000))\ndef loss(out, y): return times(out, y, float(ks[3] + 1))")
    assert explain(compiled(made.loss), made.net, x, y).startswith("compiled: ")
    made = module("ks = np.frombuffer(bytearray(40000))\ndef loss(out, y): return times(out, y, float(ks[3] + 1))")
    assert explain(compiled(made.loss), made.net, x, y).startswith(CANNOT)


def test_objects_that_libraries_made():
    text = (
        "import enum, types\nclass Colour(enum.Enum):\n RED = 2.0\nspace = types.SimpleNamespace(k=1.0)\n"
        "import re, math\nfrom numpy import where\n"
        "constants = re.compile('a'), object(), math.exp, where, slice(1), print\n"
        "def loss(out, y):\n constants\n return times(out, y, Colour.RED.value * space.k)"
    )
    made = module(text)
    function = compiled(made.loss)
    is_plain(function, made)
    made.space.k = 3.0
    is_plain(function, made)
    assert explain(function, made.net, x, y).startswith("compiled: ")


OPTIMIZER = """
loss, k = mse, 1.0
@record
class Scaled(PerArray):
    def step(self, g, p, t, m=0):
        return k * g * 2.0, m + g
net = (dense,)
"""


@pytest.mark.parametrize("change", ["k = 3.0", "Scaled.step = lambda self, g, p, t, m=0: (g * 5.0, m + g)"])
def test_the_step_of_an_optimizer(change):
    made = module(OPTIMIZER)
    function = compiled(made.loss)

    def same():
        runs = [
            [*train(TrainState(made.net, made.Scaled()), [(x, y)] * 4, f, 0.01, every=2)][-1]
            for f in (function, value_and_grad(made.loss))
        ]
        for a, b in zip(leaves(runs[0].params), leaves(runs[1].params), strict=True):
            np.testing.assert_allclose(a, b, 1e-12)
        return runs[0].params

    before = same()
    assert not isinstance(function.step(made.net, x, y, [], []).folds[0][1], str)
    exec(change, vars(made))
    assert same() != before


SESSION = """
import sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
sys.dont_write_bytecode = True
text = Path("edited.py").read_text()
shell = InteractiveShell()
def run(cell):
    shell.run_cell(cell).raise_error()
for line in ("%load_ext autoreload", "%autoreload 2", "import edited as m", "from edited import loss"):
    run(line)
run(
    "import numpy as np\\nfrom funcnn import value_and_grad\\nfrom funcnn.compilation import compiled, explain\\n"
    "x, called, net = np.ones((6, 3)), m.Loss(), m.net\\n"
    "functions = [(compiled(f), value_and_grad(f)) for f in (loss, called)]"
)
edits = [("", ""), ("k * 2.0", "k * 3.0"), ("k = 1.0", "k = 7.0"), ("y, 1.0", "y, 4.0"), ("x * 2.0", "x * 0.0")]
for i, (old, new) in enumerate(edits):
    text = text.replace(old, new) + f"# {i}" + "#" * i
    Path("edited.py").write_text(text)
    run("made = [(f(net, x, x)[0], g(net, x, x)[0], explain(f, net, x, x)[:10]) for f, g in functions]")
    print(*[part for one in shell.user_ns["made"] for part in one])
"""


def test_a_module_that_ipython_reloads(tmp_path):
    pytest.importorskip("IPython", reason="it reloads modules")
    text = START.replace("import the_helpers\n", "") + (
        "k = 1.0\ndef helper(): return k * 2.0\ndef loss(out, y): return times(out, y, helper())\n"
        "class Loss:\n    def __call__(self, out, y): return times(out, y, 1.0)\n"
    )
    (tmp_path / "edited.py").write_text(text)
    places = os.pathsep.join([str(tmp_path), *sys.path])
    env = {**os.environ, "IPYTHONDIR": str(tmp_path), "PYTHONPATH": places}
    command = [sys.executable, "-c", SESSION]
    run = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path, check=True)
    rows = [line.split() for line in run.stdout.splitlines()]
    costs, plain = [[[float(row[i]) for i in (at, at + 3)] for row in rows] for at in (0, 1)]
    np.testing.assert_allclose(costs, plain, 1e-12)
    (first, second), *_ = costs
    of_zeros = 1.0  # the cost of outputs of 0
    expected = [(first, second), (1.5 * first, second), (10.5 * first, second), (10.5 * first, 4 * second)]
    np.testing.assert_allclose(costs, [*expected, (21 * of_zeros, 4 * of_zeros)], 1e-12)
    assert {row[i] for row in rows for i in (2, 5)} == {"compiled:"}
