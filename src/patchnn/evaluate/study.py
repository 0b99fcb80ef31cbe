"""A task run on many images and measured, with other methods for comparison. Existing results are reused."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from patchnn.batch import Job, Outcome, run_jobs
from patchnn.engine.arrays import Image
from patchnn.engine.synthesize import Observer
from patchnn.errors import InputError, PatchnnError
from patchnn.evaluate.figures import measure
from patchnn.evaluate.plots import count_distances
from patchnn.files import whole_file
from patchnn.images import read_image
from patchnn.metrics import diversity
from patchnn.registry import Registry
from patchnn.version import __version__

__all__ = ["REFERENCE", "Guides", "ImageReport", "Measured", "Study", "by_number", "conduct", "write_whole"]

REFERENCE = "reference"
"""The name of the reference image among the methods."""

Guides = tuple[tuple[str, str, float], ...]
"""The guides of one image, as `Job.guides` has them."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Measured:
    """One output: its file, its figures by key, None for those it lacks, and a histogram of its patch distances."""

    file: str
    figures: dict[str, float | None]
    distances: list[int]


@dataclass
class ImageReport:
    """What was measured for one image: its name and file, outputs and diversity by method, and errors."""

    name: str
    file: str
    outputs: dict[str, list[Measured]] = field(default_factory=dict)
    diversity: dict[str, float | None] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Study:
    """A plan of what to make and measure.

    job: the task with its options and the first seed; each sample gets its own files, output and seed. images: the file
    of each image, with all files of its job by option. samples: outputs of each image. folder: where they go. others: for
    every other method, a function from an image's name to its outputs. guides: those of an image by its file.
    reference: an image to measure as if it were an output of each. sifid, weights: as in `measure`.
    """

    job: Job
    images: Sequence[tuple[str, Mapping[str, list[str]]]]
    samples: int
    folder: Path
    others: Mapping[str, Callable[[str], list[str]]] = field(default_factory=dict)
    guides: Mapping[str, Guides] = field(default_factory=dict)
    reference: str | None = None
    sifid: bool = False
    weights: str | None = None

    @property
    def methods(self) -> list[str]:
        """The task first, then the others."""
        return [self.job.task, *self.others]

    @property
    def to_compare(self) -> dict[str, Callable[[str], list[str]]]:
        """By name, the functions that find existing outputs: those of the other methods, and the reference."""
        return {**self.others, REFERENCE: lambda name: [self.reference] if self.reference else []}

    def read(self, file: str) -> Image:
        """Read an image within the job's memory."""
        return read_image(file, max_memory=self.job.max_memory)


def conduct(
    study: Study,
    executor: Executor | None = None,
    *,
    workers: int = 1,
    observe: Observer | None = None,
    finish: Callable[[Outcome], None] = lambda outcome: None,
    registry: Registry | None = None,
) -> list[ImageReport]:
    """Make and measure every missing sample, and measure the other methods' outputs.

    executor, workers, observe, registry: as in `run_jobs`; the executor measures too. finish: called with the outcome of
    every sample. An image that cannot be used is reported in its errors and does not stop the others.
    """
    reports = {file: ImageReport(Path(file).stem, file) for file, _ in study.images}
    crew = executor or _Here()
    measuring: list[tuple[ImageReport, str, str, Future[Measured]]] = []

    def begin(report: ImageReport, method: str, file: str, cache: Path, seconds: float | None = None) -> None:
        future = crew.submit(_measure_file, file, report.file, cache, seconds, study.sifid, study.weights, study.job.max_memory)
        measuring.append((report, method, file, future))

    owners: dict[str, ImageReport] = {}
    for outcome in run_jobs(_jobs(study, reports, owners), executor, workers=workers, observe=observe, registry=registry):
        report, file = owners[outcome.job.output], outcome.job.output
        if outcome.error:
            report.errors.append(outcome.error)
        else:
            begin(report, study.job.task, file, Path(file).with_suffix(".json"), None if outcome.skipped else outcome.seconds)
        finish(outcome)
    readable = {report.name: report for report in owners.values()}
    for number, (method, find) in enumerate(study.to_compare.items(), 1):
        for report in readable.values():
            for file in find(report.name):
                begin(report, method, file, study.folder / "compared" / str(number) / report.name / f"{Path(file).name}.json")
    for report, method, file, future in measuring:
        _collect(report, method, file, future)
    _measure_diversity(list(readable.values()), crew, study.job.max_memory)
    for report in reports.values():
        report.errors = list(dict.fromkeys(report.errors))
        for measured in report.outputs.values():
            measured.sort(key=lambda one: by_number(one.file))
    return list(reports.values())


