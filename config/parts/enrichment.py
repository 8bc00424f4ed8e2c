"""What events are enriched by: files in the environment's bucket of look-ups, and its table of master data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from config.parts.base import Model, Text
from config.parts.shaping import FieldName, LookupFile, Selection
from config.problem import Problem

#: Fields looked up in a list that names none, by what the list has.
INDICATOR_FIELDS: dict[str, tuple[str, ...]] = {
    "ip": ("source.ip", "destination.ip"),
    "domain": ("dns.question.name", "url.domain", "destination.domain", "tls.client.server_name"),
    "hash": ("file.hash.md5", "file.hash.sha256"),
}

TableFile = Annotated[str, Text(r"[A-Za-z0-9][A-Za-z0-9!_.'()/-]{0,249}\.(csv|jsonl)", "the key of a .csv or .jsonl object")]
Name = Annotated[str, Text(r"[a-z][a-z0-9_]{0,31}", "a name of lower-case letters, digits and _")]


class GeoIP(Selection):
    """Places and networks of addresses: `geo` and `as`."""

    files: tuple[LookupFile, ...] = Field(min_length=1, strict=False)
    """MaxMind DB files (.mmdb) of MaxMind or DB-IP: city or country, and ASN. Of two that know a field the first decides."""
    ends: tuple[Literal["source", "destination"], ...] = Field(default=("source", "destination"), strict=False)
    """Which ends of a connection are looked up."""


class UserAgents(Selection):
    """Names, versions, systems and devices of user agents. `user_agent: {}` is all it takes."""


class ThreatList(Model):
    """A list of indicators, one a line."""

    name: Name
    """What `threat.feed.name` calls it."""
    kind: Literal["ip", "domain", "hash"]
    """Addresses and networks, domains with all below them, or MD5 and SHA hashes of files."""
    file: LookupFile
    """The text file."""
    fields: tuple[FieldName, ...] = Field(default=(), strict=False)
    """Fields looked up. If empty, those that hold such values in most events."""

    @property
    def looked_up(self) -> tuple[str, ...]:
        """The fields, whoever named them."""
        return self.fields or INDICATOR_FIELDS[self.kind]


class Threats(Selection):
    """Addresses, domains and hashes somebody warned of: `threat.indicator` and `threat.feed`."""

    lists: tuple[ThreatList, ...] = Field(min_length=1, strict=False)
    """Lists of indicators."""


class Accounts(Selection):
    """Names of AWS accounts, and their tags: `cloud.account.name` and `labels.account`."""

    file: LookupFile
    """What `aws organizations list-accounts` prints; an account may have `Tags` too, as `list-tags-for-resource` prints them."""
    tags: tuple[str, ...] = Field(default=(), strict=False)
    """Tags put into `labels.account`."""


class MasterData(Selection):
    """What a business knows of the names in its events."""

    name: Name
    """What metrics and logs call it."""
    field: FieldName
    """Field of the event whose value is looked up."""
    file: TableFile | None = None
    """CSV with a header (.csv), or JSON lines (.jsonl). Either this or `kind`."""
    key: str = "id"
    """Column or field of the file that is looked for."""
    kind: str | None = None
    """Items of the table of master data with this `kind`, looked for by their `id`. All are read at each refresh."""
    fields: tuple[str, ...] = Field(default=(), strict=False)
    """Fields of the entry that are added. All, if empty."""
    into: Annotated[str, Text(r"labels(\.[A-Za-z0-9_-]+)*", "labels, or a name below it such as labels.customer")] = "labels"
    """Where they are put. An event's own value of the name stays."""

    def conflicts(self) -> Iterator[Problem]:
        if (self.file is None) == (self.kind is None):
            yield Problem(("file",), "an entry comes from a file or from the table; give one of `file` and `kind`")


class Enrichment(Model):
    """What others know of an event's values. Files are objects in the bucket of look-ups, which is there when one is named."""

    refresh_seconds: int = Field(default=300, ge=60, le=86_400)
    """How often files and tables are looked at again, in seconds. A file that has not changed is not read."""
    cache_entries: int = Field(default=20_000, ge=100, le=1_000_000)
    """Most answers each enrichment remembers: some 500 bytes each."""
    geo: GeoIP | None = None
    """Places and networks of addresses."""
    user_agent: UserAgents | None = None
    """Names, versions, systems and devices of user agents."""
    threats: Threats | None = None
    """Addresses, domains and hashes somebody warned of."""
    accounts: Accounts | None = None
    """Names of AWS accounts, and their tags."""
    master_data: tuple[MasterData, ...] = Field(default=(), strict=False)
    """What a business knows of the names in its events."""

    def conflicts(self) -> Iterator[Problem]:
        names = [data.name for data in self.master_data]
        for number, name in enumerate(names):
            if name in names[:number]:
                yield Problem(("master_data", number, "name"), f"{name} is taken by another; choose another name")

    @property
    def files(self) -> tuple[str, ...]:
        """Objects of the bucket of look-ups, each once."""
        named = [
            *(self.geo.files if self.geo else ()),
            *([listed.file for listed in self.threats.lists] if self.threats else ()),
            *([self.accounts.file] if self.accounts else ()),
            *(data.file for data in self.master_data if data.file),
        ]
        return tuple(dict.fromkeys(named))

    @property
    def reads_table(self) -> bool:
        """Whether master data comes from the table."""
        return any(data.kind for data in self.master_data)
