"""Guides: images of the source and of the result that are alike where patches should go from one to the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image, Shape, as_image, as_text, require
from patchnn.engine.plan import Plan
from patchnn.engine.resample import resize
from patchnn.errors import InputError, concerning
from patchnn.record import as_argument, digest
from patchnn.task import match_channels

__all__ = ["MOST_CHANNELS", "Guide", "as_target", "guide_plan", "parse_target"]

MOST_CHANNELS = 24
"""How many channels the guides of a run have together, at most."""
STRETCH = 0.02
"""A guide is resized to its image, whose sides differ in ratio by at most this share, or by a pixel."""


@dataclass(frozen=True, eq=False)
class Guide:
    """Two images that tell which patches of the source go where in the result: those whose guides are alike.

    Labels painted in two colours (texture by numbers), edges, depths, normals, or an image and its filtered version
    (image analogies: Hertzmann et al., SIGGRAPH 2001). Guides are compared and not copied.

    Parameters
    ----------
    source : array, (H, W, G) float, or a tuple of them
        The guide of the source. A task with several sources takes a tuple, one for each in their order.
    target : array, (h, w, G) float
        The guide of the result.
    weight : float, 0 to 1e6
        What a mean squared difference of the guide counts next to one of the image.

    Raises
    ------
    InputError
        If a value does not fit; `about` is "guide".

    Examples
    --------
    >>> import numpy as np
    >>> labels, wanted = np.zeros((24, 32)), np.zeros((30, 30))
    >>> labels[:12], wanted[:, :10] = 1, 1
    >>> Guide(labels, wanted, weight=2).target.shape
    (30, 30, 1)
    """

    source: Any
    target: Any
    weight: float = 1.0

    def __post_init__(self) -> None:
        with concerning("guide"):
            sources = self.source if isinstance(self.source, tuple) else (self.source,)
            images = [*(as_image(image, "a guide's source") for image in sources), as_image(self.target, "a guide's target")]
            counts = sorted({image.shape[2] for image in images})
            if counts[-1] <= 4:
                images = match_channels(images)
            elif len(counts) > 1:
                raise InputError(f"a guide's images have {' and '.join(map(str, counts))} channels: they must have as many")
            require(self.weight, "guide", 0, 1e6, "a weight from 0 to 1e6")
        object.__setattr__(self, "source", tuple(images[:-1]))
        object.__setattr__(self, "target", images[-1])
        object.__setattr__(self, "weight", float(self.weight))

    @classmethod
    def of(cls, value: Any) -> Guide:
        """Return a Guide from one, or from (source, target) or (source, target, weight)."""
        if isinstance(value, Guide):
            return value
        if isinstance(value, tuple | list) and len(value) in (2, 3):
            return cls(*value)
        raise InputError("a guide is (source, target) or (source, target, weight)", about="guide")

    def to_json(self) -> dict[str, Any]:
        """Return what a record holds of it: the digests of its images, and its weight."""
        return {"sources": [digest(image) for image in self.source], "target": digest(self.target), "weight": self.weight}


def guide_plan(plan: Plan, guides: Iterable[Any]) -> Plan:
    """Return a plan with guides added to its own.

    Parameters
    ----------
    plan
        The plan of any task.
    guides
        Each a `Guide`, or (source, target) or (source, target, weight).

    Raises
    ------
    InputError
        If a guide does not fit the plan; `about` is "guide".
    """
    given = [Guide.of(value) for value in guides]
    if not given:
        return plan
    if plan.yields:
        bare = [replace(source, guide=None) for source in plan.sources]
        plan = replace(plan, sources=bare, guide=None, guide_weights=1.0, guide_levels=None, keep=None, origin=None, windows=None)
    with concerning("guide"):
        channels = [guide.target.shape[2] for guide in given]
        if sum(channels) > MOST_CHANNELS:
            raise InputError(f"the guides have {sum(channels)} channels together: they can have {MOST_CHANNELS} at most")
        for guide in given:
            if len(guide.source) != len(plan.sources):
                raise InputError(f"the task has {len(plan.sources)} sources, the guide {len(guide.source)}: give one for each")
        shape = tuple(plan.rounds or ())[-1]
        target = [_fitted(guide.target, shape, "a guide's target", "the result") for guide in given]
        sources = [
            [_fitted(guide.source[n], source.image.shape[:2], "a guide's source", "the source") for guide in given]
            for n, source in enumerate(plan.sources)
        ]
    weights = [guide.weight / count for guide, count in zip(given, channels, strict=True) for _ in range(count)]
    levels: list[int | None] = [None] * sum(channels)
    if plan.guide is not None:
        target.append(resize(plan.guide, shape))
        for images, source in zip(sources, plan.sources, strict=True):
            images += [] if source.guide is None else [source.guide]
        weights += _listed(plan.guide_weights)
        levels += _listed(plan.guide_levels)
    return replace(
        plan,
        sources=[
            replace(source, guide=np.concatenate(images, axis=2)) for source, images in zip(plan.sources, sources, strict=True)
        ],
        guide=np.concatenate(target, axis=2),
        guide_weights=weights,
        guide_levels=levels,
    )


def parse_target(text: str) -> tuple[str, float]:
    """Return the file and the weight in TARGET[:WEIGHT]; the weight is 1 if there is none."""
    file, colon, number = text.rpartition(":")
    try:
        weight = float(number) if colon else math.nan
    except ValueError:
        weight = math.nan
    if not file or math.isnan(weight):
        return text, 1.0
    require(weight, "guide", 0, 1e6, "a weight from 0 to 1e6 after the colon")
    return file, weight


def as_target(file: str, weight: float) -> str:
    """Return the text that parse_target reads."""
    return f"{file}:{weight:g}" if weight != 1 or ":" in file else as_argument(file)


def _fitted(guide: Image, shape: Shape, name: str, whole: str) -> Image:
    """Return a guide at the shape of its image; raises InputError if that would stretch it."""
    if guide.shape[:2] == shape:
        return guide
    expected = guide.shape[1] * shape[0] / guide.shape[0]
    if abs(expected - shape[1]) > 1 + STRETCH * shape[1]:
        raise InputError(
            f"{name} is {as_text(guide.shape)}, {whole} {as_text(shape)}: draw it over {whole}, in one shape with it"
        )
    return np.clip(resize(guide, shape), guide.min(), guide.max())


def _listed(values: Any) -> list[Any]:
    """Return a checked plan's value for each channel as a list."""
    assert isinstance(values, Sequence)
    return list(values)
