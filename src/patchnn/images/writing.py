"""Image → bytes: what every kind of file can hold."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image, as_image
from patchnn.errors import InputError
from patchnn.images.decoded import DEPTHS, BitDepth, FileTraits, premultiply, unpremultiply
from patchnn.images.exr import check_library, encode_exr
from patchnn.images.limits import blocks
from patchnn.images.png import encode_png16
from patchnn.images.tiff import encode_tiff
from patchnn.record import to_text

__all__ = ["RECORD", "check_format", "encode", "may_be_ours"]

RECORD = "patchnn"
"""Keyword of the PNG text chunk that holds the record."""

_QUALITY = 95


@dataclass(frozen=True)
class _Format:
    """How a file begins, and what it can hold. grey: whether one channel stays one."""

    encode: Callable[..., bytes]
    start: bytes
    depths: tuple[BitDepth, ...] = (8,)
    opacity: bool = True
    grey: bool = True
    lossy: bool = False


def encode(
    image: Any,
    name: str,
    *,
    traits: FileTraits | None = None,
    depth: BitDepth | None = None,
    quality: int | None = None,
    record: dict[str, Any] | None = None,
) -> bytes:
    """Encode an image as the bytes of a file.

    Parameters
    ----------
    image
        (H, W, C) in [0, 1], colours multiplied by opacity. What is outside is clipped.
    name
        A name with the extension of the format; errors begin with it.
    traits
        What the file inherits from the image it was made from, as far as it can hold it.
    depth
        Bits a channel: 8, 16 or "float". Default: that of `traits`, or the nearest that the file can hold.
    quality
        1 to 100, for JPEG and WebP. Default: 95.
    record
        JSON values, stored as text in a PNG; other files drop them.

    Returns
    -------
    bytes

    Raises
    ------
    InputError
        If the file cannot hold the image.

    Examples
    --------
    >>> import numpy as np
    >>> encode(np.zeros((8, 8, 3)), "black.png")[1:4]
    b'PNG'
    """
    pixels, traits = as_image(image, "the image to write"), traits or FileTraits()
    check_format(name, channels=pixels.shape[2], depth=depth, quality=quality)
    form = _FORMATS[Path(name).suffix.lower()]
    depth = depth or _nearest(traits.depth, form.depths)
    pixels = _stored(pixels, depth, traits.span)
    if pixels.shape[2] < 3 and not form.grey:
        pixels = np.concatenate([pixels[:, :, :1].repeat(3, axis=2), pixels[:, :, 1:]], axis=2)
    text = None if record is None else to_text(record)
    try:
        return form.encode(pixels, name=name, icc=_fitting(traits.icc, pixels.shape[2]), quality=quality or _QUALITY, text=text)
    except (OSError, ValueError) as error:
        # A side that is too long for the kind of file, for one.
        raise InputError(f"{name} cannot be written: {' '.join(str(error).split())}") from error


def check_format(name: str, *, channels: int | None = None, depth: BitDepth | None = None, quality: int | None = None) -> None:
    """Raise InputError, naming the file, if its format cannot be written or cannot hold this."""
    suffix = Path(name).suffix.lower()
    form = _FORMATS.get(suffix)
    if form is None:
        raise InputError(f"{name}: {suffix or 'a name without an extension'} cannot be written; choose {', '.join(_FORMATS)}")
    if suffix == ".exr":
        check_library(name)
    if channels is not None and channels > 4:
        raise InputError(f"{name}: an image of {channels} channels cannot be written; 1 to 4 can")
    if channels in (2, 4) and not form.opacity:
        raise InputError(f"{name}: {suffix} cannot hold transparency; choose .png")
    if depth is not None and depth not in form.depths:
        others = ", ".join(other for other in _FORMATS if depth in _FORMATS[other].depths)
        bits = "floats" if depth == "float" else f"{depth} bits a channel"
        raise InputError(f"{name}: {suffix} cannot hold {bits}; choose {others}")
    if quality is not None and not form.lossy:
        lossy = ", ".join(other for other in _FORMATS if _FORMATS[other].lossy)
        raise InputError(f"{name}: {suffix} has no quality to choose; {lossy} have")
    if quality is not None and not 1 <= quality <= 100:
        raise InputError(f"quality is {quality}: it must be a whole number from 1 to 100")


def may_be_ours(path: Path) -> bool:
    """Return whether a file begins as `encode` begins one of its extension, or is empty, as a crash leaves one."""
    with path.open("rb") as file:
        start = file.read(4)
    return not start or start.startswith(_FORMATS[path.suffix.lower()].start)


def _nearest(wanted: BitDepth, possible: tuple[BitDepth, ...]) -> BitDepth:
    """Return the finest depth that is no finer than the wanted one, or else the coarsest."""
    return max((d for d in possible if DEPTHS.index(d) <= DEPTHS.index(wanted)), key=DEPTHS.index, default=possible[0])


def _stored(image: Image, depth: BitDepth, span: tuple[float, float]) -> Any:
    """Return an image in a file's numbers, block by block: a large one has its floats in memory once."""
    if depth == "float":
        return _numbers(unpremultiply(image), depth, span)
    numbers = np.empty(image.shape, np.uint8 if depth == 8 else np.uint16)
    for box in blocks(*image.shape[:2]):
        numbers[box] = _numbers(unpremultiply(image[box]), depth, span)
    return numbers


