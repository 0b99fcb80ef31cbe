"""Small files that make decoders take gigabytes, or hours: each by a claim or a compression that nothing holds to."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image as Pillow

from patchnn.images.png import encode_png16

MIB = 1 << 20


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(count: int) -> bytes:
    """So many zero bytes, compressed a thousandfold."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    one = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    last = zlib.compressobj(9, zlib.DEFLATED, -15)
    tail = last.compress(bytes(count % MIB)) + last.flush()
    return b"\x78\xda" + one * (count // MIB) + tail + struct.pack(">HH", count % 65521, 1)


def png(side: int = 13377, *, colours: int = 6, bits: int = 16, extra: bytes = b"") -> bytes:
    """A PNG of one colour, of as many pixels as are read."""
    row = 1 + side * {0: 1, 2: 3, 6: 4}[colours] * bits // 8
    header = struct.pack(">IIBBBBB", side, side, bits, colours, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), extra, chunk(b"IDAT", zeros(row * side)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def small_png(*chunks: bytes) -> bytes:
    data = encode_png16(np.full((8, 8, 3), 9999, np.uint16))
    return data[:33] + b"".join(chunks) + data[33:]


def texts() -> bytes:
    """A PNG of 500 texts of 16 MB each."""
    packed = zeros(16 * MIB - 1)
    return small_png(*(chunk(b"zTXt", b"k%d\0\0" % n + packed) for n in range(500)))


def tiny_chunks() -> bytes:
    return small_png(b"".join(chunk(b"abCd", b"") for _ in range(400_000)))


def profile() -> bytes:
    """A PNG whose profile unpacks to 6 GB."""
    return small_png(chunk(b"iCCP", b"p\0\0" + zeros(6000 * MIB)))


def many_tags(data_bytes: int, tags: int) -> bytes:
    """EXIF whose tags all point to the same large value."""
    entries = b"".join(struct.pack("<HHII", 1000 + n, 7, data_bytes, 8 + 6 + 12 * tags) for n in range(tags))
    return b"II*\0" + struct.pack("<IH", 8, tags) + entries + bytes(4) + bytes(data_bytes)


def exif_png() -> bytes:
    return small_png(chunk(b"eXIf", many_tags(4 * MIB, 60_000)))


def exif_jpeg() -> bytes:
    exif = b"Exif\0\0" + many_tags(30_000, 2900)
    return jpeg()[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg()[2:]


def jpeg(side: int = 8, **settings: Any) -> bytes:
    file = io.BytesIO()
    Pillow.new("CMYK" if side > 8 else "RGB", (side, side)).save(file, "JPEG", **settings)
    return file.getvalue()


def scans() -> bytes:
    """A progressive JPEG of 60,000 scans over many pixels."""
    data = jpeg(2000, progressive=True)
    at = data.rindex(b"\xff\xda")
    return data[:at] + data[at:-2] * 60_000 + data[-2:]


def tiff(tags: dict[int, tuple[int, int, int]], tail: bytes, *, at: int = 8) -> bytes:
    """A TIFF of tags: number → (type, count, value or offset), followed by `tail`; an offset of -1 is the tail's."""
    start = 8 + 2 + 12 * len(tags) + 4
    entries = b"".join(
        struct.pack("<HHII", tag, kind, count, start if value == -1 else value)
        for tag, (kind, count, value) in sorted(tags.items())
    )
    return b"II*\0" + struct.pack("<IH", at, len(tags)) + entries + bytes(4) + tail


def numbers(**more: Any) -> dict[int, tuple[int, int, int]]:
    """The tags of a TIFF of 64×48×3 floats in one strip."""
    return {
        256: (3, 1, 64),
        257: (3, 1, 48),
        258: (3, 1, 32),
        259: (3, 1, 8),
        262: (3, 1, 2),
        273: (4, 1, -1),
        277: (3, 1, 3),
        278: (3, 1, 48),
        339: (3, 1, 3),
    }


def strip() -> bytes:
    """A TIFF of 64×48×3 floats whose strip unpacks to 6 GB."""
    packed = zeros(6000 * MIB)
    return tiff({**numbers(), 279: (4, 1, len(packed))}, packed)


def packbits() -> bytes:
    packed = b"\x81\0" * (4 * MIB)
    return tiff({**numbers(), 259: (3, 1, 32773), 279: (4, 1, len(packed))}, packed)


def tile() -> bytes:
    """A TIFF of 64×48×3 floats in a tile of 40,000²."""
    packed = zeros(6000 * MIB)
    tags = {key: value for key, value in numbers().items() if key not in (273, 278)}
    return tiff({**tags, 322: (4, 1, 40_000), 323: (4, 1, 40_000), 324: (4, 1, -1), 325: (4, 1, len(packed))}, packed)


def shared_tags() -> bytes:
    tags = {**numbers(), 259: (3, 1, 1), 279: (4, 1, 64 * 48 * 12)}
    shared = {1000 + n: (7, 9 * MIB, -1) for n in range(4000)}
    return tiff({**tags, **shared}, bytes(9 * MIB))


def strips() -> bytes:
    """A TIFF of one column in two million strips."""
    count = 2_000_000
    tags = {256: (3, 1, 1), 257: (4, 1, count), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1), 273: (4, count, -1)}
    return tiff({**tags, 277: (3, 1, 1), 278: (4, 1, 1), 279: (3, 1, 1)}, bytes(4 * count))


def directories() -> bytes:
    """A TIFF of 60,000 directories."""
    tags = {**numbers(), 259: (3, 1, 1), 279: (4, 1, 64 * 48 * 12)}
    size = 2 + 12 * len(tags) + 4
    one = tiff({**tags, 273: (4, 1, 8 + 60_000 * size)}, b"")
    out = bytearray(one[:8])
    for n in range(60_000):
        out += one[8:-4] + struct.pack("<I", 8 + size * (n + 1) if n < 59_999 else 0)
    return bytes(out) + bytes(64 * 48 * 12)


def gif(side: int = 13377, frames: int = 60) -> bytes:
    """A GIF of frames that are almost empty, on a canvas of as many pixels as are read."""
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame * frames + b";"


def bmp() -> bytes:
    """A BMP of one line, of which a run-length code skips 255 lines."""
    side = 40_000_000
    head = struct.pack("<IiiHHIIiiII", 40, side, 1, 1, 8, 1, 0, 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 2000, 0, 0, 54 + 1024) + head + bytes(1024) + b"\0\x02\xff\xff" * 100


def ico() -> bytes:
    """An icon of 16×16, by its list, that is a PNG of 13377²."""
    inner = png()
    return b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inner), 22) + inner


