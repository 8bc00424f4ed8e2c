"""What is read back: every document, every error record, every archived record of this run, each once."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from localrun.demo.evidence import PAGE, Archive, ErrorRecords, count_documents, documents
from localrun.demo.ledger import ArchivePlace, Ledger
from localrun.latency import INDICES
from producers.batch import Place
from producers.generator import Sample
from tests.unit.common.kpl_encoder import aggregate
from tests.unit.demo.fakes import BUCKET, ERRORS, RAW, SHARDS, FakeKinesis, FakeS3, FakeSession, archived

START = 1_700_000_000.75
OF_THIS_RUN = {"range": {"event.ingested": {"gte": 1_700_000_000_750, "format": "epoch_millis"}}}


class FakeSearch:
    """Gives prepared answers and keeps the questions."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, str, Any]] = []

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        self.asked.append((method, path, body))
        return self._answers.pop(0)


def page(scroll: str, *ids: str) -> dict[str, Any]:
    return {"_scroll_id": scroll, "hits": {"hits": [{"_id": name, "_index": "logs-app"} for name in ids]}}


def found(search: Any) -> dict[str, int]:
    return dict(documents(search, START))


def test_documents_of_the_run_are_counted_by_the_node() -> None:
    search: Any = FakeSearch({"count": 42})
    assert count_documents(search, START) == 42
    assert search.asked == [("POST", f"/{INDICES}/_count", {"query": OF_THIS_RUN})]


def test_documents_are_read_page_by_page_and_the_scroll_is_cleared() -> None:
    search = FakeSearch(page("first", "a", "b"), page("second", "c"), page("third"), {"succeeded": True})
    assert found(search) == {"a": 1, "b": 1, "c": 1}
    opening = {"query": OF_THIS_RUN, "size": PAGE, "sort": ["_doc"], "_source": False}
    assert search.asked == [
        ("POST", f"/{INDICES}/_search?scroll=2m", opening),
        # A scroll's id may change from page to page: the latest one is asked with, and cleared.
        ("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": "first"}),
        ("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": "second"}),
        ("DELETE", "/_search/scroll", {"scroll_id": "third"}),
    ]


def test_an_id_in_two_indices_is_found_twice() -> None:
    search = FakeSearch(page("s", "a", "b", "a"), page("s", "a"), page("s"), {})
    assert found(search) == {"a": 3, "b": 1}


@pytest.mark.parametrize("answer", [page("only"), {"hits": {"hits": []}}], ids=["no document", "no index yet"])
def test_without_documents_there_is_no_scroll_to_clear(answer: dict[str, Any]) -> None:
    search = FakeSearch(answer)
    assert found(search) == {}
    assert len(search.asked) == 1


def error(name: str, original: bytes) -> bytes:
    return json.dumps({"id": name, "original": b64encode(original).decode(), "reason": "not JSON"}).encode()


def reader(kinesis: FakeKinesis) -> ErrorRecords:
    session: Any = FakeSession(kinesis=kinesis)
    return ErrorRecords(session, ERRORS, START)


def test_error_records_of_every_shard_are_read_byte_for_byte() -> None:
    kinesis = FakeKinesis()
    originals = {f"event {number}": bytes([number, 255, 10]) for number in range(5)}
    for number, (name, original) in enumerate(originals.items()):
        kinesis.put(ERRORS, SHARDS[number % 2], error(name, original), START + 1)
    errors = reader(kinesis)
    assert errors.read() == 5
    assert errors.originals == originals


def test_error_records_from_before_the_run_are_not_read() -> None:
    kinesis = FakeKinesis()
    kinesis.put(ERRORS, SHARDS[0], error("earlier", b"?"), START - 0.001)
    kinesis.put(ERRORS, SHARDS[0], error("first", b"!"), START)
    errors = reader(kinesis)
    errors.read()
    assert errors.originals == {"first": b"!"}


def test_reading_goes_on_where_it_ended() -> None:
    kinesis = FakeKinesis()
    kinesis.put(ERRORS, SHARDS[0], error("one", b"1"), START)
    errors = reader(kinesis)
    assert errors.read() == 1
    kinesis.put(ERRORS, SHARDS[0], error("two", b"2"), START + 1)
    kinesis.put(ERRORS, SHARDS[1], error("three", b"3"), START + 1)
    kinesis.iterators.clear()
    assert errors.read() == 3
    assert kinesis.iterators[0] == f"{ERRORS}/{SHARDS[0]}/1"
    assert errors.originals == {"one": b"1", "two": b"2", "three": b"3"}
    kinesis.iterators.clear()
    assert errors.read() == 3
    assert kinesis.iterators == [f"{ERRORS}/{SHARDS[0]}/2", f"{ERRORS}/{SHARDS[1]}/1"]


