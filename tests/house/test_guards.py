"""The names of guards, functions that check or refuse: a name says whether a value, an error or nothing comes back."""

import ast
import builtins
from pathlib import Path

ROOT = Path(__file__).parents[2] / "funcnn"
TREES = {path: ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def public_names():
    """The names in every `__all__` and in every stub of a lazy namespace, such as `check_vjp`, which gives a report."""
    tops = [node for tree in TREES.values() for node in tree.body if isinstance(node, ast.Assign)]
    lists = [node.value for node in tops if ast.unparse(node.targets[0]) == "__all__"]
    stubs = [line for path in ROOT.rglob("*.pyi") for line in path.read_text("utf-8").splitlines()]
    named = {part.value for value in lists for part in ast.walk(value) if isinstance(part, ast.Constant)}
    return named | {line.split()[-1] for line in stubs if line.startswith("from")}


def error_classes():
    """The names of exceptions: Python's own, and the classes of funcnn that have one of them as a base."""
    found = {name for name, cls in vars(builtins).items() if isinstance(cls, type) and issubclass(cls, BaseException)}
    classes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := {cls.name for cls in classes if {ast.unparse(base) for base in cls.bases} & found} - found:
        found |= more
    return found


PUBLIC, ERRORS = public_names(), error_classes()


def functions(node, outer):
    """(path, function) of every function in a tree, methods and functions inside functions too."""
    for part in ast.iter_child_nodes(node):
        if not isinstance(part, ast.FunctionDef | ast.ClassDef):
            yield from functions(part, outer)
            continue
        if isinstance(part, ast.FunctionDef):
            yield f"{outer}.{part.name}", part
        yield from functions(part, f"{outer}.{part.name}")


FUNCTIONS = {
    path: function
    for file, tree in TREES.items()
    for path, function in functions(tree, ".".join(file.relative_to(ROOT).with_suffix("").parts))
    if not (function in tree.body and function.name in PUBLIC)
}


def gives_a_value(node):
    """Whether a function returns anything but None; functions inside it do not count."""
    for part in ast.iter_child_nodes(node):
        if isinstance(part, ast.Return) and part.value is not None and ast.unparse(part.value) != "None":
            return True
        if not isinstance(part, ast.FunctionDef | ast.Lambda) and gives_a_value(part):
            return True
    return False


def gives_an_error(function):
    """Whether the result is annotated as an exception, or as one of several, or as an exception or None."""
    union = ast.unparse(function.returns).split(" | ") if function.returns else []
    return bool(set(union) - {"None"}) and set(union) <= {*ERRORS, "None"}


def those(holds):
    return {path for path, function in FUNCTIONS.items() if holds(function)}


def named(begin):
    return those(lambda function: function.name.lstrip("_").startswith(begin))


def test_check_x_returns_nothing_and_as_x_a_value():
    checks, conversions, with_value = named("check_"), named("as_"), those(gives_a_value)
    assert checks & with_value == set()
    assert conversions - with_value == set()
    assert len(checks) > 100
    assert len(conversions) > 50


def test_what_returns_an_error_is_named_error_and_nothing_else_is():
    errors, so_named = those(gives_an_error), those(lambda function: function.name.endswith("_error"))
    assert errors == so_named
    assert len(errors) > 20


def test_raise_x_returns_nothing_and_what_never_returns_is_named_so():
    never = those(lambda function: function.returns is not None and ast.unparse(function.returns) == "NoReturn")
    assert named("raise_") & those(gives_a_value) == set()
    assert never - named("raise_") == set()
    assert len(never) > 1
