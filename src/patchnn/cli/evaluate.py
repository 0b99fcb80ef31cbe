"""`patchnn evaluate`: a task on all images of a folder, measured, as one page."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from patchnn.batch import Outcome
from patchnn.cli.inputs import GUIDES, MAPS, find_inputs, weighted
from patchnn.cli.options import check_count, check_jobs
from patchnn.cli.outputs import check_not_empty
from patchnn.cli.printing import write
from patchnn.cli.progress import print_failures, show_progress
from patchnn.cli.request import Request
from patchnn.cli.results import name_methods
from patchnn.cli.run_task import share_memory
from patchnn.engine.backend import find_backend
from patchnn.errors import InputError
from patchnn.evaluate.plots import check_plots
from patchnn.evaluate.report import as_html, as_json
from patchnn.evaluate.study import REFERENCE, Guides, ImageReport, Study, by_number, conduct, write_whole
from patchnn.files import clear_parts, make_folder
from patchnn.images import read_image
from patchnn.metrics.inception import find_weights
from patchnn.task import options
from patchnn.tuning import TUNING
from patchnn.workers import open_workers

__all__ = ["SHARED", "evaluate"]

SHARED = (*TUNING, "guide", "search", "backend", "max_memory", "jobs", "resume", "force", "quiet")
"""The options of every task that this command has too."""


@dataclass(frozen=True)
class Choices:
    """This command's own options, as the command line gave them."""

    folder: str
    samples: int
    output: Path
    seed: int
    reference: Path | None
    compare: list[Path]
    weights: Path | None
    sifid: bool


def evaluate(
    request: Request,
    *,
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="The images: a folder, or a pattern in quotes.")],
    samples: Annotated[int, typer.Option(metavar="INTEGER", help="Number of results for each image.")] = 50,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FOLDER", help="Folder for the report.")] = "report",
    seed: Annotated[int, typer.Option(metavar="INTEGER", help="Random seed. Result i (from 0) of each image uses seed + i.")] = 0,
    reference: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="Another image to measure as if it were a result of each.")
    ] = None,
    compare: Annotated[
        list[Path] | None,
        typer.Option(metavar="FOLDER", help="Results of another method, with the names of the images. Repeatable."),
    ] = None,
    sifid: Annotated[bool, typer.Option("--sifid", help="Also measure SIFID. Needs torch and torchvision.")] = False,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights of Inception-v3 for SIFID. Default: those in torch.hub's cache."),
    ] = None,
) -> None:
    """Run a task on all images of a folder, measure the results, and write a report.

    The report is one page, index.html in the folder of --output. The same folder holds its numbers in report.json and
    the results in samples/.
    """
    check_not_empty("--output", output)
    choices = Choices(folder, samples, Path(output), seed, reference, compare or [], weights, sifid or weights is not None)
    study = _plan_study(request, choices)
    found = _conduct(request, study)
    if any(several for image in found for several in image.outputs.values()):
        words = _command(request, choices)
        write_whole(study.folder / "report.json", json.dumps(as_json(study, found, words), indent=1))
        write_whole(study.folder / "index.html", as_html(study, found, words))
        write(str(study.folder / "index.html"))
    failed = [image for image in found if image.errors]
    if failed:
        print_failures(len(failed), len(found), dict.fromkeys(error for image in failed for error in image.errors))
        raise typer.Exit(1)


def _plan_study(request: Request, choices: Choices) -> Study:
    """Check everything before any work, and return the study; raises InputError for what cannot be used."""
    check_plots()
    check_count(choices.samples, choices.seed, "--samples")
    check_jobs(request.settings.jobs)
    device = find_backend(request.settings.backend)
    images, guides = _find_images(request, choices.folder)
    others = name_methods("--compare", choices.compare, {request.name, REFERENCE}, [Path(name).stem for name, _ in images])
    if choices.reference:
        read_image(choices.reference, max_memory=request.settings.memory)
    if choices.sifid:
        find_weights(choices.weights)
    workers = min(request.settings.jobs, len(images) * choices.samples)
    study = Study(
        request.job(seed=choices.seed, max_memory=share_memory(request.settings.memory, device, workers)),
        images,
        choices.samples,
        choices.output,
        others,
        guides,
        reference=str(choices.reference) if choices.reference else None,
        sifid=choices.sifid,
        weights=str(choices.weights) if choices.weights else None,
    )
    _open_folder(choices.output, request.settings.resume or request.settings.force)
    return study


def _find_images(request: Request, folder: str) -> tuple[list[tuple[str, dict[str, list[str]]]], dict[str, Guides]]:
    """Return each image's file with the files of all image options, and the guides by file.

    Raises InputError if there is none.
    """
    words = {o.name: request.files.get(o.name) for o in options(request.task) if o.is_image}
    inputs = find_inputs(request.task, words, guides=request.settings.guide_files)
    if not inputs.through:
        read_image(folder, max_memory=request.settings.memory)
    weights = [weight for *_, weight in request.settings.guides]
    guides = {name: weighted(files[GUIDES], weights) for name, files in inputs}
    images = [(name, {key: found for key, found in files.items() if key not in (MAPS, GUIDES)}) for name, files in inputs]
    return sorted(images, key=lambda image: by_number(image[0])), guides


def _conduct(request: Request, study: Study) -> list[ImageReport]:
    """Make and measure the samples, showing progress."""
    total = len(study.images) * study.samples
    device = find_backend(request.settings.backend)
    notes = [f"backend: {device.description}"] if request.settings.backend == "auto" else []
    with (
        open_workers(min(request.settings.jobs, total)) as (executor, workers),
        show_progress(total, notes, request.settings.quiet) as display,
    ):

        def finish(outcome: Outcome) -> None:
            display.note(outcome.notes)
            display.finish(f"{outcome.job.output} {'failed' if outcome.error else f'{outcome.seconds:.1f} s'}")

        return conduct(study, executor, workers=workers, observe=display.observe, finish=finish, registry=request.registry)


def _command(request: Request, choices: Choices) -> list[str]:
    """Return the words of the command line that makes the report again."""
    words = ["evaluate", request.name, choices.folder, *request.words]
    words += ["--samples", str(choices.samples), "--seed", str(choices.seed)]
    words += [word for other in choices.compare for word in ("--compare", str(other))]
    return [*words, "--reference", str(choices.reference)] if choices.reference else words


def _open_folder(folder: Path, again: bool) -> None:
    """Make the report's folder; raises InputError if it holds a report, unless that may be written `again`."""
    if not again and ((folder / "index.html").exists() or any(folder.glob("samples/*/*.png"))):
        raise InputError(f"{folder} holds a report: continue it with --resume, overwrite it with --force, or change --output")
    make_folder(folder)
    for part in (folder, *folder.glob("samples/*")):
        clear_parts(part)
