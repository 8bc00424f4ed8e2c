"""Payments are told of against what their account paid before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway_tests.records import Event, Written, event, time

Run = Callable[..., Written]


def payment(number: int, seconds: float, amount: float, *, action: str = "authorised", **fields: Any) -> Event:
    about = {"id": f"p{number}", "amount": amount, "currency": "EUR", "country": "DE", "method": "card", "provider": "examplepay"}
    return event(
        f"e{number:03}",
        seconds,
        "business.payment",
        f"payment.{action}",
        user={"id": fields.pop("account", "c-1")},
        source={"ip": "192.0.2.7"},
        payment={**about, **fields},
    )


#: Nine to eleven, of which the mean is ten, and the standard deviation one.
USUAL = [9.0, 10.0, 11.0, 9.0, 11.0]
HOUR = 3_600


def usual() -> list[Event]:
    return [payment(number, HOUR * number, amount) for number, amount in enumerate(USUAL)]


def test_an_amount_far_above_the_account_s_mean_is_found(run: Run) -> None:
    (found,) = run([*usual(), payment(9, 6 * HOUR, 14.5)]).of("payment-amount")

    assert found["@timestamp"] == time(6 * HOUR)
    assert found["message"] == "Account c-1 pays 14.5 EUR, and paid 10.0 on average 5 times before."
    assert (found["user"], found["source"]) == ({"id": "c-1"}, {"ip": "192.0.2.7", "geo": {"country_iso_code": "DE"}})
    assert (found["event"]["severity"], found["event"]["category"], found["event"]["type"]) == (49, ["threat"], ["indicator"])
    assert found["weir"]["finding"] == {
        "application": "business",
        "key": "shop/c-1",
        "evidence": ["e009"],
        "evidence_count": 6,
        "score": 4.5,
        "start": time(0),
        "end": time(6 * HOUR),
        "expected": {"amount": 10.0, "deviation": 1.0},
        "actual": {"amount": 14.5},
        "attribution": {"currency": "EUR"},
    }


def test_an_amount_within_the_account_s_spread_is_none(run: Run) -> None:
    assert run([*usual(), payment(9, 6 * HOUR, 13.9)]).findings == []


def test_an_account_that_always_pays_as_much_may_pay_a_little_more(run: Run) -> None:
    same = [payment(number, HOUR * number, 10.0) for number in range(5)]

    assert run([*same, payment(9, 6 * HOUR, 13.9)]).findings == []
    (found,) = run([*same, payment(9, 6 * HOUR, 14.1)]).of("payment-amount")
    assert found["weir"]["finding"]["expected"] == pytest.approx({"amount": 10.0, "deviation": 1.0})


def test_few_payments_other_currencies_other_accounts_and_last_week_s_are_no_mean(run: Run) -> None:
    week = 604_800
    others = [
        payment(20, 7 * HOUR, 1_000.0, currency="JPY"),
        payment(21, 7 * HOUR, 1_000.0, account="c-2"),
        payment(22, week + 5 * HOUR, 1_000.0),
    ]

    assert run([*usual()[:4], payment(9, 6 * HOUR, 1_000.0)]).findings == []
    assert run([*usual(), *others]).findings == []


def test_many_payments_at_once_are_found_once_even_in_one_millisecond(run: Run) -> None:
    failed = [payment(number, 10 * number, 1.0, action="declined") for number in range(8)]
    rest = [payment(8, 100, 1.0), payment(9, 100, 1.0), payment(10, 110, 1.0)]

    (found,) = run(failed + rest).of("payment-velocity")

    assert found["message"] == "Account c-1 tried 10 payments within 600 s, of which 8 failed."
    assert (found["@timestamp"], found["event"]["severity"], found["weir"]["finding"]["evidence_count"]) == (time(100), 60, 10)
    assert found["weir"]["finding"]["expected"] == {"payments": 10.0}
    assert found["weir"]["finding"]["actual"] == {"payments": 10.0, "failures": 8.0, "amount": 10.0}


def test_as_many_payments_over_a_longer_time_or_as_they_are_captured_are_none(run: Run) -> None:
    slow = [payment(number, 67 * number, 1.0) for number in range(20)]
    captured = [payment(100 + number, number, 1.0, action="captured") for number in range(20)]

    assert run(sorted(slow + captured, key=lambda each: str(each["@timestamp"]))).findings == []


def test_another_country_within_the_hour_is_found_with_both_payments(run: Run) -> None:
    events = [payment(1, 0, 5.0), payment(2, 60, 5.0), payment(3, 660, 5.0, country="BR"), payment(4, 700, 5.0, country="BR")]

    (found,) = run(events).of("payment-country")

    assert found["@timestamp"] == time(660)
    assert found["message"] == "Account c-1 pays from BR, and paid from DE 600 s before."
    assert found["source"]["geo"] == {"country_iso_code": "BR"}
    assert found["weir"]["finding"]["evidence"] == ["e002", "e003"]
    assert found["weir"]["finding"]["attribution"] == {"country_before": "DE"}
    assert found["event"]["ingested"] == time(660)


def test_a_country_after_an_hour_none_or_of_another_account_is_none(run: Run) -> None:
    events = [
        payment(1, 0, 5.0),
        payment(2, 60, 5.0, country=None),
        payment(3, 61, 5.0, account="c-2", country="BR"),
        payment(4, 3_700, 5.0, country="BR"),
    ]

    assert run(events).findings == []
