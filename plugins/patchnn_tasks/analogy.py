"""One image's content in another's layout: image analogies, sketch to image (paper, Sec. 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from patchnn import Image, Plan, Shape, SizeLike, Source, Task, option, resize
from patchnn_tasks.shared import PAPER_ALPHA, levels_down, size, wanted

WEIGHTS = {
    "tones": {"texture": 0.03, "balanced": 0.09, "structure": 0.4},
    "colours": {"texture": 0.02, "balanced": 0.06, "structure": 0.3},
}
"""Weight of a mismatch with the structure relative to one of the image, by what is followed."""
SPREAD = 0.05, 0.95
"""The share of the source's tones that the structure's darkest and lightest take: the outermost tones are rare."""
RIM = 0.01
"""Over what share of its shorter side a structure is blurred to find these two: rims of shapes that were resized overshoot."""
BLUR = {"tones": 0.005, "fine": 0.004, "colours": 0.01}
"""Over what share of its shorter side an image is blurred before light and dark are compared: its grain says nothing."""
PATCH = {"tones": 9, "fine": 10}
"""Side of a patch where tones are followed: smaller ones give stripes and stones up for even grey, larger ones lose strokes."""
PATTERN = 0.12
"""A source is a regular pattern if a blur over a patch leaves less of its contrast; the grains of gravel leave more."""
COMMON = 0.9
"""In a pattern, tones are asked for that are this many standard deviations from its median: others have no areas."""
FIRMER = 2.2
"""What the structure's weight is multiplied by where it has only these tones, which differ by less."""
FINE = 0.3
"""A source is a fine texture if it leaves less than this: its light and dark are grains, and not areas."""
GRAIN = 2.0, 0.008
"""The blur that tells a fine texture's grain from its tones: pixels, or a share of its shorter side, whichever is more."""
GROUND = 0.2
"""How much of its own tone the structure's ground has in a fine texture: the rest is grain, which looks natural."""
CLEARER = 7.2
"""What the structure's weight is multiplied by in a fine texture whose ground is grain."""
TONES = 32
"""How many groups of tones have a mean colour of their own."""
FAMILIAR = 0.12
"""A structure's colours mean the source's if half of its pixels have one of these this close (RGB distance)."""
COLOURFUL = 0.1
"""Mean distance from grey from which on a structure has colours."""


@dataclass(frozen=True, eq=False)
class Analogy(Task):
    """Lay out the patches of one image as another is laid out: a photograph, a drawing, a letter.

    --coarsest decides how much of the layout is kept: the larger, the more.
    """

    examples = ("photo.jpg sketch.png", "photo.jpg sketch.png out.png --follow colours")

    source: Image = option(help="The image whose patches are used.")
    structure: Image = option(help="The image whose layout is followed.")
    size: SizeLike | None = size("the structure's")
    follow: Literal["auto", "tones", "colours", "paper"] = option(
        "auto",
        "What of the structure is followed: tones (light and dark, whatever its colours), colours (as they are: paint sky in "
        "the colour of the sky), auto (colours if the source has them or few tones, else tones), or paper (its own setting).",
    )
    strength: Literal["texture", "balanced", "structure"] = option(
        "balanced", "Which wins where they disagree: the source's texture, the structure, or neither."
    )

    def plan(self) -> Plan:
        """Start from the structure in the source's tones, and let light and dark guide which patches are taken."""
        shape = wanted(self.size, self.structure.shape[:2])
        if self.follow == "paper":
            # A few levels down, and through the result once more.
            return Plan(
                sources=[Source(self.source)],
                guess=self.structure,
                rounds=[shape, shape],
                alpha=PAPER_ALPHA,
                coarsest=levels_down(shape, 4),
            )
        follow = self.follow
        if follow == "auto":
            colours = means_colours(self.structure, self.source) or lacks_tones(self.source)
            follow = "colours" if colours else "tones"
        weight = WEIGHTS[follow][self.strength]
        settings: dict[str, Any] = {"rounds": [shape], "alpha": 0.05, "coarsest": levels_down(shape, 5)}
        if follow == "colours":
            guides = blurred(self.source, BLUR[follow]), blurred(self.structure, BLUR[follow])
            guess = self.structure
        else:
            left = contrast_left(self.source)
            detail = "fine" if left < FINE else "tones"
            light = spread(ranks(luminance(self.structure)), *SPREAD)
            grained = takes_grain(self.source, left, ground(light))
            if left < PATTERN and not grained:
                light = spread(light, *common(self.source))
                weight *= FIRMER
            guess, asked = in_tones(light, self.source), blurred(light, BLUR[detail])
            guides = ranks(blurred(ranks(luminance(self.source)), BLUR[detail])), asked
            if grained:
                weight *= CLEARER
                tone = resize(blurred(figure(light), BLUR[detail]), shape)
                guess, asked = (
                    tone * resize(flat, shape) + (1 - tone) * laid(texture, shape)
                    for flat, texture in ((guess, self.source), (asked, grain(guides[0])))
                )
                guides = guides[0], asked
                settings["iterations"] = 7  # More change nothing for the better, and grain takes longer to settle.
            if min(*self.source.shape[:2], *shape) >= PATCH[detail]:
                settings["patch"] = PATCH[detail]
        return Plan(
            sources=[Source(self.source, guide=guides[0])],
            guess=guess,
            guide=resize(guides[1], shape),
            guide_weights=weight,
            coarsest_iterations=3,
            **settings,
        )


