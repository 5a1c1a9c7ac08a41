"""The functions of `funcnn.teach`."""

from pathlib import Path

from funcnn.teach import check, exercise, nudge, write_steps
from tests.kinds.kinds import Y, array, flag, layer, loss, number, path, text
from tests.kinds.rows import kind, row


def written():
    """The path of a file with an exercise."""
    Path("unit.py").write_text("from tests.teach.test_exercises import elsewhere\n", "utf-8")
    return "unit.py"


ROWS = [
    row(check, file=path.made(written) - "text", exercise=kind(1, "None")),  # there is no file "text"
    row(exercise, title=text, page=text, hint=text, tutor=kind(lambda: None, "None"), mistake=flag),
    row(
        nudge,
        params=layer,
        x=array,
        y=array(Y),
        loss=loss,
        path=kind("0.W"),
        index=kind((0, 1)),
        h=number,
        speaks="x; mse",
    ),
    row(
        write_steps,
        params=layer,
        x=array,
        y=array(Y),
        loss=loss,
        lr=number,
        path=kind("step.html"),
        speaks="x; mse",
    ),
]
