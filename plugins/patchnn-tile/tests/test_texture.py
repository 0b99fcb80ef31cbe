"""What a tile is made of: even light, whole pieces of the image, several images."""

import numpy as np
from patchnn_tile import Tile, flattened

from patchnn import pnn, run
from patchnn.testing import tiny_image


def texture(shape=(48, 64)):
    return np.random.default_rng(0).random((*shape, 3), np.float32) * np.float32(0.4) + np.float32(0.3)


def test_flattened_light_does_not_show():
    light = np.linspace(-0.3, 0.3, 64, dtype=np.float32)[:, None]
    image = texture() + light
    plain, flat = (run(Tile(image=image, flatten=flatten), seed=1, alpha=np.inf).image for flatten in (False, True))

    def uneven(tile):
        return np.ptp(tile.reshape(48, 8, 8, 3).mean((0, 2, 3)))

    assert uneven(flat) < 0.5 * uneven(plain)
    # The texture itself stays.
    assert np.abs(flattened(image) - texture()).mean() < 0.05


def test_flattening_keeps_opacity():
    image = np.dstack([texture(), np.full((48, 64), 0.5, np.float32)])
    image[:, :, :3] *= 0.5
    flat = flattened(image)
    np.testing.assert_array_equal(flat[:, :, 3], image[:, :, 3])
    assert flat[:, :, :3].max() <= 0.5


def test_a_smaller_tile_is_made_of_whole_bricks():
    y, x = np.indices((72, 96))
    row, across = y // 12, x + 10 * (y // 12 % 2)
    shades = np.random.default_rng(0).uniform(0.35, 0.65, (6, 8))[row, across // 20]
    wall = np.where((y % 12 < 2) | (across % 20 < 2), 0.9, shades)
    wall = np.repeat(wall[:, :, None], 3, axis=2).astype(np.float32)
    tile = run(Tile(image=wall, size="60%"), seed=1).image
    # Squeezed bricks would be mended badly: 0.009.
    assert np.abs(tile - pnn(tile, wall, wall)).mean() < 0.007


def test_several_images_make_one_tile():
    field = run(Tile(image=tiny_image(), source=(tiny_image(seed=1),)), seed=1).field
    assert set(np.unique(field.source)) == {0, 1}
