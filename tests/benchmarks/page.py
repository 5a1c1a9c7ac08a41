"""The tables of docs/speed.md, between two marks; only the command writes there."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "speed.md"
START = "<!-- from here on written by python -m tests.benchmarks peers -->\n"
END = "<!-- up to here -->\n"


def written_by_the_command(text: str) -> str:
    """What stands between the marks."""
    _, after = text.split(START)
    return after.split(END)[0]


def write(tables: str, page: Path = PAGE) -> None:
    """Replace what stands between the marks."""
    before, after = page.read_text("utf-8").split(START)
    _, after = after.split(END)
    page.write_text(f"{before}{START}\n{tables}\n\n{END}{after}", "utf-8")
