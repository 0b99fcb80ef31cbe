"""Values of options that the command line parses itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import patchnn
from patchnn import InputError
from patchnn.cli import main
from patchnn.cli.options import MIN_MEMORY, parse_bytes
from patchnn.images import write_image
from patchnn_tasks import Generate

BYTES = [
    ("68157440", 65 << 20),
    ("4GB", 4 * 10**9),
    ("512MiB", 512 << 20),
    ("1.5 gib", 3 << 29),
    ("100M", 10**8),
    ("70000kb", 7 * 10**7),
]


@pytest.mark.parametrize(("text", "value"), BYTES)
def test_bytes(text: str, value: int) -> None:
    assert parse_bytes(text) == value


@pytest.mark.parametrize("text", ["", "lots", "-4GB", "4 potatoes", "nan", "1e9", "4iB", str(MIN_MEMORY - 1)])
def test_bad_bytes(text: str) -> None:
    with pytest.raises(InputError, match="--max-memory"):
        parse_bytes(text)


def test_the_least_memory_that_is_accepted_makes_the_smallest_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).random((7, 7, 3))
    write_image("smallest.png", image)
    assert main(["generate", "smallest.png", "--max-memory", f"{MIN_MEMORY}", "--noise", "0"]) == 0
    with pytest.raises(InputError, match="memory"):
        patchnn.run(Generate(image=image), max_memory=MIN_MEMORY - (1 << 20))
