"""A batch of the HTTP API: one task for many images, done by patchnn.batch in a folder of its own."""

from __future__ import annotations

import io
import json
import shlex
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from patchnn.batch import Job, run_jobs
from patchnn.errors import InputError
from patchnn.images import read_record
from patchnn.registry import Registry
from patchnn.studio.files import uploads
from patchnn.studio.messages import pack, unpack
from patchnn.studio.order import MAX_COUNT, job_of

__all__ = ["MAX_RESULTS", "make_batch"]

MAX_RESULTS = 256
"""Results of one batch, at most."""


def make_batch(registry: Registry, message: bytes) -> bytes:
    """Do a task for each image of one option. Return a ZIP of the results and of outcomes.json, which tells how each went."""
    head, blobs = unpack(message)
    sent = uploads(head.get("files"), blobs)
    job, count = job_of(registry, head, sent), int(head.get("count", 1))
    series = str(head.get("series"))
    files = job.files[series]
    if not 1 <= count <= MAX_COUNT or len(files) * count > MAX_RESULTS:
        raise InputError(f"{len(files)} images with {count} results each: one batch makes at most {MAX_RESULTS} results")
    with tempfile.TemporaryDirectory(prefix="patchnn-") as folder:
        for upload in sent:
            Path(folder, upload.name).write_bytes(upload.file())
        whole = {name: [str(Path(folder, file)) for file in several] for name, several in job.files.items()}
        jobs = [
            replace(
                job,
                files={**whole, series: [str(Path(folder, file))]},
                output=str(Path(folder, f"result {number}-{job.seed + more}.png")),
                seed=job.seed + more,
            )
            for number, file in enumerate(files)
            for more in range(count)
        ]
        parcel = io.BytesIO()
        with zipfile.ZipFile(parcel, "w") as file:
            outcomes = [_deliver(outcome, folder, series, file) for outcome in run_jobs(jobs, registry=registry)]
            file.writestr("outcomes.json", json.dumps(outcomes, indent=1))
    return pack({"event": "batch"}, parcel.getvalue())


def _deliver(outcome: Any, folder: str, series: str, file: zipfile.ZipFile) -> dict[str, Any]:
    """Put a result into the ZIP; return what outcomes.json tells about it."""
    job: Job = outcome.job
    name = Path(job.files[series][0]).name
    facts: dict[str, Any] = {"image": name, "seed": job.seed, "file": None, "command": None, "error": None}
    if outcome.error:
        # The folder is the server's own matter.
        return {**facts, "error": outcome.error.replace(f"{folder}/", "")}
    record: Mapping[str, Any] = read_record(job.output)
    made = f"{Path(name).stem}-{job.task}-{job.seed}.png"
    names = set(file.namelist())
    if made in names:
        made = f"{name}-{job.task}-{job.seed}.png"
    file.write(job.output, made)
    return {**facts, "file": made, "command": shlex.join(["patchnn", *record["command"]]).replace(f"{folder}/", "")}
