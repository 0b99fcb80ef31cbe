"""Analogies: tones that follow, colours that mean something, strength, the paper's setting."""

from __future__ import annotations

import numpy as np
import pytest

from patchnn import Image, run
from patchnn.testing import TaskConformance, tiny_image
from patchnn_tasks import Analogy
from patchnn_tasks.analogy import (
    FINE,
    GROUND,
    PATCH,
    PATTERN,
    SPREAD,
    common,
    contrast_left,
    figure,
    grain,
    in_tones,
    lacks_tones,
    laid,
    luminance,
    means_colours,
    ranks,
    spread,
    takes_grain,
)


class TestAnalogyByColours(TaskConformance):
    def task(self) -> Analogy:
        return Analogy(source=tiny_image(), structure=tiny_image((20, 26), seed=1), follow="colours", size="120%")

    def wrong(self) -> list[dict[str, object]]:
        return [{"follow": "nothing"}, {"strength": "very"}]


class TestAnalogyOfThePaper(TaskConformance):
    def task(self) -> Analogy:
        return Analogy(source=tiny_image(channels=4), structure=tiny_image((20, 26), channels=1, seed=1), follow="paper")

    def wrong(self) -> list[dict[str, object]]:
        return [{"source": tiny_image((5, 5))}]


def spots() -> Image:
    """Pebbles of many tones, from dark violet to orange."""
    from scipy import ndimage

    rng = np.random.RandomState(0)
    tone = ndimage.gaussian_filter(rng.normal(0, 1, (96, 96)), 3, mode="wrap")
    share = (np.argsort(np.argsort(tone.ravel())).reshape(96, 96) / 96**2)[:, :, None]
    return np.asarray(np.float32((0.15, 0.1, 0.2)) * (1 - share) + np.float32((0.85, 0.5, 0.15)) * share, np.float32)


def letter() -> Image:
    image = np.ones((64, 64, 1), np.float32)
    image[8:56, 26:38] = image[8:20, 8:56] = 0
    return image


def following(made: Image) -> float:
    from scipy import ndimage

    tones, wanted = (ndimage.gaussian_filter(i[:, :, 0], 2) for i in (luminance(made), letter()))
    return float(np.corrcoef(tones.ravel(), wanted.ravel())[0, 1])


def test_a_letter_can_be_read_better_than_by_the_papers_setting() -> None:
    found = {f: following(run(Analogy(source=spots(), structure=letter(), follow=f), seed=1).image) for f in ("tones", "paper")}
    assert found["tones"] > 0.8
    assert found["tones"] > found["paper"] + 0.05


def test_strength_says_how_closely_the_structure_is_followed() -> None:
    tasks = [Analogy(source=spots(), structure=letter(), strength=s) for s in ("texture", "balanced", "structure")]
    weak, middle, strong = (following(run(task, seed=1).image) for task in tasks)
    assert weak < middle + 0.02
    assert middle < strong + 0.02
    assert weak < strong - 0.05


def test_ranks_are_shares_and_equal_tones_share_one() -> None:
    tones = np.float32([0, 0, 0.5, 1]).reshape(2, 2, 1)
    assert ranks(tones).ravel() == pytest.approx([0.25, 0.25, 0.625, 0.875])
    stretched = spread(ranks(tones), *SPREAD)
    assert (stretched.min(), stretched.max()) == pytest.approx((0.05, 0.95))


def test_rims_that_overshoot_do_not_take_the_tones_of_areas() -> None:
    image = np.full((128, 128, 1), 0.1, np.float32)
    image[:, 64:] = 0.9
    image[:, 63], image[:, 64] = 0.05, 0.95
    tones = spread(ranks(image), *SPREAD)
    assert (tones[:, 0].max(), tones[:, -1].min()) == pytest.approx(SPREAD, abs=0.05)
    assert (tones.min(), tones.max()) == pytest.approx(SPREAD)


def test_a_guess_in_tones_has_the_sources_colours_and_the_structures_order() -> None:
    guess = in_tones(spread(ranks(letter()), *SPREAD), spots())
    dark, light = guess[30, 30], guess[60, 5]
    assert dark == pytest.approx((0.15, 0.1, 0.2), abs=0.1)
    assert light == pytest.approx((0.85, 0.5, 0.15), abs=0.1)


def waves(period: float = 8.0) -> Image:
    """Even waves: dark, with light and narrow crests."""
    rows, columns = np.mgrid[:96, :96]
    crests = (np.sin((columns + rows / 3) * 2 * np.pi / period) + 1) ** 3 / 8
    return np.repeat(crests[:, :, None], 3, 2).astype(np.float32)


def test_how_fine_a_source_is_shows_in_the_contrast_that_a_blur_leaves() -> None:
    assert contrast_left(waves()) < PATTERN < contrast_left(gravel()) < FINE
    assert contrast_left(waves(period=40)) > FINE
    assert contrast_left(spots()) > FINE
    assert contrast_left(np.full((20, 20, 3), 0.5, np.float32)) == 1


