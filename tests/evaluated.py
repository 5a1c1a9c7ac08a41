"""The steps of a derivation, each compared with what its names are defined to be."""

import ast

import numpy as np

from tests.expressions import POINTS, Expressions, Wrong, over, read, split, sympy

__all__ = ["POINTS", "Evaluated", "Wrong", "read", "sympy"]


class Evaluated(Expressions):
    """A derivation whose formulas are definitions, and statements about what was given or defined."""

    def check(self):
        """Raises Wrong at the first formula that does not follow."""
        for step in self.derivation.steps:
            for formula in step.formulas:
                if formula.defines:
                    self.define(formula)
                else:
                    self.claim(formula)
        for text, truths in self.truths.items():
            if np.min(truths) == np.max(truths):
                raise Wrong(f"{self.derivation.name}: only one part of {text} occurs")

    def define(self, formula):
        name, free = split(formula.sides[0])
        if name in self.names:
            raise Wrong(f"{formula.text}: {name} is defined twice")
        if len(formula.sides) > 2:
            raise Wrong(f"{formula.text}: a definition has two sides")
        if free:
            ranges = self.ranges(free, formula.sides)
            values = [self.value(formula.sides[1], at) for at in ranges]
            shape = tuple([1 + max([at[index] for at in ranges]) for index in free])
            values = np.array([sympy.sympify(value) for value in values], object).reshape(shape)
        else:
            values = self.value(formula.sides[1], {})
        if name in self.derivation.shapes and np.shape(values) != self.shape(name):
            raise Wrong(f"{formula.text}: the shape is {np.shape(values)}, not {self.shape(name)}")
        self.add(name, np.shape(values))
        flat = [sympy.sympify(value) for value in np.ravel(values)]
        symbols = list(map(str, np.ravel(self.names[name])))
        self.through |= dict(zip(symbols, map(self.partials, flat), strict=True))
        self.values |= dict(zip(symbols, self.numbers(flat), strict=True))

    def claim(self, formula):
        """Each side equals the first, for all values of the free indices."""
        name, _ = split(formula.sides[0])
        is_gradient = name and name not in self.names
        if is_gradient and self.of_gradient(name) not in self.names:
            raise Wrong(f"{formula.text}: {name} is neither given nor defined; := defines a name")
        free = sorted({index for side in formula.sides for index in self.unbound(side)})
        places = self.ranges(free, formula.sides) if free else [{}]
        rights = [[self.value(side, at) for at in places] for side in formula.sides[1:]]
        if is_gradient:  # only now, so that no side is the gradient itself
            self.claimed[name] = formula
        left = [self.value(formula.sides[0], at) for at in places]
        for side, values in zip(formula.sides[1:], rights, strict=True):
            self.compare(formula, side, left, values)

    def compare(self, formula, side, left, right):
        if list(map(np.shape, left)) != list(map(np.shape, right)):
            made, wanted = np.shape(right[0]), np.shape(left[0])
            raise Wrong(f"{formula.text}: the shape of {ast.unparse(side)} is {made}, not {wanted}")
        pairs = {pair for a, b in zip(left, right, strict=True) for pair in zip(np.ravel(a), np.ravel(b), strict=True)}
        unlike = [pair for pair in sorted(pairs, key=str) if pair[0] != pair[1]]
        if not unlike:
            return
        a, b = np.split(self.numbers([sympy.sympify(part) for part in zip(*unlike, strict=True) for part in part]), 2)
        close = np.isclose(a, b, rtol=1e-9, atol=1e-11)
        if not close.all():
            i, point = np.argwhere(~close)[0]
            raise Wrong(f"{formula.text}: {unlike[i][0]} is {a[i, point]}, but {ast.unparse(side)} is {b[i, point]}")

    def unbound(self, node):
        """The indices of a formula that no sum is taken over."""
        if isinstance(node, ast.Name):
            return set() if node.id in self.names or self.of_gradient(node.id) in self.names else {node.id}
        if isinstance(node, ast.Call):
            return {name for part in node.args for name in self.unbound(part)} - set(over(node.func.id, node.args))
        return {name for part in ast.iter_child_nodes(node) for name in self.unbound(part)}
