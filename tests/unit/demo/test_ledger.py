"""The account: every event in exactly one place, every record kept byte for byte, or a number that says otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, replace
from threading import Thread

import pytest

from common.ids import event_id, timeless
from localrun.demo.ledger import Account, ArchivePlace, Ledger, user_records
from producers.batch import Place
from producers.generator import Sample
from tests.unit.common.kpl_encoder import MAGIC, aggregate

STREAM, SHARD = "weir-local-raw", "shardId-000000000000"
LINE = Sample(b"a line", "key", "app")
OWN = Sample(b'{"eventID":"own"}', "key", "cloudtrail", own_ids=("own",), positions=())
BROKEN = Sample(b"\xff\xfe broken", "key", "not text", malformed=True)
AGGREGATE = Sample(aggregate([("a", b"one"), ("b", b"two"), ("a", b"three")]), "a", "mixed", positions=("0", "1", "2"))
TORN = Sample(AGGREGATE.data[:-1], "a", "torn aggregate", malformed=True)
SAMPLES = (LINE, OWN, BROKEN, AGGREGATE)
BROKEN_AT = 2


def place(number: int) -> Place:
    return Place(SHARD, str(number))


def made(number: int, position: int = 0) -> str:
    return timeless(event_id(0, STREAM, SHARD, str(number), str(position)))


def noted(*samples: Sample) -> Ledger:
    ledger = Ledger(STREAM)
    ledger.note(samples, [place(number) for number in range(len(samples))])
    return ledger


#: What a pipeline that does everything right holds of SAMPLES.
DOCUMENTS = Counter(["own", made(0), made(3, 0), made(3, 1), made(3, 2)])
ERRORS = {made(BROKEN_AT): BROKEN.data}
RIGHT = Account(sent=6, indexed=5, errors=1, lost=0, duplicated=0, malformed=1, malformed_kept=1, records=6, archived=6)


def account(documents: Mapping[str, int] = DOCUMENTS, errors: Mapping[str, bytes] = ERRORS, archived: int = 6) -> Account:
    return noted(*SAMPLES).account(documents, errors, archived)


def without(event: str) -> Counter[str]:
    return Counter({found: count for found, count in DOCUMENTS.items() if found != event})


def test_everything_in_its_place() -> None:
    assert account() == RIGHT


def test_an_event_that_is_nowhere_is_lost() -> None:
    assert account(without(made(0))) == replace(RIGHT, indexed=4, lost=1)


def test_one_event_of_an_aggregate_can_be_lost() -> None:
    assert account(without(made(3, 1))) == replace(RIGHT, indexed=4, lost=1)


def test_nothing_found_is_everything_lost() -> None:
    assert account({}, {}, 0) == replace(RIGHT, indexed=0, errors=0, lost=6, malformed_kept=0, archived=0)


def test_an_event_in_two_indices_is_a_duplicate() -> None:
    assert account(DOCUMENTS + Counter(["own", "own"])) == replace(RIGHT, duplicated=2)


def test_a_document_nobody_sent_is_a_duplicate_and_replaces_nothing_lost() -> None:
    assert account(DOCUMENTS + Counter(["strange"])) == replace(RIGHT, duplicated=1)
    assert account(without("own") + Counter(["strange"])) == replace(RIGHT, indexed=4, lost=1, duplicated=1)


def test_an_event_both_a_document_and_on_errors_is_indexed_and_a_duplicate() -> None:
    assert account(errors=ERRORS | {"own": OWN.data}) == replace(RIGHT, duplicated=1)


def test_a_malformed_record_that_became_a_document_too_is_a_duplicate() -> None:
    assert account(DOCUMENTS + Counter([made(BROKEN_AT)])) == replace(RIGHT, indexed=6, errors=0, duplicated=1)


def test_a_sound_event_on_errors_is_not_lost() -> None:
    assert account(without("own"), ERRORS | {"own": OWN.data}) == replace(RIGHT, indexed=4, errors=2)


def test_an_error_record_of_something_else_is_not_counted() -> None:
    assert account(errors=ERRORS | {"strange": b"?"}) == RIGHT


@pytest.mark.parametrize("altered", [b"\xff\xfe brokem", BROKEN.data + b"\n", b""], ids=["a byte", "one more", "emptied"])
def test_a_malformed_record_that_was_altered_arrived_but_was_not_kept(altered: bytes) -> None:
    assert account(errors={made(BROKEN_AT): altered}) == replace(RIGHT, malformed_kept=0)


def test_a_malformed_record_that_is_missing_is_lost_and_not_kept() -> None:
    assert account(errors={}) == replace(RIGHT, errors=0, lost=1, malformed_kept=0)


def test_an_archive_that_lacks_a_record_is_told_as_it_was_counted() -> None:
    assert account(archived=5) == replace(RIGHT, archived=5)


def test_two_events_with_one_id_are_one_lost() -> None:
    found = noted(OWN, OWN).account({"own": 1}, {}, 2)
    assert (found.sent, found.indexed, found.lost, found.records) == (2, 1, 1, 2)


def test_before_anything_was_sent_there_is_nothing_to_lose() -> None:
    assert set(astuple(Ledger(STREAM).account({}, {}, 0))) == {0}


def test_what_waits_is_entered_before_there_is_too_much_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localrun.demo.ledger.MOST_WAITING", 1)
    assert account() == RIGHT
    ledger = noted(LINE)
    assert ledger.matches(ArchivePlace(SHARD, "0", 0), LINE.data)
    ledger.note([OWN], [place(1)])
    assert (ledger.sent, ledger.records) == (2, 2)


def test_sent_counts_events_and_records_counts_what_an_aggregate_holds() -> None:
    ledger = noted(*SAMPLES)
    assert (ledger.sent, ledger.records) == (6, 6)
    several = Sample(b"subscription", "key", "app", own_ids=("a", "b", "c", "d"), positions=())
    assert (noted(several).sent, noted(several).records) == (4, 1)


@pytest.mark.parametrize(
    ("sample", "records"),
    [
        (LINE, [b"a line"]),
        (AGGREGATE, [b"one", b"two", b"three"]),
        (TORN, [TORN.data]),
        (Sample(MAGIC, "key", "torn aggregate", malformed=True), [MAGIC]),
    ],
    ids=["a line", "an aggregate", "a torn aggregate is one record", "nothing but its first bytes"],
)
def test_the_archive_gets_the_records_of_an_aggregate_and_everything_else_as_it_is(sample: Sample, records: list[bytes]) -> None:
    assert user_records(sample) == records


def test_an_archived_record_matches_only_where_it_was_sent_and_byte_for_byte() -> None:
    ledger = noted(*SAMPLES)
    assert ledger.matches(ArchivePlace(SHARD, "0", 0), b"a line")
    assert ledger.matches(ArchivePlace(SHARD, "3", 2), b"three")
    wrong = [
        (ArchivePlace(SHARD, "0", 0), b"a lime"),
        (ArchivePlace(SHARD, "0", 0), b"a line\n"),
        (ArchivePlace(SHARD, "3", 1), b"three"),
        (ArchivePlace(SHARD, "3", 3), b"three"),
        (ArchivePlace(SHARD, "3", 0), AGGREGATE.data),
        (ArchivePlace(SHARD, "9", 0), b"a line"),
        (ArchivePlace("shardId-000000000001", "0", 0), b"a line"),
    ]
    assert [ledger.matches(where, data) for where, data in wrong] == [False] * len(wrong)


def test_a_sample_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter than argument 1"):
        Ledger(STREAM).note([LINE, OWN], [place(0)])


def test_several_threads_may_note_at_once() -> None:
    ledger = Ledger(STREAM)

    def note(first: int) -> None:
        for number in range(first, first + 250):
            ledger.note([LINE, AGGREGATE], [place(2 * number), place(2 * number + 1)])

    threads = [Thread(target=note, args=(250 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (ledger.sent, ledger.records) == (4_000, 4_000)
    assert ledger.account({}, {}, 0).lost == 4_000
