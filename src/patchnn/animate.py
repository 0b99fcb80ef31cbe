"""A run as an animation: every level in turn, a frame for each iteration."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from patchnn.engine.arrays import Shape
from patchnn.engine.synthesize import Progress
from patchnn.errors import InputError
from patchnn.files import check_place, whole_file
from patchnn.images.decoded import as_colours

__all__ = ["Animation", "check_animation"]

KINDS = (".gif", ".webp", ".mp4")
LARGEST = 720
"""Longer side of an animation, in pixels. The result itself is a file of its own, so this may be small."""
FIRST, NEXT, LAST = 240, 40, 2400
"""Milliseconds for a level's first frame, each later frame, and the finished image; multiples of NEXT."""

_Pixels = NDArray[np.uint8]


class Animation:
    """An observer of one run that keeps its frames; `write` makes them a file.

    Frames have the size of the largest round, at most 720 pixels. Coarser levels are enlarged to it without smoothing, so that
    their pixels show; rounds of a smaller shape are in its middle, on white.

    Parameters
    ----------
    path
        .gif, .webp or .mp4.
    rounds
        The plan's output shapes.
    overwrite
        Whether a file may be replaced.

    Raises
    ------
    InputError
        If no animation can be written to `path`.
    """

    def __init__(self, path: str | os.PathLike[str], rounds: Sequence[Shape], *, overwrite: bool = False) -> None:
        self.path, self.overwrite = Path(path), overwrite
        check_animation(self.path, overwrite=overwrite)
        scale = min(1.0, LARGEST / max(max(shape) for shape in rounds))
        # Video codecs take sides of even length only.
        step = 2 if self.path.suffix.lower() == ".mp4" else 1
        self.shapes = [_scaled(shape, scale, step) for shape in rounds]
        self.canvas = max(height for height, _ in self.shapes), max(width for _, width in self.shapes)
        self.frames: list[tuple[Shape, int, _Pixels]] = []

    def __call__(self, progress: Progress) -> None:
        """Keep the output as it stands, no larger than it will be shown."""
        if not progress.iteration:
            # Starts are tried faster than an eye follows, and all but one come to nothing.
            return
        shape = self.shapes[progress.round - 1]
        image = progress.image()
        # Of more channels than an image has, the first three are its colours.
        pixels = as_colours(image if image.shape[2] <= 4 else image[:, :, :3], "the image").astype(np.uint8)
        if pixels.shape[0] > shape[0]:
            from PIL import Image as Pillow

            pixels = np.asarray(Pillow.fromarray(pixels).resize(shape[::-1], Pillow.Resampling.BOX))
        self.frames.append((shape, FIRST if progress.iteration == 1 else NEXT, pixels))

    def write(self) -> None:
        """Write the animation; the file appears whole or not at all. Raises InputError, naming it, if it cannot be."""
        check_animation(self.path, overwrite=self.overwrite)
        shape, _, last = self.frames[-1]
        self.frames[-1] = shape, LAST, last
        with whole_file(self.path) as part:
            (_write_video if part.suffix.lower() == ".mp4" else _write_images)(part, self)

    def shown(self) -> Iterator[_Pixels]:
        """Give the frames at their full size, (H, W, 3) uint8."""
        for shape, _, pixels in self.frames:
            canvas = np.full((*self.canvas, 3), 255, np.uint8)
            top, left = ((whole - side) // 2 for whole, side in zip(self.canvas, shape, strict=True))
            canvas[top : top + shape[0], left : left + shape[1]] = _nearest(pixels, shape)
            yield canvas

    @property
    def durations(self) -> list[int]:
        """How long each frame is shown, in milliseconds."""
        return [duration for _, duration, _ in self.frames]


def check_animation(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Raise InputError, naming the file, if no animation can be written there."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        raise InputError(f"{path}: {suffix or 'a name without an extension'} is no animation; choose {', '.join(KINDS)}")
    if suffix == ".mp4":
        try:
            import imageio_ffmpeg  # noqa: F401  # imageio finds it by itself; here it is asked for
        except ImportError:
            raise InputError(f"{path}: .mp4 needs FFmpeg (GPL): pip install 'patchnn[video]', or choose .gif") from None
    check_place(path, overwrite=overwrite)


def _write_images(path: Path, animation: Animation) -> None:
    from PIL import Image as Pillow

    frames = (Pillow.fromarray(frame) for frame in animation.shown())
    settings: dict[str, Any] = {"duration": animation.durations, "loop": 0}
    if path.suffix.lower() == ".webp":
        settings |= {"quality": 85, "method": 4}
    if path.suffix.lower() == ".gif":
        # One palette for all frames, the finished image's, or colours would flicker from frame to frame.
        palette = Pillow.fromarray(animation.frames[-1][2]).quantize(255)
        palette.putpalette([*(palette.getpalette() or [])[: 3 * 255], *(255, 255, 255)])
        frames = (frame.quantize(palette=palette, dither=Pillow.Dither.NONE) for frame in frames)
    next(frames).save(path, save_all=True, append_images=frames, **settings)


def _write_video(path: Path, animation: Animation) -> None:
    import imageio.v2 as imageio

    settings: dict[str, Any] = {
        "fps": 1000 / NEXT,
        "codec": "libx264",
        "quality": 8,
        "macro_block_size": 2,
        "ffmpeg_log_level": "error",
    }
    video: Any
    with imageio.get_writer(path, format="FFMPEG", **settings) as video:
        for frame, duration in zip(animation.shown(), animation.durations, strict=True):
            for _ in range(duration // NEXT):
                video.append_data(frame)


def _scaled(shape: Shape, scale: float, step: int) -> Shape:
    height, width = (max(step, round(side * scale / step) * step) for side in shape)
    return height, width


def _nearest(pixels: _Pixels, shape: Shape) -> _Pixels:
    rows, columns = (np.arange(new) * old // new for new, old in zip(shape, pixels.shape, strict=False))
    return np.asarray(pixels[rows[:, None], columns])
