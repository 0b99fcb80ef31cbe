"""A task carried out over many pictures and measured, beside other methods' outputs; what was done before is kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from patchnn.batch import Job, Outcome, run_jobs
from patchnn.engine.synthesize import Observer
from patchnn.errors import InputError, PatchnnError
from patchnn.evaluate.figures import measure
from patchnn.evaluate.plots import count_distances
from patchnn.files import whole_file
from patchnn.images import read_image
from patchnn.metrics import diversity
from patchnn.registry import Registry
from patchnn.version import __version__

__all__ = ["REFERENCE", "ImageReport", "Measured", "Study", "by_number", "conduct", "write_whole"]

REFERENCE = "reference"
"""What the reference picture is called among the methods."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Measured:
    """One output: its file, its figures by key, None where it has none, and how many of its patches are how far."""

    file: str
    figures: dict[str, float | None]
    distances: list[int]


@dataclass
class ImageReport:
    """One picture: its name and file, its outputs by method with their diversity, and what went wrong."""

    name: str
    file: str
    outputs: dict[str, list[Measured]] = field(default_factory=dict)
    diversity: dict[str, float | None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Study:
    """What is to be done.

    job: the task with its options; its files, output and seed are those of each sample in turn, its seed the first's.
    pictures: each one's file, and all files of its job by option. samples: how many outputs of each. folder: where they
    go. others: of every other method, its outputs of a picture by the picture's name. reference: a picture that is
    measured as if it were an output of each. sifid, weights: as in `measure`.
    """

    job: Job
    pictures: Sequence[tuple[str, Mapping[str, list[str]]]]
    samples: int
    folder: Path
    others: Mapping[str, Callable[[str], list[str]]] = field(default_factory=dict)
    reference: str | None = None
    sifid: bool = False
    weights: str | None = None

    @property
    def methods(self) -> list[str]:
        """The task first, then the others."""
        return [self.job.task, *self.others]

    @property
    def to_compare(self) -> dict[str, Callable[[str], list[str]]]:
        """What finds the outputs that are there already: the other methods', and the reference, by name."""
        return {**self.others, REFERENCE: lambda name: [self.reference] if self.reference else []}


def conduct(
    study: Study,
    executor: Executor | None = None,
    *,
    workers: int = 1,
    observe: Observer | None = None,
    finish: Callable[[Outcome], None] = lambda outcome: None,
    registry: Registry | None = None,
) -> list[ImageReport]:
    """Make and measure every sample that is not there yet, and measure the other methods' outputs.

    executor, workers, observe, registry: as in `run_jobs`; measuring is done by the same executor. finish: is told of
    every sample. A picture that cannot be used says so in its errors, and keeps none of the others.
    """
    pictures = {file: ImageReport(Path(file).stem, file) for file, _ in study.pictures}
    crew = executor or _Here()
    measuring: list[tuple[ImageReport, str, str, Future[Measured]]] = []

    def begin(picture: ImageReport, method: str, file: str, cache: Path, seconds: float | None = None) -> None:
        future = crew.submit(_measure_file, file, picture.file, cache, seconds, study.sifid, study.weights)
        measuring.append((picture, method, file, future))

    owners: dict[str, ImageReport] = {}
    for outcome in run_jobs(_jobs(study, pictures, owners), executor, workers=workers, observe=observe, registry=registry):
        picture, file = owners[outcome.job.output], outcome.job.output
        if outcome.error:
            picture.errors.append(outcome.error)
        else:
            begin(picture, study.job.task, file, Path(file).with_suffix(".json"), None if outcome.skipped else outcome.seconds)
        finish(outcome)
    readable = {picture.name: picture for picture in owners.values()}
    for number, (method, find) in enumerate(study.to_compare.items(), 1):
        for picture in readable.values():
            for file in find(picture.name):
                begin(picture, method, file, study.folder / "compared" / str(number) / picture.name / f"{Path(file).name}.json")
    for picture, method, file, future in measuring:
        _collect(picture, method, file, future)
    _measure_diversity(list(readable.values()), crew)
    for picture in pictures.values():
        picture.errors = list(dict.fromkeys(picture.errors))
        for measured in picture.outputs.values():
            measured.sort(key=lambda one: by_number(one.file))
    return list(pictures.values())


def write_whole(path: Path, text: str) -> None:
    """Write a text file that appears whole or not at all, in UTF-8; raises InputError, naming it, if it cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_bytes(text.encode("utf-8", "replace"))


def _jobs(study: Study, pictures: Mapping[str, ImageReport], owners: dict[str, ImageReport]) -> Iterator[Job]:
    """Yield the jobs of all pictures that can be read, and note whose each output is."""
    for file, files in study.pictures:
        picture = pictures[file]
        try:
            read_image(file)
        except InputError as error:
            picture.errors.append(str(error))
            continue
        folder = study.folder / "samples" / picture.name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(study.samples):
            seed = study.job.seed + number
            output = str(folder / f"{seed}.png")
            owners[output] = picture
            yield replace(study.job, files=files, output=output, seed=seed)


def _measure_file(output: str, source: str, cache: Path, seconds: float | None, sifid: bool, weights: str | None) -> Measured:
    """Measure one output, or read what it was measured to be; a time that is known is kept with it."""
    # What the figures depend on; another version may measure otherwise.
    key = [_digest(output), _digest(source), sifid and _digest(weights or ""), __version__]
    try:
        before = json.loads(cache.read_text(encoding="utf-8"))
        figures, distances = before["figures"], before["distances"] if before["of"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        figures, distances = {}, None
    if distances is not None and seconds is None:
        return Measured(output, figures, distances)
    images = read_image(output), read_image(source)
    try:
        found, far = measure(*images, sifid=sifid, weights=weights)
    except InputError as error:
        raise error if error.about == "weights" else InputError(f"{output}: {error}", error.about) from None
    made = Measured(output, {**found, "seconds": seconds}, count_distances(far))
    write_whole(cache, json.dumps({"of": key, **asdict(made)}))
    return made


def _collect(picture: ImageReport, method: str, file: str, future: Future[Measured]) -> None:
    """Note what an output was measured to be, or why it could not be."""
    try:
        picture.outputs.setdefault(method, []).append(future.result())
    except Exception as error:
        picture.errors.append(_in_words(error, file))


def _measure_diversity(pictures: Sequence[ImageReport], crew: Executor) -> None:
    futures = [
        (picture, method, crew.submit(_diversity, [one.file for one in measured], picture.file))
        for picture in pictures
        for method, measured in picture.outputs.items()
    ]
    for picture, method, future in futures:
        picture.diversity[method] = None
        # One output has none, nor have several sizes.
        with contextlib.suppress(InputError, BrokenExecutor):
            picture.diversity[method] = future.result()


def _diversity(files: list[str], source: str) -> float:
    return diversity((read_image(file) for file in files), read_image(source))


class _Here(Executor):
    """Does what it is given at once."""

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _in_words(error: Exception, file: str) -> str:
    if isinstance(error, BrokenExecutor):
        return f"{file}: the process that measured it was killed: most likely memory ran out (try fewer --jobs)"
    # An error on purpose names its file already.
    return " ".join((str(error) if isinstance(error, PatchnnError) else f"{file}: {type(error).__name__}: {error}").split())


def _digest(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if os.path.isfile(file) else ""


def by_number(name: str | Path) -> list[tuple[int, str]]:
    """Order names by the numbers in them: 2 before 10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", str(name))]
