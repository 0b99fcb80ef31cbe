"""A folder of good and bad image files."""

from __future__ import annotations

from pathlib import Path

import pytest
from image_files import RGB
from PIL import Image as Pillow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Pillow.fromarray(RGB).resize((64, 64)).save(tmp_path / "good.png")
    Pillow.fromarray(RGB).resize((64, 64)).save(tmp_path / "good.jpg")
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:200])
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "good.jpg").read_bytes()[:700])
    (tmp_path / "header.png").write_bytes((tmp_path / "good.png").read_bytes()[:8])
    (tmp_path / "folder.png").mkdir()
    return tmp_path
