"""Functions of nujo, a library of automatic differentiation for neural networks.

Its metadata ask for NumPy before 2.0; it runs with later ones: `pip install --no-deps nujo==0.3.0`.
"""

import nujo as nj
import nujo.nn as nn
from nujo.autodiff._functions._transform import _ConstPad, _Im2col
from nujo.math import aggregate, scalar
from nujo.objective import L1Loss, L2Loss

from tests.hunts.draws import *

LIBRARIES = ["nujo", "numpy"]


def backward(out, dA):
    """Of the sum, since nujo begins with a gradient of ones."""
    aggregate.sum(out * nj.Tensor(dA)).backward()


pair = recorded(
    lambda a: nj.Tensor(a, diff=True),
    lambda out: out.value,
    backward,
    lambda x: None if x._grad is None else x.grad.value,
)
FLAT = each(REAL, "m n", least=2)
TABLE = {
    "add": (lambda x, y: x + y, of((GENERIC, "m n"), (GENERIC, "m n"), least=2)),
    "sub": (lambda x, y: x - y, of((GENERIC, "m n"), (GENERIC, "m n"), least=2)),
    "mul": (lambda x, y: x * y, of((GENERIC, "m n"), (GENERIC, "m n"), least=2)),
    "mul of a column": (lambda x, y: x * y, of((GENERIC, "m n"), (GENERIC, "m 1"), least=2)),
    "mul of a row": (lambda x, y: x * y, of((GENERIC, "m n"), (GENERIC, "1 n"), least=2)),
    "div": (lambda x, y: x / y, of((GENERIC, "m n"), (ABOVE_1, "m n"), least=2)),
    "neg": (lambda x: -x, FLAT),
    "power 3": (lambda x: x**3, FLAT),
    "power of a tensor": (lambda x, y: x**y, of((POSITIVE, "m n"), (GENERIC, "m n"), least=2)),
    "matmul": (lambda x, y: x @ y, of((GENERIC, "m k"), (GENERIC, "k n"), least=2)),
    "matmul of itself": (lambda x: x @ x, each(GENERIC, "n n", least=2)),
    "mul by itself": (lambda x: x * x, FLAT),
    "log": (scalar.log, each(POSITIVE, least=2)),
    "log2": (scalar.log2, each(POSITIVE, least=2)),
    "log of a base": (scalar.log, of((POSITIVE, "m n"), (ABOVE_1, "m n"), least=2)),
    "exp": (scalar.exp, each(GENERIC, least=2)),
    "sqrt": (scalar.sqrt, each(POSITIVE, least=2)),
    "abs": (scalar.abs, each(GENERIC, least=2)),
    "sum": (aggregate.sum, FLAT),
    "sum of dim 0": (lambda x: aggregate.sum(x, dim=0), FLAT),
    "sum of dim 1": (lambda x: aggregate.sum(x, dim=1), FLAT),
    "sum of dim 1, kept": (lambda x: aggregate.sum(x, dim=1, keepdim=True), FLAT),
    "mean": (aggregate.mean, FLAT),
    "mean of dim 1": (lambda x: aggregate.mean(x, dim=1), FLAT),
    "prod": (aggregate.prod, each(POSITIVE, least=2)),
    "prod of dim 1, kept": (lambda x: aggregate.prod(x, dim=1, keepdim=True), each(POSITIVE, least=2)),
    "reshape": (lambda x: x.reshape(-1), FLAT),
    "transpose": (lambda x: x.transpose(1, 0), FLAT),
    "transpose of three axes": (lambda x: x.transpose(2, 0, 1), each(GENERIC, "m n k", least=2)),
    "squeeze": (lambda x: x.squeeze(1), each(GENERIC, "m 1 n", least=2)),
    "unsqueeze": (lambda x: x.unsqueeze(1), FLAT),
    "pad": (lambda x: _ConstPad(x, ((1, 0), (0, 2)))(), FLAT),
    "im2col": (lambda x: _Im2col(x, (2, 2), (1, 1), (0, 0))(), each(GENERIC, "m 2 3 4", most=2)),
    "im2col of stride 2": (lambda x: _Im2col(x, (2, 2), (2, 2), (0, 0))(), each(GENERIC, "m 2 4 4", most=2)),
    "im2col, dilated": (lambda x: _Im2col(x, (2, 2), (1, 1), (1, 0))(), each(GENERIC, "m 2 4 4", most=2)),
    **{name: (getattr(nn, name)(), FLAT) for name in ["Sigmoid", "TanH", "ReLU", "LeakyReLU", "Swish"]},
    "Swish of beta 2": (nn.Swish(beta=2), FLAT),
    "Softmax": (nn.Softmax(), FLAT),
    "Softmax of dim 1": (nn.Softmax(dim=1), FLAT),
    "L2Loss": (lambda x, y: L2Loss()(x, y), of((GENERIC, "m n"), (GENERIC, "m n"), least=2)),
    "L1Loss": (lambda x, y: L1Loss()(x, y), of((GENERIC, "m n"), (GENERIC, "m n"), least=2)),
}
FOUND = "see docs/found/nujo.md"
KNOWN = {
    "mul of a column": {"WrongGradient": FOUND},
    "mul of a row": {"Raised": FOUND, "WrongGradient": FOUND},
    "power of a tensor": {
        "NotLinear": FOUND,
        "WrongGradient": FOUND,
        "NotDeterministic": FOUND,
        "NotFinite": FOUND,
        "WrongForLayout": FOUND,
    },
    "matmul of itself": {"WrongGradient": FOUND},
    "log of a base": {
        "NotLinear": FOUND,
        "WrongGradient": FOUND,
        "WrongForLayout": FOUND,
        "NotDeterministic": FOUND,
        "NotFinite": FOUND,
    },
    "exp": {
        "NotLinear": FOUND,
        "WrongGradient": FOUND,
        "NotDeterministic": FOUND,
        "NotFinite": FOUND,
        "WrongForLayout": FOUND,
    },
    "sum of dim 1": {"WrongGradient": FOUND, "Raised": FOUND},
    "mean of dim 1": {"WrongGradient": FOUND, "Raised": FOUND},
    "sum of dim 0": {"WrongGradient": FOUND, "Raised": FOUND},
    "Swish of beta 2": {"WrongGradient": FOUND, "Inconclusive": "values in float32"},
    "Softmax": {"WrongGradient": FOUND},
    "Softmax of dim 1": {"WrongGradient": FOUND},
}
TARGETS = targets({name: (*row, {"float32": False}) for name, row in TABLE.items()}, pair, KNOWN)
