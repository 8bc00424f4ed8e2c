"""A delivery stream at work: buffering, transformation, delivery, failures, and what is told delivered."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from typing import Any

import pytest

from localrun.delivery.http import Unreachable
from localrun.delivery.processor import PAYLOAD_LIMIT
from localrun.event_sources.function import NotInvoked, Outcome
from tests.unit.delivery.fakes import (
    CONTEXT,
    DELIMITER,
    FUNCTION_ARN,
    NOW_MS,
    S3,
    FakeProcessor,
    Run,
    echo,
    lambda_processor,
    record,
    to_opensearch,
    to_s3,
)
from tests.unit.event_sources.fakes import denied

MIB = 2**20


class TestBuffering:
    def test_an_object_is_written_when_the_interval_of_its_oldest_record_is_over(self) -> None:
        run = Run(to_s3())
        run.put(record("1", b"a"))
        run.later(59)
        run.put(record("2", b"b"))
        assert run.objects == []
        run.later(1)
        [(_, body)] = run.objects
        assert body == b"ab"

    def test_or_when_the_size_is_reached(self) -> None:
        run = Run(to_s3())
        run.put(*(record(str(at), b"x" * (MIB // 2)) for at in range(5)))
        assert [len(body) for _, body in run.objects] == [MIB, MIB]
        assert run.source.done == ["0", "1", "2", "3"]

    def test_without_an_interval_records_are_delivered_as_they_come(self) -> None:
        run = Run(to_s3(BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0}))
        run.put(record("1"))
        assert run.source.done == ["1"]

    def test_the_next_round_is_when_something_is_due(self) -> None:
        run = Run(to_s3())
        run.put(record("1"))
        run.clock.time += 59.5
        assert run.worker.step() == pytest.approx(0.5)


class TestS3:
    def test_the_key_has_the_arrival_of_the_oldest_record(self) -> None:
        run = Run(to_s3())
        run.put(record("1", arrival_ms=NOW_MS), record("2", arrival_ms=NOW_MS - 7_200_000))
        run.later(60)
        [(key, _)] = run.objects
        assert re.fullmatch(r"raw/2023/11/14/20/weir-local-archive-1-2023-11-14-20-13-20-[0-9a-f-]{36}\.gz", key)

    def test_records_are_joined_without_a_delimiter_unless_one_is_asked_for(self) -> None:
        plain, delimited = Run(to_s3()), Run(to_s3(DELIMITER))
        for run in (plain, delimited):
            run.put(record("1", b"a"), record("2", b"b"))
            run.later(60)
        assert plain.objects[0][1] == b"ab"
        assert delimited.objects[0][1] == b"a\nb\n"

    def test_uncompressed_objects_have_no_extension(self) -> None:
        run = Run(to_s3(CompressionFormat="UNCOMPRESSED"))
        run.put(record("1", b"a"))
        run.later(60)
        [(_, put)] = run.s3.calls
        assert put["Body"] == b"a"
        assert re.search(r"-[0-9a-f]{12}$", put["Key"])

    def test_a_failing_write_is_tried_again_until_it_succeeds_under_the_same_key(self) -> None:
        run = Run(to_s3())
        run.s3.failures = [denied("s3:PutObject")] * 5
        run.put(record("1", b"a"))
        run.later(60)
        assert len({put["Key"] for _, put in run.s3.calls}) == 1
        assert len(run.s3.calls) == 6
        assert run.source.done == ["1"]
        assert run.status.snapshot()["counts"]["s3_errors"] == 5
        assert run.status.snapshot()["failing"] == {}

    def test_stopped_while_the_bucket_refuses_nothing_is_told_delivered(self) -> None:
        # GIVEN a bucket that refuses for ever
        run = Run(to_s3(), stop_after=3)
        run.s3.failures = [denied("s3:PutObject")] * 99
        run.put(*(record(str(at), b"x" * (MIB // 2)) for at in range(3)))
        # WHEN the worker is stopped THEN what is behind the refused object is not delivered either
        run.s3.failures = []
        run.worker.finish()
        assert run.source.done == []
        assert "the next run reads them again" in run.status.snapshot()["failing"]["stopping"]

    def test_a_stop_delivers_what_is_buffered(self) -> None:
        run = Run(to_s3(lambda_processor()), FakeProcessor(echo))
        run.put(record("1", b"a"))
        run.clock.stop()
        run.worker.finish()
        assert run.objects[0][1] == b"a"
        assert run.source.done == ["1"]


class TestTransformation:
    def test_records_are_gathered_for_the_function_by_its_own_hints(self) -> None:
        # GIVEN a processor that gathers 1 MiB or for 2 seconds
        function = FakeProcessor(echo)
        run = Run(to_s3(lambda_processor(BufferSizeInMBs="1", BufferIntervalInSeconds="2")), function)
        run.put(record("1"))
        assert function.events == []
        run.later(2)
        assert len(function.events) == 1
        run.put(*(record(f"large {at}", b"x" * (MIB // 2)) for at in range(2)))
        assert len(function.events) == 2

    def test_what_the_function_returns_is_delivered_and_what_it_drops_is_not(self) -> None:
        def behaviour(event: dict[str, Any]) -> dict[str, Any]:
            first, second = event["records"]
            new = b64encode(b"new\n").decode()
            return {
                "records": [
                    {"recordId": first["recordId"], "result": "Ok", "data": new},
                    {"recordId": second["recordId"], "result": "Dropped"},
                ]
            }

        run = Run(to_s3(lambda_processor()), FakeProcessor(behaviour))
        run.put(record("1", b"a"), record("2", b"b"))
        run.later(60)
        run.later(60)
        assert [body for _, body in run.objects] == [b"new\n"]
        assert run.source.done == ["1", "2"]
        assert run.status.snapshot()["counts"]["dropped"] == 1

    def test_what_is_dropped_is_told_together(self) -> None:
        def drop(event: dict[str, Any]) -> dict[str, Any]:
            return {"records": [{"recordId": found["recordId"], "result": "Dropped"} for found in event["records"]]}

        run = Run(to_s3(lambda_processor()), FakeProcessor(drop))
        run.put(record("1"), record("2"), record("3"))
        run.later(60)
        assert run.source.done == ["1", "2", "3"]
        assert run.source.told == [3]
        assert run.objects == []

    def test_a_record_that_failed_is_in_the_error_output_and_the_others_are_delivered(self) -> None:
        def behaviour(event: dict[str, Any]) -> dict[str, Any]:
            answer = echo(event)
            answer["records"][1]["result"] = "ProcessingFailed"
            return answer

        run = Run(to_s3(lambda_processor()), FakeProcessor(behaviour))
        run.put(record("1", b"a"), record("2", b"b"))
        run.later(60)
        run.later(60)
        assert run.lines("raw/processing-failed/2023/11/14/22/") == [
            {
                "attemptsMade": 1,
                "arrivalTimestamp": NOW_MS,
                "errorCode": "Lambda.ProcessingFailedStatus",
                "errorMessage": "ProcessingFailed status set for record",
                "attemptEndingTimestamp": NOW_MS + 60_000,
                "rawData": "Yg==",
                "lambdaArn": FUNCTION_ARN,
            }
        ]
        assert run.objects[0][1] == b"a"
        assert run.source.done == ["1", "2"]

    @pytest.mark.parametrize(
        ("failure", "code", "words"),
        [
            (NotInvoked("AccessDeniedException: not authorized"), "Lambda.InvokeAccessDenied", "not authorized"),
            (NotInvoked("TooManyRequestsException: Rate Exceeded"), "Lambda.InvokeLimitExceeded", "Rate Exceeded"),
            (Outcome(None, "boom", CONTEXT), "Lambda.FunctionError", "boom"),
            (Outcome({"records": []}, None, CONTEXT, PAYLOAD_LIMIT + 1), "Lambda.FunctionError", "beyond the limit"),
        ],
    )
    def test_a_failing_invocation_is_tried_three_times_more_and_then_fails_its_batch(
        self, failure: NotInvoked | Outcome, code: str, words: str
    ) -> None:
        def behaviour(event: dict[str, Any]) -> Outcome:
            if isinstance(failure, NotInvoked):
                raise failure
            return failure

        function = FakeProcessor(behaviour)
        run = Run(to_s3(lambda_processor()), function)
        run.put(record("1", b"a"), record("2", b"b"))
        run.later(60)
        run.later(60)
        assert len(function.events) == 4
        assert len({event["invocationId"] for event in function.events}) == 4
        lines = run.lines("raw/processing-failed/")
        assert [(line["errorCode"], line["attemptsMade"]) for line in lines] == [(code, 4)] * 2
        assert [line["rawData"] for line in lines] == ["YQ==", "Yg=="]
        assert words in lines[0]["errorMessage"]
        assert run.source.done == ["1", "2"]

    def test_the_number_of_retries_is_the_processors(self) -> None:
        function = FakeProcessor(lambda event: Outcome(None, "boom", CONTEXT))
        run = Run(to_s3(lambda_processor(NumberOfRetries="0")), function)
        run.put(record("1"))
        run.later(60)
        assert len(function.events) == 1

    def test_one_success_among_the_retries_is_enough(self) -> None:
        outcomes: list[Outcome] = [Outcome(None, "boom", CONTEXT)] * 3

        def behaviour(event: dict[str, Any]) -> Any:
            return outcomes.pop() if outcomes else echo(event)

        run = Run(to_s3(lambda_processor()), FakeProcessor(behaviour))
        run.put(record("1", b"a"))
        run.later(60)
        run.later(60)
        assert [body for _, body in run.objects] == [b"a"]

    def test_stopped_among_the_retries_nothing_is_told_delivered(self) -> None:
        run = Run(to_s3(lambda_processor()), FakeProcessor(lambda event: Outcome(None, "boom", CONTEXT)), stop_after=1)
        run.put(record("1"))
        run.later(60)
        run.worker.finish()
        assert run.source.done == []
        assert run.objects == []

    def test_a_record_no_request_can_carry_fails_without_an_invocation(self) -> None:
        function = FakeProcessor(echo)
        run = Run(to_s3(lambda_processor()), function)
        run.put(record("1", b"x" * 5 * MIB))
        assert function.events == []
        [line] = run.lines("raw/processing-failed/")
        assert (line["attemptsMade"], line["errorCode"]) == (0, "Lambda.FunctionError")

    def test_requests_never_exceed_the_payload_limit(self) -> None:
        function = FakeProcessor(echo)
        run = Run(to_s3(lambda_processor(BufferSizeInMBs="3")), function)
        run.put(*(record(str(at), b"x" * 50) for at in range(70_000)))
        assert max(function.sizes) <= PAYLOAD_LIMIT
        assert sum(len(event["records"]) for event in function.events) >= 60_000


class TestOpenSearch:
    def test_documents_go_to_the_index_of_their_arrival_under_the_id_of_their_record(self) -> None:
        run = Run(to_opensearch())
        run.put(record("1", b'{"a":1}\n'), record("2", b'{"a":2}', NOW_MS + 7_200_000))
        run.later(60)
        assert run.search.documents == {
            "logs-direct-put-2023-11-14/1": {"a": 1},
            "logs-direct-put-2023-11-15/2": {"a": 2},
        }
        assert run.source.done == ["1", "2"]
        assert run.objects == []

    def test_no_document_id_leaves_it_to_opensearch(self) -> None:
        run = Run(to_opensearch(DocumentIdOptions={"DefaultDocumentIdFormat": "NO_DOCUMENT_ID"}))
        run.put(record("1"))
        run.later(60)
        assert json.loads(run.search.requests[0].splitlines()[0]) == {"index": {"_index": "logs-direct-put-2023-11-14"}}

    def test_a_refused_document_is_kept_in_the_bucket_as_documented(self) -> None:
        run = Run(to_opensearch())
        run.search.refused = {"2": 400}
        run.put(record("1", b'{"a":1}'), record("2", b'{"a":"x"}'))
        run.later(60)
        [line] = run.lines("direct-put/AmazonOpenSearchService_failed/2023/11/14/22/")
        assert line == {
            "attemptsMade": 1,
            "arrivalTimestamp": NOW_MS,
            "errorCode": "400",
            "errorMessage": "mapper_parsing_exception: failed to parse field [a]",
            "attemptEndingTimestamp": NOW_MS + 60_000,
            "esDocumentId": "2",
            "esIndexName": "logs-direct-put-2023-11-14",
            "esTypeName": "",
            "rawData": b64encode(b'{"a":"x"}').decode(),
        }
        assert run.source.done == ["1", "2"]
        counts = run.status.snapshot()["counts"]
        assert (counts["delivered"], counts["documents_failed"]) == (1, 1)

    @pytest.mark.parametrize("answer", [429, 503, Unreachable("http://127.0.0.1:9200 does not answer")])
    def test_a_busy_or_absent_node_is_tried_again_with_the_same_ids(self, answer: int | Unreachable) -> None:
        run = Run(to_opensearch())
        run.search.answers = [answer, answer]
        run.put(record("1"))
        run.later(60)
        assert run.search.requests[0] == run.search.requests[2]
        assert list(run.search.documents) == ["logs-direct-put-2023-11-14/1"]
        assert run.status.snapshot()["failing"] == {}

    def test_only_the_busy_documents_are_sent_again(self) -> None:
        run = Run(to_opensearch(RetryOptions={"DurationInSeconds": 1}))
        run.search.refused = {"2": 429}
        run.put(record("1"), record("2"))
        run.later(60)
        assert [request.count(b"_index") for request in run.search.requests[:2]] == [2, 1]

    def test_after_the_retry_duration_the_documents_are_kept_in_the_bucket(self) -> None:
        run = Run(to_opensearch())
        run.search.answers = [503] * 99
        run.put(record("1", b'{"a":1}'))
        run.later(60)
        [line] = run.lines("direct-put/AmazonOpenSearchService_failed/")
        assert (line["errorCode"], line["errorMessage"]) == ("503", "circuit breaker")
        assert line["attemptsMade"] > 3
        assert 10_000 <= line["attemptEndingTimestamp"] - (NOW_MS + 60_000) < 16_000
        assert run.source.done == ["1"]

    def test_without_a_retry_duration_there_is_one_attempt(self) -> None:
        run = Run(to_opensearch(RetryOptions={"DurationInSeconds": 0}))
        run.search.answers = [503]
        run.put(record("1"))
        run.later(60)
        assert len(run.search.requests) == 1
        assert len(run.lines("direct-put/AmazonOpenSearchService_failed/")) == 1

    def test_a_record_that_is_no_document_does_not_disturb_its_neighbours(self) -> None:
        run = Run(to_opensearch())
        run.put(record("1", b'{"a":1}'), record("2", b"two\nlines"), record("3", b'{\n"a":3}'))
        run.later(60)
        assert run.search.documents == {
            "logs-direct-put-2023-11-14/1": {"a": 1},
            "logs-direct-put-2023-11-14/3": {"a": 3},
        }
        [line] = run.lines("direct-put/AmazonOpenSearchService_failed/")
        assert b64decode(line["rawData"]) == b"two\nlines"

    def test_all_documents_keeps_the_records_as_they_came_too(self) -> None:
        new = b64encode(b'{"new":1}').decode()
        function = FakeProcessor(lambda event: {"records": [{"recordId": "1", "result": "Ok", "data": new}]})
        run = Run(to_opensearch(lambda_processor(), S3BackupMode="AllDocuments"), function)
        run.put(record("1", b'{"old":1}'))
        run.later(60)
        run.later(60)
        assert list(run.search.documents.values()) == [{"new": 1}]
        [(key, body)] = run.objects
        assert key.startswith("direct-put/2023/11/14/22/")
        assert body == b'{"old":1}'

    def test_a_backup_that_fails_pauses_the_delivery(self) -> None:
        run = Run(to_opensearch(), stop_after=5)
        run.search.refused = {"1": 400}
        run.s3.failures = [denied("s3:PutObject")] * 99
        run.put(record("1"))
        run.later(60)
        assert run.source.done == []
        assert "not authorized" in run.status.snapshot()["failing"][f"writing to bucket {S3['BucketARN'].split(':::')[1]}"]
