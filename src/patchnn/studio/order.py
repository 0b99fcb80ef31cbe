"""An order of the page: what it asks for, and the messages that answer it while its images are made."""

from __future__ import annotations

import contextlib
import re
import secrets
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patchnn.engine.plan import Plan, Source
from patchnn.engine.synthesize import Observer, Progress
from patchnn.errors import InputError, PluginError
from patchnn.guides import Guide
from patchnn.images import FileTraits, decode, encode
from patchnn.job import Job, found_by, record_of
from patchnn.registry import Registry
from patchnn.runner import Result, run
from patchnn.studio.files import Upload, shown, to_rgba, uploads
from patchnn.studio.messages import pack, unpack
from patchnn.studio.words import spoken
from patchnn.task import Image, Option, Task, items, option, options
from patchnn.tuning import SEARCH, TUNING

__all__ = ["MAX_COUNT", "StoppedError", "job_of", "make", "warm_up"]

MAX_COUNT = 64
"""Images that one order may ask for."""
SEEDS = 100_000
"""Random seeds are below this, so that they are short."""
PREVIEW = 1_000_000
"""Pixels of a preview, at most; the page says how many it can show."""
RAW = 40_000
"""Pixels of a preview that is sent as it is, at most: encoding it would take longer than sending it."""
PLACES = 200_000
"""Patches whose origin the page learns, at most; of a larger image every second row and column, every third, and so on."""
FRAME = 0.04
"""Seconds between two previews, at least: no eye sees more, and showing them takes time from the engine."""
SHARE = 8
"""Between two previews of a large image, so many times the time that one takes, at least."""
PAUSE = 0.15
"""Seconds after which a level is previewed before it ends."""

Say = Callable[[bytes], None]


class StoppedError(Exception):
    """The job was stopped."""


@dataclass(frozen=True, eq=False)
class _Warmth(Task):
    """The task that warm_up runs."""

    image: Image = option()

    def plan(self) -> Plan:
        return Plan([Source(self.image)], self.image, alpha=0.005, noise=0.5, coarsest=14)


def warm_up(registry: Registry) -> None:
    """Import and compile all that the first job needs."""
    for name in registry:
        with contextlib.suppress(PluginError):
            registry.load(name)
    # Tasks import these when they plan, and it takes long.
    import scipy.fft
    import scipy.ndimage
    import scipy.sparse.csgraph  # noqa: F401  # loaded ahead of the first job

    noise = np.random.default_rng(0).random((80, 100, 3), np.float32)
    result = run(_Warmth(image=noise), seed=0)
    decode(encode(result.image, "warm.png"), "warm.png")
    shown(result.image, PREVIEW, 0)


@dataclass(frozen=True, eq=False)
class Order:
    """What the page asks for. job: as on the command line. traits: what results inherit from the first image."""

    job: Job
    task: Task
    guides: list[Guide]
    traits: FileTraits | None
    count: int
    preview: int

    @classmethod
    def read(cls, registry: Registry, message: bytes) -> Order:
        """Read a message of the page; raises PatchnnError if it cannot be done."""
        head, blobs = unpack(message)
        sent = {upload.name: upload for upload in uploads(head.get("files"), blobs)}
        job = job_of(registry, head, list(sent.values()))
        task = registry.load(job.task)
        count = _whole("count", head.get("count", 1), 1, MAX_COUNT)
        preview = _whole("preview", head.get("preview", PREVIEW), 0, PREVIEW)
        traits: list[FileTraits] = []
        images = {o.name: _pixels(o, [sent[n] for n in job.files[o.name]], traits) for o in options(task) if o.is_image}
        guides = [
            Guide(tuple(source.decoded().pixels for source in sources), target.decoded().pixels, weight)
            for sources, target, weight in _guides(head, list(sent.values()))
        ]
        return cls(job, task.from_json(job.options, **images), guides, next(iter(traits), None), count, preview)


def job_of(registry: Registry, head: Mapping[str, Any], sent: list[Upload]) -> Job:
    """Return what an order asks for, with its images by their names; raises PatchnnError if it asks for nothing that exists."""
    name, chosen, given, tuned = (head.get(key, {}) for key in ("task", "images", "options", "tuning"))
    if not isinstance(name, str) or not all(isinstance(part, Mapping) for part in (chosen, given, tuned)):
        raise InputError("the request is not an order of the studio's page")
    images = [o.name for o in options(registry.load(name)) if o.is_image]
    seed = head.get("seed")
    return Job(
        name,
        {option: [_pick(sent, number).name for number in chosen.get(option, [])] for option in images},
        "",
        secrets.randbelow(SEEDS) if seed is None else _whole("seed", seed, 0, 2**32 - MAX_COUNT),
        {key: value for key, value in given.items() if value is not None},
        {key: o.check(tuned.get(key)) for key, o in TUNING.items()},
        SEARCH.check(head.get("search", SEARCH.default)),
        guides=tuple((source.name, target.name, weight) for sources, target, weight in _guides(head, sent) for source in sources),
    )


def make(registry: Registry, message: bytes, say: Say, stopped: Callable[[], bool]) -> None:
    """Do an order: `say` gets the messages that answer it. Raises StoppedError when `stopped` returns true."""
    order = Order.read(registry, message)
    job = order.job
    say(pack({"event": "begin", "seed": job.seed, "count": order.count}))
    for number in range(order.count):
        observe = _observer(number, order.preview, say, stopped)
        sketch = order.task.sketch() if order.preview else None
        if sketch is not None:
            say(_progress(number, sketch, order.preview, fraction=0.0, shape=sketch.shape[:2]))
        how: dict[str, Any] = {**job.tuning, "search": job.search, "guides": order.guides}
        result = run(order.task, seed=job.seed + number, **how, observe=observe)
        if number == 0 and order.preview:
            for origin in _origins(order, result.plan):
                say(origin)
        head, places = _told(number, order, result)
        image = result.image
        # Of a large photograph, the plan and the field take more memory than its file needs to be written.
        del result
        say(pack(head, encode(image, "result.png", traits=order.traits, record=head.pop("record")), places))


