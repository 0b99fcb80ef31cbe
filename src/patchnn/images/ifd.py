"""TIFF directories, read without a decoder: what a file claims, before anything believes it (TIFF 6.0, BigTIFF)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["Directory", "count_directories", "is_raw_photograph", "read_directory"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION = 256, 257, 258, 259, 262, 274
_SAMPLES, _ROWS, _TILE_WIDTH, _TILE_HEIGHT, _SUBIFDS = 277, 278, 322, 323, 330
_OFFSETS = (273, 324)
_COLOUR_FILTER, _LINEAR_RAW = 32803, 34892

_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 5: "II", 6: "b", 7: "B", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I"}
_TYPES |= {16: "Q", 17: "q", 18: "Q"}
_BYTES = (1, 2, 6, 7)
_MOST_TAGS = 4096
_MOST_DIRECTORIES = 10_000
_FEW = 64


@dataclass(frozen=True)
class Directory:
    """One directory: an image of the file.

    values: the first 64 numbers of every tag. tag_bytes, numbers: what the values of all tags come to, in bytes, and as
    numbers that decoders unpack. segments: its strips or tiles. next: where the following directory is, 0 for none.
    """

    values: dict[int, tuple[int, ...]]
    tag_bytes: int
    numbers: int
    segments: int
    next: int

    def value(self, tag: int, default: int) -> int:
        """Return the first number of a tag."""
        return next((int(number) for number in self.values.get(tag, ())), default)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.value(_WIDTH, 0), self.value(_HEIGHT, 0)

    @property
    def orientation(self) -> int:
        """EXIF's orientation, 1 to 8."""
        found = self.value(_ORIENTATION, 1)
        return found if found in range(1, 9) else 1

    @property
    def compression(self) -> int:
        """The number of its compression; 1 means uncompressed."""
        return self.value(_COMPRESSION, 1)

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a stored pixel, all samples together."""
        bits = max(self.values.get(_BITS, (1,)), default=1)
        return max(1, max(1, self.value(_SAMPLES, 1)) * int(bits) // 8)

    @property
    def segment_bytes(self) -> int:
        """Bytes of one strip or tile, unpacked."""
        width, height = self.size
        if _TILE_WIDTH in self.values:
            return self.value(_TILE_WIDTH, 0) * self.value(_TILE_HEIGHT, 0) * self.pixel_bytes
        return width * min(height, self.value(_ROWS, height)) * self.pixel_bytes


def read_directory(file: BinaryIO, at: int | None = None) -> Directory:
    """Read the directory at an offset, by default the file's first; raises ValueError for one that is damaged."""
    order, big, first = _head(file)
    try:
        return _read(file, order, big, first if at is None else at)
    except (struct.error, OverflowError) as error:
        raise ValueError("its directory is cut short") from error


def count_directories(file: BinaryIO) -> int:
    """Return how many images a TIFF holds, at most 10,000."""
    order, big, at = _head(file)
    entry, link = (20, f"{order}Q") if big else (12, f"{order}I")
    count = 0
    while at and count < _MOST_DIRECTORIES:
        try:
            file.seek(at)
            (tags,) = struct.unpack(f"{order}{'Q' if big else 'H'}", file.read(8 if big else 2))
            file.seek(at + (8 if big else 2) + tags * entry)
            (at,) = struct.unpack(link, file.read(8 if big else 4))
        except (struct.error, OverflowError, OSError, ValueError):
            at = 0
        count += 1
    return max(1, count)


def is_raw_photograph(file: BinaryIO, directory: Directory) -> bool:
    """Whether a TIFF holds a camera's raw data, of which its first image is at most a thumbnail."""
    file.seek(8)
    if file.read(2) == b"CR" or directory.value(_PHOTOMETRIC, 0) in (_COLOUR_FILTER, _LINEAR_RAW):
        return True
    for at in directory.values.get(_SUBIFDS, ())[:8]:
        try:
            below = read_directory(file, int(at))
        except (ValueError, OSError):
            continue
        if below.value(_PHOTOMETRIC, 0) in (_COLOUR_FILTER, _LINEAR_RAW):
            return True
    return False


def _head(file: BinaryIO) -> tuple[str, bool, int]:
    """Return the byte order, whether it is a BigTIFF, and where the first directory is."""
    file.seek(0)
    head = file.read(16).ljust(16, b"\0")
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    (first,) = struct.unpack_from(f"{order}{'Q' if big else 'I'}", head, 8 if big else 4)
    return order, big, first


def _read(file: BinaryIO, order: str, big: bool, at: int) -> Directory:
    count_form, entry_form, inline = (f"{order}Q", f"{order}HHQ", 8) if big else (f"{order}H", f"{order}HHI", 4)
    file.seek(at)
    (count,) = struct.unpack(count_form, file.read(struct.calcsize(count_form)))
    if count > _MOST_TAGS:
        raise ValueError(f"its directory has {count:,} tags")
    entry_size = struct.calcsize(entry_form) + inline
    entries = file.read(count * entry_size)
    link = file.read(inline).ljust(inline, b"\0")
    values: dict[int, tuple[int, ...]] = {}
    tag_bytes = numbers = segments = 0
    for start in range(0, count * entry_size, entry_size):
        tag, kind, length = struct.unpack_from(entry_form, entries, start)
        if kind not in _TYPES:
            continue
        form = f"{order}{_TYPES[kind]}"
        size = length * struct.calcsize(form)
        tag_bytes += size
        numbers += 0 if kind in _BYTES else length * len(_TYPES[kind])
        segments = max(segments, length if tag in _OFFSETS else 0)
        few = min(length, _FEW)
        data = entries[start + entry_size - inline : start + entry_size]
        if size > inline:
            file.seek(struct.unpack(f"{order}{'Q' if big else 'I'}", data)[0])
            data = file.read(few * struct.calcsize(form))
        if kind not in (5, 10, 11, 12) and len(data) >= few * struct.calcsize(form):
            values.setdefault(tag, struct.unpack_from(f"{order}{few}{_TYPES[kind]}", data))
    return Directory(values, tag_bytes, numbers, segments, struct.unpack(f"{order}{'Q' if big else 'I'}", link)[0])
