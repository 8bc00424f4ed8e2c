"""A source is read again while the function runs, and never worse off for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from mypy_boto3_s3 import S3Client

from common.enrichment import files
from common.enrichment.source import RETRY_SECONDS, Source, Unusable
from tests.unit.enrichment.conftest import BUCKET, FakeS3, Time

EVERY = 300.0


def words(path: Path) -> list[str]:
    content = path.read_text()
    if "broken" in content:
        raise Unusable("a broken file")
    return content.split()


@pytest.fixture
def source(s3: FakeS3, time: Time) -> Source[list[str]]:
    load = files.file_loader(lambda: cast(S3Client, s3), BUCKET, "words.txt", words)
    return Source("words", load, every=EVERY, clock=time)


def test_a_changed_file_is_seen_after_the_interval(source: Source[list[str]], s3: FakeS3, time: Time) -> None:
    s3.objects["words.txt"] = b"one two"
    assert source.refresh(time.deadline())
    s3.objects["words.txt"] = b"three"
    time.now += EVERY - 1
    assert not source.refresh(time.deadline())
    assert source.value == ["one", "two"]
    time.now += 1
    assert source.refresh(time.deadline())
    assert (source.value, source.loads, source.failures) == (["three"], 2, 0)


def test_a_file_that_did_not_change_is_not_sent_again(source: Source[list[str]], s3: FakeS3, time: Time) -> None:
    s3.objects["words.txt"] = b"one"
    source.refresh(time.deadline())
    time.now += EVERY
    assert not source.refresh(time.deadline())
    assert (s3.sent, source.loads, source.failures) == (["words.txt"], 1, 0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"broken", "a broken file"),
        (b"\xff\xfe", "UnicodeDecodeError: "),
        (None, f"s3://{BUCKET}/words.txt: AccessDenied: there is no such object, or it may not be read"),
    ],
)
def test_the_last_good_file_stays(
    source: Source[list[str]],
    s3: FakeS3,
    time: Time,
    content: bytes | None,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: list[tuple[str, str]] = []
    monkeypatch.setattr("common.enrichment.source.logger.warning", lambda text, extra: logged.append((text, extra["reason"])))
    s3.objects["words.txt"] = b"one"
    source.refresh(time.deadline())
    if content is None:
        del s3.objects["words.txt"]
    else:
        s3.objects["words.txt"] = content
    time.now += EVERY
    assert not source.refresh(time.deadline())
    assert (source.value, source.failures) == (["one"], 1)
    ((text, why),) = logged
    assert text == "words cannot be used: the last good one stays in use"
    assert why.startswith(reason)


def test_what_failed_is_tried_again_soon(source: Source[list[str]], s3: FakeS3, time: Time) -> None:
    assert not source.refresh(time.deadline())
    assert (source.value, source.failures) == (None, 1)
    s3.objects["words.txt"] = b"one"
    time.now += RETRY_SECONDS - 1
    assert not source.refresh(time.deadline())
    time.now += 1
    assert source.refresh(time.deadline())
    assert source.value == ["one"]


def test_nothing_is_read_when_the_time_is_up(source: Source[list[str]], s3: FakeS3, time: Time) -> None:
    s3.objects["words.txt"] = b"one"
    assert not source.refresh(time.deadline(0))
    assert (s3.sent, source.failures) == ([], 0)
    assert source.refresh(time.deadline())


def test_a_file_too_large_is_not_taken(
    source: Source[list[str]], s3: FakeS3, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 3)
    s3.objects["words.txt"] = b"four"
    assert not source.refresh(time.deadline())
    s3.objects["words.txt"] = b"two"
    time.now += RETRY_SECONDS
    assert source.refresh(time.deadline())


def test_a_file_that_comes_too_slowly_is_given_up(source: Source[list[str]], s3: FakeS3, time: Time) -> None:
    class Slow(FakeS3):
        def get_object(self, **asked: Any) -> dict[str, Any]:
            time.now += 31
            return super().get_object(**asked)

    slow = Slow()
    slow.objects["words.txt"] = b"one"
    late = Source("words", files.file_loader(lambda: cast(S3Client, slow), BUCKET, "words.txt", words), every=EVERY, clock=time)
    assert not late.refresh(time.deadline(30))
    assert (late.value, late.failures) == (None, 1)
