"""Logs of hosts and web servers: what their samples cannot show."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from common.logtypes import LINE_TYPES, auditd
from common.model import Event
from common.syslog_header import instant, structured_data
from tests.unit.logtypes.every_type import alone, data

HOSTS = [
    *("apache_error", "auditd", "haproxy", "iis", "linux_auth", "nginx_error", "syslog", "web_access"),
    *("windows_event", "windows_event_xml"),
]


def recognised(line: str) -> list[str]:
    return [log_type.name for log_type in LINE_TYPES if line.strip() and log_type.recognise(line.strip())]


def event_of(record: Any) -> dict[str, Any]:
    found = alone(data(record))
    assert isinstance(found, Event), found
    event: dict[str, Any] = orjson.loads(found.body)
    return event


@pytest.mark.parametrize(
    ("written", "near", "expected"),
    [
        ("Nov 23 07:59:58", "2026-11-23", "2026-11-23T07:59:58.000Z"),
        ("Nov  3 07:59:58", "2026-11-23", "2026-11-03T07:59:58.000Z"),
        ("Nov 3 07:59:58.25", "2026-11-23", "2026-11-03T07:59:58.250Z"),
        ("Nov 24 07:59:58", "2026-11-23", "2026-11-24T07:59:58.000Z"),
        ("Nov 25 07:59:58", "2026-11-23", "2025-11-25T07:59:58.000Z"),
        ("Jan  1 00:30:00", "2026-12-31", "2027-01-01T00:30:00.000Z"),
        ("Dec 31 23:59:59", "2027-01-01", "2026-12-31T23:59:59.000Z"),
        ("Feb 29 12:00:00", "2027-03-01", "2024-02-29T12:00:00.000Z"),
        ("Nov 25 2026 07:59:58", "2026-11-23", "2026-11-25T07:59:58.000Z"),
    ],
)
def test_a_time_without_a_year_is_the_last_before_tomorrow(written: str, near: str, expected: str) -> None:
    assert instant(written, near) == expected


def test_a_logger_that_writes_a_level_after_its_time_is_not_syslog() -> None:
    for line in (
        "2026-11-23T07:59:58.003Z INFO app: started",
        "2026-11-23T07:59:58.123456Z 0 [Note] [MY-010051] [Server] Event Scheduler",
        "2026-11-23T07:59:58.123Z  INFO 1 --- [main] c.e.App : Started",
        "2026-11-23T07:59:58.669794202Z stdout F started: all of it",
    ):
        assert not set(HOSTS).intersection(recognised(line))


def test_a_message_of_sudo_that_is_no_command_is_kept() -> None:
    event = event_of("Nov 23 07:59:58 ip-10-0-1-15 sudo: unable to resolve host ip-10-0-1-15")
    assert event["message"] == "unable to resolve host ip-10-0-1-15"
    assert event["process"] == {"name": "sudo"}


def test_the_reason_of_a_disconnect_goes_without_its_code() -> None:
    event = event_of("Nov 23 07:59:58 h sshd[1]: Received disconnect from 2001:db8::1 port 55779:11: Bye Bye [preauth]")
    assert (event["event"]["code"], event["event"]["reason"]) == ("11", "Bye Bye")
    assert event["source"] == {"ip": "2001:db8::1", "port": 55779}


def test_an_entry_of_api_gateway_in_the_common_format_is_not_of_a_web_server() -> None:
    """API Gateway puts a request id after the number of bytes."""
    beginning = '203.0.113.9 - - [23/Nov/2026:07:59:58 +0000] "GET GET /pets HTTP/1.1" 200 '
    for identifier in ("JKJaXmPLvHcESHA=", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"):
        for size in ("1024 ", "- "):
            assert "web_access" not in recognised(beginning + size + identifier)
    assert recognised(beginning + "1024 0.012") == ["web_access"]


def test_what_nginx_was_doing_takes_no_field_of_the_line_itself() -> None:
    event = event_of("2026/11/23 07:59:58 [error] 1#2: *3 failed, client: 203.0.113.9, server: _, time: 5")
    assert event["@timestamp"] == "2026-11-23T07:59:58.000Z"
    assert event["message"] == "failed, client: 203.0.113.9, server: _, time: 5"


def test_an_event_of_an_fsx_file_system_is_not_taken_for_a_machines() -> None:
    """FSx file systems write the same XML, and have a type of their own."""
    line = "<Event xmlns='x'><System><Provider Name='p'/><EventID>4663</EventID><Computer>%s</Computer></System></Event>"
    assert recognised(line % "WIN-APP1") == ["windows_event_xml"]
    assert "windows_event_xml" not in recognised(line % "amznfsxabcd1234.corp.example.com")


@pytest.mark.parametrize(
    ("keywords", "outcome"),
    [
        ("0x8020000000000000", "success"),
        ("0x8010000000000000", "failure"),
        (-9214364837600034816, "success"),
        ("Audit Failure", "failure"),
        ("0x8000000000000000", None),
        ("Classic", None),
    ],
)
def test_the_outcome_stands_in_the_keywords(keywords: str | int, outcome: str | None) -> None:
    record = {"EventId": 1, "LogName": "Security", "MachineName": "m", "ProviderName": "p", "TimeCreated": "2026-11-23T08:00:00Z"}
    assert event_of({**record, "Keywords": keywords})["event"].get("outcome") == outcome


def test_a_name_that_stands_twice_in_structured_data_keeps_both_values() -> None:
    event = event_of('<14>1 2026-11-23T07:59:58Z h a - - [origin ip="192.0.2.1" ip="192.0.2.129"][empty] x')
    assert event["syslog"]["structured_data"] == {"origin": {"ip": ["192.0.2.1", "192.0.2.129"]}, "empty": {}}


def test_a_setting_of_sudo_without_a_field_is_kept() -> None:
    event = event_of("Nov 23 07:59:58 h sudo: jane : HOST=app1 ; TTY=pts/0 ; PWD=/ ; USER=root ; ENV=A=1 ; COMMAND=/bin/a ; b")
    assert event["auth"]["other"] == {"HOST": "app1", "ENV": "A=1"}
    assert event["process"]["command_line"] == "/bin/a ; b"


def test_an_audit_records_text_in_hexadecimal_is_read_back() -> None:
    beginning = "type=PROCTITLE msg=audit(1795420798.243:24287): "
    assert event_of(beginning + "proctitle=636174002F6574632F68")["auditd"]["other"] == {"proctitle": "cat /etc/h"}
    assert event_of(beginning + "proctitle=sshd:")["auditd"]["other"] == {"proctitle": "sshd:"}
    assert event_of(beginning + "proctitle=FFFE")["auditd"]["other"] == {"proctitle": "FFFE"}


def test_a_user_whom_the_configuration_keeps_out_is_a_login_that_failed() -> None:
    event = event_of("Nov 23 07:59:58 h sshd[1]: User jane from 198.51.100.1 not allowed because not listed in AllowUsers")
    assert (event["event"]["outcome"], event["event"]["reason"]) == ("failure", "not listed in AllowUsers")
    assert (event["user"]["name"], event["source"]["ip"]) == ("jane", "198.51.100.1")


def test_what_haproxy_says_is_its_own_whatever_it_begins_with() -> None:
    line = "<14>2 2026-11-23T07:59:58Z h haproxy 7 - - pam_unix(a:b): c"
    assert recognised(line) == ["haproxy"]
    event = event_of(line)
    assert (event["message"], event["haproxy"]["other"]) == ("pam_unix(a:b): c", {"syslog_version": "2"})
    assert "http" not in event


def test_an_element_of_structured_data_that_stands_there_twice_loses_nothing() -> None:
    assert structured_data('[a@1 x="1" y="2"][b@1 z="3"][a@1 x="4"]') == {"a@1": {"x": ["1", "4"], "y": "2"}, "b@1": {"z": "3"}}


def test_a_pair_of_an_audit_record_that_is_called_extra_is_kept_beside_words_that_stand_alone() -> None:
    found = auditd.split("type=USER_CMD msg=audit(1772359200.123:456): pid=7 extra=yes stray op=x")
    assert (found["extra"], found["op"]) == (["extra=yes", "stray"], "x")
