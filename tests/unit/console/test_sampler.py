"""What the page is told about the pipeline: what is so now, and nothing else."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from localrun.console.sampler import IDLE_SECONDS, WATCHED_SECONDS
from tests.unit.console.fakes import Console, console
from tests.unit.event_sources.fakes import START

UNKNOWN = {"total": None, "per_second": None}


@pytest.fixture
def watched(tmp_path: Path) -> Console:
    """Deployed, and looked at once."""
    setup = console(tmp_path)
    setup.deployed()
    setup.sampler.status()
    setup.sampler.sample()
    return setup


def test_before_the_pipeline_is_deployed_records_are_not_counted(tmp_path: Path) -> None:
    setup = console(tmp_path)
    before = setup.sampler.status()
    assert (before["ready"], before["environment"], before["problems"]) == (False, None, [])
    assert before["tiles"]["records_in"] == before["tiles"]["documents"] == UNKNOWN
    undeployed = setup.second(records=5)
    assert undeployed["tiles"]["records_in"] == UNKNOWN
    assert undeployed["tiles"]["documents"]["total"] == 0
    setup.deployed()
    deployed = setup.second(records=7)
    assert (deployed["ready"], deployed["environment"]) == (True, "local")
    assert deployed["tiles"]["records_in"]["total"] == 12
    assert deployed["absent"] == ["KMS grants on streams"]
    assert deployed["engines"] == [{"name": "opensearch", "pid": 7, "log": "opensearch.log"}]


def test_a_state_file_of_another_version_is_named(tmp_path: Path) -> None:
    setup = console(tmp_path)
    setup.state_file.write_text("{}")
    with pytest.raises(ValueError, match=r"state\.json is of another version of weir"):
        setup.sampler.sample()


def test_rates_are_of_the_last_five_seconds(watched: Console) -> None:
    for _ in range(4):
        watched.second(records=1000)
    status = watched.second(records=3500, documents=500, errors=1)
    assert status["tiles"]["records_in"] == {"total": 7500, "per_second": 1500}
    assert status["tiles"]["documents"] == {"total": 500, "per_second": 100}
    assert status["tiles"]["errors"] == {"total": 1, "per_second": 0.2}
    status = watched.second(records=1000)
    assert status["tiles"]["records_in"]["per_second"] == 1500
    assert status["series"] == {
        "time": [START + second for second in range(7)],
        "records_in": [None, 1000, 1000, 1000, 1000, 1500, 1500],
        "documents": [None, 0, 0, 0, 0, 100, 100],
        "errors": [None, 0, 0, 0, 0, 0.2, 0.2],
    }


def test_after_a_restart_of_what_counts_the_rate_is_unknown(watched: Console) -> None:
    for _ in range(2):
        watched.second(records=1000)
    watched.clock.time += 4
    watched.aws.streams = {"weir-local-raw": 10, "weir-local-errors": 0}
    status = watched.second()
    assert status["tiles"]["records_in"] == {"total": 10, "per_second": None}
    assert status["tiles"]["errors"]["total"] == 0


def test_history_is_five_minutes(watched: Console) -> None:
    for _ in range(310):
        status = watched.second()
    assert status["series"]["time"] == [START + second for second in range(10, 311)]


def test_latency_is_that_of_documents_that_became_searchable(watched: Console) -> None:
    arrived = int(START * 1000) + 500
    watched.index.arrivals = {arrived: 98}
    watched.second(documents=98)  # at START + 1: 0.475 s
    watched.index.arrivals = {arrived: 100}
    status = watched.second(documents=2)
    latency = status["tiles"]["latency"]
    assert latency["p50"] == pytest.approx(0.475)
    assert latency["p99"] == pytest.approx(1.475)
    assert (latency["documents"], latency["window_seconds"], latency["slower"]) == (100, 60, None)


def steady_minute(watched: Console) -> None:
    """65 seconds in which 100 documents a second become searchable about a second after their arrival."""
    for second in range(1, 66):
        watched.index.arrivals[int((START + second - 1) * 1000)] = 100
        watched.second(documents=100)


def test_documents_slower_than_the_search_reaches_back_are_counted_and_not_taken_for_fast(watched: Console) -> None:
    steady_minute(watched)
    latency = watched.second()["tiles"]["latency"]
    assert latency["slower"] == 0
    assert latency["p99"] == pytest.approx(0.975)
    for _ in range(10):
        latency = watched.second(documents=20)["tiles"]["latency"]
    assert latency["slower"] > 50
    assert latency["p99"] is None  # more than 1% took more than a minute
    assert latency["p50"] == pytest.approx(0.975)


def test_that_two_searches_see_the_index_at_different_instants_makes_nothing_slow(watched: Console) -> None:
    steady_minute(watched)
    for second in range(66, 90):
        watched.index.arrivals[int((START + second - 1) * 1000)] = 100
        early = 40 if second % 3 == 0 else 0  # the count has seen more than the histogram of the same call
        watched.index.documents += early
        latency = watched.second(documents=100)["tiles"]["latency"]
        watched.index.documents -= early
        assert latency["slower"] == 0


def test_nobody_looking_costs_one_count(tmp_path: Path) -> None:
    setup = console(tmp_path)
    setup.sampler.sample()
    assert setup.index.calls == [[{"size": 0, "track_total_hits": True}]]
    setup.sampler.status()
    setup.sampler.sample()
    assert len(setup.index.calls[-1]) == 3
    setup.clock.time += WATCHED_SECONDS
    setup.sampler.sample()
    assert len(setup.index.calls[-1]) == 1


def test_it_looks_every_second_while_watched_and_rarely_otherwise(tmp_path: Path) -> None:
    setup = console(tmp_path)
    seen: list[float] = []
    sample = setup.sampler.sample

    def counted() -> None:
        seen.append(setup.clock.time - START)
        if len(seen) == 3:
            setup.sampler.status()
        if len(seen) == 8:
            setup.clock.stop()
        sample()

    setup.sampler.sample = counted  # type: ignore[method-assign]
    setup.sampler.run()
    assert seen == [0, IDLE_SECONDS, 2 * IDLE_SECONDS, 11, 12, 13, 14, 15]


def test_what_became_searchable_while_nobody_looked_is_not_measured(watched: Console) -> None:
    watched.clock.time += WATCHED_SECONDS
    watched.sampler.sample()
    watched.index.arrivals = {int(START * 1000) + 5000: 1000}
    watched.clock.time += IDLE_SECONDS
    watched.sampler.status()
    for _ in range(2):
        latency = watched.second(documents=1000)["tiles"]["latency"]
    assert (latency["p50"], latency["documents"]) == (None, 0)


def test_an_index_that_is_down_is_named_and_no_old_number_is_shown(watched: Console, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watched.index.sources = [{"message": "hello"}]
    watched.index.arrivals = {int(START * 1000) + 50: 10}
    up = watched.second(records=10, documents=10)
    assert up["events"][0]["message"] == "hello"
    watched.index.down = True
    for _ in range(3):
        down = watched.second(records=10)
    assert down["problems"] == [{"what": "OpenSearch", "since": START + 2, "text": "http://127.0.0.1:2 does not answer: refused"}]
    assert down["tiles"]["documents"] == UNKNOWN
    assert (down["tiles"]["latency"]["p50"], down["tiles"]["latency"]["documents"]) == (None, 0)
    assert down["events"] == []
    assert down["series"]["documents"][-3:] == [None, None, None]
    assert down["tiles"]["records_in"]["total"] == 40
    watched.index.down = False
    again = watched.second(documents=30)
    assert again["problems"] == []
    assert again["tiles"]["documents"] == {"total": 40, "per_second": 8}
    assert again["events"][0]["message"] == "hello"
    assert caplog.messages == ["OpenSearch: http://127.0.0.1:2 does not answer: refused", "OpenSearch: works again"]


def test_an_emulator_that_is_down_is_named_and_documents_are_still_counted(watched: Console) -> None:
    watched.aws.down = True
    down = watched.second(documents=5)
    assert [problem["what"] for problem in down["problems"]] == ["AWS emulator"]
    assert down["tiles"]["records_in"] == down["tiles"]["errors"] == UNKNOWN
    assert down["tiles"]["documents"]["total"] == 5
    watched.aws.down = False
    again = watched.second(records=5)
    assert (again["problems"], again["tiles"]["records_in"]["total"]) == ([], 5)


def test_an_index_that_answers_in_part_is_not_counted(watched: Console) -> None:
    watched.index.failed_shards = 1
    status = watched.second(documents=5)
    assert status["tiles"]["documents"] == UNKNOWN
    assert status["problems"][0]["text"] == "not all shards answered"


def test_a_refusal_of_the_index_is_shown(watched: Console) -> None:
    watched.index.status = 429
    (problem,) = watched.second()["problems"]
    assert problem["text"] == 'http://127.0.0.1:2/_msearch answers with status 429: {"error": "circuit breaker"}'


def test_a_mistake_of_the_sampler_is_shown_and_does_not_end_it(tmp_path: Path) -> None:
    setup = console(tmp_path)
    setup.state_file.write_text("{}")
    rounds: list[float] = []
    sample = setup.sampler.sample

    def counted() -> None:
        rounds.append(setup.clock.time)
        if len(rounds) == 3:
            setup.clock.stop()
        sample()

    setup.sampler.sample = counted  # type: ignore[method-assign]
    setup.sampler.run()
    assert len(rounds) == 3
    (problem,) = setup.sampler.status()["problems"]
    assert (problem["what"], problem["since"]) == ("console", START)


def test_what_fails_in_an_engine_without_an_api_is_read_from_its_status_file(watched: Console) -> None:
    file = watched.state_file.parent / "delivery" / "status.json"
    file.parent.mkdir()
    failing = {"weir-local-raw-archive": {"failing": {"s3": "no such bucket", "role": "denied"}}, "other": {"failing": {}}}
    file.write_text(json.dumps({"parts": failing}))
    assert watched.second()["problems"] == [
        {"what": "delivery", "since": START + 1, "text": "weir-local-raw-archive: no such bucket (and 1 more)"}
    ]
    file.write_text(json.dumps({"parts": {"other": {"failing": {}}}}))
    assert watched.second()["problems"] == []


def test_flink_applications_are_shown_with_what_they_do_and_what_fails(watched: Console) -> None:
    assert watched.sampler.status()["applications"] == {}
    file = watched.state_file.parent / "flink" / "status.json"
    file.parent.mkdir()
    job = {"status": "RUNNING", "state": "restarting", "late": 3, "failing": {"job": "restarting: no such table"}, "counts": {}}
    file.write_text(json.dumps({"parts": {"discovery": {"failing": {}, "counts": {}}, "weir-local-aggregates": job}}))
    shown = watched.second()
    assert shown["applications"] == {"weir-local-aggregates": job}
    assert [problem["text"] for problem in shown["problems"]] == ["weir-local-aggregates: restarting: no such table"]
