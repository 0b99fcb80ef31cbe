"""Where patches came from, as images: every place of a source has a colour, and the result has the colours of its patches."""

from __future__ import annotations

import colorsys

import numpy as np

from patchnn.engine.arrays import Image, Shape
from patchnn.engine.atlas import Field
from patchnn.engine.plan import Plan

__all__ = ["draw_origins"]

GREY = 0.5
"""Share of the image's own brightness in a drawing, so that its things can be recognised."""


def draw_origins(plan: Plan, field: Field, image: Image) -> tuple[Image, ...]:
    """Return a result and every source of its plan, drawn in colours that name places of the sources, (h, w, 3) each."""
    colours = [_colours(source.image.shape[:2], number, len(plan.sources)) for number, source in enumerate(plan.sources)]
    # A pixel has the colour of the patch whose middle it is; at the rim, that of the nearest patch.
    half = plan.patch // 2
    starts = [
        np.clip(np.arange(side) - half, 0, patches - 1) for side, patches in zip(image.shape, field.source.shape, strict=False)
    ]
    sources, places = field.source[np.ix_(*starts)], field.position[np.ix_(*starts)]
    within = np.indices(sources.shape) - np.array(np.meshgrid(*starts, indexing="ij"))
    if plan.origin is not None:
        kept, (source, place) = sources < 0, plan.located()
        sources, places = np.where(kept, source, sources), np.where(kept[:, :, None], place, places)
        within[:, kept] = 0
    drawn = np.full((*sources.shape, 3), 0.5, np.float32)
    for number, colour in enumerate(colours):
        here = sources == number
        row, column = places[here].T + within[:, here]
        drawn[here] = colour[np.clip(row, 0, colour.shape[0] - 1), np.clip(column, 0, colour.shape[1] - 1)]
    sheets = [(image, drawn), *((source.image, colour) for source, colour in zip(plan.sources, colours, strict=True))]
    return tuple(np.asarray(GREY * _brightness(pixels) + (1 - GREY) * colour, np.float32) for pixels, colour in sheets)


def _colours(shape: Shape, number: int, sources: int) -> Image:
    """Return a colour for every place of a source: its corners differ in hue, and several sources share the hues out."""
    corners = [(number + corner / 4) / sources for corner in range(4)]
    top_left, top_right, bottom_right, bottom_left = (np.array(colorsys.hsv_to_rgb(hue, 1, 1), np.float32) for hue in corners)
    down, across = (np.linspace(0, 1, side, dtype=np.float32) for side in shape)
    down, across = down[:, None, None], across[None, :, None]
    top, bottom = (left * (1 - across) + right * across for left, right in ((top_left, top_right), (bottom_left, bottom_right)))
    return np.asarray(top * (1 - down) + bottom * down, np.float32)


def _brightness(image: Image) -> Image:
    colours = 3 if image.shape[2] in (3, 4) else 1
    return np.asarray(np.clip(image[:, :, :colours].mean(axis=2, keepdims=True), 0, 1), np.float32)
