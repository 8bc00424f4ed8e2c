"""What enrichment costs: `normalise` with all of it on, beside itself without, in one process on one core.

Measured from the base64 of Lambda's event to the bytes for the next stream, over the demonstration's traffic, whose addresses and
user agents repeat as real ones do. Both take turns, so that a machine that slows down slows both, and the time is that of the
processor, so that nothing else that runs counts. All figures are medians of the rounds.
"""

from __future__ import annotations

import io
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import Mock

import orjson
from botocore.response import StreamingBody
from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]  # it ships no types
from pydantic import BaseModel, ConfigDict

from bench import yardsticks
from common.deadline import Deadline
from common.enrichment.compose import Origins, enrichers
from common.finish import Finisher, Selected
from common.source import KinesisRecord
from common.streams import StreamWriter
from normalise.handler import Normalisation

SEED = 5
ROUNDS = 15
#: As many as a busy list has.
INDICATORS = 100_000
CACHE_ENTRIES = 20_000
_TENANT = "bench"
#: The traffic's own addresses, which no vendor's database has.
_NETWORKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")

_EVERYTHING: dict[str, Any] = {"types": [], "tenants": []}
_CONFIGURED: dict[str, Any] = {
    "cache_entries": CACHE_ENTRIES,
    "geo": {**_EVERYTHING, "files": ["city.mmdb", "asn.mmdb"], "ends": ["source", "destination"]},
    "user_agent": _EVERYTHING,
    "threats": {
        **_EVERYTHING,
        "lists": [
            {"name": "addresses", "kind": "ip", "file": "addresses.txt", "fields": ["source.ip", "destination.ip"]},
            {"name": "domains", "kind": "domain", "file": "domains.txt", "fields": ["url.domain", "dns.question.name"]},
        ],
    },
    "accounts": {**_EVERYTHING, "file": "accounts.json", "tags": ["owner"]},
    "master_data": [
        {
            **_EVERYTHING,
            "name": "users",
            "field": "user.name",
            "file": "users.csv",
            "key": "id",
            "into": "labels.user",
            "fields": [],
        }
    ],
}


class EnrichmentReport(BaseModel):
    """`weir bench enrichment --json` writes exactly this. Events a second of one core."""

    model_config = ConfigDict(frozen=True)

    events: int
    """In one round."""
    plain_per_second: float
    """Without any rule."""
    enriched_per_second: float
    """With all enrichment on."""
    share_of_plain: float
    """Of one round: its enriched half beside its plain one."""
    enriched_share: float
    """Of the events, those that enrichment added something to."""
    hit_rates: dict[str, float]
    """Share of the values each enricher knew already, by its name."""


class _Folder:
    """A folder, asked as S3."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        content = (self._folder / Key).read_bytes()
        return {"Body": StreamingBody(io.BytesIO(content), len(content)), "ContentLength": len(content), "ETag": Key}


def run(report: Callable[[str], None], rounds: int = ROUNDS) -> EnrichmentReport:
    """Measure."""
    report("making traffic and look-ups")
    records = [_record(number, sample.data) for number, sample in enumerate(yardsticks.samples(SEED))]
    with tempfile.TemporaryDirectory() as folder:
        write_lookups(Path(folder))
        finisher = _finisher(Path(folder))
        finisher.refresh(Deadline(600))
    plain, enriched = _step(None), _step(finisher)
    _, before = _round(plain, records)
    _, after = _round(enriched, records)  # both warm now, and the caches filled as in a container that runs
    for _ in finisher.counts():
        pass
    report(f"normalising {len(before):,} events {rounds} times without and with enrichment")
    seconds = [(_round(plain, records)[0], _round(enriched, records)[0]) for _ in range(rounds)]
    usual, usual_enriched = (median(pair[number] for pair in seconds) for number in (0, 1))
    return EnrichmentReport(
        events=len(before),
        plain_per_second=round(len(before) / usual, 1),
        enriched_per_second=round(len(after) / usual_enriched, 1),
        share_of_plain=round(median(one / other for one, other in seconds), 3),
        enriched_share=round(sum(one != other for one, other in zip(before, after, strict=True)) / len(before), 3),
        hit_rates={
            name: round(counts.hits / (counts.hits + counts.misses), 4)
            for name, counts in finisher.counts()
            if counts.hits + counts.misses
        },
    )


def write_lookups(folder: Path) -> None:
    """The files that `_CONFIGURED` names."""
    place = {
        "country": {"iso_code": "DE", "names": {"en": "Germany"}},
        "city": {"names": {"en": "Frankfurt am Main"}},
        "location": {"latitude": 50.1, "longitude": 8.7},
    }
    network = {"autonomous_system_number": 64_500, "autonomous_system_organization": "Example Net"}
    for name, record in (("city.mmdb", place), ("asn.mmdb", network)):
        writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Bench")
        writer.insert_network(IPSet(list(_NETWORKS)), record)
        writer.to_db_file(str(folder / name))
    addresses = [f"100.{number >> 16 & 63 | 64}.{number >> 8 & 255}.{number & 255}" for number in range(INDICATORS)]
    (folder / "addresses.txt").write_text("203.0.113.64/26\n" + "\n".join(addresses))
    (folder / "domains.txt").write_text("\n".join(f"host{number}.evil.example" for number in range(INDICATORS)))
    tags = [{"Key": "owner", "Value": "platform"}]
    accounts = [{"Id": f"{number * 111_111_111_111:012}", "Name": f"account-{number}", "Tags": tags} for number in range(10)]
    (folder / "accounts.json").write_bytes(orjson.dumps({"Accounts": [*accounts, *_more_accounts(tags)]}))
    (folder / "users.csv").write_text("id,team\n" + "\n".join(f"user{number},team-{number % 9}" for number in range(1_000)))


def _more_accounts(tags: list[dict[str, str]]) -> list[dict[str, Any]]:
    numbers = ("111122223333", "123456789012", "444455556666", "777788889999")
    return [{"Id": number, "Name": f"account-{number}", "Tags": tags} for number in numbers]


def _finisher(folder: Path) -> Finisher:
    files: Any = _Folder(folder)
    origins = Origins(files=lambda: files, bucket="bench", tables=lambda: files, table="", refresh_seconds=86_400)
    return Finisher((), [Selected(section, enricher) for section, enricher in enrichers(_CONFIGURED, origins)])


def _step(finisher: Finisher | None) -> Normalisation:
    """The function's step, of which nothing is written."""
    stream = StreamWriter(Mock(), "weir-bench", record_kib=10_240)
    return Normalisation.of(stream, stream, Mock(), default_tenant=_TENANT, finisher=finisher)


def _record(number: int, data: bytes) -> KinesisRecord:
    return {
        "kinesis": {
            "partitionKey": str(number),
            "sequenceNumber": str(number),
            "data": b64encode(data).decode("ascii"),
            "approximateArrivalTimestamp": 1_795_420_800.25,
        },
        "eventID": f"shardId-000000000000:{number}",
        "eventSourceARN": "arn:aws:kinesis:eu-central-1:111122223333:stream/weir-bench-raw",
    }


def _round(step: Normalisation, records: list[KinesisRecord]) -> tuple[float, list[bytes]]:
    """Seconds for all records, and the events they made."""
    began = time.thread_time()
    batch = step.normalised(records)
    return time.thread_time() - began, [entry.data for entry in batch.events]
