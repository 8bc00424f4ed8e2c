"""Each event counts once and when it happened, and what is none is kept: whatever comes, and however often."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from gateway_tests.records import Written, event, time
from gateway_tests.test_payments import payment, usual
from gateway_tests.test_stock import picked

Run = Callable[..., Written]


def test_an_event_that_is_delivered_again_counts_once(run: Run) -> None:
    events = [payment(number, number, 1.0) for number in range(9)]

    written = run([*events, *events], events)

    (found,) = written.named("payments_1m")
    assert found["weir"]["metric"]["count"] == 9
    assert written.findings == []


def test_what_is_made_again_is_the_same_documents(run: Run) -> None:
    events = [*usual(), payment(9, 18_060, 99.0), payment(10, 18_100, 9.0, country="BR")]

    first, second = run(events), run(events)

    def ordered(written: Written) -> list[str]:
        return sorted(json.dumps(document, sort_keys=True) for document in written.metrics + written.findings)

    assert sorted(found["rule"]["id"] for found in first.findings) == ["payment-amount", "payment-country"]
    assert ordered(first) == ordered(second)


def test_what_is_no_event_is_kept_and_stops_nothing(run: Run) -> None:
    text, no_tenant, wrong = b"{not JSON", payment(2, 1, 1.0), payment(3, 2, 1.0)
    del no_tenant["tenant"]
    wrong["payment"]["amount"] = "much"

    written = run([payment(1, 0, 1.0), text, no_tenant, wrong, payment(4, 3, 1.0)])

    assert [(error["id"], error["step"], error["reason"], error["detail"]) for error in written.errors][1:] == [
        ("e002", "flink-business", "malformed", "tenant is missing"),
        ("e003", "flink-business", "malformed", "payment.amount is no number: much"),
    ]
    assert (written.errors[0]["reason"], base64.b64decode(written.errors[0]["original"])) == ("corrupt", text)
    (found,) = written.named("payments_1m")
    assert found["weir"]["metric"]["count"] == 2


def test_other_events_and_those_without_what_a_rule_needs_are_passed_over(run: Run) -> None:
    other = event("x", 0, "nginx.access", "get")
    nameless = event("y", 0, "business.stock", "stock.picked", stock={"quantity": -1})

    assert run([other, nameless]) == Written([], [], [])


def test_a_time_in_the_future_makes_nothing_late(run: Run) -> None:
    ahead = event("far", 400_000_000, "business.stock", "stock.picked", ingested=30, stock=picked(0, 0, 9)["stock"])

    found = run([picked(1, 29, 900), ahead, picked(2, 31, 900), picked(3, 61, 900)]).named("picked_1m")

    assert [(one["@timestamp"], one["weir"]["metric"]["count"]) for one in found] == [(time(0), 3), (time(60), 1)]


def test_a_shard_that_is_read_ahead_makes_nothing_of_another_late(run: Run) -> None:
    ahead = [payment(number, 60 * number, 1.0) for number in range(50)]
    behind = [payment(100 + number, 60 * number, 1.0, account="c-2") for number in range(50)]

    found = run(ahead, behind).named("payments_1m")

    assert [one["weir"]["metric"]["count"] for one in found] == [2] * 50
