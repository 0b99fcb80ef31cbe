"""JPEG files: what of their segments matters (ITU T.81, annex B)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["JpegFile"]

_SCAN, _EXIF, _ADOBE, _JFIF = 0xDA, 0xE1, 0xEE, 0xE0
_METADATA = (*range(0xE0, 0xF0), 0xFE)
# Markers without a length: TEM, and the restarts and ends that should not stand before the pixels.
_BARE = (0x01, *range(0xD0, 0xDA))
_PROFILE = b"ICC_PROFILE\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MOST_SCANS = 1000


@dataclass(frozen=True)
class JpegFile:
    """What matters of a JPEG file. pixels: a JPEG file of the first image, without metadata but for its colour profile."""

    pixels: bytes
    exif: bytes | None
    xmp: bytes | None

    @classmethod
    def read(cls, data: bytes) -> JpegFile:
        """Take a file apart; raises ValueError for one that decoders would need hours for, or that has no pixels."""
        kept, exif, xmp, at = bytearray(data[:2]), b"", None, 2
        while True:
            at = data.find(b"\xff", at)
            if at < 0 or at + 4 > len(data):
                raise ValueError("image file is truncated")
            marker = data[at + 1]
            if marker in (0x00, 0xFF, *_BARE):
                # Padding, or one without content.
                at += 1 + (marker != 0xFF)
                continue
            if marker == _SCAN:
                break
            end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
            body = data[at + 4 : end]
            if marker == _EXIF and body.startswith(b"Exif\0\0"):
                exif += body[6:]
            elif marker == _EXIF and body.startswith(_XMP):
                xmp = body[len(_XMP) :]
            elif marker in (_JFIF, _ADOBE) or body.startswith(_PROFILE) or marker not in _METADATA:
                kept += data[at:end]
            at = max(end, at + 4)
        if data.count(b"\xff\xda", at) > _MOST_SCANS:
            raise ValueError(f"it is a JPEG of more than {_MOST_SCANS:,} scans")
        return cls(bytes(kept + data[at:]), exif or None, xmp)
