"""Figures of every task's options, at several values."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from figures.kit import Gallery, figure, row, stack
from patchnn_tasks import Generate, Retarget


@figure
def alpha(gallery: Gallery) -> Pillow.Image:
    balloons, alphas = gallery.read("balloons.png"), (np.inf, 0.05, 0.005, 0.0005)
    labels = [f"--alpha {value:g}" for value in alphas]
    narrow = [gallery.make(Retarget(image=balloons, size="50%x100%"), alpha=value) for value in alphas]
    varied = [gallery.make(Generate(image=balloons, noise=1.5), 6, alpha=value) for value in alphas]
    return stack([row([balloons, *narrow], ["retarget --size 50%x100%:", *labels], 0.8), row(varied, labels, 0.66)])


@figure
def coarsest(gallery: Gallery) -> Pillow.Image:
    rocket, sides = gallery.read("rocket.jpg"), (10, 14, 28, 56)
    made = [gallery.make(Generate(image=rocket, noise=0.5), 8, coarsest=side) for side in sides]
    return row(made, [f"--coarsest {side}" for side in sides], 0.75)


@figure
def patch(gallery: Gallery) -> Pillow.Image:
    rocket, sides = gallery.read("rocket.jpg"), (3, 5, 7, 11)
    made = [gallery.make(Generate(image=rocket, noise=0.5), 8, patch=side) for side in sides]
    return row(made, [f"--patch {side}" for side in sides], 0.75)


@figure
def iterations(gallery: Gallery) -> Pillow.Image:
    rocket, counts = gallery.read("rocket.jpg"), (1, 2, 10, 30)
    made = [gallery.make(Generate(image=rocket, noise=0.75), 12, iterations=count) for count in counts]
    return row(made, [f"--iterations {count}" for count in counts], 0.75)


@figure
def ratio(gallery: Gallery) -> Pillow.Image:
    rocket, ratios = gallery.read("rocket.jpg"), (1.15, 1.3333, 2, 3)
    made = [gallery.make(Generate(image=rocket, noise=0.75), 12, ratio=value) for value in ratios]
    return row(made, [f"--ratio {value:.3g}" for value in ratios], 0.75)