def ico_bitmap() -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, 13000, 26000, 1, 32, 0, 0, 0, 0, 0, 0)
    return b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, 400, 22) + head + bytes(400)


def webp(side: int = 13377) -> bytes:
    """A lossless WebP of one colour: all codes have one symbol, so that no pixel takes a bit (RFC 9649)."""
    bits = (side - 1) | (side - 1) << 14
    body = b"\x2f" + struct.pack("<I", bits) + bytes([0b10001000, 0b10001000, 0b1000]) + bytes(9)
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body


def jpeg_2000() -> bytes:
    """A JPEG 2000 image of precincts of one pixel, of which each takes hundreds of bytes."""
    file = io.BytesIO()
    Pillow.new("L", (64, 64)).save(file, "JPEG2000", no_jp2=True, num_resolutions=1)
    data = file.getvalue()
    size = struct.pack(">II", 2000, 2000)
    data = data[:8] + size + data[16:24] + size + data[32:]
    at = data.index(b"\xff\x52")
    cod = bytearray(data[at : at + 14]) + b"\0"
    cod[3], cod[4] = 13, cod[4] | 1
    return data[:at] + bytes(cod) + data[at + 14 :]


def psd() -> bytes:
    """A PSD of 13377² in CMYK without data for it."""
    return b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 4, 13377, 13377, 8, 4) + bytes(12) + b"\0\1" + bytes(9 * MIB)


def ppm() -> bytes:
    return b"P6 13377 13377 255\n" + bytes(9 * MIB)


def plain_ppm() -> bytes:
    return b"P3 13377 13377 255\n" + b"1 " * (4 * MIB)


def qoi() -> bytes:
    return b"qoif" + struct.pack(">IIBB", 13377, 13377, 4, 0) + b"\xfd" * (3 * MIB)


def sgi() -> bytes:
    return struct.pack(">HBBHHHH", 474, 1, 1, 3, 13377, 13377, 3) + bytes(500) + bytes(9 * MIB)


BOMBS: dict[str, Callable[[], bytes]] = {
    "deep.png": png,
    "rgb.png": lambda: png(colours=2, bits=8),
    "texts.png": texts,
    "chunks.png": tiny_chunks,
    "profile.png": profile,
    "exif.png": exif_png,
    "exif.jpg": exif_jpeg,
    "progressive.jpg": lambda: jpeg(8000, progressive=True),
    "scans.jpg": scans,
    "strip.tif": strip,
    "packbits.tif": packbits,
    "tile.tif": tile,
    "tags.tif": shared_tags,
    "strips.tif": strips,
    "directories.tif": directories,
    "large.gif": gif,
    "frames.gif": lambda: gif(64, 400_000),
    "skip.bmp": bmp,
    "large.ico": ico,
    "bitmap.ico": ico_bitmap,
    "large.webp": webp,
    "precincts.j2k": jpeg_2000,
    "large.psd": psd,
    "large.ppm": ppm,
    "plain.ppm": plain_ppm,
    "large.qoi": qoi,
    "large.sgi": sgi,
}
