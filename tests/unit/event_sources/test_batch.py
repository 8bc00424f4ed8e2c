"""How Lambda gathers, retries, splits and gives up batches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localrun.event_sources.batch import Batch, Discard, Gatherer, Invoke, Wait, backoff, first_failure
from localrun.event_sources.event import ENVELOPE_BYTES, PAYLOAD_LIMIT, Item, payload
from tests.unit.event_sources.fakes import START, items


def a_batch(*sequences: str, **changes: Any) -> Batch:
    settings: dict[str, Any] = {"partial": True, "bisect": False, "max_retries": 2, "max_age": -1} | changes
    return Batch(items(*sequences), **settings)


def sequences(action: object) -> list[str]:
    assert isinstance(action, Invoke | Discard)
    return [item.sequence for item in action.items]


class TestGathering:
    def test_without_a_window_a_batch_is_due_as_soon_as_there_is_a_record(self) -> None:
        gatherer = Gatherer(batch_size=100, window_seconds=0)
        assert gatherer.due_in(START) is None
        gatherer.add(items("1")[0], START)
        assert gatherer.due_in(START) == 0

    def test_with_a_window_it_is_due_when_the_oldest_record_waited_that_long(self) -> None:
        gatherer = Gatherer(batch_size=100, window_seconds=5)
        first, second = items("1", "2")
        gatherer.add(first, START)
        gatherer.add(second, START + 4)
        assert gatherer.due_in(START + 4) == 1
        assert gatherer.due_in(START + 5) == 0

    def test_a_full_batch_does_not_wait_for_the_window(self) -> None:
        gatherer = Gatherer(batch_size=2, window_seconds=300)
        for item in items("1", "2", "3"):
            gatherer.add(item, START)
        assert gatherer.due_in(START) == 0
        assert [item.sequence for item in gatherer.take()] == ["1", "2"]
        assert gatherer.due_in(START) == 300

    def test_the_payload_limit_makes_a_batch_due_and_bounds_it(self) -> None:
        # GIVEN three records of which two fit a payload
        large = [Item(at, str(at), START, b"x" * (PAYLOAD_LIMIT // 2 - 100)) for at in range(3)]
        gatherer = Gatherer(batch_size=100, window_seconds=300)
        for item in large:
            gatherer.add(item, START)
        # THEN the batch is due at once, has two of them, and its payload is within the limit
        assert gatherer.due_in(START) == 0
        batch = gatherer.take()
        assert [item.sequence for item in batch] == ["0", "1"]
        assert len(payload(batch)) <= PAYLOAD_LIMIT
        assert gatherer.size == large[2].size

    @given(st.lists(st.integers(1, 3_000), max_size=60), st.integers(1, 10))
    def test_batches_have_every_record_once_in_order_and_within_the_limits(self, sizes: list[int], batch_size: int) -> None:
        gatherer = Gatherer(batch_size, window_seconds=0, limit=4_000)
        for at, size in enumerate(sizes):
            gatherer.add(Item(at, str(at), START, b"x" * size), START)
        taken = []
        while batch := gatherer.take():
            assert len(batch) <= batch_size
            assert len(batch) == 1 or sum(item.size for item in batch) + ENVELOPE_BYTES <= 4_000
            taken += [item.ordinal for item in batch]
        assert taken == list(range(len(sizes)))
        assert gatherer.size == 0


class TestPartialResponse:
    @pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
    def test_an_empty_response_is_a_complete_success(self, response: Any) -> None:
        assert first_failure(response, items("1", "2")) == 2

    @pytest.mark.parametrize(
        "failure",
        [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"itemidentifier": "2"}, {"itemIdentifier": "9"}, {}, "2", None, 7],
    )
    def test_a_bad_identifier_is_a_complete_failure(self, failure: Any) -> None:
        assert first_failure({"batchItemFailures": [failure]}, items("1", "2")) == 0

    @pytest.mark.parametrize("response", ["done", 3, ["1"], {"batchItemFailures": 5}])
    def test_what_is_no_partial_response_is_a_complete_failure(self, response: Any) -> None:
        assert first_failure(response, items("1", "2")) == 0

    def test_of_several_identifiers_the_lowest_counts(self) -> None:
        response = {"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}
        assert first_failure(response, items("1", "2", "3")) == 1

    def test_records_before_the_failed_one_are_settled_and_the_rest_is_retried_at_once(self) -> None:
        batch = a_batch("1", "2", "3")
        batch.next(START)
        assert batch.returned({"batchItemFailures": [{"itemIdentifier": "2"}]}) == 1
        assert batch.settled == 0
        assert sequences(batch.next(START)) == ["2", "3"]

    def test_it_is_ignored_where_the_mapping_does_not_ask_for_it(self) -> None:
        batch = a_batch("1", "2", partial=False)
        batch.next(START)
        assert batch.returned({"batchItemFailures": [{"itemIdentifier": "1"}]}) == 2
        assert batch.next(START) is None


class TestRetries:
    def test_success_settles_the_batch(self) -> None:
        batch = a_batch("1", "2")
        assert sequences(batch.next(START)) == ["1", "2"]
        batch.returned(None)
        assert batch.settled == 1
        assert batch.next(START) is None

    def test_a_failing_batch_is_retried_with_growing_waits_and_then_given_up(self) -> None:
        # GIVEN two retries WHEN every invocation fails
        batch = a_batch("1", "2")
        seen: list[object] = []
        while (action := batch.next(START)) is not None:
            seen.append(action)
            if isinstance(action, Invoke):
                batch.failed()
        # THEN it is invoked three times, and given up whole
        kinds = [type(action).__name__ for action in seen]
        assert kinds == ["Invoke", "Wait", "Invoke", "Wait", "Invoke", "Discard"]
        assert [action.seconds for action in seen if isinstance(action, Wait)] == [0.1, 0.2]
        last = seen[-1]
        assert isinstance(last, Discard)
        assert (last.condition, last.invokes, sequences(last)) == ("RetryAttemptsExhausted", 3, ["1", "2"])
        assert batch.settled == 1

    def test_without_retries_the_first_failure_is_the_last(self) -> None:
        batch = a_batch("1", max_retries=0)
        batch.next(START)
        batch.failed()
        assert isinstance(batch.next(START), Discard)

    def test_unlimited_retries_never_give_up(self) -> None:
        batch = a_batch("1", max_retries=-1)
        for _ in range(50):
            assert not isinstance(batch.next(START), Discard)
            if isinstance(batch.next(START), Invoke):
                batch.failed()

    def test_waits_stop_growing(self) -> None:
        assert [backoff(attempt) for attempt in (0, 1, 5, 6, 10_000)] == [0.1, 0.2, 3.2, 5.0, 5.0]

    def test_a_throttled_batch_is_tried_again_without_using_up_retries(self) -> None:
        batch = a_batch("1", max_retries=0)
        for _ in range(5):
            assert isinstance(batch.next(START), Invoke)
            batch.not_invoked()
            assert isinstance(batch.next(START), Wait)
        assert isinstance(batch.next(START), Invoke)


class TestBisecting:
    def test_a_failing_batch_is_split_in_two_and_handled_in_order_without_waiting(self) -> None:
        batch = a_batch("1", "2", "3", "4", bisect=True)
        batch.next(START)
        batch.failed()
        assert sequences(batch.next(START)) == ["1", "2"]
        batch.returned(None)
        assert batch.settled == 1
        assert sequences(batch.next(START)) == ["3", "4"]

    def test_splitting_uses_no_retry(self) -> None:
        batch = a_batch("1", "2", bisect=True, max_retries=0)
        batch.next(START)
        batch.failed()
        assert isinstance(batch.next(START), Invoke)

    def test_it_happens_whether_or_not_partial_responses_are_on(self) -> None:
        batch = a_batch("1", "2", bisect=True, partial=False)
        batch.next(START)
        batch.failed()
        assert sequences(batch.next(START)) == ["1"]

    def test_after_a_partial_response_it_is_split_at_the_returned_record(self) -> None:
        batch = a_batch("1", "2", "3", "4", bisect=True)
        batch.next(START)
        batch.returned({"batchItemFailures": [{"itemIdentifier": "4"}]})
        assert sequences(batch.next(START)) == ["4"]

    @given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.booleans(), st.integers(0, 3))
    def test_exactly_the_poison_records_are_given_up(self, count: int, poison: set[int], partial: bool, retries: int) -> None:
        # GIVEN a batch with poison records among good ones
        names = [str(at) for at in range(count)]
        bad = {names[at] for at in poison if at < count}
        batch = a_batch(*names, bisect=True, partial=partial, max_retries=retries)
        given_up: list[str] = []
        succeeded: list[str] = []
        settled = -1
        # WHEN it is processed to its end
        while (action := batch.next(START)) is not None:
            if isinstance(action, Discard):
                given_up += sequences(action)
            elif isinstance(action, Invoke):
                wanted = sequences(action)
                first_bad = next((at for at, name in enumerate(wanted) if name in bad), None)
                if first_bad is None:
                    succeeded += wanted
                    batch.returned(None)
                elif partial:
                    succeeded += wanted[:first_bad]
                    batch.returned({"batchItemFailures": [{"itemIdentifier": wanted[first_bad]}]})
                else:
                    batch.failed()
            if batch.settled is not None:
                assert batch.settled >= settled
                settled = batch.settled
        # THEN every record ended once: the poison given up, the rest done, in order
        assert given_up == [name for name in names if name in bad]
        assert succeeded == [name for name in names if name not in bad]
        assert batch.settled == count - 1


class TestAge:
    def test_records_beyond_the_maximum_age_are_given_up_before_an_invocation(self) -> None:
        old, young = items("1", arrival=START - 61)[0], items("x", "2", arrival=START)[1]
        batch = Batch([old, young], partial=True, bisect=False, max_retries=2, max_age=60)
        action = batch.next(START)
        assert action == Discard([old], "RecordAgeExceeded", 0)
        assert batch.settled == 0
        assert sequences(batch.next(START)) == ["2"]

    def test_a_batch_that_ages_while_it_is_throttled_is_given_up(self) -> None:
        batch = a_batch("1", max_age=60)
        batch.next(START)
        batch.not_invoked()
        batch.next(START)
        assert isinstance(batch.next(START + 60), Invoke)
        batch.not_invoked()
        batch.next(START + 60)
        assert isinstance(batch.next(START + 61), Discard)
        assert batch.next(START + 61) is None


def test_a_record_beyond_the_payload_limit_is_given_up_without_an_invocation() -> None:
    huge = Item(0, "1", START, b"x" * PAYLOAD_LIMIT)
    batch = Batch([huge], partial=True, bisect=True, max_retries=-1, max_age=-1)
    assert batch.next(START) == Discard([huge], "RetryAttemptsExhausted", 0)
