"""Draw the example images that are not photographs: `python examples/drawings.py` writes them to examples/images/.

Scenes with balloons and boats, sketches, masks and rough edits.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from patchnn import Image, Shape, read_image, resize, write_image

IMAGES = Path(__file__).parent / "images"
FINE = 3
"""Shapes are drawn this many times larger and then reduced, which smooths their edges."""

BALLOONS = (
    # row and column of the centre, radius, colours of the stripes
    (62, 66, 27, (0.86, 0.18, 0.16), (0.98, 0.80, 0.30)),
    (104, 190, 19, (0.16, 0.34, 0.78), (0.92, 0.94, 0.98)),
    (48, 282, 23, (0.95, 0.70, 0.10), (0.80, 0.24, 0.12)),
    (128, 324, 13, (0.86, 0.18, 0.16), (0.96, 0.96, 0.96)),
    (36, 150, 12, (0.20, 0.55, 0.32), (0.98, 0.90, 0.40)),
    (140, 118, 11, (0.16, 0.34, 0.78), (0.98, 0.80, 0.30)),
    (116, 30, 9, (0.95, 0.70, 0.10), (0.45, 0.20, 0.55)),
    (96, 250, 9, (0.45, 0.20, 0.55), (0.96, 0.96, 0.96)),
)


def clouds(shape: Shape, seed: int, coarsest: int, finest: int) -> Image:
    """Draw smooth noise of several scales, (*shape, 1), about 0 with a deviation of about 1."""
    random = np.random.RandomState(seed)  # legacy generator: its stream is frozen
    total, size = np.zeros((*shape, 1), np.float32), coarsest
    while size >= finest:
        grid = random.standard_normal((shape[0] // size + 3, shape[1] // size + 3, 1)).astype(np.float32)
        total += resize(grid, shape) * (size / coarsest) ** 0.8
        size //= 2
    return (total - total.mean()) / total.std()


def sky(shape: Shape, seed: int) -> Image:
    """Draw a sky with clouds."""
    down = np.linspace(0, 1.2, shape[0], dtype=np.float32).clip(0, 1)[:, None, None]
    cover = np.clip(0.35 * clouds(shape, seed, 64 * FINE, 2 * FINE) - 0.1, 0, 0.75)
    return (np.float32((0.25, 0.50, 0.84)) * (1 - down) + np.float32((0.80, 0.90, 0.97)) * down) * (1 - cover) + cover


def balloons() -> Image:
    """Draw eight balloons over fields, (240, 360, 3)."""
    shape = 240 * FINE, 360 * FINE
    y, x = (axis / FINE for axis in np.mgrid[: shape[0], : shape[1]].astype(np.float32))
    image = sky(shape, 7)
    for row, column, radius, *stripes in BALLOONS:
        balloon(image, y - row, x - column, radius, stripes)
    texture = clouds(shape, 3, 16 * FINE, FINE)
    for level, height, colour in ((186, 9, (0.36, 0.50, 0.36)), (204, 6, (0.30, 0.52, 0.20)), (220, 4, (0.55, 0.56, 0.22))):
        land = y > level + height * np.sin(x / 41 + level) + height / 2 * np.sin(x / 17 + 2 * level)
        image = np.where(land[:, :, None], np.array(colour) * (1 + 0.13 * texture), image)
    return np.clip(resize(image, (240, 360)), 0, 1)


def boats() -> Image:
    """Draw sailing boats under the same sky, (240, 360, 3)."""
    shape = 240 * FINE, 360 * FINE
    y, x = (axis / FINE for axis in np.mgrid[: shape[0], : shape[1]].astype(np.float32))
    image = sky(shape, 11)
    waves = resize(clouds((shape[0], shape[1] // 4), 5, 12 * FINE, FINE), shape)
    deep = np.clip((y - 176) / 64, 0, 1)[:, :, None]
    sea = (np.float32((0.42, 0.66, 0.80)) * (1 - deep) + np.float32((0.06, 0.26, 0.46)) * deep) * (1 + 0.10 * waves)
    image = np.where((y > 176)[:, :, None], sea, image)
    for row, column, size, colour in (
        (214, 250, 54, (0.96, 0.95, 0.90)),
        (196, 120, 36, (0.90, 0.32, 0.20)),
        (204, 318, 30, (0.98, 0.82, 0.34)),
        (187, 190, 20, (0.96, 0.95, 0.90)),
        (185, 56, 15, (0.96, 0.95, 0.90)),
    ):
        up, across = (row - y) / size, (x - column) / size
        main = (across > 0.03) & (across < 0.52 * (1.15 - up)) & (up > 0.15) & (up < 1.15)
        fore = (across < -0.03) & (across > -0.36 * (1.0 - up)) & (up > 0.15) & (up < 1.0)
        hull = (np.abs(across) < 0.45 - 0.6 * np.clip(0.1 - up, 0, 1)) & (up > -0.08) & (up < 0.08)
        image[main] = colour
        image[fore] = np.float32(colour) * 0.86
        image[hull] = (0.30, 0.20, 0.16)
    return np.clip(resize(image, (240, 360)), 0, 1)


def balloon(image: Image, y: Image, x: Image, radius: float, stripes: list[tuple[float, ...]]) -> None:
    """Draw one balloon onto an image; y and x are distances from its centre."""
    # A sphere that tapers off towards the basket.
    reach = np.where(y < 0, 1.0, 1 - 0.45 * np.clip(y / radius / 1.35, 0, 1) ** 1.5)
    across = x / (radius * reach)
    inside = (across**2 + np.where(y < 0, y / radius, y / radius / 1.35) ** 2) < 1
    around = np.arcsin(np.clip(across, -1, 1))
    stripe = (np.floor(around / np.pi * 7 + 0.5) % 2)[:, :, None]
    light = (0.62 + 0.45 * np.clip(0.75 * np.cos(around + 0.6) - 0.35 * y / radius, 0, 1))[:, :, None]
    colour = (np.array(stripes[0]) * (1 - stripe) + np.array(stripes[1]) * stripe) * light
    image[inside] = np.clip(colour, 0, 1)[inside]
    ropes = (y > radius) & (y < 1.75 * radius) & (np.abs(np.abs(x) - radius * (0.30 - 0.1 * (y / radius - 1))) < 0.5)
    basket = (np.abs(y - 1.9 * radius) < 0.17 * radius) & (np.abs(x) < 0.22 * radius)
    image[ropes | basket] = (0.32, 0.20, 0.12)


def sketch() -> Image:
    """Sketch three balloons over a meadow as a child would, (240, 360, 3)."""
    image = np.ones((240, 360, 3), np.float32) * np.float32((0.55, 0.75, 0.95))
    image[200:] = (0.3, 0.5, 0.2)
    y, x = np.mgrid[:240, :360]
    for row, column, radius, colour in (
        (84, 90, 30, (0.9, 0.2, 0.2)),
        (60, 190, 22, (0.25, 0.4, 0.8)),
        (84, 290, 26, (0.95, 0.6, 0.1)),
    ):
        image[np.hypot(y - row, x - column) < radius] = colour
    return image


def towers(shape: Shape = (214, 320)) -> Image:
    """Sketch a skyline: two towers and lights at dusk, flat colours only."""
    image = np.empty((*shape, 3), np.float32)
    image[:] = np.linspace((0.1, 0.16, 0.3), (0.3, 0.35, 0.45), shape[0])[:, None]
    image[185:] = (0.08, 0.08, 0.12)
    for left, top in ((60, 50), (200, 90)):
        image[top:190, left : left + 12] = (0.75, 0.75, 0.72)
    for left in (120, 150, 270):
        image[178:190, left : left + 12] = (1.0, 0.75, 0.3)
    return image


def rocket_mask() -> Image:
    """Mask the rocket in examples/images/rocket.jpg: white on the rocket, black elsewhere."""
    mask = np.zeros((427, 640, 1), np.float32)
    mask[80:, 272:372] = 1
    return mask


def balloons_mask() -> Image:
    """Mask a piece of the sky in balloons.png."""
    y, x = np.mgrid[:240, :360]
    return (np.hypot((y - 56) / 32, (x - 216) / 25) < 1).astype(np.float32)[:, :, None]


def balloons_hole() -> Image:
    """Mask the blue balloon in balloons.png."""
    mask = np.zeros((240, 360, 1), np.float32)
    mask[78:146, 165:216] = 1
    return mask


def balloons_edited() -> Image:
    """Copy the blue balloon of balloons.png to its right, and wipe out the green one, roughly."""
    before = balloons()
    edited = before.copy()
    edited[72:156, 240:280] = before[60:144, 170:210]
    edited[18:62, 132:168] = before[18:62, 180:216]
    return edited


def rocket_edited() -> Image:
    """Copy the rocket over the mast to its right."""
    before = read_image(IMAGES / "rocket.jpg")
    edited = before.copy()
    edited[90:, 400:480] = before[90:, 282:362]
    return edited


def coffee_keep() -> Image:
    """Draw a mask over the cup of coffee, without its saucer, (400, 600, 1)."""
    y, x = np.mgrid[:400, :600]
    cup = ((y - 115) / 130) ** 2 + ((x - 292) / 145) ** 2 < 1
    return cup[:, :, None].astype(np.float32)


def labels(wanted: bool) -> Image:
    """Label sky blue and land green: as in balloons.png, or as they are wanted, (240, 360, 3)."""
    y, x = np.mgrid[:240, :360].astype(np.float32)
    hills = 186 + 9 * np.sin(x / 41 + 186) + 4.5 * np.sin(x / 17 + 372)
    land = y > (150 + 70 * np.sin(x / 55 + 2.2) if wanted else hills)
    return np.where(land[:, :, None], np.float32((0.1, 0.7, 0.1)), np.float32((0.2, 0.4, 1.0)))


def light(shape: Shape, spheres: list[tuple[float, float, float]]) -> Image:
    """Draw how light spheres (row, column, radius) are, lit from above left on a grey ground, (H, W, 1)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    tones = np.full(shape, 0.9, np.float32)
    for row, column, radius in spheres:
        down, right = (y - row) / radius, (x - column) / radius
        depth = 1 - down**2 - right**2
        lit = np.sqrt(np.clip(depth, 0, 1)) * 0.6 - 0.5 * down - 0.5 * right
        tones = np.where(depth > 0, np.clip(0.1 + 0.75 * lit, 0, 0.85), tones)
    return tones[:, :, None]


