"""Bytes → picture: what every kind of file becomes."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

import numpy as np

from patchnn.engine.plan import Image, as_image
from patchnn.errors import InputError
from patchnn.images.exr import decode_exr
from patchnn.images.picture import Depth, Kind, Picture, check_size, premultiply, too_large, unpremultiply

__all__ = ["decode", "decode_info"]

_T = TypeVar("_T")

# What Pillow may take a file for. Others of its kinds run programs (EPS), or are recognized by next to nothing.
_KINDS = ("PNG", "JPEG", "MPO", "TIFF", "GIF", "BMP", "DIB", "WEBP", "AVIF", "JPEG2000", "PPM", "ICO", "PSD", "QOI", "SGI")
# Any bytes can be a TGA file, so that only a file's name can say that it is one.
_BY_NAME = {".tga": "TGA"}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_EXR = b"\x76\x2f\x31\x01"
# TIFF tags.
_BITS, _ORIENTATION, _PLANES, _PROFILE = 258, 274, 284, 34675


class _Found(NamedTuple):
    """What a decoder finds. pixels: (H, W) or (H, W, C) in the file's own numbers: uint8, uint16, or any other for what they are.

    associated: its colours are multiplied by its alpha already.
    """

    pixels: Any
    icc: bytes | None = None
    associated: bool = False
    frames: int = 1


def decode(data: bytes | BinaryIO, name: str) -> Picture:
    """Return the picture in the bytes of a file; its content decides of what kind it is, `name` is what an error calls it.

    Raises InputError, naming the file, when it cannot be read as a picture.
    """
    return _picture(_guarded(data, name, _decode), name)


def decode_info(data: bytes | BinaryIO, name: str) -> dict[str, Any]:
    """Return the texts and other facts that a file holds beside its pixels; raises InputError as decode does."""

    def info(file: BinaryIO, name: str) -> dict[str, Any]:
        with _open(file, name) as image:
            return dict(image.info)

    return _guarded(data, name, info)


def _picture(found: _Found, name: str) -> Picture:
    """Bring the file's numbers to [0, 1], and multiply colours by alpha."""
    depth, span = _depth(found.pixels), (0.0, 1.0)
    pixels = found.pixels.reshape(*found.pixels.shape[:2], -1)
    if depth != "float":
        pixels = pixels / np.float32(255 if depth == 8 else 65535)
    image = as_image(pixels if pixels.dtype.kind == "f" else pixels.astype(np.float64), name)
    if found.associated:
        image = as_image(unpremultiply(image), name)
    if depth == "float":
        image, span = _into_span(image)
    return Picture(as_image(premultiply(image), name), Kind(depth, found.icc, span), found.frames)


def _into_span(pixels: Image) -> tuple[Image, tuple[float, float]]:
    """Return pixels in [0, 1], and which values 0 and 1 stand for: these, or the darkest and brightest that go beyond."""
    pixels = pixels.copy()
    colour, alpha = np.split(pixels, [pixels.shape[2] - (pixels.shape[2] in (2, 4))], axis=2)
    np.clip(alpha, 0, 1, out=alpha)
    low, high = min(0.0, float(colour.min())), max(1.0, float(colour.max()))
    if (low, high) != (0.0, 1.0):
        # In double precision, as floats may lie farther apart than the largest of them.
        colour[:] = (colour.astype(np.float64) - low) / (high - low)
    return pixels, (low, high)


def _depth(pixels: Any) -> Depth:
    return 8 if pixels.dtype == np.uint8 else 16 if pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2 else "float"


def _guarded(data: bytes | BinaryIO, name: str, read: Callable[[BinaryIO, str], _T]) -> _T:
    from PIL import Image, UnidentifiedImageError

    try:
        # Decoders tell of oddities in a file's metadata, which do not concern its pixels.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read(io.BytesIO(data) if isinstance(data, bytes) else data, name)
    except InputError:
        raise
    except Image.DecompressionBombError as error:
        raise InputError(too_large(name)) from error
    except UnidentifiedImageError as error:
        raise InputError(f"{name} cannot be read as a picture: it is damaged, or of no kind that is known here") from error
    except Exception as error:
        # A damaged file makes decoders raise anything; what they say of it on purpose are these kinds.
        said = " ".join(str(error).split()) if isinstance(error, OSError | EOFError | ValueError) else ""
        reason = said or "it is damaged"
        raise InputError(f"{name} cannot be read as a picture: {reason}") from error


