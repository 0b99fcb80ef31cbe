"""PNG files: writing 16 bits a channel, which Pillow does not do in colour, and chunks (PNG specification, third edition)."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["SIGNATURE", "PngFile", "encode_png16"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_UP = 2

_LARGEST_TEXT = 16 << 20
"""Bytes that a text or a profile may unpack to; larger ones are left out."""
_XMP, _RAW_EXIF = "XML:com.adobe.xmp", "Raw profile type exif"


def encode_png16(pixels: Any, icc: bytes | None = None, text: dict[str, str] | None = None) -> bytes:
    """Return a PNG file. pixels: (H, W, C) uint16, C from 1 to 4. text: ASCII, by keywords."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.full((height, 1 + rows.shape[1]), _UP, np.uint8)
    filtered[:, 1:] = rows
    filtered[1:, 1:] -= rows[:-1]
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0))]
    if icc:
        chunks.append((b"iCCP", b"ICC Profile\0\0" + zlib.compress(icc)))
    chunks += [(b"tEXt", keyword.encode("ascii") + b"\0" + words.encode("ascii")) for keyword, words in (text or {}).items()]
    chunks += [(b"IDAT", zlib.compress(filtered.tobytes())), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


@dataclass
class PngFile:
    """What matters of a PNG file.

    pixels: a PNG file of the first image alone, without metadata: what decoders get, as a few kilobytes of metadata can
    unpack to gigabytes. frames: how many images it holds. texts: by keyword, those that were asked for.
    """

    pixels: bytes = b""
    frames: int = 1
    icc: bytes | None = None
    exif: bytes | None = None
    texts: dict[str, bytes] = field(default_factory=dict)

    @property
    def xmp(self) -> bytes | None:
        """The XMP metadata."""
        return self.texts.get(_XMP)

    @classmethod
    def read(cls, data: bytes, *keywords: str) -> PngFile:
        """Take a file apart. keywords: of the texts that are wanted."""
        file, kept, first, started, end = cls(), bytearray(SIGNATURE), True, False, 0
        for kind, start, end in _chunks(data):
            body = data[start + 8 : end - 4] if kind in _METADATA else b""
            if kind == b"IDAT":
                if first:
                    kept += data[start:end]
                started = True
                continue
            # Image data that follows other chunks belongs to no image.
            first = first and not started
            if kind in (b"IHDR", b"PLTE", b"tRNS") and not started:
                kept += data[start:end]
            elif kind == b"acTL" and not started:
                # Unless a frame's header stands before it, the first image is none of the frames.
                file.frames = 1 + int.from_bytes(body[:4], "big")
            elif kind == b"fcTL" and not started and file.frames > 1:
                file.frames -= 1
            elif kind == b"iCCP":
                file.icc = file.icc or _unpacked(body.partition(b"\0")[2][1:])
            elif kind == b"eXIf":
                file.exif = file.exif or body
            elif kind in (b"tEXt", b"zTXt", b"iTXt"):
                file._add_text(kind, body, keywords)
        if end <= len(data):
            kept += _chunk(b"IEND", b"")
        file.pixels = bytes(kept)
        file.exif = file.exif or _raw_exif(file.texts.get(_RAW_EXIF))
        return file

    def _add_text(self, kind: bytes, body: bytes, keywords: tuple[str, ...]) -> None:
        word, _, rest = body.partition(b"\0")
        keyword, packed = word.decode("latin-1"), kind == b"zTXt"
        if keyword not in (*keywords, _XMP, _RAW_EXIF) or keyword in self.texts:
            return
        if kind == b"iTXt":
            packed, rest = rest[:1] == b"\1", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        elif packed:
            rest = rest[1:]
        text = _unpacked(rest) if packed else rest
        if text is not None and len(text) <= _LARGEST_TEXT:
            self.texts[keyword] = text


_METADATA = (b"acTL", b"fcTL", b"iCCP", b"eXIf", b"tEXt", b"zTXt", b"iTXt")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of every chunk, and where it starts and ends; the last one may be cut short."""
    at = len(SIGNATURE)
    while at + 8 <= len(data):
        kind = data[at + 4 : at + 8]
        if kind == b"IEND":
            return
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        yield kind, at, end
        at = end


def _unpacked(data: bytes) -> bytes | None:
    """Return what was compressed, or None if it is damaged or too large."""
    with contextlib.suppress(zlib.error):
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(data, _LARGEST_TEXT)
        return text if unpacker.eof else None
    return None


def _raw_exif(text: bytes | None) -> bytes | None:
    """Return EXIF that was written as hexadecimal digits into a text, as ImageMagick does, after three lines."""
    with contextlib.suppress(ValueError):
        return bytes.fromhex("".join((text or b"").decode("ascii").split("\n")[3:])) or None
    return None
