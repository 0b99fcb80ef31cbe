"""Where ComfyUI is touched: its tensors, its progress bar, its interruption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from patchnn.images.decoded import premultiply, unpremultiply

__all__ = ["from_images", "from_masks", "interrupted", "items", "progress_bar", "take_image"]


def items(tensor: Any, axes: int = 3) -> list[Any]:
    """Return the images of a batch (B, H, W, C), or with 2 axes the masks of (B, H, W), as float32 arrays."""
    array = np.asarray(tensor.cpu().numpy(), np.float32)
    # Some nodes hand over a single one without the batch.
    return list(array if array.ndim > axes else array[None])


def take_image(pixels: Any) -> Any:
    """Return an image of a batch as patchnn holds it: in [0, 1], colours multiplied by opacity."""
    return premultiply(np.clip(pixels, 0, 1))


def from_images(images: Sequence[Any]) -> Any:
    """Return images as a batch, IMAGE: in [0, 1], colours not multiplied by opacity, grey as RGB."""
    arrays = [np.clip(unpremultiply(image), 0, 1) for image in images]
    return _tensor([np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array for array in arrays])


def from_masks(masks: Sequence[Any]) -> Any:
    """Return masks as a batch, MASK."""
    return _tensor([np.asarray(mask, np.float32) for mask in masks])


def _tensor(arrays: Sequence[Any]) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(np.stack(arrays), np.float32))


def progress_bar(count: int) -> Callable[[float], None]:
    """Return a function that moves the node's bar to a share of its whole length."""
    from comfy.utils import ProgressBar

    steps = 100 * count
    bar = ProgressBar(steps)
    return lambda share: bar.update_absolute(round(share * steps), steps)


def interrupted() -> None:
    """Raise ComfyUI's own exception if its user has pressed Cancel."""
    from comfy.model_management import throw_exception_if_processing_interrupted

    throw_exception_if_processing_interrupted()
