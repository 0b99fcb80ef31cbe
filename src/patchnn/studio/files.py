"""Images as the page sends and shows them: files as they are, or its own pixels, 8 bits each."""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from patchnn.engine.arrays import Image
from patchnn.errors import InputError
from patchnn.images import DecodedImage, FileTraits, decode, encode
from patchnn.images.decoded import premultiply, unpremultiply
from patchnn.images.limits import blocks
from patchnn.studio.large import enlarged, painted

__all__ = ["MAX_PIXELS", "Upload", "check_size", "read_upload", "safe_name", "shown", "thinned", "to_rgba", "uploads", "visible"]

MAX_PIXELS = 36_000_000
"""A larger image is refused before it is decoded."""
MAX_SIDE = 32_000
"""The longest side of an image: places in it fit into 16 bits."""

# A file name that is safe on every system: no path, no device of Windows (CON.png is one), nothing hidden.
_NAME = re.compile(r"(?![. ])[^/\\:*?\"<>|]{1,100}(?<![. ])")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE)

_AT_MOST = f"an image here has at most {MAX_PIXELS // 10**6} million pixels"

_FORMS = ("file", "rgba", "mask", "layer")

_HEIC = tuple(b"ftyp" + brand for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"))
"""How the photographs of some telephones begin. The wheels that decode them hold libraries under the LGPL and the GPL."""


@dataclass(frozen=True)
class Upload:
    """An image from the page. form: "file", "rgba" (straight opacity) or "mask" (one byte a pixel, hole unless 0).

    A message may also describe a mask, or a "layer" of what was painted, clear elsewhere, that is `on` a larger file.

    channels, icc: of the image that the pixels of "rgba" were painted on: its number of channels, 1 to 4, and the
    colour profile that they keep. They get more channels only if their colours need them.
    """

    name: str
    form: str
    data: bytes
    width: int = 0
    height: int = 0
    channels: int = 3
    icc: bytes | None = None

    def decoded(self) -> DecodedImage:
        """Return the image, as decode would from file(). It is decoded once."""
        return self._decoded

    @cached_property
    def _decoded(self) -> DecodedImage:
        if self.form == "file":
            return read_upload(self.name, self.data)
        pixels = premultiply(self._pixels() / np.float32(255))
        return DecodedImage(np.asarray(pixels, np.float32), FileTraits(8, self.icc))

    def file(self) -> bytes:
        """Return the bytes of a file that holds this image."""
        if self.form == "file":
            return self.data
        image = self.decoded()
        return encode(image.pixels, self.name, traits=image.traits)

    def _pixels(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        pixels = np.frombuffer(self.data, np.uint8).reshape(self.height, self.width, -1)
        if self.form == "mask":
            return np.where(pixels > 0, np.uint8(255), np.uint8(0))
        grey = self.channels < 3 and bool((pixels[:, :, :1] == pixels[:, :, 1:3]).all())
        clear = self.channels in (2, 4) or bool((pixels[:, :, 3] < 255).any())
        return pixels[:, :, [*([0] if grey else [0, 1, 2]), *([3] if clear else [])]]


def uploads(described: Any, blobs: Sequence[bytes]) -> list[Upload]:
    """Return the images that a message describes and carries; raises InputError, naming the one that cannot be used."""
    if not isinstance(described, list) or len(described) != len(blobs):
        raise InputError("the request describes other images than it carries")
    found = [_upload(facts, blob) for facts, blob in zip(described, blobs, strict=True)]
    files = {upload.name: upload for upload in found if upload.form == "file"}
    found = [_whole(upload, facts, files) for upload, facts in zip(found, described, strict=True)]
    names = [upload.name.casefold() for upload in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two images have the name {name}")
    return found


def _upload(facts: Any, data: bytes) -> Upload:
    name = facts.get("name") if isinstance(facts, Mapping) else None
    if not isinstance(name, str) or not _NAME.fullmatch(name) or _DEVICE.fullmatch(name) or name != visible(name):
        raise InputError(f"{name!a} cannot be the name of a file on every system")
    form, sides = facts.get("form"), (facts.get("width", 0), facts.get("height", 0))
    channels = facts.get("channels", 3)
    if form not in _FORMS or channels not in (1, 2, 3, 4) or not all(isinstance(side, int) for side in sides):
        raise InputError(f"{name} has an unknown description")
    if form != "file":
        check_size(name, *sides)
        if len(data) != sides[0] * sides[1] * (1 if form == "mask" else 4):
            raise InputError(f"{name} has more or fewer pixels than its description says")
    return Upload(name, form, data, sides[0], sides[1], channels, _profile(name, facts.get("icc")))


def _whole(upload: Upload, facts: Mapping[str, Any], files: Mapping[str, Upload]) -> Upload:
    """Return what was made at a workable size as an image of the size of the file that it is `on`."""
    on = str(facts.get("on", ""))
    if not on and upload.form != "layer":
        return upload
    if on not in files or upload.form not in ("mask", "layer"):
        raise InputError(f"{upload.name} has an unknown description")
    small = np.frombuffer(upload.data, np.uint8).reshape(upload.height, upload.width, -1)
    image = files[on].decoded()
    height, width, _ = image.pixels.shape
    if upload.form == "mask":
        return replace(upload, width=width, height=height, data=enlarged(small, (height, width)).tobytes())
    size, pixels = to_rgba(image.pixels)
    made = painted(np.frombuffer(pixels, np.uint8).reshape(height, width, 4), small)
    return Upload(upload.name, "rgba", made.tobytes(), width, height, size["channels"], image.traits.icc)


def visible(name: str) -> str:
    """Return a name without control characters, line breaks and marks that turn the direction of writing."""
    return "".join(c for c in name if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp"))


def safe_name(name: str, taken: set[str]) -> str:
    """Return a name like this one that is safe as a file's on every system, and not taken; add it to `taken`."""
    clean = re.sub(r'[/\\:*?"<>|]+', "-", visible(name)).lstrip("-. ").rstrip(". ")
    stem, dot, suffix = clean.rpartition(".")
    stem, suffix = (stem, dot + suffix) if stem and len(suffix) <= 5 else (clean, "")
    stem = (f"image-{stem}" if _DEVICE.fullmatch(clean) else stem)[:60].strip() or "image"
    free, number = f"{stem}{suffix}", 1
    while free.casefold() in taken:
        number += 1
        free = f"{stem}-{number}{suffix}"
    taken.add(free.casefold())
    return free


def _profile(name: str, text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if text else None
    except (TypeError, ValueError, binascii.Error):
        raise InputError(f"{name} has an unknown description") from None


def check_size(name: str, width: int, height: int) -> None:
    """Raise InputError, naming the image, if it has no pixels or too many."""
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise InputError(f"{name} is {width}×{height}: {_AT_MOST}")


def read_upload(name: str, data: bytes) -> DecodedImage:
    """Return the image in a file's bytes; raises InputError, naming the file, if there is none or it is too large."""
    if not data:
        raise InputError(f"{name} is empty: it holds no image")
    if data[4:12] in _HEIC:
        raise InputError(f"{name} is a HEIC image, which cannot be read here: save it as JPEG or PNG first")
    image = decode(data, name, max_pixels=MAX_PIXELS)
    height, width, _ = image.pixels.shape
    check_size(name, width, height)
    return image


def to_rgba(image: Image) -> tuple[dict[str, int], bytes]:
    """Return an image's size and channels, and its pixels as the page shows them: RGBA, straight opacity, 8 bits."""
    height, width, channels = image.shape
    pixels = np.full((height, width, 4), 255, np.uint8)
    for box in blocks(height, width):
        levels = np.floor(np.clip(unpremultiply(image[box]), 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
        pixels[box][:, :, :3] = levels[:, :, :1] if channels < 3 else levels[:, :, :3]
        if channels in (2, 4):
            pixels[box][:, :, 3] = levels[:, :, -1]
    return {"width": width, "height": height, "channels": channels}, pixels.tobytes()


def shown(image: Image, pixels: int, raw: int) -> tuple[dict[str, int], bytes, str]:
    """Return an image of about so many pixels, its size, and its form: "rgba" up to `raw` pixels, else "jpeg" or "png"."""
    from PIL import Image as Pillow

    size, data = to_rgba(thinned(image, pixels))
    if size["width"] * size["height"] <= raw:
        return size, data, "rgba"
    drawn, file = Pillow.frombytes("RGBA", (size["width"], size["height"]), data), io.BytesIO()
    if size["channels"] in (2, 4):
        drawn.save(file, "PNG", compress_level=1)
        return size, file.getvalue(), "png"
    drawn.convert("RGB").save(file, "JPEG", quality=85)
    return size, file.getvalue(), "jpeg"


def thinned(image: Image, pixels: int) -> Image:
    """Return an image of about so many pixels at most: every second row and column of it, every third, as needed."""
    step = math.ceil(math.sqrt(image.shape[0] * image.shape[1] / pixels))
    return image[::step, ::step]
