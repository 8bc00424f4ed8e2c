"""Values that nobody may read, in a form the field still takes.

The index ignores a value that is not of its field's type; the lake refuses the event. So text is replaced by text and an address
by an address, and a number, a flag or a time, which no other value of its type could stand for without lying, is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from ipaddress import IPv6Address
from typing import Any

from common.kinds import Kind
from common.logtype import JsonObject
from common.shaping.paths import holder_of, path_of, remove

#: What stands for a masked text and a masked address.
MASK, MASKED_ADDRESS = "***", "::"
_PSEUDONYM_BYTES = 13

_TEXTS = frozenset(("keyword", "text", "flat_object"))


class Conceal:
    """Replaces every value at a field and below it."""

    def __init__(
        self, dotted: str, kinds: Mapping[str, Kind], *, word: Callable[[str], str], address: Callable[[str], str]
    ) -> None:
        """`word` and `address` make what stands for a text and for an address."""
        self._dotted, self._path = dotted, path_of(dotted)
        self._kinds, self._word, self._address = kinds, word, address

    def apply(self, document: JsonObject) -> None:
        holder = holder_of(document, self._path)
        if holder is None or self._path[-1] not in holder:
            return
        concealed = self._concealed(holder[self._path[-1]], self._dotted)
        if concealed is None:
            remove(document, self._path)
        else:
            holder[self._path[-1]] = concealed

    def _concealed(self, value: Any, dotted: str) -> Any:
        if isinstance(value, dict):
            return _kept({name: self._concealed(inner, f"{dotted}.{name}") for name, inner in value.items()}) or None
        if isinstance(value, list):
            return [inner for inner in (self._concealed(item, dotted) for item in value) if inner is not None] or None
        kind = self._kinds.get(dotted)
        wanted = kind.mapping.get("type") if kind else "keyword"
        if wanted == "ip" and isinstance(value, str):
            return self._address(value)
        if wanted not in _TEXTS or value is None or isinstance(value, bool):
            return None
        if isinstance(value, str):
            return self._word(value)
        return self._word(str(value)) if kind else None


def _kept(members: JsonObject) -> JsonObject:
    return {name: value for name, value in members.items() if value is not None}


def mask(dotted: str, kinds: Mapping[str, Kind]) -> Conceal:
    """A step that leaves nothing of the field's values."""
    return Conceal(dotted, kinds, word=lambda _: MASK, address=lambda _: MASKED_ADDRESS)


def pseudonyms(dotted: str, kinds: Mapping[str, Kind], key: Callable[[], bytes | None]) -> Conceal:
    """A step that puts a pseudonym in the place of each value: always the same one for a value, so that it can be counted and
    joined by, and not to be reversed, by trying all addresses there are either, without the key.

    The pseudonym of an address is one of the range for private use that no packet on the internet has (RFC 4193, fd00::/8).
    `key` gives 1 to 64 bytes; as long as it gives None, a value is masked.
    """

    def word(value: str) -> str:
        secret = key()
        return blake2b(value.encode(), digest_size=_PSEUDONYM_BYTES, key=secret).hexdigest() if secret else MASK

    def address(value: str) -> str:
        secret = key()
        if not secret:
            return MASKED_ADDRESS
        return str(IPv6Address(b"\xfd" + blake2b(value.encode(), digest_size=15, key=secret).digest()))

    return Conceal(dotted, kinds, word=word, address=address)