def _decode(file: BinaryIO, name: str) -> _Found:
    start = file.read(4)
    if start == _EXR:
        with _silence():
            return _Found(decode_exr(file, name), associated=True)
    if start in _TIFF and not _plain(file, name):
        return _tiff_of_numbers(file, name)
    with _open(file, name) as image:
        check_size(image.width, image.height, name)
        with _silence() if image.format == "TIFF" else contextlib.nullcontext():
            found = _load(image, lambda: _open(file, name))
        # Some decoders turn the picture as they load it and then drop the tag, so it is looked up after reading.
        pixels = _upright(found.pixels, _orientation(image))
        return found._replace(pixels=pixels, frames=_frames(image))


def _open(file: BinaryIO, name: str) -> Any:
    from PIL import Image

    Image.init()
    kinds = [*_KINDS, _BY_NAME.get(Path(name).suffix.lower(), "PNG")]
    file.seek(0)
    return Image.open(file, formats=[kind for kind in kinds if kind in Image.OPEN])


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep C libraries from printing what they find wrong and report as well; not while other threads may be speaking."""
    if threading.active_count() > 1:
        yield
        return
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


# What Pillow reads.


def _load(image: Any, again: Callable[[], Any]) -> _Found:
    """Return a picture's pixels, as deep as the file has them; `again` opens it once more."""
    icc = image.info.get("icc_profile") or None
    if image.mode in ("CMYK", "LAB"):
        return _Found(np.asarray(_to_rgb(image, icc)))
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
        return _Found(np.asarray(image.convert(_mode(image))), icc)
    return _Found(_with_clear_colour(pixels, image.info.get("transparency")), icc, associated)


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


def _to_rgb(image: Any, icc: bytes | None) -> Any:
    """Convert printing inks or Lab to sRGB, through the file's profile if it has one that can be used."""
    from PIL import ImageCms

    with contextlib.suppress(ImageCms.PyCMSError, OSError):
        own = ImageCms.createProfile("LAB") if image.mode == "LAB" else ImageCms.ImageCmsProfile(io.BytesIO(icc or b""))
        return ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    return image.convert("RGB")


def _orientation(image: Any) -> int:
    with contextlib.suppress(Exception):
        # A damaged tag takes nothing from the pixels.
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1


def _frames(image: Any) -> int:
    with contextlib.suppress(Exception):
        # The other pictures in a phone's JPEG (MPO) are aids to the first.
        return 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
    return 1


def _upright(pixels: Any, orientation: int) -> Any:
    """Undo what the EXIF tag Orientation says was done to the picture."""
    if 5 <= orientation <= 8:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in (2, 3, 6, 7) else pixels


# What Pillow does not read: colours as floats, wide integers, planes.


def _plain(file: BinaryIO, name: str) -> bool:
    """Whether a TIFF is one that Pillow reads for what it is.

    Wide integers it hands over without their sign or scale; planes of 16 bits it takes for such of 8.
    """
    from PIL import UnidentifiedImageError

    try:
        with _open(file, name) as image:
            tags = image.tag_v2
            planes = tags.get(_PLANES) == 2 and max(tags.get(_BITS, [8])) > 8
            return not planes and str(image.mode) != "I"
    except UnidentifiedImageError:
        return False


def _tiff_of_numbers(file: BinaryIO, name: str) -> _Found:
    import tifffile

    # It logs what it finds odd, and without a handler that would be printed.
    logging.getLogger("tifffile").addHandler(_SILENT)
    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page: Any = tiff.pages.first
        check_size(page.imagewidth, page.imagelength, name)
        colours = {0: 1, 1: 1, 2: 3}.get(page.photometric, 0)
        if not 0 < colours <= page.samplesperpixel <= 8 or page.dtype is None or page.dtype.kind not in "uif":
            raise InputError(f"{name} cannot be read as a picture: it is a TIFF of another kind than grey and RGB")
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        pixels = page.asarray().reshape(planes, page.imagelength, page.imagewidth, -1)
        tags = {code: page.tags[code].value for code in (_ORIENTATION, _PROFILE) if code in page.tags}
        extra = [int(sample) for sample in page.extrasamples[:1]]
        frames = len(tiff.pages)
    # Its samples are in planes, (C, H, W, 1), or by the pixel, (1, H, W, C).
    pixels = np.moveaxis(pixels, 0, 2).reshape(*pixels.shape[1:3], -1)[:, :, : colours + (extra in ([1], [2]))]
    if page.photometric == 0 and pixels.dtype.kind == "u":
        pixels = np.iinfo(pixels.dtype).max - pixels
    return _Found(_upright(pixels, tags.get(_ORIENTATION, 1)), tags.get(_PROFILE), extra == [1], frames)


_SILENT = logging.NullHandler()
