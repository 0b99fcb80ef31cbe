"""Files ↔ arrays: every question of formats lives here."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from patchnn.engine.plan import Image, Mask, as_image
from patchnn.errors import InputError

__all__ = ["check_output", "clear_parts", "discard_parts", "read_image", "read_mask", "read_record", "write_image"]

RECORD = "patchnn"
"""Keyword of the PNG text chunk that holds the record."""

PART = ".patchnn-"
"""How the name of a file begins that is being written."""
ABANDONED = 600
"""Seconds after which such a file is nobody's any more: writing one takes a moment."""
_parts: set[Path] = set()

# What the encoder is told for each kind of file that can be written.
_WRITERS: dict[str, dict[str, Any]] = {
    ".png": {},
    ".jpg": {"quality": 95, "subsampling": 0},
    ".jpeg": {"quality": 95, "subsampling": 0},
    ".webp": {"quality": 95},
    ".bmp": {},
    ".tif": {"compression": "tiff_lzw"},
    ".tiff": {"compression": "tiff_lzw"},
}
_OPAQUE = (".jpg", ".jpeg")
_GREY_ALPHA = (".png", ".tif", ".tiff")


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read a picture: (H, W, C) float32 in [0, 1], C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.

    The camera's orientation is applied, palettes and CMYK become RGB, of an animation the first frame is taken.
    Raises InputError, naming the file, when it is absent or cannot be read as a picture.
    """
    pixels = _decode(_readable(path))
    if pixels.dtype.kind != "f":
        # Wide integers are 16-bit files that the decoder hands over in 32.
        pixels = pixels / np.float32(255 if pixels.dtype == np.uint8 else 65535)
    return as_image(pixels, str(path))


def read_mask(path: str | os.PathLike[str]) -> Mask:
    """Read a mask: (H, W) bool, True where the file is white, or, if anything in it is transparent, where it is opaque.

    Raises InputError as read_image does.
    """
    image = read_image(path)
    if image.shape[2] in (2, 4) and image[:, :, -1].min() < 1:
        return np.asarray(image[:, :, -1] > 0.5)
    colours = 1 if image.shape[2] < 3 else 3
    return np.asarray(image[:, :, :colours].mean(axis=2) > 0.5)


def check_output(path: str | os.PathLike[str], *, channels: int | None = None, overwrite: bool = False) -> None:
    """Raise InputError, naming the file, if a picture (of so many channels) could not be written there."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise InputError(f"{path}: {suffix or 'a name without an extension'} cannot be written; choose {', '.join(_WRITERS)}")
    if channels is not None and channels > 4:
        raise InputError(f"{path}: a picture of {channels} channels cannot be written; 1 to 4 can")
    if channels in (2, 4) and suffix in _OPAQUE:
        raise InputError(f"{path}: {suffix} cannot hold transparency; choose .png")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise InputError(f"{path} is a folder")
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists; choose another name, or overwrite it with --force")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: the folder {path.parent} cannot be written to")


def write_image(
    path: str | os.PathLike[str], image: Any, *, record: dict[str, Any] | None = None, overwrite: bool = False
) -> None:
    """Write a picture (H, W, C) in [0, 1] with 8 bits a channel, the kind of file by its extension.

    record: kept in the text of a PNG, other kinds drop it. The file appears whole or not at all.
    Raises InputError, naming the file, if it exists and `overwrite` is not set, or cannot be written.
    """
    path, picture = Path(path), as_image(image, "the picture to write")
    check_output(path, channels=picture.shape[2], overwrite=overwrite)
    data = _encode(path.suffix.lower(), picture, record)
    # Beside the file, so that it can be moved into place in one step.
    part = path.with_name(f"{PART}{secrets.token_hex(8)}")
    _parts.add(part)
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        _parts.discard(part)


def discard_parts() -> None:
    """Remove what this process is writing at this moment, before it ends without going back."""
    for part in list(_parts):
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def clear_parts(folder: str | os.PathLike[str]) -> None:
    """Remove what killed processes left half-written in a folder: parts that nobody has written to for a while."""
    for part in Path(folder).glob(f"{PART}*"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > ABANDONED:
                part.unlink()


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the record that write_image put into a PNG; raises InputError if the file has none."""
    text = _open(_readable(path), lambda file: file.metadata(index=0)).get(RECORD)
    with contextlib.suppress(TypeError, ValueError):
        record = json.loads(text)
        if isinstance(record, dict):
            return record
    raise InputError(f"{path} holds no record of how it was made: only PNG files written by patchnn do")


def _readable(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: give a picture")
    if not path.exists():
        raise InputError(f"{path} does not exist")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} may not be read: its permissions forbid it")
    if path.is_file() and path.stat().st_size == 0:
        raise InputError(f"{path} is empty: it holds no picture")
    return path


def _open(path: Path, use: Callable[[Any], Any]) -> Any:
    import imageio.v3 as iio
    from imageio.core.request import InitializationError

    try:
        # Decoders warn of oddities in a file's metadata, which do not concern its pixels.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with iio.imopen(path, "r", plugin="pillow") as file:
                return use(file)
    except Exception as error:
        # A damaged file makes decoders raise anything from OSError to IndexError.
        unknown = isinstance(error.__cause__, InitializationError)
        reason = "it is of no kind that is known here" if unknown else " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as a picture: {reason}") from error


def _decode(path: Path) -> Any:
    def read(file: Any) -> Any:
        pixels = file.read(index=0, mode=_mode(file.metadata(index=0, exclude_applied=False)))
        # Some decoders turn the picture as they load it and then drop the tag, so it is looked up after reading.
        return _upright(pixels, file.metadata(index=0, exclude_applied=False).get("Orientation", 1))

    return _open(path, read)


def _mode(metadata: dict[str, Any]) -> str | None:
    """Return the Pillow mode to decode to; None is as it is."""
    mode, clear = metadata["mode"], "transparency" in metadata
    if mode.startswith(("I", "F")):
        return None
    if mode in ("1", "L", "LA", "La"):
        return "LA" if clear or mode in ("LA", "La") else "L"
    return "RGBA" if clear or mode in ("RGBA", "RGBa", "PA") else "RGB"


def _upright(pixels: Any, orientation: int) -> Any:
    """Undo what the EXIF tag Orientation says was done to the picture."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in (2, 3, 6, 7) else pixels


def _encode(suffix: str, image: Image, record: dict[str, Any] | None) -> bytes:
    import imageio.v3 as iio
    from PIL.PngImagePlugin import PngInfo

    pixels = np.floor(np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
    if pixels.shape[2] == 2 and suffix not in _GREY_ALPHA:
        pixels = np.concatenate([pixels[:, :, :1].repeat(3, axis=2), pixels[:, :, 1:]], axis=2)
    settings = dict(_WRITERS[suffix])
    if suffix == ".png" and record is not None:
        settings["pnginfo"] = PngInfo()
        settings["pnginfo"].add_text(RECORD, json.dumps(record, allow_nan=False))
    if pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    data: bytes = iio.imwrite("<bytes>", pixels, plugin="pillow", extension=suffix, **settings)
    return data
