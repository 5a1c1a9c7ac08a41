"""Formulas of derivations, read from text: an expression in Python's syntax is a tree and a formula of TeX.

The pages write these formulas, and the tests evaluate the same trees, so a page cannot differ from what was tested.
"""

import ast
import re
from dataclasses import dataclass

LETTERS = {"alpha": r"\alpha", "delta": r"\delta", "eps": r"\varepsilon", "mu": r"\mu", "pi": r"\pi"}
FUNCTIONS = {
    **{name: (rf"\{name}(", ")") for name in ("log", "tanh", "max", "min")},
    "exp": ("e^{", "}"),
    "sqrt": (r"\sqrt{", "}"),
    "abs": (r"\lvert ", r"\rvert"),
    "sigmoid": (r"\sigma(", ")"),
    "sign": (r"\operatorname{sign}(", ")"),
}
OVER_INDICES = {"sum": r"\sum", "max": r"\max"}  # sum(i, j, term): the last argument is the term
RELATIONS = {ast.Eq: "=", ast.Gt: ">", ast.GtE: r"\ge", ast.Lt: "<", ast.LtE: r"\le"}
SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4  # how strongly the parts of a formula are bound


@dataclass(frozen=True)
class Formula:
    """`first = second = ...`, or `name := value`, which defines a name."""

    sides: tuple[ast.expr, ...]
    defines: bool
    text: str


@dataclass(frozen=True)
class Step:
    """A sentence that gives the reason, and the formulas that follow from it."""

    reason: str
    formulas: tuple[Formula, ...]


@dataclass(frozen=True)
class Derivation:
    """The arrays with their shapes, as trees by name, and the steps from the equation to the rule."""

    name: str
    shapes: dict[str, ast.expr]
    steps: tuple[Step, ...]


def read(name: str, lines: list[str]) -> Derivation:
    """A derivation from the lines of its block: a line of shapes, then reasons, each with indented formulas.

    A formula may go on in the next line, which begins with = or is indented further.
    """
    shapes, *paragraphs = [part for part in re.split(r"\n(?:[ ]*\n)+", "\n".join(lines).strip("\n")) if part.strip()]
    arrays = dict(part.strip().split(": ") for part in shapes.replace("\n", " ").split(";"))
    steps = []
    for paragraph in paragraphs:
        reason, *rest = re.split(r"\n(?=    )", paragraph)
        joined = re.sub(r"\n +(?==)|\n {5,}", " ", "\n".join(rest)).splitlines()
        steps.append(Step(" ".join(reason.split()), tuple([formula(line) for line in joined])))
    return Derivation(name, {array: tree(shape) for array, shape in arrays.items()}, tuple(steps))


def formula(text: str) -> Formula:
    """The formula of one line."""
    sides = re.split(r"(?<![=<>]):?=(?!=)", text)
    return Formula(tuple([tree(side) for side in sides]), ":=" in text, " ".join(text.split()))


def tree(text: str) -> ast.expr:
    """An expression as a tree."""
    return ast.parse(text.strip(), mode="eval").body


def tex(step: Step) -> str:
    """The formulas of a step in TeX; each equality is a row of its own, aligned at the sign."""
    equalities = []
    for found in step.formulas:
        first, *rest = [written(side) for side in found.sides]
        equalities += zip([first, *[""] * (len(rest) - 1)], rest, strict=True)
    if len(equalities) == 1:
        return " = ".join(equalities[0])
    rows = r" \\ ".join([f"{left} &= {right}" for left, right in equalities])
    return rf"\begin{{aligned}} {rows} \end{{aligned}}"


def around(opening: str, text: str, closing: str) -> str:
    """The text in brackets, which are as tall as the text if it has more than one line."""
    is_tall = any([part in text for part in (r"\frac", r"\sum", r"\begin")])
    return rf"\left{opening}{text}\right{closing}" if is_tall else f"{opening}{text}{closing}"


def written(node: ast.expr, binding: int = SUM) -> str:
    """A tree in TeX, in parentheses if it is bound less strongly than by `binding`."""
    text, own = _written(node)
    return text if own >= binding else around("(", text, ")")