def _numbers(image: Image, depth: BitDepth, span: tuple[float, float]) -> Any:
    """Return [0, 1] in a file's numbers."""
    image = np.clip(image, 0, 1)
    if depth != "float":
        most = 255 if depth == 8 else 65535
        return np.floor(image * np.float32(most) + np.float32(0.5)).astype(np.uint8 if depth == 8 else np.uint16)
    if span == (0.0, 1.0):
        return image
    colours = image.shape[2] - (image.shape[2] in (2, 4))
    values = image.astype(np.float64)
    values[:, :, :colours] = values[:, :, :colours] * (span[1] - span[0]) + span[0]
    return values.astype(np.float32)


def _fitting(icc: bytes | None, channels: int) -> bytes | None:
    """Return a profile if it is of as many colours: an image may have left the first input's."""
    return icc if icc and icc[16:20] == (b"GRAY" if channels < 3 else b"RGB ") else None


def _png(pixels: Any, *, name: str, icc: bytes | None, quality: int, text: str | None) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    if pixels.dtype == np.uint16:
        return encode_png16(pixels, icc, None if text is None else {RECORD: text})
    info = PngInfo()
    if text is not None:
        info.add_text(RECORD, text)
    # A third of the time that the default takes, for files of the same size (12 million pixels: 4 s).
    return _pillow("PNG", pixels, pnginfo=info, icc_profile=icc, compress_level=4)


def _jpeg(pixels: Any, *, name: str, icc: bytes | None, quality: int, text: str | None) -> bytes:
    return _pillow("JPEG", pixels, quality=quality, subsampling=0 if quality >= 90 else -1, icc_profile=icc)


def _webp(pixels: Any, *, name: str, icc: bytes | None, quality: int, text: str | None) -> bytes:
    return _pillow("WEBP", pixels, quality=quality, icc_profile=icc)


def _bmp(pixels: Any, *, name: str, icc: bytes | None, quality: int, text: str | None) -> bytes:
    return _pillow("BMP", pixels)


def _pillow(kind: str, pixels: Any, **settings: Any) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    made = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    made.save(file, kind, **{name: value for name, value in settings.items() if value is not None})
    return file.getvalue()


def _tiff(pixels: Any, *, name: str, icc: bytes | None, quality: int, text: str | None) -> bytes:
    return encode_tiff(pixels, icc)


def _exr(pixels: Any, *, name: str, icc: bytes | None, quality: int, text: str | None) -> bytes:
    return encode_exr(premultiply(pixels), name)


_FORMATS = {
    ".png": _Format(_png, b"\x89PNG", (8, 16)),
    ".jpg": _Format(_jpeg, b"\xff\xd8", opacity=False, lossy=True),
    ".jpeg": _Format(_jpeg, b"\xff\xd8", opacity=False, lossy=True),
    ".webp": _Format(_webp, b"RIFF", grey=False, lossy=True),
    ".bmp": _Format(_bmp, b"BM", opacity=False),
    ".tif": _Format(_tiff, b"II", (8, 16, "float")),
    ".tiff": _Format(_tiff, b"II", (8, 16, "float")),
    ".exr": _Format(_exr, b"\x76\x2f\x31\x01", ("float",)),
}
