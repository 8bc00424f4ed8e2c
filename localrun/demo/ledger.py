"""What was sent and where each of its events must turn up, and the account of what was found.

An event must be a document or an error record, never both, never neither; a malformed record must be on `errors` byte for byte;
and every record, malformed or not, must be in the archive byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple

from common.kpl import MAGIC, deaggregate
from producers.batch import Place
from producers.generator import Sample

#: Records that are kept as they were sent until there is time to enter them: the sender shares its machine with what it measures.
MOST_WAITING = 1_000_000


class ArchivePlace(NamedTuple):
    """A record's coordinates as the archive writes them."""

    shard: str
    sequence: str
    subsequence: int


def fingerprint(data: bytes) -> bytes:
    """64 bits of a record's bytes: a copy of every record would not fit into memory."""
    return blake2b(data, digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Account:
    """Events unless said otherwise."""

    sent: int
    indexed: int
    errors: int
    lost: int
    duplicated: int
    """Documents beyond one for each event."""
    malformed: int
    malformed_kept: int
    """Malformed ones found on `errors` byte for byte."""
    records: int
    """Records sent, each of a KPL aggregate's counted."""
    archived: int
    """Records found in the archive byte for byte."""


class Ledger:
    """Expectations of one run; `note` may be called from several threads."""

    def __init__(self, stream: str) -> None:
        """`stream` is the name of `raw`, which is part of the ids."""
        self._stream = stream
        self._expected: set[str] = set()
        self._malformed: dict[str, bytes] = {}
        self._archive: dict[ArchivePlace, bytes] = {}
        self._waiting: list[tuple[Sample, Place]] = []
        self._sent = 0
        self._noting = Lock()

    @property
    def sent(self) -> int:
        """Events the stream has taken so far."""
        return self._sent

    @property
    def records(self) -> int:
        """Records, each of an aggregate's counted."""
        self._enter()
        return len(self._archive)

    def note(self, samples: Sequence[Sample], places: Sequence[Place]) -> None:
        """The stream has put these samples in these places."""
        with self._noting:
            self._waiting += zip(samples, places, strict=True)
            self._sent += sum(sample.events for sample in samples)
        if len(self._waiting) > MOST_WAITING:
            self._enter()

    def _enter(self) -> None:
        with self._noting:
            for sample, place in self._waiting:
                ids = sample.ids(self._stream, place.shard, place.sequence)
                self._expected.update(ids)
                if sample.malformed:
                    self._malformed[ids[0]] = sample.data
                for number, data in enumerate(user_records(sample)):
                    self._archive[ArchivePlace(place.shard, place.sequence, number)] = fingerprint(data)
            self._waiting.clear()

    def matches(self, place: ArchivePlace, data: bytes) -> bool:
        """Whether this run sent exactly this record to this place."""
        self._enter()
        return self._archive.get(place) == fingerprint(data)

    def account(self, documents: Mapping[str, int], errors: Mapping[str, bytes], archived: int) -> Account:
        """Compare with what was found: documents by id, originals of error records by id, and records in the archive."""
        self._enter()
        indexed = self._expected & documents.keys()
        refused = (self._expected & errors.keys()) - indexed
        return Account(
            sent=self._sent,
            indexed=len(indexed),
            errors=len(refused),
            # Counted from what the stream took, not from the ids: two events with one id would be one lost.
            lost=self._sent - len(indexed) - len(refused),
            duplicated=sum(documents.values()) - len(indexed) + len(self._expected & errors.keys() & documents.keys()),
            malformed=len(self._malformed),
            malformed_kept=sum(errors.get(event_id) == data for event_id, data in self._malformed.items()),
            records=self.records,
            archived=archived,
        )


def user_records(sample: Sample) -> list[bytes]:
    """What Firehose makes of a record: the records of a KPL aggregate, or else the record itself."""
    if sample.data.startswith(MAGIC) and not sample.malformed:
        return [data for _, data in deaggregate(sample.data)]
    return [sample.data]
