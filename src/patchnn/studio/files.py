"""Pictures as the page sends and shows them: files as they are, or its own pixels, 8 bits each."""

from __future__ import annotations

import base64
import binascii
import io
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from patchnn.engine.plan import Image
from patchnn.errors import InputError
from patchnn.images import DecodedImage, FileTraits, decode, encode
from patchnn.images.decoded import premultiply, unpremultiply
from patchnn.images.everyday import open_everyday

__all__ = ["MAX_PIXELS", "Upload", "check_size", "open_file", "opened", "thinned", "to_rgba", "uploads"]

MAX_PIXELS = 36_000_000
"""A larger picture is refused before it is decoded."""
MAX_SIDE = 32_000
"""The longest side of a picture: places in it fit into 16 bits."""
NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|]{1,100}")
"""What a file may be called: a plain name on every system."""

_AT_MOST = f"a picture here has at most {MAX_PIXELS // 10**6} million pixels"

# What the pixels of a file, of the page's own picture and of its masks are.
_KINDS = ("file", "rgba", "mask")


@dataclass(frozen=True)
class Upload:
    """A picture from the page. kind: "file", "rgba" (straight alpha) or "mask" (one byte a pixel, hole if not 0).

    channels, icc: of the picture that the pixels of "rgba" were painted on: how many they were, 1 to 4, and the colour
    profile that they keep. They need no more channels unless their colours say so.
    """

    name: str
    kind: str
    data: bytes
    width: int = 0
    height: int = 0
    channels: int = 3
    icc: bytes | None = None

    def picture(self) -> DecodedImage:
        """Return the picture, as decode would from file()."""
        if self.kind == "file":
            return open_file(self.name, self.data)
        pixels = premultiply(self._pixels() / np.float32(255))
        return DecodedImage(np.asarray(pixels, np.float32), FileTraits(8, self.icc))

    def file(self) -> bytes:
        """Return the bytes of a file that holds this picture."""
        if self.kind == "file":
            return self.data
        picture = self.picture()
        return encode(picture.pixels, self.name, traits=picture.traits)

    def _pixels(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        pixels = np.frombuffer(self.data, np.uint8).reshape(self.height, self.width, -1)
        if self.kind == "mask":
            return np.where(pixels > 0, np.uint8(255), np.uint8(0))
        grey = self.channels < 3 and bool((pixels[:, :, :1] == pixels[:, :, 1:3]).all())
        clear = self.channels in (2, 4) or bool((pixels[:, :, 3] < 255).any())
        return pixels[:, :, [*([0] if grey else [0, 1, 2]), *([3] if clear else [])]]


def uploads(described: Any, blobs: Sequence[bytes]) -> list[Upload]:
    """Return what a message describes and carries; raises InputError, naming the picture that cannot be."""
    if not isinstance(described, list) or len(described) != len(blobs):
        raise InputError("the request describes other pictures than it carries")
    found = [_upload(facts, blob) for facts, blob in zip(described, blobs, strict=True)]
    names = [upload.name.casefold() for upload in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two pictures are called {name}")
    return found


def _upload(facts: Any, data: bytes) -> Upload:
    name = facts.get("name") if isinstance(facts, Mapping) else None
    if not isinstance(name, str) or not NAME.fullmatch(name) or name.startswith(".") or name != name.strip():
        raise InputError(f"{name!r} is no name of a file")
    kind, sides = facts.get("kind"), (facts.get("width", 0), facts.get("height", 0))
    channels = facts.get("channels", 3)
    if kind not in _KINDS or channels not in (1, 2, 3, 4) or not all(isinstance(side, int) for side in sides):
        raise InputError(f"{name} is described as nothing that is known here")
    if kind != "file":
        check_size(name, *sides)
        if len(data) != sides[0] * sides[1] * (4 if kind == "rgba" else 1):
            raise InputError(f"{name} has other pixels than it should")
    return Upload(name, kind, data, sides[0], sides[1], channels, _profile(name, facts.get("icc")))


def _profile(name: str, text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if text else None
    except (TypeError, ValueError, binascii.Error):
        raise InputError(f"{name} is described as nothing that is known here") from None


def check_size(name: str, width: int, height: int) -> None:
    """Raise InputError, naming the picture, if it has no pixels or too many of them."""
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise InputError(f"{name} is {width}×{height}: {_AT_MOST}")


def open_file(name: str, data: bytes) -> DecodedImage:
    """Return the picture in a file's bytes; raises InputError, naming the file, if there is none or it is too large."""
    size = _size(name, data)
    if size:
        check_size(name, *size)
    if not data:
        raise InputError(f"{name} is empty: it holds no picture")
    picture = decode(data, name)
    height, width, _ = picture.pixels.shape
    check_size(name, width, height)
    return picture


def _size(name: str, data: bytes) -> tuple[int, int] | None:
    """Return width and height as a file's head tells them; None if it is not known here."""
    from PIL.Image import DecompressionBombError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with open_everyday(io.BytesIO(data), name) as file:
                size: tuple[int, int] = file.size
                return size
        except DecompressionBombError:
            raise InputError(f"{name} has too many pixels: {_AT_MOST}") from None
        except Exception:
            # A damaged file makes decoders raise anything; reading it says what is wrong.
            return None


def opened(picture: DecodedImage) -> tuple[dict[str, Any], bytes]:
    """Return what the page is told of a picture and its pixels, and gives back with those that are painted over it."""
    size, pixels = to_rgba(picture.pixels)
    return {**size, "icc": base64.b64encode(picture.traits.icc).decode() if picture.traits.icc else None}, pixels


def to_rgba(image: Image) -> tuple[dict[str, int], bytes]:
    """Return a picture's size and channels, and its pixels as the page shows them: RGBA, straight alpha, 8 bits."""
    height, width, channels = image.shape
    pixels = np.full((height, width, 4), 255, np.uint8)
    levels = np.floor(np.clip(unpremultiply(image), 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    pixels[:, :, :3] = levels[:, :, :1] if channels < 3 else levels[:, :, :3]
    if channels in (2, 4):
        pixels[:, :, 3] = levels[:, :, -1]
    return {"width": width, "height": height, "channels": channels}, pixels.tobytes()


def thinned(image: Image, pixels: int) -> Image:
    """Return a picture of at most about so many pixels: every second one, every third, as it needs."""
    step = math.ceil(math.sqrt(image.shape[0] * image.shape[1] / pixels))
    return image[::step, ::step]
