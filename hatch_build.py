"""The README for a package index, where a path leads nowhere: links lead to the tag of the version."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Readme(MetadataHookInterface):
    """Writes each relative link as an address, and each picture as the address of its bytes."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling."""
        source, tag = metadata["urls"]["Source"], f"v{metadata['version']}"
        place = {"": f"{source}/blob/{tag}/", "!": f"{source}/raw/{tag}/"}
        text = (Path(self.root) / "README.md").read_text("utf-8")
        link = re.compile(r"(!?)(\[[^]]*\]\()(?!https?:)")
        text = link.sub(lambda found: f"{found[1]}{found[2]}{place[found[1]]}", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
