"""An image continued beyond its borders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from patchnn import Image, InputError, Plan, Shape, SizeLike, Source, Task, option
from patchnn_tasks.shared import FARTHEST, grown, noise, wanted

COARSEST = 8
"""Pixels that twice the widest margin spans at the coarsest level: little more than a patch, so that it closes from the image."""

Margins = tuple[int, int, int, int]
"""Pixels to add at the top, right, bottom and left."""


def margin(side: str) -> Any:
    """The option for one side's margin."""
    return option("0", f"What to add {side}: pixels, or percent of the image's width or height, as 100 or 30%.", pixels=True)


@dataclass(frozen=True, eq=False)
class Outpaint(Task):
    """Continue an image beyond its borders, by side, or to a size or an aspect.

    The image itself stays as it is to the last pixel. What is added grows from its border outwards.
    """

    examples = ("photo.jpg 150%x100%", "photo.jpg out.png --left 40 --right 25% --seed 3")

    image: Image = option(help="The image to continue.")
    size: SizeLike | None = option(None, "Size of the result, as 300x200 or 150%x100%.")
    aspect: str = option(
        "none", "Width to height of the result, as 16:9: what is missing is added.", words=("none", "16:9", "1:1")
    )
    anchor: Literal["centre", "left", "right", "top", "bottom"] = option(
        "centre", "With --size or --aspect: where in the result the image stands."
    )
    top: str = margin("above")
    right: str = margin("on the right")
    bottom: str = margin("below")
    left: str = margin("on the left")
    feather: float = option(
        3.0, "Pixels over which a colour step at the border fades outwards; 0 turns it off.", min=0, max=1000, pixels=True
    )
    noise: float = noise("How much farther seeds differ.")

    def plan(self) -> Plan:
        """Keep the image and let the margins grow from it, patches coming from about the same height and the nearest border."""
        top, right, bottom, left = margins = self._margins()
        rows, columns = self.image.shape[:2]
        keep = np.zeros((rows + top + bottom, columns + left + right), np.bool_)
        keep[top : top + rows, left : left + columns] = True
        # Where a pixel stands in the image, or the pixel of the image that is nearest.
        down = np.clip(np.arange(keep.shape[0]) - top, 0, rows - 1)
        across = np.clip(np.arange(keep.shape[1]) - left, 0, columns - 1)
        origin = np.stack(np.meshgrid(down, across, indexing="ij"), axis=2)
        place = (origin / max(rows, columns)).astype(np.float32)
        return Plan(
            sources=[Source(self.image, guide=place[top : top + rows, left : left + columns])],
            guess=np.pad(self.image, ((top, bottom), (left, right), (0, 0)), mode="edge"),
            origin=origin,
            guide=place,
            **grown(keep, 2 * max(margins) - 1, COARSEST, self.noise, self.feather),
        )

    def _margins(self) -> Margins:
        """Return the pixels to add on each side; raises InputError if they are none, too many, or asked for twice."""
        shape = self.image.shape[:2]
        sides = {"top": shape[0], "right": shape[1], "bottom": shape[0], "left": shape[1]}
        given = {name: _pixels(name, getattr(self, name), side) for name, side in sides.items()}
        found = given["top"], given["right"], given["bottom"], given["left"]
        ways = {"size": self.size, "aspect": self.aspect != "none", "a side": any(found)}
        asked = [name for name, there in ways.items() if there]
        if len(asked) > 1:
            raise InputError(f"{asked[0]} and {asked[1]} are both given: choose one way to say what to add", about=asked[0])
        if self.size or self.aspect != "none":
            end = wanted(self.size, shape) if self.size else _with_aspect(self.aspect, shape)
            if end[0] < shape[0] or end[1] < shape[1]:
                both = f"{end[1]}×{end[0]}, the image {shape[1]}×{shape[0]}"
                raise InputError(f"size is {both}: it must be larger, or use retarget", about="size")
            found = self._around(end[0] - shape[0], end[1] - shape[1])
        if not any(found):
            raise InputError("nothing is added: give --size, --aspect, or sides such as --left 100 --right 30%", about="size")
        if found[0] + found[2] > (FARTHEST - 1) * shape[0] or found[1] + found[3] > (FARTHEST - 1) * shape[1]:
            raise InputError(f"size is more than {FARTHEST} times the image's: outpaint in smaller steps", about="size")
        return found

    def _around(self, down: int, across: int) -> Margins:
        """Return the margins that are so many pixels together."""
        top = {"top": 0, "bottom": down}.get(self.anchor, down // 2)
        left = {"left": 0, "right": across}.get(self.anchor, across // 2)
        return top, across - left, down - top, left


def _pixels(name: str, text: str, side: int) -> int:
    if not (match := re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)(%?)(?:px)?", text.strip())):
        raise InputError(f"{name} is {text!r}: it must be pixels or percent, as 100 or 30%", about=name)
    number = float(match[1])
    return round(number / 100 * side if match[2] else number)


def _with_aspect(text: str, shape: Shape) -> Shape:
    """Return the smallest shape of an aspect that holds an image of the given shape."""
    match = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?)[:/x](\d{1,5}(?:\.\d{1,3})?)", text.strip())
    if not match or not float(match[1]) * float(match[2]) > 0:
        raise InputError(f"aspect is {text!r}: it must be width to height, as 16:9", about="aspect")
    ratio = float(match[1]) / float(match[2])
    return max(shape[0], round(shape[1] / ratio)), max(shape[1], round(shape[0] * ratio))
