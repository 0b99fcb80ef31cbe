"""What the heads of GIF, WebP and ICO files say, read without a decoder."""

from __future__ import annotations

import struct

__all__ = ["count_gif_frames", "find_icon", "webp_size"]

_MOST_FRAMES = 10_000


def count_gif_frames(data: bytes) -> int:
    """Return how many images a GIF holds, at most 10,000, by its blocks (GIF89a specification)."""
    frames, at = 0, 13 + _palette_size(data[10:11])
    while frames < _MOST_FRAMES and data[at : at + 1] in (b",", b"!"):
        if data[at : at + 1] == b",":
            frames += 1
            # The image's descriptor, its palette, and the size of its codes.
            at += 10 + _palette_size(data[at + 9 : at + 10]) + 1
        else:
            at += 2
        while size := data[at : at + 1]:
            at += 1 + size[0]
            if size == b"\0":
                break
    return max(1, frames)


def _palette_size(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def webp_size(data: bytes) -> tuple[int, int]:
    """Return the width and height of a WebP file (RFC 9649); (0, 0) where its head does not say.

    Pillow makes a decoder with room for all pixels when it opens one.
    """
    kind, body = data[12:16], data[20:30].ljust(10, b"\0")
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def find_icon(data: bytes) -> tuple[int, int, int]:
    """Return where the largest image of an ICO file starts, and its width and height if it is a bitmap, else 0 and 0.

    The sizes in the list of images are no bound: the images have sizes of their own. Raises ValueError for a list that
    is cut short.
    """
    (count,) = struct.unpack_from("<H", data, 4)
    entries = [data[6 + 16 * n : 22 + 16 * n] for n in range(count)]
    if not entries or len(entries[-1]) < 16:
        raise ValueError("its list of images is cut short")

    def rank(entry: bytes) -> tuple[int, int]:
        colours, (depth,) = entry[2], struct.unpack_from("<H", entry, 6)
        return -(entry[0] or 256) * (entry[1] or 256), depth or (colours and (colours - 1).bit_length()) or 256

    (start,) = struct.unpack_from("<I", min(entries, key=rank), 12)
    head = data[start : start + 12].ljust(12, b"\0")
    if head.startswith(b"\x89PNG"):
        return start, 0, 0
    sides = struct.unpack_from("<HH", head, 4) if head[:4] == b"\x0c\0\0\0" else struct.unpack_from("<ii", head, 4)
    # A bitmap there stands over its mask, so that it says twice its height.
    return start, abs(sides[0]), abs(sides[1])
