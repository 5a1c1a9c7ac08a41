"""The functions of `funcnn.teach`."""

from pathlib import Path

from funcnn import Momentum
from funcnn.teach import (
    AnswerRules,
    check,
    diagnose_answer,
    exercise,
    grade,
    nudge,
    playground,
    write_playground,
    write_steps,
)
from tests.kinds.kinds import NET, count, path
from tests.kinds.rows import kind, row


def written():
    """The path of a file with an exercise."""
    Path("unit.py").write_text("from tests.teach.test_exercises import elsewhere\n", "utf-8")
    return "unit.py"


def handed_in():
    """The path of a folder with the file of a learner."""
    Path("class").mkdir(exist_ok=True)
    Path("class", "unit.py").write_text("", "utf-8")
    return "class"


ROWS = [
    row(check, file=path.made(written) - "text", exercise=kind(1, "None")),  # there is no file "text"
    row(diagnose_answer, answer=kind(len), rules=kind(AnswerRules(abs, {}, [(-1.0,)]))),
    row(exercise, tutor=kind(lambda: None, "None")),
    row(
        grade,
        folder=path.made(handed_in) - "text",
        tests=path.made(written) - "text",
        seed=count,
        memory=count(1024),
    ),
    row(nudge, path=kind("0.W"), index=kind((0, 1)), speaks="x; mse"),
    row(playground, choices=kind({"other": NET}, "None; {}"), optimizer=kind(Momentum(), ()), speaks="x; mse"),
    row(
        write_playground,
        path=kind("live.html"),
        choices=kind({"other": NET}, "None; {}"),
        optimizer=kind(Momentum(), ()),
        speaks="x; mse",
    ),
    row(write_steps, path=kind("step.html"), speaks="x; mse"),
]
