"""Calls that type checkers must accept, with the types that they must find: the session `lint` runs mypy on this file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image as PillowImage

import patchnn
from patchnn_tasks import Collage, Generate, Retarget

if TYPE_CHECKING:
    from typing_extensions import assert_type

    def calls(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], pillow: PillowImage, image: patchnn.Image) -> None:
        assert_type(patchnn.inpaint(pixels, mask), NDArray[np.uint8])
        assert_type(patchnn.generate(pixels, seeds=range(8)), list[NDArray[np.uint8]])
        assert_type(patchnn.retarget(pillow, "50%", by="carve"), PillowImage)
        assert_type(patchnn.retarget("photo.jpg", (200, 300)), NDArray[Any])
        assert_type(patchnn.collage([pillow, pillow], max_memory="2GB"), PillowImage)
        assert_type(patchnn.analogy(Path("a.png"), pixels, seeds=[1, 2]), list[NDArray[Any]])
        assert_type(patchnn.edit(image, pixels, keep=pillow), patchnn.Image)
        assert_type(patchnn.tile(pixels, axes="x"), NDArray[np.uint8])
        Generate(image=image, size="50%")
        Retarget(image=image, size=(20, 30))
        Collage(images=(image, image), size=patchnn.Size("300x200"))
        patchnn.inpaint(pixels)  # type: ignore[call-overload]  # the mask is missing
        patchnn.generate(pixels, varieti=0.5)  # type: ignore[call-overload]  # no such option
        patchnn.analogy(pixels, pixels, follow="shapes")  # type: ignore[call-overload]  # no such choice
        patchnn.nothing(pixels)  # type: ignore[attr-defined]  # no such task
