"""A memoized function is known by its module, its name, its code, and what the code reads."""

import subprocess
import sys
import zipfile
from types import ModuleType

import numpy as np
import pytest

from funcnn import load, save
from funcnn.by_value import verbs
from funcnn.errors import FileError, KindError
from funcnn.files import memoize
from funcnn.identity.libraries import is_library

TEXT = '''
"""A module with a function f, and all that f reads."""

import functools
import random
import threading
from enum import Enum
from functools import cached_property, lru_cache, partial, wraps

import attrs
import numpy as np
import funcnn as nn
from funcnn import Elementwise, forward, mse, record
from funcnn.dispatch import verb
from funcnn.optimizers import Adam
import the_helpers
import the_helpers.inner as inner

RATE = 0.5
LONG = 10**5000
TABLE = {"a": 1, ("b", 2): [3.0]}
ARRAY = np.array([1.0, 2.0])
SCALAR, DTYPE, OBJECTS = np.float32(7), np.dtype("f4"), np.array([None, 8], object)
NAMES, FIXED = {"x", "y"}, frozenset({"u", "v", 9})
SLICE, NOTHING = slice(1, 4), (None, ..., NotImplemented, b"bytes", 1j, -0.0)


class Colour(Enum):
    RED = 11


@attrs.frozen
class Point:
    x: int = 12


class Config:
    k = 13

    def __init__(self):
        self.own = 14

    def method(self):
        return self.deep() + 15

    def deep(self):
        return the_helpers.scale(16)

    @property
    def prop(self):
        return 17

    @staticmethod
    def static():
        return 18

    @classmethod
    def of_class(cls):
        return 19

    @cached_property
    def cached(self):
        return 20

    class Inner:
        z = 21


class Child(Config):
    def deep(self):
        return super().deep() + 46


config = Child()


@record
class Layer(Elementwise):
    p: float = 22

    def value(self, x):
        return x * 23

    def slope(self, kept):
        return 24


@record
class Ruled:
    p: float = 25


@forward.register(Ruled)
def ruled_forward(params, x):
    return x * 26, x


def helper(x, times=27):
    return second(x) * times


def second(x):
    return x + (second(x - 1) if x > 28 else 0)


@lru_cache
def kept(x):
    return x + 29


def decorator(f):
    @wraps(f)
    def wrapper(*args):
        return f(*args) + 30

    return wrapper


@decorator
def decorated(x):
    return x + 31


def cell(k):
    def inside(x):
        return k * x + late

    late = 32
    return inside


closed = cell(33)
bound, part = Config().method, partial(helper, times=34)
layer, optimizer = (Layer(35),), Adam(b1=0.36)
fork = nn.forward
squares = [lambda x: x + 37]
exponential = np.exp


@verb(object)
def own_verb(params):
    return 45


def f(x, default=38, *, named=39):
    """What f does."""
    from the_helpers import value as late_value, nothing_of_this_name
    from the_helpers.inner import SIZE
    from no_module_of_this_name import anything
    from the_helpers.no_module_of_this_name import anything
    import random

    def local(y):
        return y + 40 + RATE

    read = LONG, TABLE, ARRAY, SCALAR, DTYPE, OBJECTS, NAMES, FIXED, SLICE, NOTHING, Colour.RED, Point, config, Child
    called = helper, kept, decorated, closed, bound, part, layer, optimizer, fork, squares, mse, len, np.tan, Ruled
    others = exponential, own_verb
    more = the_helpers.value, inner.SIZE, the_helpers.inner.SIZE, the_helpers.missing, np.linalg.norm, undefined
    return [local(y) for y in (41, x)], {"k": 42}, -43.0, x in {"p", "q", 44}, read, called, others, more
'''
HELPERS = """
value = 50
def scale(x):
    return x * value * 51
"""
SIZES = "SIZE = 52\n"