def _observer(number: int, preview: int, say: Say, stopped: Callable[[], bool]) -> Observer:
    last, cost = 0.0, 0.0

    def observe(progress: Progress) -> None:
        nonlocal last, cost
        if stopped():
            raise StoppedError
        # Layouts that are tried, and the ends of levels, differ more than iterations do.
        wait = max(SHARE * cost, FRAME if progress.iteration in (0, progress.iterations) else PAUSE)
        began = time.monotonic()
        if preview and (began >= last + wait or progress.fraction == 1):
            facts = {name: getattr(progress, name) for name in ("round", "rounds", "level", "levels", "fraction", "shape")}
            say(_progress(number, progress.image(), preview, **facts))
            last = time.monotonic()
            cost = last - began

    return observe


def _progress(number: int, image: Image, preview: int, **facts: Any) -> bytes:
    """Return the message that shows an image in the making."""
    size, pixels, form = shown(image, preview, RAW)
    return pack({"event": "progress", "image": number, **facts, **size, "form": form}, pixels)


def _told(number: int, order: Order, result: Result) -> tuple[dict[str, Any], bytes]:
    """Return what the page is told about a result, with its record, and the origins of its patches."""
    guides = {"guides": [guide.to_json() for guide in order.guides]} if order.guides else {}
    record = record_of(replace(order.job, seed=result.seed), order.task, **guides, **found_by(result))
    field = np.stack([result.field.source, result.field.row, result.field.col])
    step = int(np.ceil(np.sqrt(field[0].size / PLACES)))
    places = np.ascontiguousarray(field[:, ::step, ::step].astype("<i2"))
    height, width, _ = result.image.shape
    head: dict[str, Any] = {
        "event": "image",
        "record": record,
        "image": number,
        "seed": result.seed,
        "command": shlex.join(["patchnn", *record["command"]]),
        "patch": result.plan.patch,
        "wrap": list(result.plan.wrap),
        "notes": [spoken(note) for note in result.plan.notes],
        "advised": _advised(order.task, result.plan.notes),
        "width": width,
        "height": height,
        "field": {"height": places.shape[1], "width": places.shape[2], "step": step},
    }
    return head, places.tobytes()


def _advised(task: Task, notes: Iterable[str]) -> list[str]:
    """Return the masks that notes advise to give, by their options: the page can make them of what the user did."""
    return [o.name for o in options(type(task)) if o.type == "mask" and any(re.search(rf"--{o.name}\b", note) for note in notes)]


def _origins(order: Order, plan: Plan) -> Iterator[bytes]:
    """Yield a message for every source of the plan: which of the page's images it is, or the pixels of another one."""
    given = {name: items(getattr(order.task, name)) for name in order.job.files}
    for number, source in enumerate(plan.sources):
        same = [
            file
            for name, images in given.items()
            for file, pixels in zip(order.job.files[name], images, strict=True)
            if _holds(pixels, source)
        ]
        height, width, channels = source.image.shape
        size, pixels = ({"width": width, "height": height, "channels": channels}, b"") if same else to_rgba(source.image)
        head = {"event": "source", "source": number, "file": same[0] if same else None, **size}
        yield pack(head) if same else pack(head, pixels)


def _holds(pixels: Any, source: Source) -> bool:
    """Return whether an image is a source's. A task may change the pixels that are not used."""
    if pixels is source.image or pixels.shape != source.image.shape:
        return pixels is source.image
    alike = (pixels == source.image).all(axis=2)
    return bool((alike if source.usable is None else alike | ~source.usable).all())


def _guides(head: Mapping[str, Any], sent: list[Upload]) -> list[tuple[list[Upload], Upload, float]]:
    """Return the guides of an order: each a dict of sources and a target, which are numbers of its images, and a weight."""
    given = head.get("guides", [])
    if not isinstance(given, list) or not all(isinstance(guide, Mapping) for guide in given):
        raise InputError("the request is not an order of the studio's page")
    if not all(isinstance(guide.get("sources"), list) for guide in given):
        raise InputError("the request names an image that it does not carry")
    return [
        ([_pick(sent, source) for source in guide["sources"]], _pick(sent, guide.get("target")), guide.get("weight", 1.0))
        for guide in given
    ]


def _pick(sent: list[Upload], number: Any) -> Upload:
    if not isinstance(number, int) or not 0 <= number < len(sent):
        raise InputError("the request names an image that it does not carry")
    return sent[number]


def _pixels(o: Option, chosen: list[Upload], traits: list[FileTraits]) -> Any:
    """Return an option's value; add the traits of images to `traits`."""
    if not chosen and not o.many:
        if o.positional:
            advice = "mark the image with the brush, or choose a mask" if o.type == "mask" else "open or choose an image for it"
            raise InputError(f"{o.name} is missing: {advice}", about=o.name)
        return o.default
    images = [upload.decoded() for upload in chosen]
    if o.type == "image":
        traits += [image.traits for image in images]
    pixels: tuple[Any, ...] = tuple(image.pixels for image in images)
    if o.type == "mask":
        pixels = tuple(image.coverage() if o.soft else image.mask() for image in images)
    return pixels if o.many else pixels[0]


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(f"{name} is {value}: it must be a whole number, {low} to {high}", about=name)
    return value
