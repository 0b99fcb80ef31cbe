"""The files of a job, read: images, masks, maps and guides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from patchnn.engine.arrays import Image
from patchnn.engine.maps import check_maps
from patchnn.engine.plan import Plan
from patchnn.errors import InputError
from patchnn.guides import Guide, guide_plan
from patchnn.images import DecodedImage, FileTraits, read_file
from patchnn.task import Option

__all__ = ["JobFiles"]


@dataclass
class JobFiles:
    """Reads the files of a job. traits: those of the first image. notes: remarks about any file."""

    max_memory: int | None
    traits: FileTraits | None = None
    notes: list[str] = field(default_factory=list)

    def read(self, file: str) -> DecodedImage:
        """Read an image, and note if the file holds several."""
        image = read_file(file, max_memory=self.max_memory)
        if image.frames > 1:
            self.notes.append(f"{file} holds {image.frames} images: the first is used")
        return image

    def read_option(self, option: Option, file: str) -> Any:
        """Return what an option takes from an image: its mask, or its pixels."""
        image = self.read(file)
        if option.type == "mask":
            return image.coverage() if option.soft else image.mask()
        self.traits = self.traits or image.traits
        return image.pixels

    def maps(self, maps: Sequence[tuple[str, str]], plan: Plan) -> list[tuple[str, list[Image], FileTraits]]:
        """Return for each map where it goes, its images, one for every source, and the first one's traits.

        maps: as in Job. Raises InputError, naming the files, for one that does not fit the plan.
        """
        count, found = len(plan.sources), []
        for start in range(0, len(maps), count):
            group = maps[start : start + count]
            images = [self.read(file) for file, _ in group]
            try:
                found.append((group[0][1], check_maps(plan, [image.pixels for image in images]), images[0].traits))
            except InputError as error:
                raise InputError(f"{', '.join(file for file, _ in group)}: {error}", about="apply_to") from None
        return found

    def guides(self, guides: Sequence[tuple[str, str, float]], plan: Plan) -> list[Guide]:
        """Return the guides: each with one image for every source.

        guides: as in Job. Raises InputError, naming the files, for one that does not fit the plan.
        """
        count, found = len(plan.sources), list[Guide]()
        for start in range(0, len(guides), count):
            group = guides[start : start + count]
            _, target, weight = group[0]
            names = [*(source for source, *_ in group), target]
            images = [self.read(file).pixels for file in names]
            try:
                if any(rest != [target, weight] for _, *rest in group):
                    raise InputError(f"the task has {count} sources: give a guide for each, all with one target and weight")
                found.append(Guide(tuple(images[:-1]), images[-1], weight))
                guide_plan(plan, found)
            except InputError as error:
                # The files name it: a word of theirs could be taken for the option's.
                raise InputError(f"{', '.join(names)}: {error}") from None
        return found