def luminance(image: Image) -> Image:
    """Return how light every pixel is, (H, W, 1)."""
    if image.shape[2] < 3:
        return image[:, :, :1]
    return np.asarray(image[:, :, :3] @ np.array([[0.299], [0.587], [0.114]], np.float32))


def ranks(tones: Image) -> Image:
    """Return the share of pixels that are darker than each one, (H, W, 1); equal ones share the middle of their ranks."""
    _, group, counts = np.unique(np.round(tones * 1023).astype(int), return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / counts.sum()
    return np.asarray(middle[group].reshape(tones.shape), np.float32)


def spread(shares: Image, least: float, most: float) -> Image:
    """Stretch shares so that the darkest area is `least` and the lightest `most`; thin rims beyond these are no areas."""
    areas = blurred(shares, RIM)
    low, high = areas.min(), areas.max()
    share = np.clip((shares - low) / max(high - low, np.float32(1e-9)), 0, 1)
    return np.asarray(least + share * (most - least), np.float32)


def common(source: Image) -> tuple[float, float]:
    """Return between which shares the tones of a source lie that are near its median, within SPREAD."""
    tones = luminance(source)
    middle, reach = np.median(tones), COMMON * tones.std()
    return max(SPREAD[0], float((tones < middle - reach).mean())), min(SPREAD[1], float((tones < middle + reach).mean()))


def in_tones(shares: Image, source: Image) -> Image:
    """Return an image in the source's tones: the mean colour of the source's pixels that have about the same rank."""
    order = np.argsort(luminance(source).ravel(), kind="stable")
    pixels = source.reshape(-1, source.shape[2])[order]
    edges = np.linspace(0, len(order), min(TONES, len(order)) + 1).astype(int)
    means = np.add.reduceat(pixels, edges[:-1]) / np.diff(edges)[:, None]
    centres = (edges[:-1] + edges[1:]) / (2 * len(order))
    channels = [np.interp(shares[:, :, 0], centres, mean) for mean in means.T]
    return np.stack(channels, axis=2).astype(np.float32)


def means_colours(structure: Image, source: Image) -> bool:
    """Tell whether a structure has colours, and the source has them too."""
    if structure.shape[2] < 3:
        return False
    few = [_few(image)[:, :3] for image in (structure, source)]
    if np.ptp(few[0], axis=1).mean() < COLOURFUL:
        return False
    # Channel by channel: over a short axis, NumPy's own way is slow.
    squares = sum((own[:, None] - theirs) ** 2 for own, theirs in zip(few[0].T, few[1].T, strict=True))
    return bool(np.median(np.sqrt(squares.min(1))) < FAMILIAR)


def lacks_tones(source: Image) -> bool:
    """Tell whether nearly all of a source has one tone, as a night sky: then ranks of its tones mean nothing."""
    low, dark, light, high = np.quantile(luminance(source), [0.005, 0.05, 0.95, 0.995])
    return bool(light - dark < 0.4 * (high - low))


def contrast_left(source: Image) -> float:
    """Return the share of a source's contrast that a blur over a patch leaves: that of its areas of light and dark."""
    from scipy import ndimage

    tones, sigma = ranks(luminance(source)), PATCH["tones"]
    return float(ndimage.gaussian_filter(tones, (sigma, sigma, 0)).std() / tones.std()) if tones.std() > 0 else 1.0


def takes_grain(source: Image, left: float, tone: float) -> bool:
    """Tell whether a ground of this tone is to be grain: in a fine texture, but in a pattern only if it has no such areas."""
    light = luminance(source)
    # What is wide in a pattern is common there.
    dark_areas = bool(np.median(light) < light.mean())
    return left < FINE and (left >= PATTERN or (tone > 0.5) == dark_areas)


def ground(light: Image) -> float:
    """Return the commonest tone of a structure."""
    counts, edges = np.histogram(light, TONES)
    return float(edges[counts.argmax() :][:2].mean())


def figure(light: Image) -> Image:
    """Return how much of its own tone each pixel of a structure has: GROUND on its ground, 1 where it is furthest from that."""
    distance = np.abs(light - ground(light))
    return np.asarray(GROUND + (1 - GROUND) * np.sqrt(distance / max(distance.max(), np.float32(1e-9))), np.float32)


def grain(image: Image) -> Image:
    """Return an image's grain on its mean tone."""
    share = max(GRAIN[0] / min(image.shape[:2]), GRAIN[1])
    return np.asarray(np.clip(image - blurred(image, share) + image.mean((0, 1)), 0, 1), np.float32)


def laid(image: Image, shape: Shape) -> Image:
    """Return an image in this shape: cut, or mirrored where it is too small."""
    more = [(0, max(0, wanted - side)) for wanted, side in zip(shape, image.shape[:2], strict=True)]
    return np.asarray(np.pad(image, (*more, (0, 0)), "symmetric")[: shape[0], : shape[1]], np.float32)


def blurred(image: Image, share: float) -> Image:
    """Return an image without its grain: blurred over a share of its shorter side."""
    from scipy import ndimage

    sigma = share * min(image.shape[:2])
    return np.asarray(ndimage.gaussian_filter(image, (sigma, sigma, 0)), np.float32)


def _few(image: Image) -> Image:
    """Return the colours of a small copy, (N, C)."""
    scale = min(1.0, 32 / min(image.shape[:2]))
    shape: Shape = (max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale)))
    return resize(image, shape).reshape(-1, image.shape[2])