def test_an_error_record_written_twice_is_one_event() -> None:
    kinesis = FakeKinesis()
    for shard in SHARDS:
        kinesis.put(ERRORS, shard, error("same", b"kept"), START + 1)
    errors = reader(kinesis)
    assert errors.read() == 1
    assert errors.originals == {"same": b"kept"}


LINE = Sample(b"a line", "key", "app")
AGGREGATE = Sample(aggregate([("a", b"one"), ("b", b"two")]), "a", "mixed", positions=("0", "1"))
AT_LINE = ArchivePlace(SHARDS[0], "7", 0)
AT_ONE, AT_TWO = (ArchivePlace(SHARDS[1], "8", number) for number in (0, 1))


@pytest.fixture
def ledger() -> Ledger:
    sent = Ledger(RAW)
    sent.note([LINE, AGGREGATE], [Place(SHARDS[0], "7"), Place(SHARDS[1], "8")])
    return sent


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3()


def archive(s3: FakeS3) -> Archive:
    session: Any = FakeSession(s3=s3)
    return Archive(session, BUCKET, START)


def test_every_record_of_the_archive_is_found(s3: FakeS3, ledger: Ledger) -> None:
    s3.store("raw/2023/11/14/22/a.gz", START + 5, archived(AT_LINE, b"a line"))
    s3.store("raw/2023/11/14/22/b.gz", START + 5, archived(AT_ONE, b"one"), archived(AT_TWO, b"two"))
    s3.store("raw/2023/11/14/22/c.gz", START + 6)
    assert archive(s3).count(ledger) == 3 == ledger.records


@pytest.mark.parametrize(
    ("place", "data"),
    [
        (AT_TWO, b"twp"),
        (AT_TWO, b"two\n"),
        (AT_TWO, b""),
        (AT_TWO._replace(subsequence=2), b"two"),
        (AT_TWO._replace(sequence="9"), b"two"),
        (AT_TWO._replace(shard=SHARDS[0]), b"two"),
    ],
    ids=["a byte", "one more", "emptied", "its number in the aggregate", "its sequence number", "its shard"],
)
def test_an_altered_record_is_not_found(s3: FakeS3, ledger: Ledger, place: ArchivePlace, data: bytes) -> None:
    s3.store("raw/a.gz", START, archived(AT_LINE, b"a line"), archived(AT_ONE, b"one"), archived(place, data))
    assert archive(s3).count(ledger) == 2


def test_a_record_delivered_twice_counts_once(s3: FakeS3, ledger: Ledger) -> None:
    s3.store("raw/a.gz", START, archived(AT_LINE, b"a line"), archived(AT_LINE, b"a line"))
    s3.store("raw/b.gz", START + 1, archived(AT_LINE, b"a line"))
    assert archive(s3).count(ledger) == 1


def test_an_altered_copy_does_not_hide_a_good_one(s3: FakeS3, ledger: Ledger) -> None:
    s3.store("raw/a.gz", START, archived(AT_LINE, b"a line"))
    s3.store("raw/b.gz", START, archived(AT_LINE, b"a lime"))
    assert archive(s3).count(ledger) == 1


def test_each_object_is_read_once_and_later_ones_are_added(s3: FakeS3, ledger: Ledger) -> None:
    reading = archive(s3)
    assert reading.count(ledger) == 0
    s3.store("raw/a.gz", START + 1, archived(AT_LINE, b"a line"))
    assert reading.count(ledger) == 1
    s3.store("raw/b.gz", START + 2, archived(AT_ONE, b"one"))
    s3.store("raw/c.gz", START + 2, archived(AT_TWO, b"two"))
    assert reading.count(ledger) == 3
    assert reading.count(ledger) == 3
    assert s3.read == ["raw/a.gz", "raw/b.gz", "raw/c.gz"]


def test_objects_of_earlier_runs_are_not_read(s3: FakeS3, ledger: Ledger) -> None:
    s3.store("raw/earlier.gz", START - 3, archived(AT_ONE, b"one"))
    # S3 stamps in whole seconds, so that an object of the run may look older than its start.
    s3.store("raw/first.gz", START, archived(AT_LINE, b"a line"))
    assert archive(s3).count(ledger) == 1
    assert s3.read == ["raw/first.gz"]


def test_only_what_lies_under_raw_is_the_archive(s3: FakeS3, ledger: Ledger) -> None:
    s3.store("errors/a.gz", START + 1, archived(AT_LINE, b"a line"))
    assert archive(s3).count(ledger) == 0
    assert s3.read == []
