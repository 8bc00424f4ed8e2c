"""Latency is measured from how the counts of arrival buckets grow."""

from __future__ import annotations

import pytest

from localrun.latency import LatencyMeter, UnusableAnswer, histogram, read_histogram

START = 1_700_000_000.0
MS = 1_700_000_000_000


def started(window: float | None = None) -> LatencyMeter:
    meter = LatencyMeter(window)
    meter.observe(START, {})
    return meter


def test_growth_of_a_bucket_became_visible_now() -> None:
    meter = started()
    assert meter.observe(START + 1, {MS + 100: 10}) == 10
    assert meter.observe(START + 2, {MS + 100: 14, MS + 1000: 6}) == 10
    assert meter.observe(START + 3, {MS + 100: 14, MS + 1000: 6}) == 0
    assert meter.documents() == 20


def test_latency_is_from_the_middle_of_the_bucket_to_the_observation() -> None:
    meter = started()
    meter.observe(START + 1, {MS + 100: 1})
    assert meter.percentile(0.5) == pytest.approx(1 - 0.125)


def test_a_document_seen_before_its_buckets_middle_took_no_time() -> None:
    meter = started()
    meter.observe(START + 1, {MS + 1000: 1})
    assert meter.percentile(0.5) == 0.0


def test_percentiles_are_weighted_by_documents() -> None:
    meter = started()
    meter.observe(START + 1.025, {MS: 98})  # 1 s
    meter.observe(START + 3.025, {MS: 99})  # 3 s
    meter.observe(START + 9.025, {MS: 100})  # 9 s
    assert [meter.percentile(share) for share in (0.0, 0.5, 0.98, 0.99, 1.0)] == pytest.approx([1, 1, 1, 3, 9])


def test_without_documents_there_is_no_percentile() -> None:
    assert started().percentile(0.5) is None
    assert LatencyMeter().percentile(0.5) is None
    assert LatencyMeter().started is None


def test_what_is_there_at_the_first_look_is_not_new() -> None:
    meter = LatencyMeter()
    assert meter.observe(START, {MS - 5000: 70, MS - 50: 30}) == 0
    assert meter.observe(START + 1, {MS - 5000: 70, MS - 50: 30}) == 0
    assert meter.percentile(0.5) is None


def test_what_arrived_before_the_start_never_counts() -> None:
    meter = LatencyMeter()
    meter.observe(START + 0.01, {MS - 50: 30})
    assert meter.observe(START + 1, {MS - 50: 40, MS - 100: 5, MS: 3, MS + 50: 2}) == 2


def test_a_count_that_falls_and_comes_back_is_not_new() -> None:
    meter = started()
    meter.observe(START + 1, {MS + 100: 10, MS + 200: 10})
    assert meter.observe(START + 2, {MS + 100: 9, MS + 200: 10}) == 0
    assert meter.observe(START + 3, {MS + 100: 10, MS + 200: 10}) == 0
    assert meter.observe(START + 4, {}) == 0
    assert meter.observe(START + 5, {MS + 100: 11, MS + 200: 10}) == 1


def test_what_a_search_did_not_ask_for_is_not_new_in_the_next_that_does() -> None:
    meter = started()
    meter.observe(START + 1, {MS + 100: 10, MS + 900: 10})
    assert meter.observe(START + 2, {MS + 900: 12}) == 2
    assert meter.observe(START + 3, {MS + 100: 11, MS + 900: 12}) == 1


def test_the_slowest_of_the_last_look_is_known() -> None:
    meter = started()
    meter.observe(START + 2.025, {MS: 1, MS + 1000: 2})
    assert meter.slowest == pytest.approx(2)
    meter.observe(START + 3, {MS: 1, MS + 1000: 2})
    assert meter.slowest == 0


def test_documents_are_selected_by_arrival() -> None:
    meter = started()
    meter.observe(START + 2.025, {MS: 1, MS + 1000: 2})  # 2 s and 1 s
    assert meter.documents(since=START + 0.5) == 2
    assert meter.percentile(1.0, since=START + 0.5) == pytest.approx(1)
    assert meter.documents(until=START + 0.5) == 1
    assert meter.percentile(0.5, until=START + 0.5) == pytest.approx(2)
    assert meter.documents(since=START + 0.5, until=START + 0.9) == 0
    assert meter.percentile(0.5, since=START + 0.5, until=START + 0.9) is None


def test_a_window_forgets_what_became_visible_before_it() -> None:
    meter = started(window=60)
    meter.observe(START + 1, {MS: 5})
    meter.observe(START + 61, {MS: 5, MS + 60_000: 1})
    assert meter.documents() == 6
    meter.observe(START + 62, {MS + 60_000: 1})
    assert meter.documents() == 1


def test_the_search_starts_with_a_whole_bucket_and_groups_by_arrival() -> None:
    body = histogram(1_700_000_000.123)
    assert body["query"] == {"range": {"event.ingested": {"gte": MS + 100, "format": "epoch_millis"}}}
    assert body["aggs"]["arrivals"]["date_histogram"] == {
        "field": "event.ingested",
        "fixed_interval": "50ms",
        "min_doc_count": 1,
    }
    assert body["size"] == 0


def test_the_answer_is_read_by_bucket() -> None:
    buckets = [{"key": MS, "doc_count": 3}, {"key": MS + 50, "doc_count": 4}]
    answer = {"status": 200, "_shards": {"failed": 0}, "aggregations": {"arrivals": {"buckets": buckets}}}
    assert read_histogram(answer) == {MS: 3, MS + 50: 4}


def test_no_index_and_no_documents_are_no_buckets() -> None:
    assert read_histogram({"status": 200}) == {}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"error": {"root_cause": [{"reason": "no such field"}], "reason": "all shards failed"}}, "refused: no such field"),
        ({"error": {"root_cause": [], "reason": "all shards failed"}}, "refused: all shards failed"),
        ({"error": "broken"}, "refused: broken"),
        ({"_shards": {"failed": 1}}, "not all shards answered"),
        ({"timed_out": True}, "not all shards answered"),
    ],
)
def test_half_an_answer_is_none(answer: dict[str, object], message: str) -> None:
    with pytest.raises(UnusableAnswer, match=message):
        read_histogram(answer)
