"""What there is to read: an object, and from where on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record begins in an object: as far as it is read, or where reading goes on."""

    stored: int = 0
    """Offset in the object, in bytes: of the record in a plain object, of a member that holds it or its beginning in a gzip
    one."""
    skip: int = 0
    """Bytes of content between there and the record."""
    number: int = 1
    """Of the record, from 1: of its line, or in a JSON document of its element, over all of the object."""
    gzip: bool | None = None
    """None where the object has not been looked at."""
    inside: bool = False
    """Whether the record is an element of a JSON document."""
    heading: str = ""
    """What the file says of its columns, as it goes before each line."""


START = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An object to read. Version and ETag are those of the notification, or of what was read before: another is not read in its
    place."""

    bucket: str
    key: str
    version: str | None = None
    """None in a bucket without versioning."""
    etag: str | None = None
    """Without quotation marks; None where nobody told it."""
    place: Place = START

    def fields(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Self:
        """What `fields` gave. Raises KeyError or TypeError."""
        return cls(**{**fields, "place": Place(**fields["place"])})
