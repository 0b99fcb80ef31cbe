"""Values of options that the command line parses itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import patchnn
from patchnn import InputError
from patchnn.cli import main
from patchnn.images import decode, write_image
from patchnn.testing import tiny_image
from patchnn.tuning import MIN_MEMORY, parse_bytes
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
def test_memory_is_read_in_every_unit(text: str, value: int) -> None:
    assert parse_bytes(text) == value


@pytest.mark.parametrize("text", ["", "lots", "-4GB", "4 potatoes", "nan", "1e9", "4iB", str(MIN_MEMORY - 1)])
def test_a_text_that_is_no_memory_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="max_memory"):
        parse_bytes(text)


def test_the_least_memory_that_is_accepted_makes_the_smallest_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image = np.random.default_rng(0).random((7, 7, 3))
    write_image("smallest.png", image)
    assert main(["generate", "smallest.png", "--max-memory", f"{MIN_MEMORY}", "--noise", "0"]) == 0
    with pytest.raises(InputError, match="memory"):
        patchnn.run(Generate(image=image), max_memory=MIN_MEMORY - (1 << 20))


@pytest.mark.parametrize(
    "line",
    [
        "generate in/a.png --apply-to in/a.png -o out.png --resume",
        "sweep in/a.png --noise 0.5,1",
        "score in/a.png in/b.png out.png --patch 3",
        "evaluate in --samples 2 --reference in/b.png --compare in",
    ],
)
def test_every_file_is_read_within_the_memory_limit(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if line.startswith("evaluate"):
        pytest.importorskip("matplotlib", reason="the extra `report` is not installed")
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for seed, name in enumerate(("in/a.png", "in/b.png", "out.png")):
        write_image(name, tiny_image(seed=seed))
    limits: list[tuple[str, int | None]] = []

    def noted(data: Any, name: str, *, max_memory: int | None = None) -> Any:
        limits.append((name, max_memory))
        return decode(data, name, max_memory=max_memory)

    monkeypatch.setattr("patchnn.images.decode", noted)
    options = [] if line.startswith("score") else ["--iterations", "1", "--backend", "numpy", "--seed", "1"]
    main([*line.split(), "--max-memory", "70MB", *options])
    assert {name for name, _ in limits} >= {"in/a.png"}
    assert {limit for _, limit in limits} == {70_000_000}
