"""Text in the JSON that quick parsers write themselves (LineType.quick)."""

from __future__ import annotations

from json.encoder import encode_basestring


def quoted(text: str) -> str:
    """`text` as JSON writes it, quotes included. It has no half of a surrogate pair, as no decoded UTF-8 has."""
    return encode_basestring(text)
