"""A class of learners, in a folder: files of functions, and the teacher's file that tests them."""

HEAD = """\
import numpy as np
from funcnn import Array, Dense, Grads, backward, forward, gradient, record
from funcnn.records import state
from funcnn.teach import exercise, expect
from funcnn.testing import check_layer, check_vjp
"""
SHEET = f"""\
{HEAD}
def double(x):
    raise NotImplementedError

@exercise("Double", page="one")
def test_double(seed=0):
    x = np.random.default_rng(seed).normal(size=3)
    expect("double(x)", double(x), 2 * x)

def square(x):
    return x * x

def square_vjp(args, dA):
    return [dA * args[0]]

@exercise("Repair", page="two", mistake=True, points=2)
def test_square_vjp():
    check_vjp(square, square_vjp, [np.array([1.0, -3.0])])

@record
class Scale:
    w: Array

@forward.register(Scale)
def scale_forward(params, x):
    raise NotImplementedError

@backward.register(Scale)
def scale_backward(params, cache, dA):
    raise NotImplementedError

@exercise("A layer", page="three")
def test_scale():
    check_layer(Scale(np.array([2.0, 3.0])), np.array([[1.0, 2.0], [3.0, -1.0]]))
"""
DOUBLE = "def double(x):\n    return 2 * x\n"
SQUARE = "def square_vjp(args, dA):\n    return [2 * dA * args[0]]\n"
LAYER = """\
@record
class Scale:
    w: Array

@forward.register(Scale)
def scale_forward(params, x):
    return x * params.w, x

@backward.register(Scale)
def scale_backward(params, cache, dA):
    return Grads(gradient(params, w=(dA * cache).sum(axis=0)), dA * params.w)
"""
RIGHT = HEAD + DOUBLE + SQUARE + LAYER


def write(folder, sheet=SHEET, **texts):
    """The folder of a class in which each learner handed in a text, and the teacher's file beside it."""
    (folder / "unit.py").write_text(sheet, "utf-8")
    for learner, text in texts.items():
        (folder / "class" / learner).mkdir(parents=True)
        (folder / "class" / learner / "unit.py").write_text(text, "utf-8")
    return folder / "class"
