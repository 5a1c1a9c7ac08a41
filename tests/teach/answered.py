"""Answers to the exercises of the course, right and wrong, and the file that a learner has with one of them.

`answers/unit1.txt` has a part for each exercise, `## line`, named by the function that the learner writes. An answer is
`# right: what it is` or `# wrong: what it is | a part of its message`. Below stands its code: an expression, the body
of the function, or statements, of which those that define a name of the exercise take its place. `del` removes a name.
"""

import ast
import re
from pathlib import Path

import attrs

COURSE = Path(__file__).parents[2] / "docs" / "course"
ANSWERS = Path(__file__).parent / "answers"
STATEMENTS = re.compile(r"(def|class|import|from|del|@)\b|@|[A-Z_]+ =")


@attrs.frozen
class Answer:
    """An answer to exercise `number` of a unit; `says` is a part of the message of a wrong one."""

    unit: str
    number: int
    function: str
    is_right: bool
    title: str
    says: str
    code: str

    def __str__(self):
        return f"unit {self.unit} {self.function}: {self.title}"

    def file(self):
        """The solved exercises of the unit, with this answer to one of them."""
        solution = solved(self.unit)
        tree, answer = ast.parse(solution), ast.parse(self.statements(solution))
        names = {getattr(node, "name", None) for node in tree.body} - {None}
        removed = {name.id for node in answer.body if isinstance(node, ast.Delete) for name in node.targets}
        own = {node.name: node for node in answer.body if getattr(node, "name", None) in names}
        others = [node for node in answer.body if node not in own.values() and not isinstance(node, ast.Delete)]
        made = []
        for node in tree.body:
            if new := own.get(getattr(node, "name", None)):
                new.decorator_list = new.decorator_list or node.decorator_list
                made += [*others, new]
                others = []
            elif getattr(node, "name", None) not in removed:
                made.append(node)
        tree.body = made
        return ast.unparse(tree)

    def statements(self, solution):
        if STATEMENTS.match(self.code):
            return self.code
        head = re.search(rf"^def {self.function}\(.*\):$", solution, re.MULTILINE)[0]
        body = f"return {self.code}" if is_expression(self.code) else self.code
        return "\n    ".join([head, *body.splitlines()])


def is_expression(code):
    try:
        return bool(ast.parse(code, mode="eval"))
    except SyntaxError:
        return False


def solved(unit):
    return (COURSE / "solutions" / f"unit{unit}.py").read_text("utf-8")


def answers(unit):
    """All answers to the exercises of a unit, in their order."""
    text = "\n".join([path.read_text("utf-8") for path in sorted(ANSWERS.glob(f"unit{unit}*.txt"))])
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        function, *fields = re.split(r"^# (right|wrong): (.*)\n", part.strip(), flags=re.MULTILINE)
        number = solved(unit).partition(f"\ndef {function.strip()}(")[0].count("\n@exercise(") + 1
        for kind, line, code in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
            title, _, says = line.partition(" | ")
            yield Answer(unit, number, function.strip(), kind == "right", title, says, code.strip())
