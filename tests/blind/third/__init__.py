"""The third set of docs/naming_a_mistake.md: 54 answers to exercises of the course, and 23 backward passes."""

import re
from pathlib import Path

from tests.blind.third.attention import ATTENTION
from tests.blind.third.images import IMAGES
from tests.blind.third.networks import NETWORKS
from tests.blind.third.sequences import SEQUENCES
from tests.teach.answered import Answer

PASSES = [*NETWORKS, *SEQUENCES, *ATTENTION, *IMAGES]
PART = re.compile(r"^## (\d)\. (.*) \|(.*)\n# .*\n((?:(?!^## ).*\n)*)", re.MULTILINE)
ANSWERS = [
    Answer(path.stem, int(number), "", is_right=False, title=title, says=says.strip(), code=code)
    for path in sorted(Path(__file__).parent.glob("unit?.txt"))
    for number, title, says, code in PART.findall(path.read_text("utf-8"))
]
