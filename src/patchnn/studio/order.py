"""One job of the engine's: an order of the page's becomes pictures, and what is told of them on the way."""

from __future__ import annotations

import contextlib
import secrets
import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patchnn.batch import Job, record_of
from patchnn.engine.plan import Plan, Source
from patchnn.engine.synthesize import Observer, Progress
from patchnn.errors import InputError, PluginError
from patchnn.images import FileTraits, decode, encode
from patchnn.registry import Registry
from patchnn.runner import SEARCH, TUNING, Result, run
from patchnn.studio.files import Upload, thinned, to_rgba, uploads
from patchnn.studio.messages import pack, unpack
from patchnn.task import Image, Option, Task, items, option, options

__all__ = ["MAX_COUNT", "StoppedError", "make", "warm_up"]

MAX_COUNT = 64
"""Pictures that one order may ask for."""
SEEDS = 100_000
"""A seed that nobody chose is below this: short enough to be remembered."""
PREVIEW = 1_000_000
"""Pixels of a picture on its way, at most."""
PLACES = 4_000_000
"""Patches whose origin is told, at most; of a larger picture every second one, and so on."""
FRAME = 0.04
"""Seconds between two pictures on the way, at least: no eye sees more, and showing them takes time from the engine."""
PAUSE = 0.15
"""Seconds after which a level's unfinished picture is shown too."""

Say = Callable[[bytes], None]


class StoppedError(Exception):
    """The job was stopped."""


@dataclass(frozen=True, eq=False)
class _Warmth(Task):
    """What warm_up runs."""

    image: Image = option()

    def plan(self) -> Plan:
        return Plan([Source(self.image)], self.image, alpha=0.005, noise=0.5, coarsest=14)


def warm_up(registry: Registry) -> None:
    """Load all that a first job would have to."""
    for name in registry:
        with contextlib.suppress(PluginError):
            registry.load(name)
    picture = np.random.default_rng(0).random((80, 100, 3), np.float32)
    result = run(_Warmth(image=picture), seed=0)
    decode(encode(result.image, "warm.png"), "warm.png")


@dataclass(frozen=True, eq=False)
class Order:
    """What the page asks for. job: as on the command line. traits: what results inherit from the first image."""

    job: Job
    task: Task
    traits: FileTraits | None
    count: int

    @classmethod
    def read(cls, registry: Registry, message: bytes) -> Order:
        """Read a message of the page's; raises PatchnnError, saying what cannot be."""
        head, blobs = unpack(message)
        sent = uploads(head.get("files"), blobs)
        name, chosen, given, tuned = (head.get(key, {}) for key in ("task", "pictures", "options", "tuning"))
        if not isinstance(name, str) or not all(isinstance(part, Mapping) for part in (chosen, given, tuned)):
            raise InputError("the request is no order of the studio's page")
        task = registry.load(name)
        wanted = {o.name: [_pick(sent, number) for number in chosen.get(o.name, [])] for o in options(task) if o.picture}
        seed = head.get("seed")
        job = Job(
            name,
            {key: [upload.name for upload in several] for key, several in wanted.items()},
            "",
            secrets.randbelow(SEEDS) if seed is None else _whole("seed", seed, 0, 2**32 - MAX_COUNT),
            {key: value for key, value in given.items() if value is not None},
            {key: o.check(tuned.get(key)) for key, o in TUNING.items()},
            SEARCH.check(head.get("search", SEARCH.default)),
        )
        count = _whole("count", head.get("count", 1), 1, MAX_COUNT)
        traits: list[FileTraits] = []
        pictures = {o.name: _pixels(o, wanted[o.name], traits) for o in options(task) if o.picture}
        return cls(job, task.from_json(job.options, **pictures), next(iter(traits), None), count)


def make(registry: Registry, message: bytes, say: Say, stopped: Callable[[], bool]) -> None:
    """Carry out an order, telling `say` how it goes; raises StoppedError once `stopped` says so."""
    order = Order.read(registry, message)
    job = order.job
    say(pack({"event": "begin", "seed": job.seed, "count": order.count}))
    for number in range(order.count):
        observe = _observer(number, say, stopped)
        result = run(order.task, seed=job.seed + number, **job.tuning, search=job.search, observe=observe)
        if number == 0:
            for told in _origins(order, result.plan):
                say(told)
        say(_finished(number, order, result))


def _observer(number: int, say: Say, stopped: Callable[[], bool]) -> Observer:
    last = 0.0

    def observe(progress: Progress) -> None:
        nonlocal last
        if stopped():
            raise StoppedError
        wait = FRAME if progress.iteration == progress.iterations else PAUSE
        if time.monotonic() >= last + wait or progress.fraction == 1:
            last = time.monotonic()
            size, pixels = to_rgba(thinned(progress.image(), PREVIEW))
            facts = {name: getattr(progress, name) for name in ("round", "rounds", "level", "levels", "fraction")}
            say(pack({"event": "progress", "picture": number, **facts, **size}, pixels))

    return observe


def _finished(number: int, order: Order, result: Result) -> bytes:
    record = record_of(replace(order.job, seed=result.seed), order.task, result.record)
    field = np.stack([result.field.source, result.field.row, result.field.col])
    step = int(np.ceil(np.sqrt(field[0].size / PLACES)))
    places = np.ascontiguousarray(field[:, ::step, ::step].astype("<i2"))
    height, width, _ = result.image.shape
    head = {
        "event": "picture",
        "picture": number,
        "seed": result.seed,
        "command": shlex.join(["patchnn", *record["command"]]),
        "patch": result.plan.patch,
        "width": width,
        "height": height,
        "field": {"height": places.shape[1], "width": places.shape[2], "step": step},
    }
    return pack(head, encode(result.image, "result.png", traits=order.traits, record=record), places.tobytes())


def _origins(order: Order, plan: Plan) -> Iterator[bytes]:
    """Tell of every source of the plan which picture of the page's it is, or, if none, what it looks like."""
    given = {name: items(getattr(order.task, name)) for name in order.job.files}
    for number, source in enumerate(plan.sources):
        same = [
            file
            for name, pictures in given.items()
            for file, pixels in zip(order.job.files[name], pictures, strict=True)
            if pixels.shape == source.image.shape and np.array_equal(pixels, source.image)
        ]
        size, pixels = to_rgba(source.image)
        head = {"event": "source", "source": number, "file": same[0] if same else None, **size}
        yield pack(head) if same else pack(head, pixels)


def _pick(sent: list[Upload], number: Any) -> Upload:
    if not isinstance(number, int) or not 0 <= number < len(sent):
        raise InputError("the request names a picture that it does not carry")
    return sent[number]


def _pixels(o: Option, chosen: list[Upload], traits: list[FileTraits]) -> Any:
    """Return an option's value; add the traits of images to `traits`."""
    if not chosen and not o.many:
        if o.positional:
            raise InputError(f"{o.name} is missing: {o.help[:1].lower()}{o.help[1:]}")
        return o.default
    pictures = [upload.picture() for upload in chosen]
    if o.type == "image":
        traits += [picture.traits for picture in pictures]
    pixels = tuple(picture.mask() if o.type == "mask" else picture.pixels for picture in pictures)
    return pixels if o.many else pixels[0]


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InputError(f"{name} is {value}: it must be a whole number, {low} to {high}")
    return value
