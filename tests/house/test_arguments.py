"""Helpers that check or explain arguments take the function that was called, its argument and the value, in order."""

import ast
from pathlib import Path

import pytest

from funcnn import errors

SOURCES = sorted((Path(__file__).parents[2] / "funcnn").rglob("*.py"))
# Public signatures keep these words: `whose` begins a message, and `what` is the name of what a learner computed.
PUBLIC = {("namespace", "whose"), ("expect", "what")}
# The functions inside `verb` share its variable `name`, the name of the function that it makes.
ABOUT_VERBS = {"dispatch.py"}


def functions_of(text):
    """Each function in a text, with the names of its parameters without self, and which of them are strings."""
    tree = ast.parse(text)
    methods = {child for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for child in node.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            args = [*node.args.posonlyargs, *node.args.args]
            args = args[1:] if node in methods and args and args[0].arg in {"self", "cls"} else args
            every = [*args, *node.args.kwonlyargs]
            texts = {arg.arg for arg in every if arg.annotation is not None and ast.unparse(arg.annotation) == "str"}
            yield node, [arg.arg for arg in args], [arg.arg for arg in node.args.kwonlyargs], texts


def misplaced(text):
    """What is wrong with the signatures of a text. `function` and `argument` are names if they are strings."""
    for node, names, by_keyword, texts in functions_of(text):
        for word in {"whose", "what"} & {*names, *by_keyword}:
            if (node.name, word) not in PUBLIC:
                yield f"{node.name}: {word} must be called function, argument, needed or by what it is"
        if "function" in texts - {*names[:1], *by_keyword}:
            yield f"{node.name}: function must be the first parameter"
        if "argument" in texts and names.index("argument") != int("function" in texts):
            before = names[: names.index("argument")]
            if "function" in texts or len(before) > 1:
                yield f"{node.name}: argument must be the second parameter, or the first without a function"
        if "argument" in texts and names[-1] == "argument":
            yield f"{node.name}: the value must follow argument"


def words_of(sentence):
    """The parts of an f-string: its texts, the names of variables in braces, and nothing for other expressions."""
    for part in sentence.values:
        if isinstance(part, ast.Constant):
            yield part.value
        else:
            yield part.value.id if isinstance(part.value, ast.Name) else ""


def misnamed(text):
    """The variables with which errors of a text begin, `f"{name}: {what} must be ..."`, if they have other names."""
    for node, names, _, _ in functions_of(text):
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and hasattr(errors, call.func.id):
                for sentence in [part for part in ast.walk(call) if isinstance(part, ast.JoinedStr)]:
                    first, colon, second, verb = [*words_of(sentence), "", "", "", ""][:4]
                    if colon.startswith(": ") and first.islower() and first != "function":
                        yield f"{node.name}: {first} must be called function"
                    if colon == ": " and verb.startswith(" must be ") and second in {*names} - {"argument"}:
                        yield f"{node.name}: {second} must be called argument"


def test_helpers_take_function_argument_and_value_in_this_order():
    assert [f"{path.name}: {one}" for path in SOURCES for one in misplaced(path.read_text("utf-8"))] == []


def test_errors_print_a_function_and_an_argument():
    sources = [path for path in SOURCES if path.name not in ABOUT_VERBS]
    assert [f"{path.name}: {one}" for path in sources for one in misnamed(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "signature",
    [
        "whose: str, value: Any",
        "function: str, value: Any, what: str",
        "value: Any, function: str",
        "argument: str, function: str, value: Any",
        "function: str, value: Any, argument: str",
        "function: str, argument: str",
        "layer: Any, x: Any, argument: str, n: int",
    ],
)
def test_another_order_or_word_is_found(signature):
    assert len([*misplaced(f"def helper({signature}): ...")]) >= 1


@pytest.mark.parametrize("sentence", ["{name}: x must be an array", "{function}: {name} must be an array"])
def test_an_error_of_other_variables_is_found(sentence):
    assert len([*misnamed(f'def helper(function, name):\n    raise KindError(f"{sentence}")')]) == 1