def write_whole(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all; raises InputError, naming it, if that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        part.write_bytes(text.encode("utf-8", "replace"))


def _jobs(study: Study, reports: Mapping[str, ImageReport], owners: dict[str, ImageReport]) -> Iterator[Job]:
    """Yield the jobs of all readable images, and note which image each output belongs to."""
    for file, files in study.images:
        report = reports[file]
        try:
            study.read(file)
        except InputError as error:
            report.errors.append(str(error))
            continue
        folder = study.folder / "samples" / report.name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(study.samples):
            seed = study.job.seed + number
            output = str(folder / f"{seed}.png")
            owners[output] = report
            yield replace(study.job, files=files, output=output, seed=seed, guides=study.guides.get(file, ()))


def _measure_file(
    output: str, source: str, cache: Path, seconds: float | None, sifid: bool, weights: str | None, memory: int | None
) -> Measured:
    """Measure one output, or read its figures from the cache. A known time is kept with them."""
    # All that the figures depend on: another version may measure differently.
    key = [_digest(output), _digest(source), sifid and _digest(weights or ""), __version__]
    try:
        before = json.loads(cache.read_text(encoding="utf-8"))
        figures, distances = before["figures"], before["distances"] if before["of"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        figures, distances = {}, None
    if distances is not None and seconds is None:
        return Measured(output, figures, distances)
    images = read_image(output, max_memory=memory), read_image(source, max_memory=memory)
    try:
        found, far = measure(*images, sifid=sifid, weights=weights)
    except InputError as error:
        raise error if error.about == "weights" else InputError(f"{output}: {error}", error.about) from None
    made = Measured(output, {**found, "seconds": seconds}, count_distances(far))
    write_whole(cache, json.dumps({"of": key, **asdict(made)}))
    return made


def _collect(report: ImageReport, method: str, file: str, future: Future[Measured]) -> None:
    """Note the figures of an output, or why there are none."""
    try:
        report.outputs.setdefault(method, []).append(future.result())
    except Exception as error:
        report.errors.append(_in_words(error, file))


def _measure_diversity(reports: Sequence[ImageReport], crew: Executor, memory: int | None) -> None:
    futures = [
        (report, method, crew.submit(_diversity, [one.file for one in measured], report.file, memory))
        for report in reports
        for method, measured in report.outputs.items()
    ]
    for report, method, future in futures:
        report.diversity[method] = None
        # A single output has no diversity, and neither have outputs of several sizes.
        with contextlib.suppress(InputError, BrokenExecutor):
            report.diversity[method] = future.result()


def _diversity(files: list[str], source: str, memory: int | None) -> float:
    read = partial(read_image, max_memory=memory)
    return diversity(map(read, files), read(source))


class _Here(Executor):
    """An executor that does each call at once."""

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _in_words(error: Exception, file: str) -> str:
    if isinstance(error, BrokenExecutor):
        return f"{file}: the process that measured it was killed, probably because memory ran out: try fewer --jobs"
    # An error on purpose names its file already.
    return " ".join((str(error) if isinstance(error, PatchnnError) else f"{file}: {type(error).__name__}: {error}").split())


def _digest(file: str) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if os.path.isfile(file) else ""


def by_number(name: str | Path) -> list[tuple[int, str]]:
    """Return a sort key that orders names by the numbers in them: 2 before 10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", str(name))]