def _written(node: ast.expr) -> tuple[str, int]:
    match node:
        case ast.UnaryOp(op=ast.USub()):
            return f"-{written(node.operand, PRODUCT)}", SUM
        case ast.BinOp():
            return _operation(node)
        case ast.Call(func=ast.Name(id=name)):
            return _call(name, node.args)
    return _atom(node), ATOM


def _atom(node: ast.expr) -> str:
    match node:
        case ast.Constant():
            return str(node.value)
        case ast.Name():
            return _name(node.id, "")
        case ast.Attribute(attr="T"):
            return rf"{written(node.value, ATOM)}^T"
        case ast.Subscript(value=ast.Name(id=name)):
            return _name(name, _indices(node.slice))
        case ast.Compare(left=left, ops=[relation], comparators=[right]):
            return f"[{written(left)} {RELATIONS[type(relation)]} {written(right)}]"
    raise ValueError(f"a derivation cannot write {ast.unparse(node)}")


def _name(name: str, indices: str) -> str:
    """A name in TeX: words are upright, what follows _ is a subscript, xhat has a hat, and dx is d and x."""
    base, _, below = name.partition("_")
    prefix, rest = ("d", base[1:]) if len(base) > 2 and base[0] == "d" and base not in LETTERS else ("", base)
    if rest.endswith("hat"):
        rest = rf"\hat{{{rest.removesuffix('hat')}}}{{}}"  # with {}, else the converter sets indices below x
    elif len(rest) > 1 and rest != "dA":
        rest = LETTERS.get(rest, rest if len(base) == 2 else rf"\text{{{rest}}}")
    below = r",\,".join(filter(None, (below, indices)))
    return f"{prefix}{rest}" + (f"_{{{below}}}" if below else "")


def _indices(node: ast.expr) -> str:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    texts = [written(part) for part in parts]
    return (r",\," if any([len(text) > 1 for text in texts]) else " ").join(texts)


def _operation(node: ast.BinOp) -> tuple[str, int]:
    left, right = node.left, node.right
    match node.op:
        case ast.Add():
            return f"{written(left)} + {written(right)}", SUM
        case ast.Sub():
            return f"{written(left)} - {written(right, PRODUCT)}", SUM
        case ast.Mult() | ast.MatMult():
            first, second = written(left, ATOM if _is_open(left) else PRODUCT), written(right, PRODUCT)
            between = r" \cdot " if second[0].isdigit() else r"\,"
            return f"{first}{between}{second}", PRODUCT
        case ast.Div() if isinstance(left, ast.UnaryOp):  # the sign stands before the fraction
            return f"-{_operation(ast.BinOp(left.operand, node.op, right))[0]}", SUM
        case ast.Div():
            return rf"\frac{{{written(left)}}}{{{written(right)}}}", POWER
        case ast.Pow():
            base = written(left, ATOM)
            return rf"{base}^{{{written(right)}}}", POWER
    raise ValueError(f"a derivation cannot write {ast.unparse(node)}")


def _is_open(node: ast.expr) -> bool:
    """Whether a factor behind this would be read as part of a sum at its end."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return _is_open(node.right)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OVER_INDICES


def _call(name: str, given: list[ast.expr]) -> tuple[str, int]:
    if indices := over(name, given):
        below = ",".join(indices)
        return rf"{OVER_INDICES[name]}_{{{below}}} {written(given[-1], PRODUCT)}", PRODUCT
    if name == "D":
        top, bottom = [written(part, PRODUCT) for part in given]
        return rf"\frac{{\partial {top}}}{{\partial {bottom}}}", ATOM
    texts = [written(part) for part in given]
    if name == "where":
        rows = rf"{texts[1]} & \;\text{{if }} {texts[0].strip('[]')} \\ {texts[2]} & \;\text{{else}}"
        return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM
    before, after = FUNCTIONS[name]
    if before.endswith("("):
        return before.removesuffix("(") + around("(", ", ".join(texts), ")"), ATOM
    return f"{before}{texts[0]}{after}", ATOM


def over(name: str, given: list[ast.expr]) -> list[str]:
    """The indices that a sum or a maximum is taken over; none in max(x, 0), the larger of two numbers."""
    if name not in OVER_INDICES:
        return []
    indices = [part.id for part in given[:-1] if isinstance(part, ast.Name)]
    used = {node.id for node in ast.walk(given[-1]) if isinstance(node, ast.Name)}
    return indices if name == "sum" or (indices and set(indices) <= used) else []
