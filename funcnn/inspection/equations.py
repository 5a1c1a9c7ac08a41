r"""The equations of a network in LaTeX, one line for each layer, from an equation of each class of layers.

A rule is written as the equation stands in a paper: `x W + b`. The names in it are replaced: x by the symbol of the
layer before, a field that holds an array by its symbol, and `layer(x)`, for a field that holds a layer, by the symbol
of what that layer gives, after the equations of that layer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any, Protocol, TypeVar, cast

import attrs

from funcnn.about.table import cards
from funcnn.arrays import is_array, kind
from funcnn.checked import checked
from funcnn.dispatch import trait
from funcnn.errors import KindError
from funcnn.inspection.branches import holds_layers
from funcnn.inspection.checks import Network, registering
from funcnn.inspection.formulas import RULES, Equations, of_card
from funcnn.inspection.terms import Terms, escaped
from funcnn.layers.combinators.shared import Here
from funcnn.needs import Flag
from funcnn.records import plans

P = TypeVar("P")

_OUT = re.compile(r"h_\{(<\d+>)\}")  # what a layer gives


def _by_default(params: Any) -> Equations:
    """The equations of the card; without them the class as a function of x, with its parameters behind a semicolon"""
    if equations := of_card(params):
        return equations
    cls, own = type(params), []
    for name, is_state in plans[cls]:
        value = getattr(params, name)
        if holds_layers(value):
            own.append(rf"\mathrm{{{escaped(name)}}}")
        elif is_array(value) and not is_state:
            own.append(name)
    return rf"\operatorname{{{escaped(cls.__name__)}}}(x{'; ' if own else ''}{', '.join(own)})"


_by_default.__name__ = "latex"  # the name in errors of register
_equations_of = trait(_by_default)


class Latex(Protocol):
    """`latex(params, shapes=False) -> str`."""

    def __call__(self, params: Any, /, *, shapes: bool = False) -> str: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P], Equations]], Callable[[P], Equations]]: ...


@cast("Callable[[Any], Latex]", registering(_equations_of.register))
@checked
def latex(params: Network[Any], /, *, shapes: Flag = False) -> str:
    r"""The equations of a network in LaTeX, one line for each layer, as an `aligned` environment.

    The lines are numbered from 1: h_2 is what the layer of line 2 gives, and W_2 its weights; the last line gives out.
    A layer around a layer, such as `Frozen`, has no line of its own if its out is the out of the layer inside. A layer
    in several places, as in `Shared`, has the same parameters in each line. The equations are those of training,
    without masks; `x^{(0)}` is the first part of a tuple. With `shapes`, each line ends with the shapes of its
    parameters. In a notebook, `IPython.display.Math(latex(net))` shows the equations; in a document they stand between
    dollars.

    >>> from funcnn import Tanh, mlp
    >>> from funcnn.inspection import latex
    >>> print(latex(mlp([2, 27, 1], hidden=Tanh(), seed=0)))
    \begin{aligned}
    h_{1} &= x W_{1} + b_{1} \\
    h_{2} &= \tanh(h_{1}) \\
    \mathrm{out} &= h_{2} W_{3} + b_{3}
    \end{aligned}

    A layer of your own is a function with the name of its class, until its card or a rule gives its equation,
    such as `latex.register(LowRank)(lambda params: "x U V")`: the right side of out, or a tuple of equations, the last
    of which gives out. Its letters other than x, out, the fields and the left sides of its equations stay as they are.

    Raises:
        KindError: a rule does not return a string or a tuple of strings with balanced braces and parentheses.
    """
    page = _Page()
    out = page.out_of(params, "x")
    if not _OUT.fullmatch(out):  # no layer, which leaves x as it is
        out = page.line("h_{<0>}", out, {})
    return page.text(out, shapes=shapes)


@attrs.define
class _Line:
    left: str
    right: str
    shapes: dict[str, tuple[int, ...]]  # of each array whose symbol stands here first


class _Page:
    """The lines so far. A layer has a key, `<7>`, in place of its number, since the layers inside it come before it."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []
        self.keys = 0
        self.shared: dict[int, str] = {}  # the key of each layer that stands in a Here
        self.places = 0  # the number of Heres around the layer
        self.known: set[str] = set()  # the symbols of arrays so far

    def line(self, left: str, right: str, shapes: dict[str, tuple[int, ...]]) -> str:
        """Add a line; returns its left side."""
        self.lines.append(_Line(left, right, {name: shape for name, shape in shapes.items() if name not in self.known}))
        self.known |= shapes.keys()
        return left

    def out_of(self, layer: Any, x: str) -> str:
        """The symbol of what a layer, or a tuple of layers, gives for x; adds its lines."""
        if type(layer) is tuple:
            for part in layer:
                x = self.out_of(part, x)
            return x
        key = f"<{self.keys}>"
        self.keys += 1
        sides = [_sides(equation) for equation in _as_equations(layer)]
        of_arrays = self.shared.setdefault(id(layer), key) if self.places else key
        terms = Terms(layer, x, key, of_arrays, [left for left, _ in sides], self.out_of)
        self.places += type(layer) is Here
        for left, right in sides:
            made = terms.replaced(right)
            if (left, right) == sides[-1] and left == "out" and _OUT.fullmatch(made):
                terms.out = made  # what a layer inside gives
            else:
                self.line(terms.replaced(left), made, terms.shapes)
        self.places -= type(layer) is Here
        return terms.out

    def text(self, out: str, *, shapes: bool) -> str:
        """The lines with numbers in place of keys, and out in place of the last symbol."""
        keys = dict.fromkeys([key for line in self.lines for key in re.findall(r"<\d+>", line.left)])
        numbers = {key: str(i) for i, key in enumerate(keys, 1)}
        last = re.compile(rf"h_\{{{out[3:-1]}(?:,([^{{}}]*))?\}}")
        rows = []
        for line in self.lines:
            listed = [rf"{symbol} \in {_space(shape)}" for symbol, shape in line.shapes.items() if shapes]
            row = f"{line.left} &= {line.right}" + (rf" \quad {', '.join(listed)}" if listed else "")
            row = last.sub(lambda found: r"\mathrm{out}" + (f"_{{{found[1]}}}" if found[1] else ""), row)
            rows.append(re.sub(r"<\d+>", lambda found: numbers[found[0]], row))
        return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}"])


