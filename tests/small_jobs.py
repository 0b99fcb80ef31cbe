"""Jobs for tests, with small images in the current folder."""

from __future__ import annotations

from dataclasses import replace

from patchnn import write_image
from patchnn.batch import Job
from patchnn.testing import tiny_image

JOB = Job("generate", {"image": ["a.png"]}, "out.png", 5, {"noise": 0.5}, {"iterations": 1})


def jobs(count: int) -> list[Job]:
    """Return jobs that differ in seed and output."""
    return [replace(JOB, output=f"out-{n}.png", seed=n, search="exact") for n in range(count)]


def write_images() -> None:
    """Write a.png, b.png and c.png to the current folder."""
    for seed, name in enumerate("abc"):
        write_image(f"{name}.png", tiny_image(seed=seed))