def hatched(tones: Image) -> Image:
    """Draw tones (H, W, 1) in ink: the darker, the more layers of lines, (H, W, 3)."""
    y, x = np.mgrid[: tones.shape[0], : tones.shape[1]].astype(np.float32)
    wobble = clouds(tones.shape[:2], 9, 24, 6)[:, :, 0]
    image = np.ones((*tones.shape[:2], 3), np.float32) * np.float32((0.97, 0.95, 0.88))
    for darker_than, across, ink in (
        (0.7, x + y, (0.25, 0.30, 0.55)),
        (0.45, x - y, (0.20, 0.25, 0.50)),
        (0.2, 1.4 * y, (0.10, 0.12, 0.30)),
    ):
        line = np.clip(1.2 * np.sin(across / 1.9 + 1.5 * wobble), 0, 1) * np.clip((darker_than - tones[:, :, 0]) / 0.05, 0, 1)
        image += line[:, :, None] * (np.float32(ink) - image)
    return image


def main() -> None:
    """Write all drawings."""
    write_image(IMAGES / "balloons.png", balloons(), overwrite=True)
    write_image(IMAGES / "boats.png", boats(), overwrite=True)
    write_image(IMAGES / "balloons-mask.png", balloons_mask(), overwrite=True)
    write_image(IMAGES / "balloons-hole.png", balloons_hole(), overwrite=True)
    write_image(IMAGES / "balloons-edited.png", balloons_edited(), overwrite=True)
    write_image(IMAGES / "sketch.png", sketch(), overwrite=True)
    write_image(IMAGES / "towers.png", towers(), overwrite=True)
    write_image(IMAGES / "rocket-mask.png", rocket_mask(), overwrite=True)
    write_image(IMAGES / "coffee-keep.png", coffee_keep(), overwrite=True)
    write_image(IMAGES / "balloons-labels.png", labels(wanted=False), overwrite=True)
    write_image(IMAGES / "wanted-labels.png", labels(wanted=True), overwrite=True)
    sphere = light((200, 200), [(100, 100, 88)])
    write_image(IMAGES / "sphere.png", hatched(sphere), overwrite=True)
    write_image(IMAGES / "sphere-light.png", sphere, overwrite=True)
    write_image(IMAGES / "pebbles-light.png", light((200, 300), [(70, 80, 62), (120, 215, 74), (160, 120, 36)]), overwrite=True)
    write_image(IMAGES / "rocket-edited.jpg", rocket_edited(), overwrite=True)


if __name__ == "__main__":
    main()