def test_a_pattern_is_asked_for_its_common_tones_alone_and_more_firmly() -> None:
    least, most = common(waves())
    assert (least, most) == pytest.approx((0.05, 0.73), abs=0.05), "no crests: they are narrow"
    light = 1 - letter()
    plan, usual = (Analogy(source=source, structure=light, follow="tones").plan() for source in (waves(), spots()))
    assert luminance(plan.guess).max() < 0.6
    assert luminance(waves()).max() > 0.9
    assert np.max(plan.guide_weights) > 2 * np.max(usual.guide_weights)


def gravel() -> Image:
    """Grains a few pixels wide, in no order."""
    from scipy import ndimage

    tone = ndimage.gaussian_filter(np.random.RandomState(0).normal(0, 1, (96, 96)), 1.5, mode="wrap")
    return np.repeat((0.5 + tone / (6 * tone.std())).clip(0, 1)[:, :, None], 3, 2).astype(np.float32)


def test_a_ground_takes_the_grain_of_a_fine_texture() -> None:
    def takes(source: Image, tone: float) -> bool:
        return takes_grain(source, contrast_left(source), tone)

    assert takes(gravel(), 0.95)
    assert takes(gravel(), 0.05)
    assert takes(waves(), 0.95), "its crests are narrow"
    assert not takes(waves(), 0.05), "dark is wide in it"
    assert not takes(1 - waves(), 0.95)
    assert not takes(spots(), 0.95)
    assert not takes(np.full((20, 20, 3), 0.5, np.float32), 0.95)


def test_in_a_fine_texture_the_ground_is_grain_and_the_figure_a_tone() -> None:
    plan, usual = (Analogy(source=source, structure=letter(), follow="tones").plan() for source in (gravel(), spots()))
    tones = luminance(plan.guess)
    off, on = tones[58:, :20], tones[30:50, 30:34]
    assert off.std() > 0.4 * gravel().std()
    assert on.std() < 0.1 * off.std()
    assert on.mean() < off.mean()
    assert np.max(plan.guide_weights) > 2 * np.max(usual.guide_weights)


def test_the_commonest_tone_of_a_structure_is_its_ground() -> None:
    for image in (letter(), 1 - letter()):
        tone = figure(spread(ranks(image), *SPREAD))
        assert tone[60, 5] == pytest.approx(GROUND, abs=0.15)
        assert tone[30, 30] == 1
    assert figure(np.full((8, 8, 1), 0.5, np.float32)).max() <= 1


def test_grain_has_one_tone() -> None:
    lighter = np.linspace(0, 0.5, 96, dtype=np.float32)[:, None, None] + 0.3 * gravel()
    found = grain(lighter)
    assert found[:20].mean() == pytest.approx(float(found[-20:].mean()), abs=0.02)
    assert found.std() > 0.5 * 0.3 * gravel().std()


def test_a_larger_texture_has_wider_grain() -> None:
    wide = np.sin(np.arange(512, dtype=np.float32) * 2 * np.pi / 24)[None, :, None] / 4 + 0.5
    assert grain(np.repeat(wide, 512, 0)).std() > 0.3 * wide.std()
    assert grain(np.repeat(wide[:, :200], 200, 0)).std() < 0.2 * wide.std()


def test_a_texture_is_laid_in_any_shape() -> None:
    found = laid(gravel(), (80, 250))
    assert found.shape == (80, 250, 3)
    assert np.array_equal(found[:, :96], gravel()[:80])
    assert np.array_equal(found[:, 96:192], found[:, 95::-1])


def test_patches_are_larger_in_a_fine_texture() -> None:
    plans = [Analogy(source=source, structure=1 - letter(), follow="tones").plan() for source in (gravel(), waves(), spots())]
    assert [plan.patch for plan in plans] == [PATCH["fine"], PATCH["fine"], PATCH["tones"]]


def test_a_plan_for_a_fine_texture_has_the_results_size() -> None:
    plan = Analogy(source=gravel(), structure=letter(), follow="tones", size="150%").plan()
    assert plan.guess.shape[:2] == (96, 96) == tuple(plan.rounds or ())[-1]


def test_colours_mean_something_only_where_the_source_has_them() -> None:
    scene = np.zeros((40, 40, 3), np.float32)
    scene[:20], scene[20:] = (0.3, 0.5, 0.9), (0.2, 0.6, 0.2)
    assert means_colours(scene[::-1], scene)
    assert not means_colours(1 - scene, scene)
    assert not means_colours(np.repeat(letter(), 3, 2), scene)
    assert not means_colours(letter(), scene[:, :, :1])


def test_a_night_sky_lacks_tones() -> None:
    sky = np.full((50, 50, 3), 0.02, np.float32)
    sky[::9, ::9] = 1
    assert lacks_tones(sky)
    assert not lacks_tones(spots())
