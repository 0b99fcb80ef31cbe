"""Metadata that the build makes: the addresses from src/patchnn/links.py, and a README whose links work on a package index."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class LinksHook(MetadataHookInterface):
    """Fills in the addresses and the README."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add `urls` and `readme`."""
        root = Path(self.root)
        links = runpy.run_path(str(root / "src" / "patchnn" / "links.py"))
        code = links["CODE"]
        metadata["urls"] = {
            "Documentation": links["DOCUMENTATION"],
            "Repository": code,
            "Issues": links["ISSUES"],
            "Changelog": f"{code}/blob/main/CHANGELOG.md",
        }
        text = (root / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text, code, links["RAW"])}


def absolute(text: str, code: str, raw: str) -> str:
    """Return Markdown whose links and images lead to the repository instead of to files next to it."""
    text = re.sub(r"(!\[[^\]]*\])\((?!https?:|#)([^)]+)\)", rf"\1({raw}/\2)", text)
    return re.sub(r"(?<!!)(\[[^\]]*\])\((?!https?:|#)([^)]+)\)", rf"\1({code}/blob/main/\2)", text)
