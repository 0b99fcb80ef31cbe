"""What Pillow decodes: files of everyday kinds, 16-bit ones in full."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from patchnn.images.decoded import Found, check_size

__all__ = ["decode_everyday", "open_everyday"]

# What Pillow may take a file for. Others of its kinds run programs (EPS), or are recognized by next to nothing.
_KINDS = ("PNG", "JPEG", "MPO", "TIFF", "GIF", "BMP", "DIB", "WEBP", "AVIF", "JPEG2000", "PPM", "ICO", "PSD", "QOI", "SGI")
# Any bytes can be a TGA file, so that only a file's name can say that it is one.
_BY_NAME = {".tga": "TGA"}
_ORIENTATION = 274


def decode_everyday(file: BinaryIO, name: str) -> Found:
    """Return what is in a file; raises whatever Pillow does."""
    with open_everyday(file, name) as image:
        check_size(image.width, image.height, name)
        found = _load(image, lambda: open_everyday(file, name))
        # Some decoders turn the picture as they load it and then drop the tag, so it is looked up after reading.
        return found._replace(orientation=_orientation(image), frames=_frames(image))


def open_everyday(file: BinaryIO, name: str) -> Any:
    """Return Pillow's picture of a file, of which only the header has been read."""
    from PIL import Image

    Image.init()
    kinds = [*_KINDS, _BY_NAME.get(Path(name).suffix.lower(), "PNG")]
    file.seek(0)
    return Image.open(file, formats=[kind for kind in kinds if kind in Image.OPEN])


def _load(image: Any, again: Callable[[], Any]) -> Found:
    """Return a picture's pixels, as deep as the file has them; `again` opens it once more."""
    icc = image.info.get("icc_profile")
    if image.mode == "CMYK":
        return Found(np.asarray(_inks_to_rgb(image, icc)))
    raw = _raw_mode(image)
    associated = raw.startswith("RGBa;16")
    if image.format == "PPM" and raw == "RGB" and image.tile[0].codec_name == "ppm" and image.tile[0].args[1] > 255:
        pixels = _deep_ppm(image)
    elif raw == "LA;16B":
        # Four bytes a pixel are four bytes a pixel: taken for RGBA, they come whole.
        pixels = _as_raw_mode(image, lambda raw: "RGBA").view(">u2")
    elif re.fullmatch(r"\w+;16[BLN]", raw) and image.mode in ("RGB", "RGBA"):
        pixels = _deep(image, again)
    elif image.mode.startswith(("I", "F")):
        pixels = np.asarray(image)
        pixels = pixels.astype(np.uint16) if image.format == "PPM" and image.mode == "I" else pixels
    else:
        return Found(np.asarray(image.convert(_mode(image))), icc)
    return Found(_with_clear_colour(pixels, image.info.get("transparency")), icc, associated)


def _mode(image: Any) -> str:
    clear = "transparency" in image.info or image.mode in ("LA", "La", "RGBA", "RGBa", "PA")
    return ("L" if image.mode in ("1", "L", "LA", "La") else "RGB") + ("A" if clear else "")


def _raw_mode(image: Any) -> str:
    """Return how Pillow's decoder is to take the file's bytes, by Pillow's name for it."""
    settings = image.tile[0].args if image.tile else ""
    return str(settings if isinstance(settings, str) else settings[0]) if settings else ""


def _as_raw_mode(image: Any, change: Callable[[str], str]) -> Any:
    """Decode with another raw mode than the file's own."""

    def changed(settings: Any) -> Any:
        return change(settings) if isinstance(settings, str) else (change(settings[0]), *settings[1:])

    image.tile = [tile._replace(args=changed(tile.args)) for tile in image.tile]
    return np.asarray(image)


def _deep(image: Any, again: Callable[[], Any]) -> Any:
    """Return 16-bit colours, of which Pillow gives the upper bytes alone: with the byte order turned round, the lower ones."""
    turned = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}

    def whole(raw: str) -> str:
        # Dividing by alpha needs more than one of the two bytes.
        return raw.replace("RGBa", "RGBA")

    upper = _as_raw_mode(image, whole)
    with again() as image:
        lower = _as_raw_mode(image, lambda raw: whole(raw)[:-1] + turned[raw[-1]])
    return upper.astype(np.uint16) << 8 | lower


def _deep_ppm(image: Any) -> Any:
    """Return the colours of a binary PPM of more than 8 bits, of which Pillow keeps 8."""
    offset, (_, most) = image.tile[0].offset, image.tile[0].args
    count = image.width * image.height * 3
    image.fp.seek(offset)
    data = image.fp.read(2 * count)
    if len(data) < 2 * count:
        raise EOFError("image file is truncated")
    values = np.frombuffer(data, ">u2").reshape(image.height, image.width, 3)
    return (np.minimum(values, most) * (65535 / most) + 0.5).astype(np.uint16)


def _with_clear_colour(pixels: Any, clear: Any) -> Any:
    """Add alpha to 16-bit pixels of which a file says that one colour is transparent."""
    if clear is None or (pixels.ndim == 3 and pixels.shape[2] != 3):
        return pixels
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    opaque = (pixels != np.array(clear, np.uint16)).any(axis=2, keepdims=True)
    return np.concatenate([pixels, opaque * np.uint16(65535)], axis=2, dtype=np.uint16)


def _inks_to_rgb(image: Any, icc: Any) -> Any:
    """Convert CMYK to sRGB, through the file's profile if it has one that can be used."""
    from PIL import ImageCms

    with contextlib.suppress(ImageCms.PyCMSError, OSError):
        if icc:
            return ImageCms.profileToProfile(image, io.BytesIO(icc), ImageCms.createProfile("sRGB"), outputMode="RGB")
    return image.convert("RGB")


def _orientation(image: Any) -> Any:
    with contextlib.suppress(Exception):
        # A damaged tag takes nothing from the pixels.
        return image.getexif().get(_ORIENTATION)
    return None


def _frames(image: Any) -> int:
    with contextlib.suppress(Exception):
        # The other pictures in a phone's JPEG (MPO) are aids to the first.
        return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    return 1