@pytest.fixture(autouse=True)
def _without_modules(monkeypatch):
    for name in ("the_module", "the_helpers", "the_helpers.inner"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    before = dict(verbs)
    yield
    verbs.clear()
    verbs.update(before)


def module(text, name="the_module", helpers=HELPERS, sizes=SIZES):
    """A module from this text, which may import two others."""
    made = [ModuleType(one) for one in ("the_helpers", "the_helpers.inner", name)]
    made[0].inner = made[1]
    for one, code in zip(made, (helpers, sizes, text), strict=True):
        sys.modules[one.__name__] = one
        exec(compile(code, f"{one.__name__}.py", "exec"), vars(one))
    return made[2]


def place(folder, text=TEXT, *given, **others):
    return memoize(module(text, **others).f, folder).path(*(given or (1,)))


def test_the_same_code_at_other_lines_is_the_same_function(tmp_path):
    moved = "\n\n# A comment.\n" + TEXT.replace("What f does.", "Another docstring.")
    assert place(tmp_path) == place(tmp_path, moved)


def test_another_module_or_another_name_is_another_function(tmp_path):
    paths = {place(tmp_path), place(tmp_path, name="another_module")}
    text = "class A:\n    def f(x): return x\nclass B:\n    def f(x): return x\n"
    made = module(text)
    paths |= {memoize(cls.f, tmp_path).path(1) for cls in (made.A, made.B)}
    assert len(paths) == 4


def test_a_script_is_no_library_in_any_process(tmp_path, monkeypatch):
    """Its file is one of joblib in joblib's workers, and it is `__mp_main__` where multiprocessing spawned a process"""
    text = (
        "from funcnn import record\n@record\nclass Point: x: int = {k}\ndef g(): return Point()\ndef f(x): return g()"
    )
    main, paths = sys.modules["__main__"], []
    for name in ("__main__", "__mp_main__"):
        for k in (1, 2):
            monkeypatch.setitem(sys.modules, name, main)  # at the end
            made = module(text.format(k=k), name=name)
            made.__file__ = "lib/site-packages/joblib/popen_loky_posix.py"
            monkeypatch.setitem(sys.modules, "__main__", made)
            assert not is_library(name)
            memoized = memoize(made.f, tmp_path)
            assert memoized(0) == made.Point(k)  # in the second process, loaded
            paths.append(memoized.path(0))
    assert paths[:2] == paths[2:]
    assert paths[0] != paths[1]


def test_annotations_do_not_count(tmp_path):
    text = "def f(x): return Point.y\nclass Point:\n  y: {} = 1\n  __annotate_func__ = lambda format: {{'y': {}}}"
    assert place(tmp_path, text.format("int", "int")) == place(tmp_path, text.format("float", "float"))


def test_a_library_in_a_zip_file_stays_as_it_is(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.writestr("a_packed_library.py", "k = {0}")
    monkeypatch.syspath_prepend(tmp_path / "packed.zip")
    assert is_library("a_packed_library")
    assert not is_library("a_library_that_is_absent")


def test_functions_of_one_name_have_results_of_their_own(tmp_path):
    one, two = [memoize(module(f"def f(x): return {k} * x", name=f"m{k}").f, tmp_path) for k in (2, 3)]
    assert [one(1), two(1), one(1), two(1)] == [2, 3, 2, 3]
    assert len(list(tmp_path.iterdir())) == 2


EDITS = {str(k): str(k + 100) for k in range(11, 47)} | {
    "RATE = 0.5": "RATE = 0.25",
    "10**5000": "10**5001",
    '"a": 1': '"a": 1.0',
    "[3.0]": "[-3.0]",
    "[1.0, 2.0]": "[[1.0, 2.0]]",
    "float32(7)": "float64(7)",
    '"f4"': '"f8"',
    "[None, 8]": "[None, 8.0]",
    '{"x", "y"}': '{"x", "z"}',
    '"v", 9': '"v", 9.0',
    '{"p", "q"': '{"p", "r"',
    "slice(1, 4)": "slice(1, 5)",
    'b"bytes"': '"bytes"',
    "1j": "2j",
    "-0.0": "0.0",
    "np.exp": "np.log",
    "np.tan": "np.sin",
    "mse, len": "mse, max",
}


@pytest.mark.parametrize("old", EDITS)
def test_what_f_reads_is_part_of_its_hash(tmp_path, old):
    before, found, after = TEXT.rpartition(old)
    assert found
    assert place(tmp_path) != place(tmp_path, before + EDITS[old] + after)


def test_helpers_in_other_modules_count(tmp_path):
    paths = [place(tmp_path), place(tmp_path, helpers=HELPERS.replace("50", "5")), place(tmp_path, sizes="SIZE = 5")]
    paths += [place(tmp_path, helpers=HELPERS.replace("51", "5")), place(tmp_path, helpers=HELPERS + "missing = 1")]
    assert len(set(paths)) == 5
    assert place(tmp_path, helpers=HELPERS + "unused = 1") == paths[0]


def test_changes_in_place_count(tmp_path):
    made = module(TEXT)
    f = memoize(made.f, tmp_path)
    paths = [f.path(1)]

    def change(statement):
        exec(statement, vars(made))
        paths.append(f.path(1))

    change("TABLE['a'] = 2")
    change("ARRAY[0] = 5")
    change("config.own = 15")
    change("Config.k = 14")
    change("helper.__defaults__ = (28,)")
    change("helper.mark = 1")
    change("second.__code__ = (lambda x: x).__code__")
    change("len = 3")
    change("f.__kwdefaults__['named'] = 40")
    change("Layer.value = Layer.slope")
    assert len(set(paths)) == len(paths)


def test_the_rules_of_a_layer_among_the_arguments_count(tmp_path):
    text = TEXT.replace("def f(", "def g(") + "\ndef f(net):\n    return 1\n"
    paths = []
    for edited in (text, text.replace("* 23", "* 3"), text.replace("* 26", "* 6")):
        made = module(edited)
        f = memoize(made.f, tmp_path)
        paths.append([f.path((made.Layer(), ())), f.path(made.Ruled()), f.path(())])
    first, second, third = zip(*paths, strict=True)
    assert first[0] == first[2] != first[1]
    assert second[0] == second[1] != second[2]
    assert third[0] == third[1] == third[2]


COUNTERS = """
counter, calls, table = 0, [], {"n": 0}
def made():
    n = 0
    def f(x):
        global counter
        nonlocal n
        n += 1
        counter += 1
        calls.append(x)
        table["n"] += 1
        return 2 * x
    return f
"""


def test_what_a_function_changes_itself_does_not_count(tmp_path):
    made = module(COUNTERS)
    f = memoize(made.made(), tmp_path)
    assert [f(1), f(2), f(1), f(2), f(3), f(1)] == [2, 4, 2, 4, 6, 2]
    assert made.calls == [1, 2, 3]
    assert memoize(module(COUNTERS).made(), tmp_path)(1) == 2  # as in another process
    assert len(list(tmp_path.iterdir())) == 3
    made.table["n"] = 7
    f(1)
    assert len(list(tmp_path.iterdir())) == 4


def test_an_error_and_a_value_without_a_hash_lose_no_result(tmp_path):
    text = """
from threading import Lock
calls, lock = [], None
def f(x):
    global lock
    calls.append(x)
    if x > 2:
        lock = lock or Lock()
    return 2 / x
"""
    made = module(text)
    f = memoize(made.f, tmp_path)
    with pytest.raises(ZeroDivisionError):
        f(0)
    assert f(1) == f(1) == 2
    assert made.calls == [0, 1]
    assert f(4) == 0.5
    assert memoize(module(text).f, tmp_path).path(4).exists()
    with pytest.raises(KindError, match="lock is a value of the class lock"):
        f(4)


SCRIPT = """
import sys
import numpy as np
if "--all" in sys.argv:
    from funcnn.lazy import load_all
    load_all()
    import funcnn.inspection, funcnn.testing
from funcnn import Elementwise, Tanh, inference, forward, record
from funcnn.files import memoize
from funcnn.identity.libraries import is_library
K, NAMES = {k}, {{"a", "b", "c", 1.0}}
@record
class Layer(Elementwise):
    p: float = 1
    def value(self, x): return K * x
    def slope(self, kept): return K
@forward.register(Layer)
def layer_forward(params, x): return x, x
@inference.register(Layer)
def layer_inference(params): return params
def f(x, net=(Layer(), Tanh())):
    return K * x, str(sorted(map(str, NAMES)))
if __name__ == "__main__":
    once = memoize(f, sys.argv[1])
    print(once(1)[0], once.path(1).name)
    if len(sys.argv) > 2 and "--all" not in sys.argv:
        import cloudpickle
        open(sys.argv[2], "wb").write(cloudpickle.dumps(once))
"""


def script(folder, k, *more):
    (folder / f"script{k}.py").write_text(SCRIPT.format(k=k))
    command = [sys.executable, str(folder / f"script{k}.py"), str(folder / "results"), *more]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def test_functions_of_two_scripts_have_results_of_their_own(tmp_path):
    first, second = script(tmp_path, 2), script(tmp_path, 3)
    assert [first[0], second[0]] == ["2", "3"]
    assert script(tmp_path, 2, "--all") == first  # with other hashes of strings, and other modules
    assert len(list((tmp_path / "results").iterdir())) == 2


def test_a_function_that_was_sent_by_value_is_the_same(tmp_path):
    pytest.importorskip("cloudpickle", reason="sends functions of scripts")
    sent = tmp_path / "sent"
    _, name = script(tmp_path, 2, str(sent))
    code = f"import pickle; once = pickle.load(open({str(sent)!r}, 'rb')); print(once.path(1).name)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == name
    )


def test_another_python_computes_anew(tmp_path, monkeypatch):
    path = place(tmp_path)
    monkeypatch.setattr(sys.implementation, "cache_tag", "cpython-399")
    assert place(tmp_path) != path


def test_the_file_says_whose_result_it_is(tmp_path):
    f = memoize(module("def f(x): return np.ones(2)\nimport numpy as np").f, tmp_path)
    f(1)
    (where, name, code), result = load(f.path(1))
    assert (where, name, len(code), result.tolist()) == ("the_module", "f", 32, [1, 1])
    for other in (((where, name, code[::-1]), result), result):
        save(f.path(1), other)
        with pytest.raises(FileError, match=rf"^memoize: .* must have a result of the_module\.f with the code {code};"):
            f(1)


REFUSED = {
    "lock = threading.Lock()\ndef f(x): return lock": "lock is a value of the class lock, which has no hash",
    "def f(x): return g(x)\ndef g(x): return [y for y in made]\nmade = (x for x in [1])": (
        "g.made is a value of the class generator, which has no hash"
    ),
    "import numpy as np\nupper = np.frompyfunc(str.upper, 1, 1)\ndef f(x): return upper(x)": (
        "upper is a value of the class ufunc, which has no hash"
    ),
    "def f(x): return eval('x')": "f calls eval",
    "def f(x): return (lambda: globals())()": "f calls globals",
    "import the_helpers\ndef f(x): return g(the_helpers)\ndef g(x): return x": (
        "the module the_helpers is read as a whole"
    ),
    "def f(x):\n    import the_helpers\n    return the_helpers": "the module the_helpers is read as a whole",
    "deep = ()\nfor _ in range(2000): deep = (deep,)\ndef f(x): return deep": "values are nested too deep",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_hash_is_refused(tmp_path, text):
    f = memoize(module("import threading\n" + text).f, tmp_path)
    with pytest.raises(KindError) as caught:
        f(1)
    assert str(caught.value) == f"memoize: f must read only values that another run can compare; {REFUSED[text]}"


def test_a_memoized_function_calls_another(tmp_path):
    text = "from funcnn.files import memoize\ndef g(x): return 2 * x\ng = memoize(g, {0!r})\ndef f(x): return g(x)"
    one, two = [memoize(module(text.format(str(tmp_path / name))).f, tmp_path) for name in "ab"]
    assert one.path(1) == two.path(1)
    assert one(1) == 2
    assert memoize(module(text.format("a").replace("2 * x", "3 * x")).f, tmp_path).path(1) != one.path(1)


def test_code_without_a_module(tmp_path):
    space = {"k": 1}
    exec("def f(x): return g(x)\ndef g(x): return k * x", space)
    f = memoize(space["f"], tmp_path)
    path, space["k"] = f.path(1), 2
    assert f.path(1) != path


def test_an_object_of_a_class_without_a_name(tmp_path):
    class Local:
        def __init__(self):
            self.k = np.ones(2)

    def made(one):
        def f(x):
            return one.k

        return f

    one, two = Local(), Local()
    paths = [memoize(made(each), tmp_path).path(1) for each in (one, two)]
    two.k[0] = 3
    paths.append(memoize(made(two), tmp_path).path(1))
    assert paths[0] == paths[1] != paths[2]
