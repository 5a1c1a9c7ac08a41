"""The trees of a derivation as expressions of sympy, and the values of these on drawn numbers.

Each name is an array of symbols. `D(a, b)` and the gradients `dx`, `dW`, ... are derivatives of the definitions.
"""

import ast
import itertools
import operator
from functools import reduce

import numpy as np
import pytest

from tests.blocks import extension

sympy = pytest.importorskip("sympy", reason="derivatives of derivations are computed by sympy")

formulas = extension("formulas")
over, read, tree = formulas.over, formulas.read, formulas.tree

POINTS = 6
SIZES = (2, 3, 4, 5)  # of the first letter in the shapes, the second, ...; all differ, so that a transpose is noticed
FUNCTIONS = {
    **{name: getattr(sympy, name) for name in ("exp", "log", "tanh", "sqrt", "sign")},
    "abs": sympy.Abs,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
}
COMPARED = {ast.Eq: operator.eq, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le}
OPERATIONS = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.MatMult: np.matmul,
    ast.Div: lambda a, b: a * (1 / sympy.sympify(b)) if np.ndim(b) == 0 else a / b,
    ast.Pow: np.power,
}


class Wrong(AssertionError):
    """A step of a derivation does not follow."""


class Expressions:
    """The names of a derivation as arrays of symbols, and their values at the points."""

    def __init__(self, derivation, drawn, sizes=None):
        """`drawn(name, shape)` gives the values of a given array: POINTS of them, or one array of whole numbers."""
        self.derivation = derivation
        nodes = [node for shape in derivation.shapes.values() for node in ast.walk(shape)]
        names = [node.id for node in nodes if isinstance(node, ast.Name)]
        self.sizes = dict(zip(dict.fromkeys(names), SIZES, strict=False)) | (sizes or {})
        self.names = {"pi": sympy.pi} | self.sizes
        self.gradients, self.claimed, self.slopes_of = {}, {}, {}
        self.values, self.through, self.truths = {}, {}, {}
        defined = {
            f.text.split(":=")[0].split("[")[0].strip() for s in derivation.steps for f in s.formulas if f.defines
        }
        for name in derivation.shapes.keys() - defined:
            values = np.asarray(drawn(name, self.shape(name)))
            if values.dtype.kind == "i":
                self.names[name] = values.astype(object)
            else:
                self.add(name, self.shape(name))
                symbols = map(str, np.ravel(self.names[name]))
                self.values |= dict(zip(symbols, values.reshape(POINTS, -1).T, strict=True))

    def shape(self, name):
        return tuple([int(self.value(part, {})) for part in self.derivation.shapes[name].elts])

    def add(self, name, shape):
        symbols = [sympy.Symbol(f"{name}_{i}", real=True) for i in range(int(np.prod(shape)))]
        self.names[name] = np.array(symbols, object).reshape(shape) if shape else symbols[0]

    # values of trees

    def value(self, node, at):
        """A number or an array of expressions, for the indices `at`."""
        match node:
            case ast.Constant():
                return sympy.nsimplify(node.value) if isinstance(node.value, float) else sympy.Integer(node.value)
            case ast.Name(id=name):
                return at[name] if name in at else self.named(name)
            case ast.Attribute(attr="T"):
                return self.value(node.value, at).T
            case ast.Subscript(value=ast.Name(id=name)):
                places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                return self.named(name)[tuple([int(self.value(place, at)) for place in places])]
            case ast.Compare():
                return self.truth(node, at)
            case ast.UnaryOp(op=ast.USub()):
                return -self.value(node.operand, at)
            case ast.BinOp():
                return OPERATIONS[type(node.op)](self.value(node.left, at), self.value(node.right, at))
            case ast.Call(func=ast.Name(id=name)):
                return self.call(name, node.args, at)
        raise ValueError(ast.unparse(node))

    def truth(self, node, at):
        """1 where a statement is true, else 0. Where it changes there is no derivative; elsewhere that is 0."""
        a, b = self.value(node.left, at), self.value(node.comparators[0], at)
        if isinstance(a, int | np.integer) and isinstance(b, int | np.integer):
            return sympy.Integer(int(a == b))
        a, b = self.numbers([a, b])
        return self.chosen(ast.unparse(node), COMPARED[type(node.ops[0])](a, b))

    def larger(self, a, b):
        """The maximum of two numbers."""
        first = self.chosen("a maximum", operator.gt(*self.numbers([a, b])))
        return first * a + (1 - first) * b

    def chosen(self, text, truths):
        """A symbol that is 1 at the points where a statement is true, else 0."""
        self.truths.setdefault(text, []).append(truths)
        symbol = sympy.Symbol(f"T{len(self.values)}", real=True)
        self.values[str(symbol)] = truths.astype(float)
        return symbol

    def call(self, name, given, at):
        if indices := over(name, given):
            terms = [self.value(given[-1], at | inner) for inner in self.ranges(indices, given[-1:])]
            return sympy.Add(*terms) if name == "sum" else reduce(self.larger, terms)
        if name == "D":
            return self.derivative(*given, at)
        if name == "where":
            first, a, b = [self.value(part, at) for part in given]
            return first * a + (1 - first) * b
        values = [self.value(part, at) for part in given]
        if name == "max":
            return reduce(self.larger, values)
        if name == "min":
            return -reduce(self.larger, [-value for value in values])
        return np.frompyfunc(FUNCTIONS[name], 1, 1)(*values)

    def named(self, name):
        """An array that was given or defined, or a gradient that an earlier step has."""
        if name in self.names:
            return self.names[name]
        if name in self.claimed:
            return self.gradient(name)
        raise Wrong(f"{name} is used before it is given, defined or derived")

    def ranges(self, indices, trees):
        """All values of the indices, each as long as the axis of an array where it stands alone."""
        if taken := set(indices) & self.names.keys():
            raise Wrong(f"{taken} are indices and names")
        lengths = {}
        for node in [node for found in trees for node in ast.walk(found) if isinstance(node, ast.Subscript)]:
            places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            name = node.value.id
            if name in self.derivation.shapes:
                shape = self.shape(name)
            elif name in self.names or self.of_gradient(name) in self.names:
                shape = np.shape(self.names[name if name in self.names else self.of_gradient(name)])
            else:
                continue
            if len(places) != len(shape):
                raise Wrong(f"{ast.unparse(node)} has {len(places)} indices, {name} has the shape {shape}")
            for place, length in zip(places, shape, strict=True):
                if isinstance(place, ast.Name) and place.id in indices:
                    lengths.setdefault(place.id, set()).add(length)
        if lengths.keys() != set(indices) or any(len(found) > 1 for found in lengths.values()):
            raise Wrong(f"the lengths of the indices {indices} are {lengths}")
        every = itertools.product(*[range(*lengths[index]) for index in indices])
        return [dict(zip(indices, values, strict=True)) for values in every]

    # derivatives

    def of_gradient(self, name):
        """The name whose gradient `name` is; dA is the gradient of out."""
        if name == "dA" and "cost" in self.names:
            return "out"
        return name.removeprefix("d") if name.startswith("d") else ""

    def gradient(self, name):
        """The derivatives of the cost, or of the sum of dA times out for fixed dA, with respect to an array."""
        if name not in self.gradients:
            cost = self.names["cost"] if "cost" in self.names else np.sum(self.names["dA"] * self.names["out"])
            self.gradients[name] = self.slopes(cost, self.of_gradient(name))
        return self.gradients[name]

    def derivative(self, top, bottom, at):
        name, places = split(bottom)
        slopes = self.slopes(self.value(top, at), name)
        return slopes[tuple([int(self.value(tree(place), at)) for place in places])] if places else slopes

    def slopes(self, value, name):
        """The derivatives of a number with respect to all entries of an array, as symbols that have their values.

        Sympy differentiates the number and each definition after the array by the symbols that stand in it. The chain
        rule is a sum of products of the values: as one expression, derivatives of attention have thousands of terms.
        """
        if (value, name) not in self.slopes_of:
            total, ends = self.partials(value), set(map(str, np.ravel(self.names[name])))
            for symbol, partials in reversed(self.through.items()):
                if symbol in total and symbol not in ends:
                    slope = total.pop(symbol)
                    for other, partial in partials.items():
                        total[other] = total.get(other, 0) + slope * partial
            slopes = [self.opaque(total.get(str(symbol), 0)) for symbol in np.ravel(self.names[name])]
            shape = np.shape(self.names[name])
            self.slopes_of[value, name] = np.array(slopes, object).reshape(shape) if shape else slopes[0]
        return self.slopes_of[value, name]

    def partials(self, value):
        """The values of the derivatives of an expression by each of its symbols, by name."""
        symbols = sorted(value.free_symbols, key=str)
        values = self.numbers([value.diff(symbol) for symbol in symbols])
        return dict(zip(map(str, symbols), values, strict=True))

    def opaque(self, values):
        """A symbol that has these values."""
        if not np.any(values):
            return sympy.Integer(0)
        symbol = sympy.Symbol(f"D{len(self.values)}", real=True)
        self.values[str(symbol)] = values
        return symbol

    # numbers

    def numbers(self, expressions):
        """The values of expressions at all points, (expressions, points)."""
        expressions = [sympy.sympify(expression) for expression in expressions]
        found = {e: self.values[str(e)] for e in expressions if e.is_Symbol}
        found |= {e: float(e) for e in expressions if e.is_number}
        if rest := list(dict.fromkeys([e for e in expressions if e not in found])):
            symbols = sorted({symbol for e in rest for symbol in e.free_symbols}, key=str)
            values = sympy.lambdify(symbols, rest, "numpy")(*[self.values[str(symbol)] for symbol in symbols])
            found |= dict(zip(rest, values, strict=True))
        return np.array([np.broadcast_to(found[e], POINTS) for e in expressions], float)

    def array(self, name):
        """The values of a name at all points, (points, ...)."""
        array = self.named(name)
        if name in self.names and str(np.ravel(array)[0]) not in self.values:
            return np.repeat(array.astype(int)[None], POINTS, axis=0)
        values = self.numbers(np.ravel(array))
        return values.T.reshape(POINTS, *np.shape(array))


def split(side):
    """The name and the indices of a left side such as out[i, j]."""
    if isinstance(side, ast.Name):
        return side.id, []
    if isinstance(side, ast.Subscript):
        places = side.slice.elts if isinstance(side.slice, ast.Tuple) else [side.slice]
        return side.value.id, [ast.unparse(place) for place in places]
    return "", []
