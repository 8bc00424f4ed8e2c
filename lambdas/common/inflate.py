"""gzip with a bound: a small record must not be able to fill a function's memory."""

from __future__ import annotations

import zlib

MAGIC = b"\x1f\x8b"
#: Most that a record may become. A record has at most 10 MiB, which gzip could blow up a thousandfold.
LARGEST = 64 * 1024 * 1024
_GZIP_WINDOW = 31  # zlib manual, inflateInit2: 15 bits of window, and 16 for gzip's header and checksum


class TooLarge(ValueError):
    """What was compressed is larger than LARGEST."""


class CorruptGzip(ValueError):
    """The data begins like gzip and does not end like it."""


def inflate(data: bytes) -> bytes:
    """The content of gzip `data`, of all its members. Raises TooLarge or CorruptGzip."""
    parts: list[bytes] = []
    room = LARGEST
    while data:
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            part = member.decompress(data, room + 1)
        except zlib.error as error:
            raise CorruptGzip(f"gzip: {error}") from None
        room -= len(part)
        if room < 0:
            raise TooLarge(f"gzip: the content is larger than {LARGEST} bytes")
        if not member.eof:
            raise CorruptGzip("gzip: the data ends before the content does")
        parts.append(part)
        data = member.unused_data
    return b"".join(parts)