def _as_equations(layer: Any) -> tuple[str, ...]:
    """The equations that the rule for a layer returns."""
    made, cls = _equations_of(layer), type(layer).__name__
    equations = (made,) if isinstance(made, str) else made
    if type(equations) is not tuple or not equations or not all([isinstance(one, str) for one in equations]):
        needed, given = "a string or a tuple of strings", kind(made) if made != () else "an empty one"
        raise KindError(f"latex: the rule for {cls} must return {needed}, not {given}")
    for equation in equations:
        if not all(map(_is_balanced, _sides(equation))):
            raise KindError(f"latex: the rule for {cls} must return balanced braces and parentheses, not {equation!r}")
    return equations


def _is_balanced(side: str) -> bool:
    """Whether each brace and each parenthesis is closed, and none before it is opened."""
    depths = [[*accumulate([(x == a) - (x == b) for x in side], initial=0)] for a, b in ("{}", "()")]
    return all([min(depth) == depth[-1] == 0 for depth in depths])


def _sides(equation: str) -> tuple[str, str]:
    """The left and the right side; without a left side it is out."""
    left, equals, right = equation.partition(" = ")
    return (left, right) if equals else ("out", equation)


def _space(shape: tuple[int, ...]) -> str:
    sizes = r" \times ".join(map(str, shape))
    return rf"\mathbb{{R}}^{{{sizes}}}" if sizes else r"\mathbb{R}"


for _layer, _rule in (dict.fromkeys(cards("activations"), of_card) | RULES).items():
    latex.register(_layer)(_rule)
