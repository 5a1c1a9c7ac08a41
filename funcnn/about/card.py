"""The class of cards."""

from __future__ import annotations

from typing import Annotated, Any

from funcnn.about.twins import Twin
from funcnn.arrays import kind
from funcnn.errors import KindError
from funcnn.needs import Flag, Text, passing
from funcnn.records import record


def _check_equations(function: str, argument: str, value: Any) -> None:
    lines = value if type(value) is tuple else (value,)
    if not all([type(line) is str for line in lines]):
        raise KindError(f"{function}: {argument} must be a string or a tuple of strings, not {kind(value)}")


Equations = Annotated[str | tuple[str, ...], passing("a string or a tuple of strings", _check_equations)]


@record(kw_only=True)
class Card:
    r"""What is known about a layer, a loss or an optimizer beside its rules, as data.

    Verbs without a rule for a layer ask its card: `latex` reads the equation, `to_torch`, `from_torch` and `to_onnx`
    read the twins, and the strategies of `funcnn.testing` read the cases. A twin is a string, so a card imports no
    library: `"module:name"`, or an expression of x, the settings by name and the library.

    - `latex` is the equation, or several, as for `latex.register`; a setting in angle brackets stands for its value.
    - `symbols` are pairs: a symbol of the docstring that is not a field, and its meaning.
    - `settings` are the arguments of the cases, a tuple for each case; `axes` are the shapes of x, `corners` the x at
      which the slope is one of several, and `jumps` the x at which there is no slope.
    - `takes` says what out and y of a loss are, such as ("numbers", "bits"); `latex` is then a term of its mean.
      For an optimizer they are g, or g and p, if its equations are those of each number, with t for the step.
    - `torch` is a class of modules, which takes the settings by position, or a function of x and the settings, or an
      expression: `"x * torch.sigmoid(beta * x)"`, or without x one that makes a module, `"torch.nn.Softmax(dim=-1)"`.
    - `jax` is a function of x and the settings, or an expression. For a loss, `torch` and `jax` are functions of out, y
      and the settings; for an optimizer `jax` makes a transformation of optax from the settings.
    - `onnx` is a function of x and, by name, the settings, such as an operator of spox, or an expression with `op` for
      the operators, such as `"op.mul(x, op.sigmoid(op.mul(beta, x)))"`. There numbers by position become constants of
      the dtype of x. `double` says whether onnxruntime has all of them in float64 too.
    - `rational` says that a loss and its gradient are fractions of their arguments.
    - `mistakes` are triples: what is wrong, why one could write it, and the wrong slope, for a loss that of a term of
      the mean, which is not divided by out.size; as an expression in NumPy's functions, x or out and y, the settings,
      and `slope`, the right one. For an optimizer the wrong step is written as in `latex`.
    - `derivation` has the steps from the equation to the rule, as the pages show them.

    >>> from funcnn import Elementwise, about, record
    >>> from funcnn.inspection import latex
    >>> @record
    ... class Cubic(Elementwise):
    ...     scale: float = 1.0
    ...     def value(self, x):
    ...         return self.scale * x**3
    ...     def slope(self, kept):
    ...         return 3 * self.scale * kept**2
    >>> about.register(Cubic, about.Card(latex="<scale> x^3", settings=((), (2.0,))))
    >>> print(latex(Cubic(0.5)))
    \begin{aligned}
    \mathrm{out} &= 0.5 x^3
    \end{aligned}
    """

    latex: Equations = ""
    symbols: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[Any, ...], ...] = ((),)
    axes: tuple[str, ...] = ("m n", "m t n")
    corners: tuple[float, ...] = ()
    jumps: tuple[float, ...] = ()
    takes: tuple[str, ...] = ()
    torch: Twin = ""
    jax: Twin = ""
    onnx: Twin = ""
    double: Flag = False
    rational: Flag = False
    mistakes: tuple[tuple[str, str, str], ...] = ()
    derivation: Text = ""
