"""The sources of a run: their pyramids, which of their patches may be used, and the atlas of a level."""

from __future__ import annotations

from functools import partial
from itertools import accumulate

from patchnn.engine.arrays import Image, Mask, Shape
from patchnn.engine.atlas import Atlas
from patchnn.engine.backend import Array, Backend
from patchnn.engine.patches import whole_patches
from patchnn.engine.plan import Plan
from patchnn.engine.resample import fill_holes, level_shape, pyramid, resample, shrink_known, shrink_mask
from patchnn.errors import InputError

__all__ = ["Sources", "channels_of", "filled", "known_levels", "shrink_masks"]


class Sources:
    """The sources of a plan at every level.

    deepest: the coarsest level at which any source still holds a usable patch, at most `wanted`. Raises InputError if none does
    at the finest.
    """

    def __init__(self, plan: Plan, backend: Backend, wanted: int) -> None:
        self.plan, self.backend = plan, backend
        self.usable = [shrink_masks(backend, source.usable, plan, wanted) for source in plan.sources]
        self.deepest = wanted
        while self.deepest and not self._holds_patches(self.deepest):
            self.deepest -= 1
        if not self._holds_patches(0):
            raise InputError("no patch may be copied: every patch of every source touches an unusable pixel")
        images = [backend.to_device(filled(source.image, source.usable)) for source in plan.sources]
        self.pyramids = [
            pyramid(backend, image, plan.ratio, self.deepest, known=known_levels(masks, plan))
            for image, masks in zip(images, self.usable, strict=True)
        ]
        self.guides: list[list[Array]] | None = None
        if plan.guide is not None:
            guides = [backend.to_device(plan.weighted(source.guide)) for source in plan.sources if source.guide is not None]
            self.guides = [pyramid(backend, guide, plan.ratio, self.deepest) for guide in guides]
        self._atlases: dict[tuple[int, bool, tuple[int, ...]], Atlas] = {}

    def atlas(self, level: int, coarsest: bool, compared: tuple[int, ...]) -> Atlas:
        """Return the atlas of a level.

        coarsest: whether a round begins there, where keys are the values (Sec. 3.1). compared: the guide's channels that it has.
        """
        if (level, coarsest, compared) not in self._atlases:
            values = [levels[level] for levels in self.pyramids]
            keys = None if coarsest else partial(self._blurred, level)
            guides = [channels_of(levels[level], compared) for levels in self.guides or ()] if compared else None
            usable = [masks[level] for masks in self.usable]
            # Several rounds share them.
            if len(self.plan.rounds or ()) == 1:
                self._atlases.clear()
            self._atlases[level, coarsest, compared] = Atlas(self.backend, values, keys, usable, self.plan.patch, guides)
        return self._atlases[level, coarsest, compared]

    def leave(self, coarser: int) -> None:
        """Forget the levels from this one on, unless another round comes back to them."""
        if len(self.plan.rounds or ()) == 1:
            for levels in (*self.pyramids, *(self.guides or ())):
                del levels[coarser:]

    def shared(self, shape: Shape) -> tuple[list[Array] | None, list[Array] | None]:
        """Return the pyramids of a source that are also those of the plan's guess, and of its guide; None for each without."""
        plan, guesses, guides = self.plan, None, None
        for number, source in enumerate(plan.sources):
            if any(plan.wrap) or source.image.shape[:2] != shape:
                continue
            if source.image is plan.guess and source.usable is plan.keep is not None and plan.known_share < 1:
                guesses = self.pyramids[number]
            if self.guides is not None and source.guide is plan.guide:
                guides = self.guides[number]
        return guesses, guides

    @staticmethod
    def bytes_per_pixel(plan: Plan) -> int:
        """Return about what pyramids take for a pixel of the sources."""
        image, guide = 4 * plan.guess.shape[2], 0 if plan.guide is None else 4 * plan.guide.shape[2]
        # Rounds share all levels.
        levels = 1 if len(plan.rounds or ()) == 1 else 1 / (1 - plan.ratio**-2)
        # Without holes to fill, the finest level is the array that was given.
        given = image if all(source.usable is None for source in plan.sources) else 0
        return int((image + guide) * levels) - given

    def _blurred(self, level: int) -> list[Array]:
        """Return a level's images made of the next coarser level's: as blurred as the queries are (Sec. 3.1)."""
        scales = (self.plan.ratio,) * 2
        return [resample(self.backend, levels[level + 1], levels[level].shape[:2], scales) for levels in self.pyramids]

    def _holds_patches(self, level: int) -> bool:
        for source, masks in zip(self.plan.sources, self.usable, strict=True):
            shape, mask, patch = level_shape(source.image.shape[:2], self.plan.ratio, level), masks[level], self.plan.patch
            if min(shape) >= patch and (mask is None or bool(whole_patches(mask, patch).any())):
                return True
        return False


def filled(image: Image, usable: Mask | None) -> Image:
    """Return an image with its unusable pixels filled smoothly, so that their colours reach no coarser level."""
    return image if usable is None or not usable.any() else fill_holes(image, usable)


def channels_of(guide: Array, channels: tuple[int, ...]) -> Array:
    """Return these channels of a guide (H, W, G), or None for no channel."""
    if not channels:
        return None
    return guide if len(channels) == guide.shape[2] else guide[:, :, list(channels)]


def shrink_masks(backend: Backend, mask: Mask | None, plan: Plan, deepest: int) -> list[Mask | None]:
    """Return a mask at every level: a pixel there is True where all under it are, or at least the share that the plan wants."""
    if mask is None:
        return [None] * (deepest + 1)
    shapes = [level_shape(mask.shape[:2], plan.ratio, n) for n in range(1, deepest + 1)]

    def shrink(mask: Mask, shape: Shape) -> Mask:
        if plan.known_share == 1:
            return shrink_mask(mask, shape)
        return shrink_known(backend, mask, shape, plan.ratio, plan.known_share)

    masks: list[Mask] = list(accumulate(shapes, shrink, initial=mask))
    return [*masks]


def known_levels(masks: list[Mask | None], plan: Plan) -> list[Mask] | None:
    """Return masks as `pyramid` takes them: None where coarser pixels see all pixels alike."""
    levels = [mask for mask in masks if mask is not None]
    return levels if levels and plan.known_share < 1 else None
