"""The orientation in EXIF or XMP metadata: the only fact there that concerns the pixels.

Libraries read all tags of a directory, and a small file can hold thousands that share one large value.
"""

from __future__ import annotations

import re
import struct
from typing import Any

__all__ = ["orientation"]

_ORIENTATION, _SHORT = 274, 3
_MOST_TAGS = 4096
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')


def orientation(exif: Any, xmp: Any = None) -> int:
    """Return EXIF's orientation, 1 to 8; 1 where neither EXIF nor XMP bytes hold one that can be read."""
    found = _from_exif(exif) if isinstance(exif, bytes) else None
    if found is None:
        text = xmp.encode("utf-8", "replace") if isinstance(xmp, str) else xmp
        match = _XMP.search(text) if isinstance(text, bytes) else None
        found = int(match[1]) if match else None
    return found if found is not None and 1 <= found <= 8 else 1


def _from_exif(exif: bytes) -> int | None:
    while exif.startswith(b"Exif\0\0"):
        exif = exif[6:]
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, at)
        for number in range(min(count, _MOST_TAGS)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, at + 2 + 12 * number)
            if tag == _ORIENTATION:
                return int(value) if kind == _SHORT else None
    except struct.error:
        return None
    return None
