"""The table of docs/found.md, written from the pages of docs/found: `python -m tests.hunts.found`."""

import re
from pathlib import Path

from funcnn.arrays import counted
from funcnn.testing.hunt.record import load_pages

DOCS = Path(__file__).parents[2] / "docs"
INDEX = DOCS / "found.md"
TABLE = re.compile(r"(<!-- begin: python -m tests.hunts.found -->\n).*(<!-- end -->\n)", re.DOTALL)
FACT = re.compile(r"^- \*\*(\w+)\*\*: (.*?)(?=\n- \*\*|\n\n|\Z)", re.MULTILINE | re.DOTALL)
ERROR = re.compile(r"relative errors? (?:up to |above )?(inf|\d[\d.]*(?:e[+-]?\d+)?)( %)?")
SILENT = ("silently wrong", "value wrong", "no gradient, silently")
# From the most harmful to the least.
LOUD = ("nan", "inf", "the process crashes", "crashes", "hangs", "raises", "wrong shape", "wrong dtype")
LARGE = 1e-3
# Written to be read and learned from, not to be used.
TEACHING = """
caspian deepnet dezero jungrad mayini ml_from_scratch neograd neuralnetlib neutro nnetflow nujo numpy_ml smallpebble
tinynn
"""


def facts(text):
    """The facts of a section by their names, each in one line."""
    return {name: " ".join(fact.split()) for name, fact in FACT.findall(text)}


def error(harm):
    """The relative error of a silent mistake, without a number 2 if the sign is wrong, else 1; None if it is loud."""
    if not harm.startswith(SILENT):
        return None
    if found := ERROR.search(harm):
        return float(found[1]) / (100 if found[2] else 1)
    return 2 if re.search(r"\bsign\b", harm) else 1


def rank(harm):
    """Silent errors come first, the largest at the top."""
    if (size := error(harm)) is not None:
        return -1, -size
    return [harm.startswith(kind) for kind in LOUD].index(True), 0


def rows(*, teaching):
    """The mistakes in the order of harm: the harm, the name of the library, the report, and the row of the table."""
    found = []
    for page in load_pages([DOCS / "found"]):
        if (page.path.stem in TEACHING.split()) is not teaching:
            continue
        library = page.path.read_text("utf-8").partition("\n")[0].removeprefix("# Found in ")
        version = re.split("==|@", page.requirements[0])[1]
        for one in page.mistakes:
            known = facts(one.text)
            report = known["Report"].partition(" (")[0]
            link = f"[{one.heading}](found/{page.path.name}#{one.anchor})"
            cells = [f"{library} {version[:12]}", link, known["Harm"], report]
            found.append((known["Harm"], library, report, f"| {' | '.join(cells)} |"))
    return sorted(found, key=lambda row: rank(row[0]))


def table(*, teaching):
    """The counts, and a table."""
    found = rows(teaching=teaching)
    large = [row for row in found if (error(row[0]) or 0) > LARGE]
    libraries = {library for _, library, _, _ in found}
    new = [row for row in found if row[2].startswith("none found")]
    head = (
        f"**{counted(len(found), 'mistake')} in {len(libraries)} libraries.** {len(large)} are silently wrong by a "
        f"relative error above 1e-3. No report was found for {len(new)}.\n"
    )
    columns = "| library | function | harm | report |\n|---|---|---|---|"
    return "\n".join([head, columns, *[row for *_, row in found], ""])


def written(text):
    """The text of the page with the table as it must be."""
    tables = f"## Libraries\n\n{table(teaching=False)}\n## Teaching code\n\n{table(teaching=True)}"
    return TABLE.sub(lambda found: f"{found[1]}\n{tables}\n{found[2]}", text)


if __name__ == "__main__":
    INDEX.write_text(written(INDEX.read_text("utf-8")), "utf-8")
